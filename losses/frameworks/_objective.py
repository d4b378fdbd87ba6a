"""A loss as boosters take it: slope and a positive curvature on the scale of the trees' sum.

Trees add up numbers without bounds. Where a prediction must be positive, above -1 or a probability, the sum is its
log, log(1 + ·) or logit: the ``link``, found from the domain of the prediction.

A booster divides slopes by curvatures, so a curvature of 0 or less (absolute errors, far residuals of log-cosh, focal)
cannot be used as it is. Its place takes that of the parabola which touches the loss at the prediction and has its
foot at the truth, ``|slope| / |residual|``: an upper bound for losses of a residual, so that no step overshoots, and
of the right size in any unit. For labels -1 and +1 the residual is what the margin lacks; other scores and logs have
none, and there a step is at most ``FAR``.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core import Loss
from ..errors import LossWarning

Array = NDArray[Any]

FAR = 4.0  # the longest step on a log or logit scale
NEAR = 0.01  # residuals below this share of the mean one count as this share
LEAST = 1e-12
FEW = 500  # numbers up to which NumPy keeps the interpreter lock: more, and threads take it from each other
SHORT = 1e-9  # a step not worth taking


class Link(NamedTuple):
    """How the trees' sum becomes the prediction: the map back, its first and second derivative, the map there."""

    back: Any
    first: Any
    second: Any
    there: Any


def _sigmoid(x: Array) -> Array:
    return np.asarray(np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x))))


def _bell(x: Array) -> Array:
    return np.asarray(_sigmoid(x) * _sigmoid(-x))


def _bend(x: Array) -> Array:
    return np.asarray(_bell(x) * (_sigmoid(-x) - _sigmoid(x)))


def _logit(p: Array) -> Array:
    return np.asarray(np.log(p) - np.log1p(-p))


IDENTITY = Link(np.asarray, np.ones_like, np.zeros_like, np.asarray)
LOG = Link(np.exp, np.exp, np.exp, np.log)
LOG1P = Link(np.expm1, np.exp, np.exp, np.log1p)
LOGIT = Link(_sigmoid, _bell, _bend, _logit)
LABELS = ("soft_labels", "bits")
LINKS = {"positive": LOG, "nonnegative": LOG, "above_minus_one": LOG1P, "probabilities": LOGIT}


@dataclass  # not frozen: CatBoost writes on it
class Objective:
    """A loss to train trees with, for LightGBM and XGBoost (native and scikit-learn interfaces) and CatBoost.

    Called as ``f(predictions, dataset)`` or as ``f(y_true, y_pred, sample_weight)``; returns slopes and curvatures,
    weights multiplied in. It can be pickled. ``start`` is the constant to begin from, ``predict`` maps sums to
    predictions.
    """

    loss: Loss

    @property
    def link(self) -> Link:
        """How the trees' sum becomes the prediction."""
        return LINKS.get(self.loss.inputs["y_pred"].name, IDENTITY)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Array, Array]:
        if hasattr(y_pred, "get_label"):
            return self.derivatives(y_pred.get_label(), y_true, y_pred.get_weight())
        return self.derivatives(y_true, y_pred, sample_weight)

    def derivatives(self, y_true: Any, raw: Any, weight: Any = None) -> tuple[Array, Array]:
        """Slope and curvature in the trees' sum, each row times its weight."""
        y = np.asarray(y_true, dtype=np.float64)
        raw = np.asarray(raw, dtype=np.float64).reshape(y.shape)
        slope, bend = self._exact(y, raw)
        bend = self._positive(y, raw, slope, bend)
        if weight is None or len(weight) == 0:
            return slope, bend
        return slope * weight, bend * weight

    def _exact(self, y: Array, raw: Array) -> tuple[Array, Array]:
        link = self.link
        z = link.back(raw)
        (slope, bend), first = self._of_rows(y, z), link.first(raw)
        if link is IDENTITY:
            return slope, bend
        return slope * first, bend * first * first + slope * link.second(raw)

    def _of_rows(self, y: Array, z: Array) -> tuple[Array, Array]:
        """Of a few rows, as CatBoost asks for them, the plain formula is soonest."""
        if len(y) > FEW or self._of_signs:
            return self.loss.derivatives(y, z)
        for name, part in (("y_true", y), ("y_pred", z)):
            self.loss.inputs[name].check(part, name)
        with np.errstate(all="ignore"):
            return self.loss.slope(y, z), self.loss.curvature(y, z)

    def _positive(self, y: Array, raw: Array, slope: Array, bend: Array) -> Array:
        if self._of_signs:
            y = np.where(y > 0, 1.0, -1.0)
        elif not self._has_residual:
            return np.maximum(np.maximum(bend, np.abs(slope) / FAR), LEAST)
        miss, steep = np.abs(y - raw), np.abs(slope)
        miss = np.maximum(miss, NEAR * float(miss.mean()) or 1.0)
        found = np.maximum(bend, steep / miss)
        if found.min() > 0:
            return found
        flat = steep.max() / miss if self._of_signs and not bend.any() else found.max()
        return np.where(found > 0, found, np.where(flat > 0, flat, 1.0))

    def read(self, raw: Any) -> Array:
        """The trees' sums as the loss reads them."""
        return np.asarray(self.link.back(raw))

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any = None) -> Array:
        """The same for CatBoost, which climbs: derivatives of minus the loss, (n, 2), a few rows at a time."""
        raw, y = np.asarray(approxes), np.asarray(targets)
        found = np.empty((len(y), 2))
        for start in range(0, len(y), FEW):
            rows = slice(start, start + FEW)
            parts = self.derivatives(y[rows], raw[rows], None if weights is None else np.asarray(weights)[rows])
            for column, part in enumerate(parts):
                np.negative(part, out=found[rows, column])
        return found

    @property
    def _of_signs(self) -> bool:
        return self.loss.inputs["y_true"].name == "signs"

    @property
    def _has_residual(self) -> bool:
        return self.loss.inputs["y_true"].name == self.loss.inputs["y_pred"].name == "reals"

    def start(self, y_true: Any, sample_weight: Any = None) -> Any:
        """The constant that costs least, on the scale of the trees' sum; boosters begin at 0 otherwise."""
        y = np.asarray(y_true, dtype=np.float64)
        middle = np.average(y, weights=sample_weight)
        guess = middle if self._has_residual or self.link is not IDENTITY else 0.0
        at = float(self.link.there(guess))
        cost = self._cost(y, at, sample_weight)
        for _ in range(100):
            slope, bend = self.derivatives(y, np.full_like(y, at), sample_weight)
            step = float(slope.sum() / bend.sum())
            while (found := self._cost(y, at - step, sample_weight)) > cost and abs(step) > SHORT * max(1.0, abs(at)):
                step /= 2
            if found > cost or abs(step) <= SHORT * max(1.0, abs(at)):
                break
            at, cost = at - step, found
        return at

    def _cost(self, y: Array, at: float, weight: Any) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LossWarning)  # what is odd in one constant says nothing of the data
            return float(self.loss(y, self.link.back(np.full_like(y, at)), weight))

    def predict(self, raw: Any) -> Array:
        """Predictions from the trees' sums (``start`` added where it was an offset); probabilities for labels."""
        found: Array = self._shown.back(np.asarray(raw, dtype=np.float64))
        return found

    @property
    def _shown(self) -> Link:
        if getattr(self.loss, "log_input", False):
            return LOG
        of_labels = self.loss.inputs["y_pred"].name == "logits" and self.loss.inputs["y_true"].name in LABELS
        return LOGIT if of_labels else self.link
