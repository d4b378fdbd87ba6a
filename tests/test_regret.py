"""The measurement of advice: its arithmetic on a made-up corpus, the policies of others, and what is told of it."""

from __future__ import annotations

import csv
import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.regret import corpus, evidence, policies, report, scores, tables
from benchmarks.regret.__main__ import main
from benchmarks.regret.corpus import Cell, Task
from benchmarks.table import Row
from losses.advice.evidence import FEWEST

RNG = np.random.default_rng(0)
NORMAL = RNG.normal(5, 1, 400).round(6).tolist()
LOGNORMAL = np.exp(RNG.normal(2, 1, 400)).round(6).tolist()
ZEROS = [0.0] * 200 + RNG.gamma(2.0, 3.0, 200).round(6).tolist()
RARE, UNEVEN, EVEN = ["a"] * 380 + ["b"] * 20, ["a"] * 300 + ["b"] * 100, ["a", "b"] * 200
REGRETS = {"mse": 0.5, "mae": 0.1, "poisson": 0.0, "tweedie15": 0.2, "ce": 0.0, "wce": 0.1}


def cell(y: list[Any], metric: str, model: str = "boosting", regrets: dict[str, float] = REGRETS) -> Cell:
    """A cell about a column."""
    kind = "classification" if isinstance(y[0], str) else "regression"
    return Cell(Task(f"{kind}::{len(set(y))}", "group", "y", kind, y), model, metric, regrets)


def rows(task: str, metric: str, higher: int, **found: list[float]) -> list[list[Any]]:
    """Lines of a table of scores, one for each fold."""
    return [[task, "gbdt", metric, higher, loss, score] for loss, of_folds in found.items() for score in of_folds]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A corpus of two tasks."""
    targets = [
        {"task": "a::y", "group": "a", "column": "y", "type": "reg", "y": LOGNORMAL},
        {"task": "b::c", "group": "b", "column": "c", "type": "cls", "y": RARE},
    ]
    (tmp_path / "dev_regret_targets.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, targets)).encode()))
    lines = [
        *rows("a::y", "rmse", 0, mse=[3.0, 5.0], tweedie15=[2.0, 3.0], mape=[9.0, 9.0], halfway=[1.0]),
        *rows("a::y", "pinball90", 0, mse=[2.0, 2.0], quantile90=[1.0, 1.0], halfway=[0.1]),
        *rows("b::c", "balanced_accuracy", 1, ce=[0.6, 0.6], wce=[0.8, 0.8], ce_ladj=[0.75, 0.75]),
    ]
    with (tmp_path / "regret.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["task", "family", "metric", "higher_is_better", "loss", "score_mean"], *lines])
    return tmp_path


def test_regret_is_the_relative_excess_over_the_best_of_folds_averaged_first(folder: Path) -> None:
    of_mean, of_quantile, of_classes = corpus.read(folder)
    assert of_mean.regrets == pytest.approx({"mse": 0.6, "tweedie15": 0.0, "mape": 1.0})
    assert of_quantile.metric == "pinball@0.9"
    assert of_quantile.regrets == {"mse": 1.0, "quantile90": 0.0}
    assert of_classes.regrets == pytest.approx({"ce": 0.25, "wce": 0.0, "ce_ladj": 0.0625})
    assert of_classes.task.y == RARE


def test_beside_a_perfect_score_all_others_are_as_bad_as_can_be() -> None:
    assert corpus.regrets({"ce": 0.0, "wce": 0.0, "cb": 1e-9}, higher_is_better=False) == {"ce": 0, "wce": 0, "cb": 1}


def test_a_loss_that_was_not_trained_counts_as_the_default(folder: Path) -> None:
    assert corpus.read(folder)[0].regret("student_t") == pytest.approx(0.6)


def test_each_row_of_the_table_is_the_mean_regret_of_a_policy(folder: Path) -> None:
    made = {title.split(":")[0]: rows for title, rows in report.tables(corpus.read(folder))}

    def row(kind: str, policy: str) -> Row:
        """Policies that name the same losses share one."""
        return next(row for row in made[f"Regret, {kind}, boosting"] if policy in row.work)

    assert row("regression", policies.ALWAYS.id).work == "always MSE or CE, AutoGluon"
    assert row("regression", policies.ALWAYS.id).measured == pytest.approx(0.8)
    assert row("regression", "the metric's own loss").measured == pytest.approx(0.3)
    assert row("regression", policies.OURS.id).measured == pytest.approx(0.0)
    assert row("regression", policies.OURS.id).cells()[4] == "stretch met"
    assert row("classification", policies.OURS.id).measured == pytest.approx(0.0625)
    assert row("classification", "in hindsight").measured == 0.0


def test_an_interval_draws_groups_whole() -> None:
    values = np.array([0.0, 0.0, 1.0, 1.0])
    assert report.interval(values, ["a", "a", "b", "b"]) == (0.0, 1.0)
    low, high = report.interval(values, ["a", "b", "a", "b"])
    assert low == high == 0.5


@pytest.mark.parametrize(
    ("policy", "y", "metric", "model", "loss"),
    [
        (policies.default, LOGNORMAL, "mae", "boosting", "mse"),
        (policies.default, RARE, "macro_f1", "neural", "ce"),
        (policies.autogluon, LOGNORMAL, "mae", "boosting", "mse"),
        (policies.autogluon, LOGNORMAL, "rmse", "neural", "mae"),
        (policies.autogluon, RARE, "accuracy", "neural", "ce"),
        (policies.mljar, LOGNORMAL, "rmse", "boosting", "msle"),
        (policies.mljar, NORMAL, "rmse", "boosting", "mse"),
        (policies.mljar, [-1.0, *LOGNORMAL], "rmse", "boosting", "mse"),
        (policies.folk, ZEROS, "mae", "neural", "tweedie15"),
        (policies.folk, LOGNORMAL, "rmse", "boosting", "smooth_l1"),
        (policies.folk, NORMAL, "rmse", "boosting", "mse"),
        (policies.folk, RARE, "log_loss", "boosting", "focal2"),
        (policies.folk, UNEVEN, "log_loss", "boosting", "wce"),
        (policies.folk, EVEN, "log_loss", "boosting", "ce"),
        (policies.matched, NORMAL, "medae", "boosting", "mae"),
        (policies.matched, RARE, "balanced_accuracy", "boosting", "wce"),
        (policies.ours, LOGNORMAL, "rmse", "boosting", "tweedie15"),
        (policies.ours, LOGNORMAL, "poisson_deviance", "boosting", "poisson"),
        (policies.ours, NORMAL, "mae", "neural", "mae"),
        (policies.ours, RARE, "accuracy", "neural", "ce"),
        (policies.ours_blind, ZEROS, "mae", "boosting", "tweedie15"),
    ],
)
def test_a_policy_names_its_loss(policy: Any, y: list[Any], metric: str, model: str, loss: str) -> None:
    assert policy(cell(y, metric, model)) == loss


def test_ours_is_known_by_its_parameters_first() -> None:
    level = {"mse": 0.1, "quantile90": 0.2, "quantile:tau=0.8": 0.0}
    assert policies.ours(cell(NORMAL, "pinball@0.8", regrets=level)) == "quantile:tau=0.8"
    assert policies.ours(cell(RARE, "balanced_accuracy", regrets={"ce": 0.1, "ce_ladj": 0.0})) == "ce_ladj"


def test_hindsight_takes_the_loss_that_was_best_on_the_average() -> None:
    cells = [
        cell(NORMAL, "rmse", regrets={"mse": 0.0, "mae": 0.1}),
        cell(ZEROS, "rmse", regrets={"mse": 0.6, "mae": 0.1}),
    ]
    assert [policies.hindsight(cells).loss(one) for one in cells] == ["mae", "mae"]


def test_each_metric_scores_as_it_is_defined() -> None:
    y, z = np.array([0.0, 1.0, 4.0]), np.array([-1.0, 2.0, 2.0])
    found = {metric.id: value for metric, value in scores.of_numbers(y, z, z + 1, nonnegative=True)}
    assert found["rmse"] == pytest.approx(2**0.5)
    assert found["mae"] == pytest.approx(4 / 3)
    assert found["medae"] == 1.0
    assert found["mape"] == 0.75
    assert found["pinball90"] == pytest.approx((0.0 + 0.2 + 0.9) / 3)
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.6, 0.4]])
    of_classes = {
        metric.id: value for metric, value in scores.of_classes(np.array([0, 1, 1, 0]), p, probabilities=True)
    }
    assert of_classes["accuracy"] == of_classes["balanced_accuracy"] == 0.75
    assert of_classes["brier"] == pytest.approx((0.02 + 0.08 + 0.72 + 0.32) / 4)
    assert of_classes["log_loss"] == pytest.approx(-np.log([0.9, 0.8, 0.4, 0.6]).mean())
    assert of_classes["ece"] == pytest.approx((0.1 + 0.2 + 0.2) / 4)


def test_figures_are_kept_of_enough_tasks_only(tmp_path: Path) -> None:
    many = [
        Cell(Task(str(i), "g", "y", "regression", NORMAL), "neural", "rmse", {"mse": 0.02 * (i % 2), "smooth_l1": 0.0})
        for i in range(FEWEST)
    ]
    few = [Cell(one.task, "neural", "mae", {"mae": 0.0}) for one in many[1:]]
    found = evidence.summary([*many, *few])
    error = round(float(np.std([0.0, 0.02] * (FEWEST // 2), ddof=1)) / FEWEST**0.5, 3)
    wanted = {"mse": [FEWEST, 0.5, 0.01, error]}
    assert found == {"rmse, neural, nonnegative": wanted}  # of all tasks the same would be said
    evidence.write(many, tmp_path / "evidence.json")
    assert json.loads((tmp_path / "evidence.json").read_text()) == found


def test_the_command_scores_a_corpus(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(sys, "argv", ["regret", str(folder), "--markdown"])
    main()
    told = capsys.readouterr().out
    assert "**Regret, regression, boosting: 1 tasks, 2 cells of a task and a metric**" in told
    assert f"{policies.OURS.id}, the best fixed loss, in hindsight | 0 " in told


def test_each_task_is_listed_once_and_names_what_it_is() -> None:
    known = list(tables.entries())
    assert len({entry.where for entry in known}) == len(known)
    assert {entry.kind for entry in known} == {"regression", "classification"}
