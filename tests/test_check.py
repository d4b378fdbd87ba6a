"""The linter: what it calls wrong, what it calls fine, and what a wrong loss costs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import losses
from losses.advice.vocabulary import METRICS
from losses.errors import NotSupported, UnknownName
from service.client import LossClient

from .serving import process

RNG = np.random.default_rng(5)
COLUMNS: dict[str, Any] = {
    "skewed": 0.01 + RNG.gamma(1.0, 50.0, 1500).round(2),
    "zeros": np.where(RNG.random(1500) < 0.3, 0.0, RNG.gamma(1.0, 50.0, 1500)),
    "signed": RNG.normal(2.0, 3.0, 1500),
    "large": 1e5 * RNG.gamma(2.0, 1.0, 1500),
    "counts": RNG.negative_binomial(1, 0.2, 1500),
    "rare": (RNG.random(1500) < 0.05).astype(int),
    "even": (RNG.random(1500) < 0.5).astype(int),
    "colours": RNG.choice(["red", "green", "blue"], 600),
    "grades": RNG.integers(1, 6, 600),
}
VERDICTS = [
    ("mae", "mae", "skewed", "fine"),
    ("mse", "mae", "skewed", "wrong_functional"),
    ("mae", "rmse", "skewed", "wrong_functional"),
    ("mse", "mape", "skewed", "wrong_functional"),
    ("mse", "rmsle", "skewed", "wrong_functional"),
    ("msle", "rmsle", "skewed", "fine"),
    ("poisson_nll", "rmse", "zeros", "fine"),
    ("gamma_deviance", "rmse", "zeros", "wrong_support"),
    ("poisson_deviance", "rmse", "signed", "wrong_support"),
    ("negative_binomial_nll", "log_score", "skewed", "wrong_support"),
    ("huber", "mae", "large", "fine"),
    ("huber:delta=1e9", "mae", "large", "wrong_scale"),
    ("huber", "rmse", "large", "wrong_functional"),
    ("quantile:tau=0.9", "pinball@0.9", "skewed", "fine"),
    ("quantile:tau=0.1", "pinball@0.9", "skewed", "wrong_functional"),
    ("quantile:tau=0.9", "mae", "skewed", "wrong_functional"),
    ("bce_with_logits", "log_loss", "rare", "fine"),
    ("weighted_bce:pos_weight=19", "log_loss", "rare", "miscalibrating"),
    ("weighted_bce:pos_weight=19", "balanced_accuracy", "rare", "fine"),
    ("focal", "brier", "rare", "miscalibrating"),
    ("hinge", "log_loss", "rare", "wrong_functional"),
    ("hinge", "accuracy", "even", "fine"),
    ("dice+bce_with_logits", "log_loss", "rare", "wrong_functional"),
    ("mse", "log_loss", "rare", "wrong_task"),
    ("cross_entropy", "rmse", "skewed", "wrong_task"),
    ("bce_with_logits", "accuracy", "colours", "wrong_task"),
]


@pytest.mark.parametrize(("loss", "metric", "column", "verdict"), VERDICTS)
def test_a_loss_is_judged_by_what_the_metric_rewards_on_this_column(
    loss: str, metric: str, column: str, verdict: str
) -> None:
    found = losses.check(loss, metric, COLUMNS[column])
    assert found.verdict == verdict
    assert found.fine == (verdict == "fine")
    assert found.answer in str(found)
    assert "nan" not in str(found)


@pytest.mark.parametrize("model", [None, "boosting", "neural", "linear"])
@pytest.mark.parametrize("column", COLUMNS)
def test_what_is_recommended_first_is_fine(column: str, model: str | None) -> None:
    p = losses.profile(COLUMNS[column])
    judged = 0
    for metric in METRICS:
        name = metric.id.replace("@k", "@5") + ("@0.8" if metric.level == "quantile" else "")
        try:
            best = losses.recommend(p, metric=name, model=model).best
        except NotSupported:
            continue
        if not best.transform:
            judged += 1
            assert losses.check(best.loss, name, p, model=model).verdict == "fine", (name, str(best.loss))
    assert judged > 3


@pytest.mark.parametrize(("metric", "judge"), [("mae", "mae"), ("rmse", "mse"), ("mape", "mape"), ("rmsle", "msle")])
def test_the_price_is_that_of_the_best_constants_on_the_rows_themselves(metric: str, judge: str) -> None:
    y = COLUMNS["skewed"]
    for loss, constant in (("mse", y.mean()), ("mae", np.median(y))):
        price = losses.check(loss, metric, y).price
        assert price is not None
        root = math.sqrt if metric.startswith("r") else float
        assert price.here == pytest.approx(root(losses.get(judge)(y, np.full_like(y, constant))), rel=1e-6)
        assert price.excess == pytest.approx(price.here / price.best - 1)
        assert price.excess >= 0


def test_the_price_of_weights_is_that_of_the_probability_they_show() -> None:
    y = COLUMNS["rare"]
    price = losses.check("weighted_bce:pos_weight=19", "log_loss", y).price
    pi = float(y.mean())
    shown = 19 * pi / (19 * pi + 1 - pi)
    assert price is not None
    assert price.here == pytest.approx(-(pi * math.log(shown) + (1 - pi) * math.log(1 - shown)), rel=1e-4)
    assert price.best == pytest.approx(-(pi * math.log(pi) + (1 - pi) * math.log(1 - pi)), rel=1e-4)


def test_swapped_quantiles_are_called_by_their_name() -> None:
    found = losses.check("quantile:tau=0.1", "pinball@0.9", COLUMNS["skewed"])
    assert "taken for each other" in found.answer
    assert str(found.instead.loss) == "quantile:tau=0.9" if found.instead else False


def test_costs_and_goals_are_wishes_too() -> None:
    costs = {"under": 9.0, "over": 1.0}
    assert losses.check("quantile:tau=0.9", target=COLUMNS["skewed"], costs=costs).fine
    assert losses.check("mse", target=COLUMNS["skewed"], costs=costs).verdict == "wrong_functional"
    assert losses.check("mae", target=COLUMNS["skewed"], goal="total").verdict == "wrong_functional"
    assert losses.check("bce_with_logits", task="classification", metric="log_loss").fine


def test_unknown_names_and_metrics_of_other_columns_are_refused() -> None:
    with pytest.raises(UnknownName, match="sparkle"):
        losses.check("sparkle", "mae", COLUMNS["skewed"])
    with pytest.raises(UnknownName, match="sparkle"):
        losses.check("mse", "sparkle", COLUMNS["skewed"])
    with pytest.raises(NotSupported):
        losses.check("mse", "roc_auc", COLUMNS["skewed"])


def test_the_service_judges_as_the_library_does() -> None:
    asked: list[tuple[Any, str, str]] = [
        ("mse", "mae", "skewed"),
        (losses.Huber(delta=1e9), "mae", "large"),
        ("bce_with_logits", "log_loss", "rare"),
    ]
    with process() as (address, _), LossClient(address) as client:
        for loss, metric, column in asked:
            here, there = (judge(loss, metric, COLUMNS[column]) for judge in (losses.check, client.check))
            assert (there.verdict, there.answer, there.findings) == (here.verdict, here.answer, here.findings)
            assert there.to_dict() == here.to_dict()
            assert (there.price, there.fine) == (here.price, here.fine)
            assert there.instead is not None
            assert here.instead is not None
            assert there.instead.constant == here.instead.constant
