"""The page in a real browser: what people do with it, and that nothing breaks out, complains or jumps while they do.

Needs Debian's ``chromium``; skipped where there is none.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.keys import hashed
from tests.serving import process

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="there is no playwright: pip install losses[test]")

PAGES = ("/", "/evaluate", "/losses", "/losses/pseudo_huber", "/rules", "/parameters", "/warnings")
PAGES += ("/warnings/MAE_NOT_TOTAL", "/problems", "/problems/too-large", "/docs")
WATCH = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective}`));
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with process() as (found, _):
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as tools:
        found = tools.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


View = Callable[..., Any]
REFUSED = "Failed to load resource"  # what the browser notes of a request that failed


@pytest.fixture
def view(browser: Any, address: str, request: Any) -> Iterator[View]:
    """Opens a page of its own; whatever the browser complains of fails the test, but for what is marked as meant."""
    meant = [mark.args[0] for mark in request.node.iter_markers("meant")]
    complaints: list[str] = []
    contexts = []

    def opened(path: str, **options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1100, "height": 800}} | options)
        context.add_init_script(WATCH)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.goto(address + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [said for said in complaints if not any(words in said for words in meant)] == []


def answered(page: Any) -> Any:
    page.locator("#status", has_text="Answered").wait_for()
    return page.locator("#answer")


def until(page: Any, expression: str) -> None:
    """Waits for what ``wait_for_function`` would: the policy of the page leaves it no eval."""
    ends = time.monotonic() + 20
    while not page.evaluate(expression):
        assert time.monotonic() < ends, expression
        page.wait_for_timeout(50)


def given(page: Any, name: str, text: str) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})


def axe(page: Any) -> list[str]:
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [f"{row['id']}: {node['html'][:120]}" for row in found["violations"] for node in row["nodes"]]


# ── the answer ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_example_at_a_click_gives_an_answer_with_pictures_and_code_that_anyone_can_read(view, scheme):
    page = view("/", color_scheme=scheme)
    page.get_by_role("button", name="a count with many zeros").click()
    assert "Poisson" in answered(page).get_by_role("heading", level=2).inner_text()
    assert page.locator("#target svg").count() == 1
    assert page.locator("#shapes svg").count() == 2
    assert "HistGradientBoosting" in page.locator("#code pre").inner_text()
    assert page.locator("#target .notices a").first.get_attribute("href").startswith("/warnings/")
    for summary in page.locator("#answer summary").all():
        summary.click()
    assert axe(page) == []


def test_a_dropped_file_is_read_its_column_guessed_and_another_chosen(view):
    page = view("/")
    page.wait_for_load_state("networkidle")
    text = "id,rooms,price\n" + "".join(f"{i},{i % 5},{(i * 37 % 101) ** 2 + 0.5}\n" for i in range(200))
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "homes.csv", { type: "text/csv" }));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )
    answered(page)
    assert page.locator("#column").input_value() == "price"
    page.select_option("#column", "rooms")
    page.locator("#target svg[aria-label^='rooms']").wait_for()


@pytest.mark.meant(REFUSED)
@pytest.mark.parametrize("mark", [",", ";"])
def test_a_table_of_more_columns_than_are_looked_at_still_offers_each_by_name(view, mark):
    page = view("/")
    page.wait_for_load_state("networkidle")
    heads = mark.join([f"c{i}" for i in range(299)] + [f'"a ""b""{mark} c"'])
    rows = mark.join(["1.5"] * 299 + ["7"]) + "\n" + mark.join(["2"] * 300) + "\n"
    given(page, "wide.csv", heads + "\n" + rows * 30)
    answered(page)
    assert page.locator("#column option").count() == 300
    assert page.locator("#column").input_value() == f'a "b"{mark} c'


def test_binary_files_are_read_like_text(view):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    page = view("/")
    page.wait_for_load_state("networkidle")
    table, body = arrow.table({"id": range(500), "price": np.random.default_rng(0).lognormal(3, 1, 500)}), io.BytesIO()
    parquet.write_table(table, body)
    page.set_input_files("#file", {"name": "a.parquet", "mimeType": "", "buffer": body.getvalue()})
    answered(page)
    assert page.locator("#column").input_value() == "price"
    numbers = io.BytesIO()
    np.save(numbers, np.arange(300) % 7)
    page.set_input_files("#file", {"name": "b.npy", "mimeType": "", "buffer": numbers.getvalue()})
    page.locator("#hint", has_text="b.npy").wait_for()
    answered(page)


def test_what_counts_is_asked_in_plain_words_and_the_answer_follows(view):
    page = view("/?example=price&column=price")
    answered(page)
    page.select_option("#aim", label="absolute error (mae)")
    page.locator("#answer-title", has_text="MAE").wait_for()
    page.select_option("#aim", label="a level exceeded with a given chance (quantile)")
    page.fill("#level", "0.8")
    page.locator("#level").blur()
    page.locator("#answer code", has_text="tau=0.8").first.wait_for()


def test_a_link_reopens_the_view_and_holds_no_data(view):
    page = view("/?example=price&column=price&aim=metric%3Amae&trained=framework%3Alightgbm")
    answered(page)
    page.get_by_role("tab", name="CLI").click()
    again = view(page.url.removeprefix(page.url.split("/?")[0]))
    answered(again)
    assert again.get_by_role("tab", selected=True).inner_text() == "CLI"
    assert again.locator("#code pre").inner_text() == (
        "losses recommend price.csv --column price --metric mae --framework lightgbm"
    )


def test_own_data_leave_nothing_in_the_address(view):
    page = view("/")
    page.locator("summary", has_text="Paste").click()
    page.fill("#pasted", "\n".join(str(x) for x in range(40)) + "\n31337")
    page.get_by_role("button", name="Use these").click()
    answered(page)
    assert "31337" not in page.url


def test_pasted_numbers_may_have_decimal_commas_and_one_cost_is_enough(view):
    page = view("/")
    page.locator("summary", has_text="Paste").click()
    page.fill("#pasted", "1,5 2,25 9 12,75 " * 20)
    page.get_by_role("button", name="Use these").click()
    assert "80 rows" in answered(page).inner_text()
    assert "from 1.5 to 12.75" in page.locator("#target").inner_text()
    page.locator("#more summary").click()
    page.fill("#less", "3")
    page.locator("#less").blur()
    page.locator("#answer code", has_text="tau=0.75").first.wait_for()


def test_a_slider_moves_the_curve_and_the_code(view):
    page = view("/?example=price&column=price&aim=metric%3Amae&trained=framework%3Atorch")
    answered(page)
    slider = page.locator("#shapes input[type=range]").first
    before = page.locator("#shapes svg").first.inner_html(), page.locator("#code pre").inner_text()
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    until(page, f"document.querySelector('#code pre').innerText !== {json.dumps(before[1])}")
    until(page, f"document.querySelector('#shapes svg').innerHTML !== {json.dumps(before[0])}")


def test_everything_is_reached_by_keyboard_alone_and_the_code_is_copied(view):
    page = view("/", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#pasting summary").wait_for()
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
        if reached[-1] == "a rare class":
            break
    assert reached[0] == "Skip to content"
    page.keyboard.press("Enter")
    answered(page)
    while page.evaluate("document.activeElement.getAttribute('role')") != "tab":
        page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert page.get_by_role("tab", selected=True).inner_text() == "HTTP"
    while page.evaluate("document.activeElement.textContent") != "Copy":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").startswith("curl ")


# ── other pages ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_models_are_compared_with_errors_and_the_rows_that_decide(view):
    page = view("/evaluate?example=models")
    page.locator("#status", has_text="Answered").wait_for()
    assert "2 models on 400 rows" in page.locator("#result-title").inner_text()
    assert "not told apart" in page.locator("#result").inner_text()
    assert page.locator("#result svg").count() == 2
    page.fill("#losses", "mae, huber:delta=500")
    page.locator("#losses").blur()
    page.locator("#result li", has_text="huber:delta=500").wait_for()
    page.get_by_label("absolute", exact=True).uncheck()
    page.locator("#result-title", has_text="1 model on").wait_for()
    assert axe(page) == []


def test_rows_weigh_what_a_column_says(view):
    page = view("/evaluate")
    page.wait_for_load_state("networkidle")
    rows = "".join(f"{i},{i + (i % 2)},{i + 1 - (i % 2)},{1 + 2 * (i % 2)}\n" for i in range(100))
    given(page, "models.csv", "y_true,odd,even,w\n" + rows)
    page.locator("#result-title", has_text="3 models on 100 rows").wait_for()
    page.select_option("#weight", "w")
    page.locator("#result-title", has_text="2 models on 100 rows").wait_for()
    assert page.locator("#models input").count() == 2
    means = page.locator("#result tbody tr", has_text="mae").first.inner_text()
    assert "0.75" in means
    assert "0.25" in means


def test_words_are_shown_and_numbered_in_their_order_also_after_a_slider_moved(view):
    page = view("/")
    page.wait_for_load_state("networkidle")
    words = ["sehr unzufrieden", "unzufrieden", "neutral", "zufrieden", "sehr zufrieden"]
    given(page, "umfrage.csv", "Nr;Note\n" + "".join(f"{i};{words[i * i // 7 % 5]}\n" for i in range(200)))
    answered(page)
    page.select_option("#column", "Note")
    page.locator("#target dd", has_text="sehr unzufrieden < unzufrieden < neutral").wait_for()
    assert "levels = ['sehr unzufrieden', 'unzufrieden'" in page.locator("#code pre").inner_text()
    page.select_option("#aim", "metric:log_loss")
    page.locator("#answer h2", has_text="cross-entropy").wait_for()
    slider = page.locator("#shapes input[type=range]").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.locator("#code p code", has_text=":").wait_for()
    assert "levels = ['neutral', 'sehr unzufrieden'" in page.locator("#code pre").inner_text()


@pytest.mark.meant(REFUSED)
def test_names_and_dates_are_no_models_and_a_missing_prediction_has_a_remedy_at_hand(view):
    page = view("/evaluate")
    page.wait_for_load_state("networkidle")
    rows = [f"{88000 + 17 * i},2024-01-{i % 28 + 1:02d},{i % 9 + 0.5},{i % 9 + 1},{i % 9 + i % 2}" for i in range(90)]
    rows[40] = "99999,2024-02-01,3.5,,4"
    given(page, "models.csv", "claim_id,day,y_true,old,new\n" + "\n".join(rows) + "\n")
    page.locator("#problem", has_text="old is missing in 1 of 90 rows").wait_for()
    assert page.locator("#missing").get_attribute("aria-invalid") == "true"
    page.select_option("#missing", "drop")
    page.locator("#result-title", has_text="2 models on 89 rows").wait_for()
    assert "±" in page.locator("#result li").first.inner_text()
    assert page.locator("#models input:checked").count() == 2
    assert page.locator("#models label", has_text="claim_id").count() == 1
    page.fill("#losses", "mae huber:delta=2")
    page.locator("#losses").blur()
    page.locator("#result li", has_text="huber:delta=2").wait_for()
    page.fill("#losses", "rmse")
    page.locator("#losses").blur()
    page.locator(
        "#problem", has_text="rmse' is a metric and no loss; the loss that measures the same is mse"
    ).wait_for()


def test_the_catalogue_is_searched_and_leads_to_a_page_for_each_loss(view):
    page = view("/losses")
    page.fill("#words", "huber")
    assert page.locator("#left").inner_text().startswith(f"{page.locator('tbody tr:visible').count()} of ")
    page.select_option("#by-frameworks", "lightgbm")
    page.get_by_role("link", name="Huber", exact=True).click()
    assert page.locator("h1").inner_text() == "Huber"
    assert page.locator("math").count() == 1
    assert page.locator("main svg").count() == 2


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_fault_that_axe_knows_of_nor_scrolls_sideways_at_320_pixels(view, path):
    page = view(path, viewport={"width": 320, "height": 640}, color_scheme="dark" if len(path) % 2 else "light")
    page.wait_for_load_state("networkidle")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


# ── what may go wrong ───────────────────────────────────────────────────────────────────────────────────────────────


def test_names_and_values_that_would_break_out_are_only_text(view):
    page = view("/")
    name, value = '"<img src=x onerror=window.hit=1>"', '"</title></svg><script>window.hit=1</script>"'
    given(page, "<script>.csv", f"{name},b\n" + f"{value},1\nplain,2\n'&amp;{{}},3\n" * 40)
    answered(page)
    page.select_option("#column", label="<img src=x onerror=window.hit=1> (multiclass)")
    page.locator("#target svg text", has_text="</title>").first.wait_for()
    assert page.evaluate("window.hit") is None
    assert page.locator("main img, main script, svg script").count() == 0


@pytest.mark.meant(REFUSED)
def test_a_problem_is_told_in_plain_words_beside_what_caused_it(view):
    page = view("/?example=price&column=price")
    answered(page)
    page.locator("#more summary").click()
    page.fill("#less", "0")
    page.fill("#much", "0")
    page.locator("#much").blur()
    page.locator("#problem a").wait_for()
    assert page.locator("#problem a").get_attribute("href").startswith("/problems/")
    assert page.locator("#less").get_attribute("aria-invalid") == "true"
    assert page.locator("#answer").is_hidden()
    page.fill("#less", "3")
    page.fill("#much", "1")
    page.locator("#much").blur()
    answered(page).wait_for(state="visible")
    assert page.locator("#problem").inner_text() == ""


@pytest.mark.meant(REFUSED)
def test_a_server_that_fails_or_is_gone_is_told_and_the_page_lives_on(view):
    page = view("/")
    page.wait_for_load_state("networkidle")
    page.route("**/v1/recommendations", lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    given(page, "a.csv", "y\n" + "1\n2\n3\n" * 20)
    page.locator("#problem", has_text="Something else answered").wait_for()
    page.context.set_offline(True)
    given(page, "b.csv", "y\n" + "1\n2\n3\n" * 20)
    page.locator("#problem", has_text="did not answer").wait_for()
    page.context.set_offline(False)
    page.unroute_all()
    given(page, "c.csv", "y\n" + "1\n2\n3\n" * 20)
    answered(page).wait_for(state="visible")


@pytest.mark.meant(REFUSED)
def test_a_service_that_wants_a_key_is_asked_with_the_one_that_is_typed(view):
    with process(LOSSES_API_KEYS=hashed("right")) as (locked, _):
        page = view("/problems")
        page.goto(f"{locked}/?example=ratings")
        page.get_by_label("This service wants a key").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_label("That is not a key of this service").fill("right")
        assert axe(page) == []
        page.get_by_role("button", name="Go on").click()
        answered(page)
        assert "right" not in page.url


def test_a_long_upload_shows_its_progress_and_can_be_cancelled(view):
    page = view("/")
    page.wait_for_load_state("networkidle")
    slow = {"offline": False, "latency": 20, "downloadThroughput": 1e6, "uploadThroughput": 1.5e6}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    given(page, "long.csv", "price\n" + "12.5\n" * 900_000)
    page.locator("#progress").wait_for(state="visible")
    until(page, "document.getElementById('bar').value > 0.1")
    page.get_by_role("button", name="Cancel").click()
    assert page.locator("#status").inner_text() == "Cancelled."
    assert page.locator("#progress").is_hidden()


def test_a_file_of_two_hundred_megabytes_is_answered_and_the_browser_does_not_hold_it(view, tmp_path: Path):
    page = view("/")
    page.wait_for_load_state("networkidle")
    with open(tmp_path / "huge.csv", "wb") as out:
        out.write(b"id,price\n")
        for _ in range(200):
            out.write(b"17,12.5\n23,10.25\n5,98.125\n" * (1_000_000 // 27))
    tools = page.context.new_cdp_session(page)
    page.set_input_files("#file", tmp_path / "huge.csv")
    page.locator("#progress").wait_for(state="visible")
    page.locator("#status", has_text="Answered").wait_for(timeout=120_000)
    assert "22,222,200 rows" in page.locator("#answer").inner_text()
    assert tools.send("Runtime.getHeapUsage")["usedSize"] < 50e6


@pytest.mark.meant(REFUSED)
def test_an_answer_stays_of_use_without_the_server(view):
    page = view("/?example=price&column=price")
    answered(page)
    page.context.set_offline(True)
    page.get_by_role("tab", name="LightGBM").click()
    assert "lightgbm" in page.locator("#code pre").inner_text()
    for summary in page.locator("#answer summary").all():
        summary.click()
    assert page.locator("#target svg").count() == 1


def test_a_slow_network_holds_nothing_back_but_the_answer(view):
    """Text and controls stand before the scripts that fill them have come, and nothing moves when they do."""
    page = view("/problems")
    slow = {"offline": False, "latency": 300, "downloadThroughput": 60e3, "uploadThroughput": 30e3}
    page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
    page.goto(page.url.replace("/problems", "/?example=price"))
    answered(page)
    assert page.evaluate("window.shifts") < 0.1


def test_nothing_jumps_while_an_answer_is_on_its_way(view):
    page = view("/?example=price&column=price")
    answered(page)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(600)
    page.evaluate("window.shifts = 0")
    page.route("**/v1/recommendations", lambda route: (time.sleep(0.8), route.continue_()))
    page.select_option("#aim", label="absolute error (mae)")
    page.locator("#main[aria-busy]").wait_for()
    assert page.locator("#answer").is_visible()
    page.locator("#main:not([aria-busy])").wait_for()
    assert page.evaluate("window.shifts") < 0.1


def test_who_wants_no_motion_sees_none(view):
    page = view("/", reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.getElementById('drop')).transitionDuration") == "0s"


def test_a_hundred_thousand_rows_are_answered_within_a_second_besides_the_server(view, tmp_path: Path):
    page = view("/")
    page.wait_for_load_state("networkidle")
    rng = np.random.default_rng(0)
    columns = np.column_stack([np.arange(100_000), rng.normal(size=100_000), rng.lognormal(3, 1, 100_000)])
    np.savetxt(tmp_path / "big.csv", columns, "%.4f", ",", header="id,size,price", comments="")
    page.set_input_files("#file", tmp_path / "big.csv")
    answered(page)
    whole, server = (float(word) for word in page.locator("#status").inner_text().split() if word[0].isdigit())
    print(f"from drop to answer: {whole} s, {server} s on the server")
    assert "100,000 rows" in page.locator("#answer").inner_text()
    assert whole - server <= 1.0
