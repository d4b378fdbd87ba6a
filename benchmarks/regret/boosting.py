"""Boosted trees that are trained with a loss: LightGBM, by its own objective or by ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import lightgbm
import numpy as np

from benchmarks.regret.menu import Plan
from losses import Loss

SETTINGS = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_child_samples": 20,
    "num_threads": 1,
    "seed": 0,
    "deterministic": True,
    "verbose": -1,
}
TREES = 200
FAR = 4.0  # the longest step of a score whose loss has no curvature


def numbers(plans: Sequence[Plan], x: Any, y: Any, new: Any) -> Iterator[tuple[Any, Any]]:
    """For each loss the predictions, of the mean and of the 0.9 quantile alike."""
    for plan in plans:
        rows = y != 0 if plan.relative else np.full(y.shape, True)
        mean = _numbers(plan.loss, x[rows], y[rows], new)
        yield mean, mean


def classes(plans: Sequence[Plan], x: Any, y: Any, k: int, new: Any) -> Iterator[Any]:
    """For each loss the probabilities: the softmax of k scores, which begin at the shares of the classes."""
    return (_classes(plan.loss, x, y, k, new) for plan in plans)


def _numbers(loss: Loss, x: Any, y: Any, new: Any) -> Any:
    options = loss.to("lightgbm")
    objective = options["objective"]
    own = isinstance(objective, str)
    start = 0.0 if own else objective.start(y)
    rows = lightgbm.Dataset(x, y, init_score=None if own else np.full(len(y), start))
    found = lightgbm.train({**SETTINGS, **options}, rows, TREES).predict(new)
    return found if own else objective.predict(start + found)


def _classes(loss: Loss, x: Any, y: Any, k: int, new: Any) -> Any:
    start = np.log(np.bincount(y, minlength=k) / len(y))

    def objective(scores: Any, _: Any) -> tuple[Any, Any]:
        slope, bend = loss.derivatives(y, scores)
        return slope, np.maximum(bend * k / (k - 1), np.abs(slope) / FAR + 1e-6)

    rows = lightgbm.Dataset(x, y, init_score=np.tile(start, (len(y), 1)))
    booster = lightgbm.train({**SETTINGS, "objective": objective, "num_class": k}, rows, TREES)
    scores = start + booster.predict(new)
    up = np.exp(scores - scores.max(axis=1, keepdims=True))
    return up / up.sum(axis=1, keepdims=True)
