"""What each loss would predict alone: no other constant costs less on the rows themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import losses
from losses.advice import Constant

RNG = np.random.default_rng(11)
COLUMNS: dict[str, tuple[Any, dict[str, Any]]] = {
    "skewed": (RNG.gamma(1.0, 50.0, 900).round(2), {}),
    "zeros": (np.where(RNG.random(900) < 0.6, 0.0, RNG.gamma(1.0, 9.0, 900)), {"goal": "total"}),
    "signed": (RNG.standard_t(3, 900), {"goal": "typical"}),
    "counts": (RNG.poisson(2.5, 900), {"metric": "log_score"}),
    "shares": (RNG.beta(2, 5, 900), {}),
    "relative": (RNG.gamma(3.0, 2.0, 900), {"metric": "mape"}),
    "symmetric": (RNG.gamma(3.0, 2.0, 900), {"metric": "smape"}),
    "logs": (RNG.gamma(3.0, 2.0, 900), {"metric": "rmsle"}),
    "high": (RNG.gamma(3.0, 2.0, 900), {"metric": "pinball@0.9"}),
    "rare": ((RNG.random(900) < 0.05).astype(int), {"metric": "f1"}),
    "even": ((RNG.random(900) < 0.5).astype(int), {"metric": "log_loss"}),
}
TOLERANCE = 2e-4  # of the cost: a constant is looked for on a few hundred points of the column


@pytest.mark.filterwarnings("ignore::losses.LossWarning")
@pytest.mark.parametrize("column", COLUMNS)
def test_no_other_constant_costs_less(column: str) -> None:
    y, wishes = COLUMNS[column]
    others = np.unique(np.clip(np.quantile(y, np.linspace(0.02, 0.98, 33)), 1e-6 if y.min() >= 0 else None, None))
    if y.max() <= 1:
        others = np.linspace(0.01, 0.99, 99)
    found = [
        r
        for r in losses.recommend(y, n=40, **wishes).ranked
        if r.constant and set(r.loss.inputs) <= {"y_true", "y_pred"}
    ]
    for row in (r for r in found if not r.transform):
        assert row.constant
        at = np.append(others, row.constant.value)
        scores = np.log(at / (1 - at)) if row.loss.inputs["y_pred"].infinite else at
        costs = [row.loss(y.astype(float), np.full(len(y), z)) for z in scores]
        assert costs[-1] <= min(costs) + TOLERANCE * abs(min(costs)), row.usage
    assert found


def test_a_constant_is_told_with_its_total_and_whom_it_overshoots() -> None:
    y = np.array([0.0] * 60 + [10.0, 20.5] * 20)
    mse, mae = (losses.recommend(y, metric=metric, n=40).ranked[0].constant for metric in ("r2", "mae"))
    assert mse == Constant(pytest.approx(6.1), pytest.approx(1.0), 0.6)
    assert mae == Constant(0.0, 0.0, 0.0)
    assert str(mse) == "alone it predicts 6.1, 100% of the total, above 60% of rows"


def test_one_number_is_no_prediction_of_intervals_levels_and_many_classes() -> None:
    numbers = losses.recommend(RNG.normal(size=200), metric="crps", n=40)
    assert {r.id: r.constant for r in numbers.ranked if r.id in ("interval_score", "quantile")} == dict.fromkeys(
        ("interval_score", "quantile")
    )
    colours = losses.recommend(["red", "green", "blue"] * 40)
    assert colours.best.constant is None
    assert losses.recommend(None, task="segmentation").best.constant is None
    assert losses.recommend(None, task="regression").best.constant is None
