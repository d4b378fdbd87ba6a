"""Losses of scores and probabilities for classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np

from .arrays import numbers
from .blocks import Caution, Column
from .core import KINK, NOT_APPLICABLE, YES, About
from .domains import (
    DISTRIBUTION,
    LOGITS,
    PROBABILITIES,
    REALS,
    ROW_SUM_TOLERANCE,
    SIGNS,
    SOFT_LABELS,
    Array,
    Domain,
)
from .layouts import Classes, Elementwise, Signed
from .params import Param
from .special import decay, log1p_of_share, one_hot, pick, sigmoid, softmax, softmax_cost, softmax_costs, times

BINARY = ("binary", "multilabel")
MULTICLASS = ("multiclass",)
ClassNumbers = tuple[float, ...] | None


LOOKS_LIKE_PROBABILITIES = Caution(
    "LOGITS_AS_PROBABILITIES",
    lambda y, z: (z >= 0) & (z <= 1),
    "all {n} rows of y_pred lie in [0, 1]: if these are probabilities, use the loss that reads probabilities",
    every=True,
)


def _is_distribution(y: Array, z: Array) -> Array:
    within = ((z >= 0) & (z <= 1)).all(axis=-1)
    return np.asarray(within & (np.abs(z.sum(axis=-1) - 1) <= ROW_SUM_TOLERANCE))


ROWS_LOOK_LIKE_PROBABILITIES = LOOKS_LIKE_PROBABILITIES._replace(
    where=_is_distribution,
    says="all {n} rows of y_pred sum to 1: if these are probabilities, use the loss that reads probabilities",
)


class BCEWithLogits(Elementwise):
    """The surprise at a label under the probability that a logit stands for: sure and wrong costs without bound.

    ``pos_weight`` multiplies what positives cost; the mean stays over rows. Labels may be soft.

    >>> round(BCEWithLogits()([1, 0, 1], [2.0, -1.0, 0.0]), 9)
    0.37777896
    """

    about = About(
        id="bce_with_logits", aliases=("log_loss", "logistic", "binary_cross_entropy_with_logits"),
        title="BCE (logits)", tasks=BINARY, elicits="probability", convex=YES, differentiable=YES,
        robust=NOT_APPLICABLE, unit="nats", inputs={"y_true": SOFT_LABELS, "y_pred": LOGITS},
        formula="w₊ y log(1 + e^(−x)) + (1 − y) log(1 + e^x)",
        source="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x",
        note="Unbounded on confident wrong labels: not robust to label noise.",
    )  # fmt: skip
    cautions = (LOOKS_LIKE_PROBABILITIES,)
    pos_weight: Annotated[float, Param("what a positive costs, relative to a negative", above=0)] = 1.0
    label_smoothing: Annotated[float, Param("the share of each label moved towards ½", at_least=0, at_most=1)] = 0.0

    def _shares(self, y: Array) -> tuple[Array, Array]:
        smooth = self.label_smoothing
        y = y * (1 - smooth) + smooth / 2
        return self.pos_weight * y, 1 - y

    def value(self, y: Array, z: Array) -> Array:
        positive, negative = self._shares(y)
        near = log1p_of_share(decay(z))  # what the loss is more than its asymptotes
        if self.pos_weight == 1:
            return near + times((z > 0) - positive, z)
        return near * (positive + negative) + times(np.where(z > 0, negative, -positive), z)

    def slope(self, y: Array, z: Array) -> Array:
        positive, negative = self._shares(y)
        return negative * sigmoid(z) - positive * sigmoid(-z)

    def curvature(self, y: Array, z: Array) -> Array:
        positive, negative = self._shares(y)
        return (positive + negative) * sigmoid(z) * sigmoid(-z)


class BCE(Elementwise):
    """The surprise at a label under a probability; a certain and wrong one costs infinity, and is told.

    >>> round(BCE()([1, 0], [0.8, 0.4]), 9)
    0.366984588
    """

    about = About(
        id="bce", aliases=("binary_cross_entropy",), title="BCE (probabilities)", tasks=BINARY, elicits="probability",
        traits=("twin",),
        convex=YES, differentiable=YES, robust=NOT_APPLICABLE, unit="nats",
        inputs={"y_true": SOFT_LABELS, "y_pred": PROBABILITIES}, formula="−y log p − (1 − y) log(1 − p)",
        source="Good 1952, doi:10.1111/j.2517-6161.1952.tb00104.x",
        note="Exact; prefer logits where there are any.",
        differs="A wrong certainty costs 100 in torch, 16 in Keras and 36 in scikit-learn, which clip; here it is "
        "infinite.",
    )  # fmt: skip
    eps: Annotated[float, Param("probabilities are clipped to [eps, 1 − eps]", at_least=0, below=0.5)] = 0.0

    def _clip(self, p: Array) -> Array:
        return np.clip(p, self.eps, 1 - self.eps) if self.eps else p

    def value(self, y: Array, p: Array) -> Array:
        p = self._clip(p)
        return -times(y, np.log(p)) - times(1 - y, np.log1p(-p))

    def slope(self, y: Array, p: Array) -> Array:
        q = self._clip(p)
        wrong = np.where(y == 0, 1, (q - y) / q) / (1 - q)
        return np.where(q == p, np.where(y == 1, -1 / q, wrong), 0)

    def curvature(self, y: Array, p: Array) -> Array:
        q = self._clip(p)
        return np.where(q == p, _part(_part(1 - y, 1 - q), 1 - q) + _part(_part(y, q), q), 0)


def _part(y: Array, p: Array) -> Array:
    return np.where(y == 0, 0, y / p).astype(p.dtype, copy=False)


class CrossEntropy(Classes):
    """The surprise at a class under the probabilities that a row of logits stands for.

    Labels are class numbers or rows of class probabilities. With ``class_weight`` the mean is divided by the sum of
    the weights of the labels, as torch does; ``normalise="n"`` divides by the number of rows, as Keras does.

    >>> round(CrossEntropy()([0, 2], [[2, 0.5, -1], [0, 1, 0]]), 9)
    0.896378005
    """

    about = About(
        id="cross_entropy", aliases=("softmax_cross_entropy", "categorical_cross_entropy", "ce"),
        title="Softmax cross-entropy", tasks=MULTICLASS, elicits="probability", convex=YES, differentiable=YES,
        robust=NOT_APPLICABLE, unit="nats", inputs={"y_true": DISTRIBUTION, "y_pred": LOGITS},
        formula="log Σ_j e^(z_j) − z_y", source="Good 1952; Bridle 1990, doi:10.1007/978-3-642-76153-9_28",
        note="Unbounded on confident wrong labels: not robust to label noise. Convex, not strictly.",
        differs="With class weights torch divides by the sum of the weights, as here; Keras by the number of rows "
        "(normalise).",
    )  # fmt: skip
    class_weight: Annotated[ClassNumbers, Param("what each class costs", at_least=0)] = None
    label_smoothing: Annotated[float, Param("the share of each label spread over classes", at_least=0, at_most=1)] = 0.0
    ignore_index: Annotated[int | None, Param("a label that takes its row out")] = None
    from_logits: Annotated[bool, Param("whether y_pred holds logits, not probabilities")] = True
    smoothing_mode: Annotated[Literal["all", "remaining"], Param("the classes that smoothing spreads over")] = "all"
    normalise: Annotated[Literal["sum_weights", "n"], Param("what a mean with class weights is divided by")] = (
        "sum_weights"
    )

    @property
    def inputs(self) -> Mapping[str, Domain]:
        return {"y_true": DISTRIBUTION, "y_pred": LOGITS if self.from_logits else DISTRIBUTION}

    @property
    def cautions(self) -> tuple[Caution, ...]:
        return (ROWS_LOOK_LIKE_PROBABILITIES,) if self.from_logits else ()

    @property
    def accepts_soft_labels(self) -> bool:
        return True

    @property
    def ignored(self) -> int | None:
        return self.ignore_index

    @property
    def costs_of_classes(self) -> tuple[float, ...] | None:
        """What each class costs (None: all the same)."""
        return self.class_weight

    def _scores(self, z: Array) -> Array:
        """The logits that the loss sees."""
        return z

    def _costs(self, z: Array) -> Array:
        return softmax_costs(self._scores(z)) if self.from_logits else -np.log(z)

    def _weights(self, z: Array) -> Array:
        return np.asarray(self.costs_of_classes, dtype=z.dtype)

    def _shares(self, y: Array, z: Array) -> Array:
        """What each class of each row adds: label share times class weight."""
        rows = y if y.ndim == z.ndim else one_hot(y, z)
        if self.ignore_index is not None and y.ndim < z.ndim:
            rows = rows * (y != self.ignore_index).astype(z.dtype)[..., None]
        smoothed = self._smooth(rows, z.shape[-1])
        return smoothed if self.costs_of_classes is None else smoothed * self._weights(z)

    def _smooth(self, rows: Array, classes: int) -> Array:
        smooth = self.label_smoothing
        if not smooth:
            return rows
        total = rows.sum(axis=-1, keepdims=True)
        if self.smoothing_mode == "all":
            return rows * (1 - smooth) + total * (smooth / classes)
        return rows * (1 - smooth) + (total - rows) * (smooth / max(1, classes - 1))

    def _safe(self, y: Array) -> Array:
        return y if self.ignore_index is None else np.where(y == self.ignore_index, 0, y)

    def _heft(self, y: Array, z: Array) -> Array | None:
        """What each label counts for (None: 1)."""
        alive = None if self.ignore_index is None else (y != self.ignore_index).astype(z.dtype)
        if self.costs_of_classes is None:
            return alive
        weight = self._weights(z)[self._safe(y)]
        return weight if alive is None else weight * alive

    def value(self, y: Array, z: Array) -> Array:
        if y.ndim == z.ndim or self.label_smoothing:
            return times(self._shares(y, z), self._costs(z)).sum(axis=-1)
        safe = self._safe(y)
        cost = softmax_cost(self._scores(z), safe) if self.from_logits else -np.log(pick(z, safe))
        heft = self._heft(y, z)
        return cost if heft is None else times(heft, cost)

    def mass(self, y: Array, z: Array) -> Array | None:
        if y.ndim == z.ndim or self.normalise == "n":
            return None if self.ignore_index is None or y.ndim == z.ndim else (y != self.ignore_index).astype(z.dtype)
        return self._heft(y, z)

    def slope(self, y: Array, z: Array) -> Array:
        shares = self._shares(y, z)
        if not self.from_logits:
            return -_part(shares, z)
        p, rest = softmax(self._scores(z))
        return (shares.sum(axis=-1, keepdims=True) - shares) * p - shares * rest

    def curvature(self, y: Array, z: Array) -> Array:
        shares = self._shares(y, z)
        if not self.from_logits:
            return _part(_part(shares, z), z)
        p, rest = softmax(self._scores(z))
        return shares.sum(axis=-1, keepdims=True) * p * rest


class Hinge(Signed):
    """What a score lacks of the margin 1 on its label's side; nothing beyond it, so no probability either.

    >>> round(Hinge()([1, -1, 1], [0.2, 0.4, 1.2]), 9)
    0.733333333
    """

    about = About(
        id="hinge", title="Hinge", tasks=("binary",), elicits="decision", convex=YES, differentiable=KINK,
        robust=NOT_APPLICABLE, unit="margin", inputs={"y_true": SIGNS, "y_pred": REALS}, formula="max(0, 1 − y x)",
        source="Cortes & Vapnik 1995, doi:10.1007/BF00994018", note="A linear tail; gives no probabilities.",
    )  # fmt: skip

    def value(self, y: Array, z: Array) -> Array:
        return np.maximum(1 - _sign(y, z) * z, 0)

    def slope(self, y: Array, z: Array) -> Array:
        sign = _sign(y, z)
        return -sign * (sign * z < 1)

    def curvature(self, y: Array, z: Array) -> Array:
        return np.zeros_like(z)


class SquaredHinge(Signed):
    """The squared lack of the margin 1: a smooth hinge that punishes far misses harder.

    >>> SquaredHinge()([1, -1], [0, 1])
    2.5
    """

    about = About(
        id="squared_hinge", title="Squared hinge", tasks=("binary",), elicits="distorted_probability", convex=YES,
        traits=("corners",),
        differentiable=YES, robust=NOT_APPLICABLE, unit="margin²", inputs={"y_true": SIGNS, "y_pred": REALS},
        formula="max(0, 1 − y x)²", source="Zhang 2004, doi:10.1214/aos/1079120130",
    )  # fmt: skip

    def value(self, y: Array, z: Array) -> Array:
        return np.square(np.maximum(1 - _sign(y, z) * z, 0))

    def slope(self, y: Array, z: Array) -> Array:
        sign = _sign(y, z)
        return -2 * sign * np.maximum(1 - sign * z, 0)

    def curvature(self, y: Array, z: Array) -> Array:
        return 2 * (_sign(y, z) * z < 1).astype(z.dtype)


def _sign(y: Array, z: Array) -> Array:
    return 2 * (y > 0).astype(z.dtype) - 1


class MulticlassHinge(Classes):
    """What the label's score lacks of a margin over the others: the worst rival (Crammer-Singer), or all of them.

    >>> MulticlassHinge()([0, 1], [[2.0, 1.5], [0.0, 3.0]])
    0.25
    """

    about = About(
        id="multiclass_hinge", aliases=("crammer_singer", "multi_margin"), title="Multiclass hinge", tasks=MULTICLASS,
        elicits="decision", convex=YES, differentiable=KINK, robust=NOT_APPLICABLE, unit="margin",
        inputs={"y_true": DISTRIBUTION, "y_pred": REALS}, formula="max(0, m + max_{j≠y} z_j − z_y)",
        source="Crammer & Singer 2001, JMLR 2:265; Weston & Watkins 1999",
        note="weston_watkins sums over the rivals and divides by the number of classes.",
        differs="torch's MultiMarginLoss is the variant weston_watkins; scikit-learn's hinge_loss is "
        "crammer_singer, as here.",
    )  # fmt: skip
    margin: Annotated[float, Param("the lead wanted", above=0)] = 1.0
    variant: Annotated[Literal["crammer_singer", "weston_watkins"], Param("the rivals counted")] = "crammer_singer"
    p: Annotated[int, Param("the power of each lack", at_least=1, at_most=2)] = 1

    def _lacks(self, y: Array, z: Array) -> Array:
        return np.where(one_hot(y, z) > 0, 0, np.maximum(self.margin + (z - pick(z, y)[..., None]), 0))

    def _counted(self, lacks: Array) -> Array | float:
        """What share of each rival's lack the loss holds."""
        if self.variant == "weston_watkins":
            return 1 / lacks.shape[-1]
        return one_hot(lacks.argmax(axis=-1), lacks)

    def value(self, y: Array, z: Array) -> Array:
        lacks = self._lacks(y, z)
        if self.variant == "weston_watkins":
            return (lacks**self.p).sum(axis=-1) / lacks.shape[-1]
        return lacks.max(axis=-1) ** self.p

    def slope(self, y: Array, z: Array) -> Array:
        lacks = self._lacks(y, z)
        pulls = self._counted(lacks) * (lacks > 0) * self.p * lacks ** (self.p - 1)
        return np.where(one_hot(y, z) > 0, -pulls.sum(axis=-1, keepdims=True), pulls)

    def curvature(self, y: Array, z: Array) -> Array:
        lacks = self._lacks(y, z)
        bends = self._counted(lacks) * (lacks > 0) * self.p * (self.p - 1)
        return np.where(one_hot(y, z) > 0, bends.sum(axis=-1, keepdims=True), bends)


class Brier(Classes):
    """The squared distance between a forecast of probabilities and what came.

    ``y_pred`` is the probability of class 1, (n,), or a row of class probabilities, (n, C). ``scale_by_half`` halves
    the sum over classes; ``auto`` does so for two classes, where the loss is then ``(p − y)²``.

    >>> round(Brier()([1, 0], [0.8, 0.4]), 9)
    0.1
    """

    about = About(
        id="brier", aliases=("brier_score",), title="Brier", tasks=("binary", "multiclass"), elicits="probability",
        convex=YES, differentiable=YES, robust=NOT_APPLICABLE, unit="unitless",
        inputs={"y_true": SOFT_LABELS, "y_pred": PROBABILITIES}, formula="Σ_k (p_k − 1(y = k))²",
        source="Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
        differs="Brier's paper adds both classes of two: twice what is told here and by scikit-learn (scale_by_half).",
    )  # fmt: skip
    scale_by_half: Annotated[bool | Literal["auto"], Param("whether to halve the sum over classes")] = "auto"

    @property
    def accepts_soft_labels(self) -> bool:
        return True

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        p = numbers(y_pred, "y_pred")
        if p.ndim == 1:
            return Elementwise.arrange(self, y_true, p)  # type: ignore[arg-type]
        labels, _ = super().arrange(y_true, p)
        soft = labels is not None and not labels.domain.index
        return labels and labels._replace(domain=DISTRIBUTION if soft else labels.domain), Column(
            "y_pred", p, DISTRIBUTION
        )

    def _factor(self, p: Array) -> float:
        half = self.scale_by_half if isinstance(self.scale_by_half, bool) else p.ndim == 1 or p.shape[-1] <= 2
        return (1 if half else 2) if p.ndim == 1 else (0.5 if half else 1)

    def _off(self, y: Array, p: Array) -> Array:
        return p - (y if y.ndim == p.ndim else one_hot(y, p))

    def value(self, y: Array, p: Array) -> Array:
        squares = np.square(self._off(y, p))
        return self._factor(p) * (squares if p.ndim == 1 else squares.sum(axis=-1))

    def slope(self, y: Array, p: Array) -> Array:
        return 2 * self._factor(p) * self._off(y, p)

    def curvature(self, y: Array, p: Array) -> Array:
        return np.full_like(p, 2 * self._factor(p))
