"""The command line on real files: what people read, what programs read, and one clear line for bad input."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from losses.catalogue import LOSSES
from losses.cli import main
from losses.page import described, page, spark
from losses.profile import profile

ROWS = [(3.0, 2.5), (-0.5, 0.0), (2.0, 2.0), (7.0, 8.0)]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    path.write_text("y_true,y_pred\n" + "".join(f"{y},{z}\n" for y, z in ROWS))
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_list_names_every_loss(capsys: pytest.CaptureFixture[str]) -> None:
    assert [r["id"] for r in json.loads(run(capsys, "list", "--json"))] == list(LOSSES)
    first_words = [line.split()[0] for line in run(capsys, "list").splitlines()[1:]]
    assert first_words == list(LOSSES)


@pytest.mark.parametrize("name", LOSSES)
def test_show_tells_all_of_a_loss(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "show", name)
    assert LOSSES[name].about.title in shown
    assert LOSSES[name].about.source in shown
    assert all(parameter in shown for parameter in LOSSES[name].params())


def test_evaluate_prints_each_loss_with_its_unit(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "evaluate", file, "--loss", "mse", "--loss", "huber:delta=1")
    assert [line.split()[:2] for line in shown.splitlines()[1:3]] == [["mse", "0.375"], ["huber", "0.1875"]]
    found = json.loads(run(capsys, "evaluate", file, "--loss", "mse", "--json"))
    assert found["n"] == 4
    assert found["results"][0]["value"] == 0.375


def test_the_parts_of_a_prediction_are_columns_with_dots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "parts.csv"
    path.write_text("y_true,y_pred.mean,y_pred.var\n0,0,1\n1,1.5,0.25\n")
    found = json.loads(run(capsys, "evaluate", str(path), "--loss", "gaussian_nll", "--json"))
    assert found["results"][0]["value"] == pytest.approx(-0.09657359027997264, abs=1e-12)


def test_profile_and_recommend_speak_of_the_column(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "y_true" in run(capsys, "profile", file, "--column", "y_true")
    advice = json.loads(run(capsys, "recommend", file, "--column", "y_true", "--metric", "mae", "--json"))
    assert advice["ranked"]
    assert run(capsys, "recommend", file, "--column", "y_true", "--metric", "mae").strip()


def test_check_says_what_is_wrong_by_its_exit_status(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("check", file, "--column", "y_true", "--metric", "mae")
    assert "mae is fine for mae" in run(capsys, *asked, "--loss", "mae")
    assert main([*asked, "--loss", "mse"]) == 1
    assert "wrong functional" in capsys.readouterr().out
    assert main([*asked, "--loss", "mse", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "wrong_functional"


def test_a_dash_reads_standard_input() -> None:
    text = "price\n" + "\n".join(str(i * i + 0.5) for i in range(50))
    command = [sys.executable, "-m", "losses", "profile", "-", "--column", "price", "--json"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["readings"]["n"] == 50


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "hubr"), "did you mean 'huber'"),
        (("evaluate", "FILE", "--loss", "huber:delta=-1"), "delta must be in (0, inf), got -1"),
        (("evaluate", "FILE", "--loss", "poisson_nll"), "y_true must be a number of at least 0, got -0.5 at row 1"),
        (("evaluate", "FILE", "--loss", "mse", "--y-pred", "guess"), "unknown column 'guess'"),
        (("profile", "FILE", "--column", "price"), "unknown column 'price'"),
        (("profile", "missing.csv"), "missing.csv"),
        (("recommend", "FILE", "--column", "y_true", "--metric", "rmsee"), "'rmse'"),
        (("recommend", "FILE", "--column", "y_true", "--cost", "under=much"), "under=3"),
        (("list", "--task", "chess"), "unknown task 'chess'"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: tuple[str, ...], said: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([file if word == "FILE" else word for word in arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("losses: ")
    assert said in lines[0]


def test_rows_are_told_one_a_line_when_nothing_is_reduced(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "evaluate", file, "--loss", "mse", "--loss", "mae", "--reduction", "none").splitlines()
    assert shown == ["mse\tmae", "0.25\t0.5", "0.25\t0.5", "0.0\t0.0", "1.0\t1.0"]


TABLE = {"price": np.arange(50) ** 2 + 0.5, "rooms": np.arange(50) % 4, "town": ["Bree", "Dale"] * 25}


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "houses.parquet"
    parquet.write_table(pa.table(TABLE), path)
    return str(path)


def test_a_file_without_a_named_column_is_a_table_of_one_line_each(
    table: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = run(capsys, "profile", table).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == list(TABLE)
    assert "50" in lines[1]
    found = json.loads(run(capsys, "profile", table, "--json"))
    assert found["columns"]["town"]["readings"]["kind"] == "binary"
    assert found["columns"]["rooms"] == json.loads(run(capsys, "profile", table, "--column", "rooms", "--json"))


def test_a_table_on_standard_input_is_read_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a,b\n1,2\n3,4\n")))
    assert list(json.loads(run(capsys, "profile", "-", "--json"))["columns"]) == ["a", "b"]


def test_a_column_that_no_target_can_be_is_told_in_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1, "b": {"x": 1}}\n{"a": 2, "b": null}\n')
    assert "column 'b' is left out: a target cannot hold dict values" in run(capsys, "profile", str(path))


def test_the_page_says_what_why_how_and_what_to_watch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "ages.csv"
    ages = [*np.random.default_rng(0).integers(18, 90, 300).tolist(), *[999] * 9, ""]
    path.write_text("age,x\n" + "".join(f"{age},1\n" for age in ages))
    shown = run(capsys, "profile", str(path), "--column", "age")
    assert shown.startswith("age: ")
    assert "309 rows, 1 missing" in shown
    assert "█" in shown
    assert "Why\n" in shown
    assert "2.91% above, to 999" in shown
    assert "999 (9 rows) may stand for missing" in shown
    assert "SENTINEL" in shown


def test_a_doubtful_kind_comes_with_the_question_that_settles_it() -> None:
    shown = page(profile([-5.0, -3.0, -1.5] * 30, name="y"))
    assert "is a value a measure around a centre, or a step on a scale? --task regression or --task ordinal." in shown
    assert "To settle it" not in page(profile(["a", "b"] * 50))


def test_points_in_time_are_shown_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "days.csv"
    days = [str(np.datetime64("2023-01-01") + i) for i in range(365)]
    path.write_text("day,x\n" + "".join(f"{day},1\n" for day in days))
    shown = run(capsys, "profile", str(path), "--column", "day")
    assert "from 2023-01-01 to 2023-12-31, half of them up to 2023-07-02" in shown
    assert "2023-01-01 " in shown.splitlines()[7]
    assert "1.6" not in shown.partition("Why")[0]
    assert "mean" not in shown
    assert "from 2023-01-01 to 2023-12-31, median 2023-07-02" in run(capsys, "profile", str(path))


COLUMNS = {
    "times": np.datetime64("2023-01-01T05:30") + np.arange(40) * np.timedelta64(97, "m"),
    "one time": [np.datetime64("2023-01-01")] * 9,
    "empty": [],
    "all missing": [None] * 4,
    "one row": [5],
    "infinite": [np.inf, 1.0],
    "huge": [1e308, -1e308, *range(20)],
    "tiny": [0, 0, 1e-320, *range(20)],
    "lines in words": ["a\nb", "c" * 99, ""],
    "many words": [f"w{i}" for i in range(2000)],
    "many rows": np.random.default_rng(0).lognormal(3, 3, 50_000),
    "masks": np.zeros((3, 4, 4)),
    "labels": np.eye(3),
    "mixed": [1, "a", 2.5],
    "years": list(range(1900, 2020)),
}


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_has_a_page(column: str) -> None:
    p = profile(COLUMNS[column], name=column)
    for side in (p, type(p).from_dict(p.to_dict(private=True))):
        assert page(side).startswith(f"{column}: ")
        assert "\n\n\n" not in page(side)


def test_the_bars_of_whole_numbers_hold_equally_many_of_them() -> None:
    assert set(spark(profile(np.arange(1, 37)), width=20)) == {"█"}


def test_drift_tells_what_changed_between_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    y = np.random.default_rng(0).gamma(2, 3, 500)
    for name, values in {"old": y, "new": np.append(y, [-1.0] * 60)}.items():
        np.savez(tmp_path / f"{name}.npz", price=values, other=values)
    files = [str(tmp_path / f"{name}.npz") for name in ("old", "new")]
    shown = run(capsys, "drift", *files, "--column", "price", "--metric", "mae")
    assert "60 of 560 rows are below 0, where none was" in shown
    assert "The advice stays: mae." in shown
    found = json.loads(run(capsys, "drift", *files, "--column", "price", "--json"))
    assert found["drifted"]
    assert found["advice"]["before"] == "gamma_deviance"
    assert main(["drift", *files]) == 2
    assert "unknown column 'target'; known: other, price" in capsys.readouterr().err


KEPT = {
    "document": lambda p: p.to_dict(),
    "private document": lambda p: p.to_dict(private=True),
    "what profile prints": described,
    "a table of documents": lambda p: {"price": p.to_dict(), "rooms": profile([1, 2, 2]).to_dict()},
    "what profile prints of a table": lambda p: {"columns": {"rooms": described(p), "price": described(p)}},
}


@pytest.mark.parametrize("form", KEPT)
def test_a_profile_that_was_kept_stands_for_its_file(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    y = np.random.default_rng(0).gamma(2, 3, 500)
    kept, later = tmp_path / "kept.json", tmp_path / "later.csv"
    kept.write_text(json.dumps(KEPT[form](profile(y, name="price"))))
    later.write_text("price,x\n" + "".join(f"{value + 2!r},1\n" for value in y.tolist()))
    found = json.loads(run(capsys, "drift", str(kept), str(later), "--column", "price", "--json"))
    assert found["rows"] == {"before": 500, "after": 500}
    assert "location" in [change["id"] for change in found["changes"]]
    advice = json.loads(run(capsys, "recommend", str(kept), "--column", "price", "--metric", "mae", "--json"))
    assert advice["ranked"][0]["loss"] == "mae"
    assert run(capsys, "profile", str(kept), "--column", "price").startswith("price: ")
    names = {name for name in ("price", "rooms") if name in run(capsys, "profile", str(kept))}
    assert names == ({"price", "rooms"} if "table" in form else {"price"})


def test_a_kept_profile_that_cannot_be_used_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.json"
    document = profile([1, 2, 3], name="price").to_dict()
    wrong = {
        "unknown column 'rooms'; known: price": document,
        "profile field 'n'": document | {"n": -1},
        "a list, or an object of columns, is expected": {"version": 1},
    }
    for said, data in wrong.items():
        kept.write_text(json.dumps(data))
        assert main(["drift", str(kept), str(kept), "--column", "rooms"]) == 2
        assert said in capsys.readouterr().err
    for text in ('{"version": ', '{"a":' * 5000):
        kept.write_text(text)
        assert main(["profile", str(kept)]) == 2
        assert "not a readable json file" in capsys.readouterr().err


def test_columns_in_a_json_file_are_no_profiles(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "columns.json"
    path.write_text(json.dumps({"version": [1, 2, 2], "profile": [3.5, 4.5, 1.5]}))
    assert json.loads(run(capsys, "profile", str(path), "--column", "profile", "--json"))["readings"]["n"] == 3


def _parquet() -> bytes:
    sink = io.BytesIO()
    parquet.write_table(pa.table(TABLE), sink)
    return sink.getvalue()


def _arrow() -> bytes:
    sink = io.BytesIO()
    with ipc.new_file(sink, pa.table(TABLE).schema) as writer:
        writer.write_table(pa.table(TABLE))
    return sink.getvalue()


def _npy(values: object, **settings: bool) -> bytes:
    sink = io.BytesIO()
    np.save(sink, np.asarray(values), **settings)
    return sink.getvalue()


BROKEN = {
    "half.parquet": (_parquet()[:300], "not a readable parquet file"),
    "cut.parquet": (_parquet()[:-1], "not a readable parquet file"),
    "zero.parquet": (b"", "not a readable parquet file"),
    "half.arrow": (_arrow()[:200], "not a readable arrow file"),
    "zero.arrow": (b"", "not a readable arrow file"),
    "zero.csv": (b"", "the CSV is empty"),
    "head.csv": (b"y,x\n", "a header and no rows"),
    "bytes.csv": (bytes(range(256)) * 9, "control characters"),
    "latin.csv": ("y\nM\u00fcnchen\n".encode("latin-1"), "line 2 is not UTF-8: save it as CSV with UTF-8"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n\0\0", "UTF-8"),
    "uneven.csv": (b"y,x\n1,2\n3\n", "data row 2 has 1 field where the header has 2"),
    "title.csv": (b"Sales of the year\ny,x\n1,2\n", "has 2 fields where the header has 1; is the first line that of"),
    "sheet.csv": (b"PK\x03\x04\x14\x00", "a spreadsheet or a zip file and no CSV: save it as CSV"),
    "unicode.csv": ("y\n1\n".encode("utf-16"), "text in UTF-16"),
    "nameless.csv": (b"1.5,2\n2.5,3\n", "the first line holds numbers; the names of the columns are expected"),
    "quote.csv": (b'y,x\n"1,2\n', "not CSV"),
    "half.npy": (_npy(np.arange(9.0))[:-20], "not a readable npy file"),
    "zero.npy": (b"", "not a readable npy file"),
    "text.npy": (b"y\n1\n", "not a readable npy file"),
    "pickled.npy": (_npy([{}], allow_pickle=True), "not a readable npy file"),
    "complex.npy": (_npy([1j]), "complex128"),
    "single.npy": (_npy(3.0), "not a readable npy file"),
    "none.npy": (_npy([]), "no rows"),
    "half.npz": (b"PK\x03\x04", "not a readable npz file"),
    "zero.jsonl": (b"", "no rows"),
    "half.jsonl": (b'{"y": 1}\n{"y":\n', "not a readable jsonl file"),
    "nan.jsonl": (b'{"y": NaN}\n', "JSON has no number NaN"),
    "half.json": (b"[1,", "not a readable json file"),
    "number.json": (b"3", "a list, or an object of columns"),
    "book.xlsx": (b"PK", "files ending in '.xlsx' cannot be read"),
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("command", ["profile", "recommend"])
def test_a_broken_file_is_one_line_and_status_2(
    name: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, said = BROKEN[name]
    path = tmp_path / name
    path.write_bytes(content)
    assert main([command, str(path)]) == 2
    found = capsys.readouterr()
    assert not found.out
    assert len(found.err.splitlines()) == 1
    if command == "profile":
        assert said in found.err


@pytest.mark.parametrize("name", ["folder", "folder.csv", "folder.parquet", "folder.npy"])
def test_a_directory_is_no_file(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).mkdir()
    assert main(["profile", str(tmp_path / name)]) == 2
    assert "is a directory; name a file, or a pattern such as" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["y.csv", "y.parquet", "y.npy", "y.jsonl"])
def test_a_file_that_may_not_be_read_says_so(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(b"")
    (tmp_path / name).chmod(0)
    assert main(["profile", str(tmp_path / name)]) == 2
    assert "permission denied" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(), ("show",), ("chess",), ("recommend", "x.csv", "-n", "x"), ("list", "--x")])
def test_a_command_line_that_cannot_be_read_is_one_line_and_status_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
