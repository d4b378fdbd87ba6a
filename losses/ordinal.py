"""Losses for classes in an order: a miss by two classes costs more than a miss by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np

from .arrays import numbers
from .blocks import Column
from .core import NOT_APPLICABLE, YES, About, Loss
from .domains import CLASSES, FIRST_ROWS, LOGITS, REALS, Array
from .errors import InvalidShape, OutsideDomain
from .layouts import Classes, heads_of, same_shape
from .params import Param
from .special import places, sigmoid, softplus, times

ORDINAL = ("ordinal",)
INPUTS = {"y_true": CLASSES, "y_pred": LOGITS}


class Tasks(Classes):
    """Classes in an order as tasks "is it above class k?": K − 1 logits a row for K classes."""

    def class_count(self, z: Array) -> int:
        return z.shape[-1] + 1

    def _above(self, y: Array, z: Array) -> Array:
        return (y[..., None] > places(z)).astype(z.dtype)

    def _surprise(self, y: Array, z: Array) -> Array:
        above = self._above(y, z)
        return times(above, softplus(-z)) + times(1 - above, softplus(z))

    def _pull(self, y: Array, z: Array) -> Array:
        above = self._above(y, z)
        return (1 - above) * sigmoid(z) - above * sigmoid(-z)


class Coral(Tasks):
    """The surprise at each "is it above class k?", summed: misses add up with every class passed over.

    >>> round(Coral()([1], [[2.0, -1.0]]), 9)
    0.440189699
    """

    about = About(
        id="coral", title="CORAL", tasks=ORDINAL, elicits="ordered_probability", convex=YES, differentiable=YES,
        robust=NOT_APPLICABLE, unit="nats", inputs=INPUTS, formula="Σ_k w_k BCE(z_k, 1(y > k))",
        source="Cao, Mirjalili & Raschka 2020, arXiv:1901.07884",
    )  # fmt: skip
    importance_weights: Annotated[
        tuple[float, ...] | None, Param("what each task counts for (none: all alike)", at_least=0)
    ] = None

    def _weights(self, z: Array) -> Array | float:
        return 1.0 if self.importance_weights is None else np.asarray(self.importance_weights, dtype=z.dtype)

    def value(self, y: Array, z: Array) -> Array:
        found: Array = (self._weights(z) * self._surprise(y, z)).sum(axis=-1)
        return found

    def slope(self, y: Array, z: Array) -> Array:
        return self._weights(z) * self._pull(y, z)

    def curvature(self, y: Array, z: Array) -> Array:
        return self._weights(z) * sigmoid(z) * sigmoid(-z)


class Corn(Tasks):
    """The surprise at each "is it above class k?", asked only of rows known to have reached k.

    The mean is over the questions asked, not over rows.

    >>> round(Corn()([1], [[2.0, -1.0]]), 9)
    0.220094849
    """

    about = About(
        id="corn", title="CORN", tasks=ORDINAL, elicits="ordered_probability", convex=YES, differentiable=YES,
        robust=NOT_APPLICABLE, unit="nats", inputs=INPUTS, formula="mean over k ≤ y of BCE(z_k, 1(y > k))",
        source="Shi, Cao & Raschka 2023, arXiv:2111.08851", reductions=("mean",),
    )  # fmt: skip
    num_classes: Annotated[int | None, Param("the number of classes (none: one more than columns)", at_least=2)] = None

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        columns = super().arrange(y_true, y_pred)
        classes = self.class_count(columns[1].array) if columns[1] else 0
        if self.num_classes not in (None, classes):
            raise InvalidShape(
                f"num_classes={self.num_classes} needs {(self.num_classes or 0) - 1} columns, got {classes - 1}",
                field="y_pred", expected=(self.num_classes or 0) - 1, got=classes - 1,
            )  # fmt: skip
        return columns

    def _asked(self, y: Array, z: Array) -> Array:
        return (y[..., None] >= places(z)).astype(z.dtype)

    def value(self, y: Array, z: Array) -> Array:
        return times(self._asked(y, z), self._surprise(y, z)).sum(axis=-1)

    def mass(self, y: Array, z: Array) -> Array:
        return self._asked(y, z).sum(axis=-1)

    def slope(self, y: Array, z: Array) -> Array:
        return self._asked(y, z) * self._pull(y, z)

    def curvature(self, y: Array, z: Array) -> Array:
        return self._asked(y, z) * sigmoid(z) * sigmoid(-z)


class CumulativeLink(Loss):
    """The surprise at a class when one score is cut by ordered thresholds; the proportional-odds model.

    ``y_pred`` is ``{"score": (n,), "thresholds": (K − 1,) rising}``; class k lies between thresholds k − 1 and k.

    >>> round(CumulativeLink()([1], {"score": [0.0], "thresholds": [-1.0, 1.0]}), 9)
    0.771936833
    """

    about = About(
        id="cumulative_link", aliases=("proportional_odds", "ordered_logit"), title="Cumulative link", tasks=ORDINAL,
        elicits="ordered_probability", convex=YES, differentiable=YES, robust=NOT_APPLICABLE, unit="nats",
        inputs={"y_true": CLASSES, "score": REALS, "thresholds": REALS}, formula="−log(F(θ_y − s) − F(θ_{y−1} − s))",
        source="McCullagh 1980, doi:10.1111/j.2517-6161.1980.tb01109.x", zero=False,
    )  # fmt: skip
    link: Annotated[Literal["logit", "probit"], Param("the distribution behind the score")] = "logit"

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        heads = heads_of(self, y_pred, ("score", "thresholds"))
        y, score, cuts = numbers(y_true, "y_true"), heads["score"], heads["thresholds"]
        same_shape("y_true", y, "y_pred.score", score)
        if cuts.ndim != 1 or y.ndim != 1:
            raise InvalidShape(
                "thresholds and y_true must be flat lists", field="y_pred.thresholds", got=list(cuts.shape)
            )
        if rows := np.flatnonzero(np.isfinite(cuts[1:]) & (np.diff(cuts) <= 0))[:FIRST_ROWS].tolist():
            raise OutsideDomain(f"thresholds must rise; they do not after {rows}", field="y_pred.thresholds", rows=rows)
        labels = Column("y_true", y, CLASSES.classes(len(cuts) + 1))
        return labels, Column("y_pred.score", score, REALS), Column("y_pred.thresholds", cuts, REALS, shared=True)

    def _between(self, y: Array, score: Array, cuts: Array) -> tuple[Array, Array, Array]:
        """The ends of each row's class, seen from its score, and the (negative) width between them."""
        edges = np.concatenate([[-np.inf], cuts, [np.inf]]).astype(score.dtype)
        low, high = edges[y], edges[y + 1]
        return high - score, low - score, low - high

    def value(self, y: Array, score: Array, cuts: Array) -> Array:
        high, low, width = self._between(y, score, cuts)
        if self.link == "logit":
            return softplus(-high) + softplus(low) - np.log(-np.expm1(width))
        return -_log_normal_between(low, high)

    def slope(self, y: Array, score: Array, cuts: Array) -> tuple[Array, Array]:
        high, low, width = self._between(y, score, cuts)
        if self.link == "logit":
            squeeze = 1 / np.expm1(-width)
            at_high, at_low = -squeeze - sigmoid(-high), squeeze + sigmoid(low)
            in_score = sigmoid(-high) - sigmoid(low)
        else:
            log_share = _log_normal_between(low, high)
            at_high, at_low = -_density_ratio(high, log_share), _density_ratio(low, log_share)
            in_score = -at_high - at_low
        return in_score, _at_edges(y, at_low, at_high, len(cuts))

    def curvature(self, y: Array, score: Array, cuts: Array) -> tuple[Array, Array]:
        high, low, width = self._between(y, score, cuts)
        if self.link == "logit":
            squeeze = 1 / np.square(2 * np.sinh(width / 2))
            at_high, at_low = squeeze + sigmoid(high) * sigmoid(-high), squeeze + sigmoid(low) * sigmoid(-low)
            in_score = sigmoid(high) * sigmoid(-high) + sigmoid(low) * sigmoid(-low)
        else:
            log_share = _log_normal_between(low, high)
            top, bottom = _density_ratio(high, log_share), _density_ratio(low, log_share)
            at_high, at_low = top * top + times(top, high), bottom * bottom - times(bottom, low)
            in_score = np.square(top - bottom) + times(top, high) - times(bottom, low)
        return in_score, _at_edges(y, at_low, at_high, len(cuts))


def _at_edges(y: Array, at_low: Array, at_high: Array, cuts: int) -> Array:
    """What happens at the two edges of each row's class, as a row of all thresholds."""
    rows, spread = np.arange(len(y)), np.zeros((len(y), cuts + 2), at_low.dtype)
    spread[rows, y + 1] += at_high
    spread[rows, y] += at_low
    return spread[:, 1:-1]


def _log_normal_between(low: Array, high: Array) -> Array:
    from scipy.special import log_ndtr

    flip = low > 0
    top, bottom = log_ndtr(np.where(flip, -low, high)), log_ndtr(np.where(flip, -high, low))
    found: Array = top + np.log(-np.expm1(bottom - top))
    return found


def _density_ratio(x: Array, log_share: Array) -> Array:
    return np.exp(-x * x / 2 - np.log(2 * np.pi) / 2 - log_share)
