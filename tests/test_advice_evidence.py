"""What was measured of a loss is told where it was measured, and its source always."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import losses
from losses.advice import evidence, vocabulary
from losses.advice.evidence import CONDITIONS, FEWEST, FILE

RNG = np.random.default_rng(0)
AMOUNTS = RNG.gamma(2.0, 3.0, 300).round(4).tolist()
SIGNED = RNG.normal(0, 1, 300).round(4).tolist()
RARE, EVEN = ["a"] * 270 + ["b"] * 30, ["a", "b"] * 150
FIGURES = {
    "rmse, boosting, nonnegative": {"tweedie_deviance": [40, 0.8, 0.015, 0.004]},
    "rmse, boosting, any": {"mse": [44, 0.25, 0.06, 0.01], "tweedie_deviance": [44, 0.5, 0.5, 0.5]},
    "mae, neural, any": {"mae": [44, 0.6, 0.02, 0.003], "huber": [44, 0.4, 0.05, 0.01]},
    "pinball@0.9, neural, any": {"quantile:tau=0.9": [44, 0.9, 0.001, 0.001]},
    "accuracy, boosting, uneven": {"cross_entropy": [12, 0.75, 0.01, 0.002]},
    "balanced_accuracy, boosting, any": {"cross_entropy with prior_adjusted_decision": [20, 0.5, 0.01, 0.002]},
}


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures that this file knows."""
    monkeypatch.setattr(evidence, "figures", lambda: FIGURES)


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    ("target", "wishes", "loss", "told"),
    [
        (
            AMOUNTS,
            {"metric": "rmse", "model": "boosting"},
            "tweedie_deviance",
            "by rmse within 1% of the best loss on 80% of 40 boosting tasks with y >= 0 (mean regret 0.015 ± 0.004); "
            "source: ",
        ),
        (AMOUNTS, {"metric": "r2", "framework": "lightgbm"}, "tweedie_deviance", "by rmse within 1%"),
        (AMOUNTS, {"goal": "total", "model": "boosting"}, "tweedie_deviance", "by rmse within 1%"),
        (AMOUNTS, {"metric": "rmse", "model": "boosting"}, "mse", "25% of 44 boosting tasks (mean regret 0.060"),
        (SIGNED, {"metric": "rmse", "model": "boosting"}, "mse", "25% of 44 boosting tasks (mean regret 0.060"),
        (SIGNED, {"metric": "wape", "model": "neural"}, "huber", "by mae within 1% of the best loss on 40%"),
        (SIGNED, {"metric": "pinball@0.9", "model": "neural"}, "quantile", "by pinball@0.9 within 1%"),
        (RARE, {"metric": "accuracy", "model": "boosting"}, "bce_with_logits", "tasks with classes at least 3 to 1 ("),
        (EVEN, {"metric": "balanced_accuracy", "model": "boosting"}, "bce_with_logits", "by balanced_accuracy"),
    ],
)
def test_a_figure_is_told_where_there_is_one(target: Any, wishes: dict[str, Any], loss: str, told: str) -> None:
    found = next(r for r in losses.recommend(target, **wishes, n=99).ranked if r.id == loss and not r.transform)
    assert told in found.evidence
    assert found.evidence.endswith(f"; source: {found.loss.about.source}")


@pytest.mark.usefixtures("made_up")
@pytest.mark.parametrize(
    ("target", "wishes", "loss"),
    [
        (AMOUNTS, {"metric": "rmse"}, "mse"),
        (AMOUNTS, {"metric": "rmse", "model": "neural"}, "mse"),
        (AMOUNTS, {"metric": "rmse", "model": "boosting"}, "gamma_deviance"),
        (AMOUNTS, {"metric": "rmsle", "model": "boosting"}, "msle"),
        (SIGNED, {"metric": "pinball@0.8", "model": "neural"}, "quantile"),
        (EVEN, {"metric": "accuracy", "model": "boosting"}, "bce_with_logits"),
        (EVEN, {"metric": "f1", "model": "boosting"}, "bce_with_logits"),
        (EVEN, {"metric": "balanced_accuracy", "model": "boosting"}, "weighted_bce"),
    ],
)
def test_where_nothing_was_measured_the_source_stands_alone(target: Any, wishes: dict[str, Any], loss: str) -> None:
    found = next(r for r in losses.recommend(target, **wishes, n=99).ranked if r.id == loss and not r.transform)
    assert found.evidence == found.loss.about.source


def test_the_file_is_well_formed() -> None:
    metrics, models = {row.id for row in vocabulary.METRICS} | {"pinball@0.9"}, {row.id for row in vocabulary.MODELS}
    kept = json.loads(FILE.read_text())
    assert kept
    for where, of_losses in kept.items():
        metric, model, condition = where.split(", ")
        assert (metric in metrics, model in models) == (True, True)
        assert condition in {row.id for row in CONDITIONS}
        for name, (tasks, close, regret, error) in of_losses.items():
            assert str(losses.get(name.partition(" with ")[0])) == name.partition(" with ")[0]
            assert tasks >= FEWEST
            assert 0 <= close <= 1
            assert 0 <= regret <= 1
            assert 0 <= error <= 0.5
    assert FILE.stat().st_size < 30_000


def test_what_is_told_is_what_the_file_says() -> None:
    tasks, close, regret, error = json.loads(FILE.read_text())["rmse, boosting, nonnegative"]["tweedie_deviance"]
    best = losses.recommend(AMOUNTS, metric="rmse", model="boosting").best
    assert best.id == "tweedie_deviance"
    assert (
        f"on {close:.0%} of {tasks} boosting tasks with y >= 0 (mean regret {regret:.3f} ± {error:.3f})"
        in best.evidence
    )
    assert best.to_dict()["evidence"] == best.evidence


def test_the_file_is_not_read_before_it_is_needed() -> None:
    script = (
        "import losses; losses.recommend([1.0, 2.5, 4.0] * 9, metric='mae');"
        "from losses.advice.evidence import figures; print(figures.cache_info().currsize)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "0\n"
