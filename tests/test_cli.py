"""The command line on real files: what people read, what programs read, and one clear line for bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from losses.catalogue import LOSSES
from losses.cli import main

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


@pytest.mark.parametrize("arguments", [(), ("show",), ("chess",), ("recommend", "x.csv", "-n", "x"), ("list", "--x")])
def test_a_command_line_that_cannot_be_read_is_one_line_and_status_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
