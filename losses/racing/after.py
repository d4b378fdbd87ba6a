"""What is done after training, as the advice says: the factor, threshold or correction comes from training rows only.

Numbers: the way back from a transform, and smearing. Classes: corrected probabilities where probabilities or an order
are judged; where decisions are, the threshold or the priors, or else the likeliest class by the scores as trained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from losses.advice.answer import Recommendation
from losses.profile.column import Array
from losses.racing.models import Predict, Recipe
from losses.racing.scores import DECISIONS, VALUES
from losses.racing.table import Table, spread

PARTS = 3  # of the training rows, each predicted by a model of the others, to choose a threshold on
TRANSFORMS = {"log1p": (np.log1p, np.expm1)}

Step = Mapping[str, Any]


def predicted(advised: Recommendation, recipe: Recipe, rows: Table, x: Array, reads: str, seed: int) -> Array:
    """Train on ``rows`` and predict ``x`` as the metric reads it."""
    fit = _on_scale(advised, recipe) if advised.transform else recipe.fit
    predict = fit(rows, seed)
    if reads == VALUES:
        return predict(x) * (_smearing(predict, rows) if "smearing" in advised.post else 1.0)
    if reads != DECISIONS:
        return _corrected(predict(x), advised.post.get("prior_correction"))
    return _decide(advised.post, recipe, rows, seed)(predict(x))


def _on_scale(advised: Recommendation, recipe: Recipe) -> Callable[[Table, int], Predict]:
    there, back = TRANSFORMS[str(advised.transform)]

    def fit(rows: Table, seed: int) -> Predict:
        predict = recipe.fit(replace(rows, y=there(rows.y)), seed)
        return lambda x: np.asarray(back(predict(x)))

    return fit


def _smearing(predict: Predict, rows: Table) -> float:
    """What brings the mean of the predictions of the training rows to that of their targets."""
    mean, reached = (float(np.average(values, weights=rows.weight)) for values in (rows.y, predict(rows.x)))
    return mean / reached if reached > 0 else 1.0


# ── corrections: one row for each set of numbers that a step may hold ───────────────────────────────────────────────


def _by_weight(p: Array, numbers: Step) -> Array:
    return p / (p + numbers["weight"] * (1 - p))


def _by_weights(p: Array, numbers: Step) -> Array:
    return _times(p, 1 / np.asarray(numbers["weights"]))


def _by_priors(p: Array, numbers: Step) -> Array:
    return _times(p, np.asarray(numbers["priors"]))


def _times(p: Array, factors: Array) -> Array:
    if p.ndim == 1:
        return p * factors[1] / (p * factors[1] + (1 - p) * factors[0])
    return p * factors / (p * factors).sum(axis=1, keepdims=True)


def _by_focus(p: Array, numbers: Step) -> Array:
    alpha, gamma, p = numbers["alpha"], numbers["gamma"], np.clip(p, 1e-12, 1 - 1e-12)
    up = alpha * (1 - p) ** gamma * (1 - p - gamma * p * np.log(p))
    down = (1 - alpha) * p**gamma * (p - gamma * (1 - p) * np.log(1 - p))
    return np.asarray(down / (up + down))


CORRECTIONS = {"weight": _by_weight, "weights": _by_weights, "priors": _by_priors, "gamma": _by_focus}


def _corrected(p: Array, step: Step | None) -> Array:
    if step is None:
        return p
    numbers = step["numbers"]
    return next(correct for name, correct in CORRECTIONS.items() if name in numbers)(p, numbers)


# ── decisions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _decide(post: Mapping[str, Step], recipe: Recipe, rows: Table, seed: int) -> Callable[[Array], Array]:
    """From scores to class numbers."""
    if "prior_adjusted_decision" in post:
        priors = np.bincount(rows.y, rows.weight, rows.classes) / _total(rows)
        return lambda p: (p >= priors[1]).astype(int) if p.ndim == 1 else (p / priors).argmax(axis=1)
    if "threshold" in post:
        threshold = post["threshold"]["numbers"].get("threshold")
        at = _best_for_f1(post["threshold"]["numbers"], recipe, rows, seed) if threshold is None else threshold
        return lambda p: (p >= at).astype(int)
    middle = 0.5 if recipe.probabilities else 0.0
    return lambda p: (p >= middle).astype(int) if p.ndim == 1 else p.argmax(axis=1)


def _total(rows: Table) -> float:
    return float(len(rows.y) if rows.weight is None else rows.weight.sum())


def _best_for_f1(numbers: Step, recipe: Recipe, rows: Table, seed: int) -> float:
    """The threshold that is best on training rows, each predicted by a model that has not seen it."""
    from sklearn.metrics import f1_score

    order = spread(rows.y, np.random.default_rng(seed))
    p = np.empty(len(rows.y))
    for part in (order[i::PARTS] for i in range(PARTS)):
        p[part] = recipe.fit(rows.take(np.setdiff1d(order, part)), seed)(rows.x[part])
    grid = np.unique(np.append(np.linspace(0.01, numbers["at_most"], 50), numbers["start"]))

    def f1(at: float) -> float:
        return float(f1_score(rows.y, p >= at, average=numbers["average"], sample_weight=rows.weight, zero_division=0))

    return float(max(grid, key=f1))
