"""The pages without a browser: nothing inline, nothing from elsewhere, and no loss or warning in their scripts."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

import pytest

from losses.advice.fits import FITS
from losses.advice.parameters import ESTIMATES
from losses.advice.rules import RULES
from losses.catalogue import LOSSES
from losses.remedies import REMEDIES
from losses.warned import warned
from service.mathml import mathml
from service.pages import ASSETS, HERE
from service.problems import KINDS
from tests.serving import Inside
from tests.test_frameworks_contract import wants

HEAVIEST = 150_000  # bytes of all that the page may load
SCRIPTS = {name: content.decode() for name, (content, _) in ASSETS.items() if name.endswith(".js")}
PATHS = ["/", "/evaluate", "/losses", "/rules", "/parameters", "/warnings", "/problems", "/docs"]
PATHS += [f"/losses/{name}" for name in LOSSES] + [f"/warnings/{row['code']}" for row in warned()]
PATHS += [f"/problems/{name}" for name in KINDS]


@pytest.fixture(scope="module")
def inside() -> Inside:
    return Inside()


class Strict(HTMLParser):
    """Collects what a strict policy would forbid, and elements that are not closed."""

    OPEN = frozenset(("meta", "link", "input", "br", "!doctype"))

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.faults += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on")]
        self.faults += [tag] * (tag == "style" or (tag == "script" and "src" not in names))
        if tag not in self.OPEN:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if self.stack.pop() != tag:
            self.faults.append(f"/{tag}")


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_well_formed_and_holds_nothing_that_its_policy_forbids(inside: Inside, path: str) -> None:
    reply = inside.get(path)
    strict = Strict()
    strict.feed(reply.text)
    assert (reply.status_code, strict.faults, strict.stack) == (200, [], [])
    assert "``" not in reply.text
    policy = reply.headers["content-security-policy"]
    assert policy.startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "require-trusted-types-for 'script'"
    )


def test_all_that_the_page_may_load_is_light(inside: Inside) -> None:
    assert sum(file.stat().st_size for file in HERE.iterdir()) <= HEAVIEST
    for name, (content, kind) in ASSETS.items():
        reply = inside.get(f"/page/{name}")
        assert (reply.content, reply.headers["content-type"].partition(";")[0]) == (content, kind)
        assert inside.get(f"/page/{name}", headers={"if-none-match": reply.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("name", ["../pages.py", "%2e%2e/pages.py", "start.html", "nothing.js", "style.css/"])
def test_no_other_file_is_served(inside: Inside, name: str) -> None:
    assert inside.get(f"/page/{name}").status_code == 404


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_script_knows_a_loss_or_a_warning_nor_makes_elements_of_text(name: str) -> None:
    words = set(re.findall(r"[\w]+", SCRIPTS[name]))
    assert not words & {row["code"] for row in warned()}
    assert not {word for word in words if word in LOSSES and word not in ("dice", "hinge")}
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:", SCRIPTS[name])


def test_every_import_of_a_script_is_there() -> None:
    for text in SCRIPTS.values():
        assert set(re.findall(r'from "\./([\w.]+)"', text)) <= ASSETS.keys()


@pytest.mark.parametrize("name", LOSSES)
def test_every_formula_is_typeset_whole(name: str) -> None:
    formula = LOSSES[name].about.formula
    shown = re.sub(r"<[^>]+>|&nbsp;|\s", "", mathml(formula)).replace("&lt;", "<").replace("&gt;", ">")
    plain = formula.replace("²", "2").replace("₊", "+").replace("₋", "−")
    assert len(shown) >= len(re.sub(r"[\s()^_{}√]", "", plain))
    assert sorted(re.sub(r"[()]", "", shown)) == sorted(re.sub(r"[\s()^_{}√]", "", plain))


def test_warnings_and_problems_that_do_not_exist_are_not_found(inside: Inside) -> None:
    assert inside.get("/warnings/NOTHING").status_code == 404
    assert inside.get("/losses/nothing").status_code == 404


def test_every_warning_of_a_reply_has_a_page(inside: Inside) -> None:
    told = inside.get("/v1/warnings").json()
    reply = inside.post("/v1/recommendations", json={"target": [0, 0, 0, 5.5] * 9, "metric": "mae"}).json()
    codes = {note["code"] for row in (reply, *reply["ranked"]) for note in row["warnings"]}
    assert codes
    assert codes <= {row["code"] for row in told}


def test_pictures_come_where_they_are_asked_for(inside: Inside) -> None:
    body = {"target": [1.5, 2, 9, 4.5, 7] * 20}
    for path in ("/v1/profiles", "/v1/recommendations"):
        assert "pictures" not in inside.post(path, json=body).json()
        reply = inside.post(path, json={**body, "pictures": 500}).json()
        assert reply["pictures"]["target"].startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 ')
        assert inside.post(path, json={**body, "pictures": 5}).status_code == 422


@pytest.mark.parametrize(
    "query", ["", "loss=", "loss=nothing", "loss=quantile:tau=[0.1,0.9]", "loss=0.5*mse", "loss=mse&sigma=1e300"]
)
def test_a_curve_that_cannot_be_is_refused(inside: Inside, query: str) -> None:
    assert inside.get(f"/v1/curves?{query}").status_code in (404, 422)


@pytest.mark.parametrize("at", ["-1e60", "0", "5e-324", "1e60"])
@pytest.mark.parametrize("sigma", ["1e-60", "1", "1e60"])
def test_a_curve_far_out_is_still_a_picture_of_numbers(inside: Inside, at: str, sigma: str) -> None:
    for losses in (
        "mse&loss=mae&loss=huber:delta=1e-300",
        "mape&loss=smape",
        "gamma_deviance&loss=msle",
        "gaussian_nll&loss=interval_score",
    ):
        reply = inside.get(f"/v1/curves?loss={losses}&at={at}&sigma={sigma}&pictures=500")
        assert reply.status_code == 200, reply.text
        assert not re.search(r'=\\?"-?(nan|inf)', reply.text)


@pytest.mark.parametrize(
    "body",
    ["", "a\n", "a,b\n", "a,b\n1,2\n", "a,b\nx,y\n", "a,b\n1,\n", "a,b\n1e308,-1e308\n-1e308,1e308\n", "a,a\n1,2\n"],
)
@pytest.mark.parametrize("query", ["", "missing=drop", "truth=z", "model=a", "weight=a", "loss=cross_entropy"])
def test_odd_tables_are_audited_or_refused(inside: Inside, body: str, query: str) -> None:
    assert inside.csv(f"/v1/audits?pictures=400&{query}", body).status_code in (200, 422)


def test_a_private_picture_shows_no_more_than_the_private_profile(inside: Inside) -> None:
    body = {"target": [*range(60), 123456.75], "private": True, "pictures": 500}
    reply = inside.post("/v1/profiles", json=body)
    assert "123,456" not in reply.text
    assert "123456" not in reply.text


@pytest.mark.parametrize(
    ("path", "rows"), [("/rules", [row.id for row in RULES]), ("/parameters", [row.id for row in ESTIMATES])]
)
def test_every_rule_and_every_estimate_stands_on_its_page_with_its_source(
    inside: Inside, path: str, rows: list[str]
) -> None:
    text = inside.get(path).text
    assert re.findall(r'<code id="([\w-]+)">', text) == rows
    more = len(FITS) if path == "/rules" else 0
    assert len(re.findall(r"<tr><th scope=\"row\">", text)) == len(rows) + more
    assert f'href="{path}"' in inside.get("/losses").text
    assert f'href="{path}"' in inside.get("/docs").text


def test_a_rule_of_the_page_says_when_it_fires_what_it_reads_and_on_what_ground(inside: Inside) -> None:
    line = re.search(r'<tr><th scope="row"><code id="heavy-tails">.*?</tr>', inside.get("/rules").text)
    assert line is not None
    shown = re.sub(r"<[^>]+>", " ", line[0]).replace("&#x27;", "'").replace("&gt;", ">")
    assert "+1.5" in shown
    assert "kind == 'positive_skewed' and excess_kurtosis > 5.0" in shown
    assert "loss.traits has 'heavy'" in shown
    assert "excess kurtosis, functional, kind" in shown
    assert 'href="https://doi.org/10.1080/01621459.1989.10478852"' in line[0]


def test_each_warning_says_what_to_do_and_no_word_is_left_over(inside: Inside) -> None:
    assert {told["code"] for told in warned()} == set(REMEDIES)
    assert escape(REMEDIES["MISSING"]) in inside.get("/warnings/MISSING").text


def test_the_page_of_a_warning_says_when_it_is_given_and_on_what_ground(inside: Inside) -> None:
    text = inside.get("/warnings/MAE_ZEROS").text
    assert (
        "<code>of_numbers and zero_share &gt;= 0.5</code> and <code>loss.elicits has &#x27;median&#x27;</code>" in text
    )
    assert 'href="https://doi.org/10.1198/jasa.2011.r10138"' in text


def test_code_is_asked_for_as_the_target_stands(inside: Inside) -> None:
    for name in ("sklearn", "torch", "keras", "optax"):
        wants(name)

    def lines(query: str) -> str:
        return inside.get(f"/v1/code?{query}").json()["code"]["sklearn"]

    assert "levels = ['low', \"it's\", 3, 1.5, 'inf']" in lines(
        "loss=cross_entropy&levels=low&levels=it%27s&levels=3&levels=1.5&levels=inf"
    )
    assert "np.unique(y, return_inverse=True)" in lines("loss=cross_entropy&levels=*")
    assert "MultiOutputClassifier" in lines("loss=bce&form=labels")
    assert "torch" in inside.get("/v1/code?loss=kl_div").json()["code"]
    assert set(inside.get("/v1/code?loss=brier&classes=5").json()["code"]) == {"keras", "optax", "torch"}
    for bad in ("loss=bce&form=rows", "loss=bce&classes=-1", "loss=bce&loss=mse", ""):
        assert inside.get(f"/v1/code?{bad}").status_code == 422
