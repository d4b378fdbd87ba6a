"""Losses for rare classes and doubtful labels: cross-entropy reweighted, refocused, capped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np

from .classification import (
    LOOKS_LIKE_PROBABILITIES,
    ROWS_LOOK_LIKE_PROBABILITIES,
    BCEWithLogits,
    ClassNumbers,
    CrossEntropy,
)
from .core import NO, NOT_APPLICABLE, YES, About
from .domains import BITS, DISTRIBUTION, LOGITS, Array
from .errors import EmptyInput, InvalidInput, InvalidParameter, UnknownName
from .layouts import Classes, Elementwise
from .params import Param
from .special import gap, one_hot, pick, sigmoid, softmax, softmax_cost, softplus, times

IMBALANCED = ("imbalanced_classification", "binary")
SCHEMES = ("balanced", "effective_number")


def class_weights(counts: Iterable[float], scheme: str = "balanced", beta: float = 0.999) -> list[float]:
    """What each class should cost, given how often each occurs, so that rare ones are heard.

    ``balanced`` is n / (k·n_c); ``effective_number`` is (1 − beta) / (1 − beta^n_c), normalised to sum to the number
    of classes. ``beta`` lies in [0, 1]; at 1 the weights are 1/n_c, at 0 all are equal. Classes without rows cannot
    be weighted and are refused.

    Source: King & Zeng 2001, doi:10.1093/oxfordjournals.pan.a004868; Cui et al. 2019, arXiv:1901.05555.

    >>> [round(w, 6) for w in class_weights([1000, 100, 10], "effective_number", beta=0.999)]
    [0.04216, 0.28, 2.677839]
    """
    n = _counts(counts)
    if scheme == "balanced":
        return [float(w) for w in n.sum() / (len(n) * n)]
    if scheme != "effective_number":
        raise UnknownName.among("scheme", scheme, SCHEMES)
    raw = effective_number_weights(n, beta)
    return [float(w) for w in raw * (len(n) / raw.sum())]


def effective_number_weights(counts: Array, beta: float) -> Array:
    """(1 − beta) / (1 − beta^n), exact for beta close to 1."""
    if not isinstance(beta, int | float) or isinstance(beta, bool) or not 0 <= beta <= 1:
        raise InvalidParameter(f"beta must be in [0, 1], got {beta}", field="beta", allowed="[0, 1]", got=str(beta))
    if beta in (0, 1):
        return np.ones_like(counts) if beta == 0 else 1 / counts
    return (1 - beta) / -np.expm1(counts * np.log(beta))


def _counts(counts: Iterable[float]) -> Array:
    try:
        n = np.asarray(list(counts), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInput("counts must be a list of numbers, one a class", field="counts") from error
    if n.ndim != 1 or not len(n):
        raise EmptyInput("counts must have a number for each class", field="counts", got=list(n.shape))
    if not (np.isfinite(n) & (n > 0)).all():
        rows = np.flatnonzero(~(np.isfinite(n) & (n > 0)))[:5].tolist()
        raise InvalidInput(f"counts must be above 0, they are not at {rows}", field="counts", rows=rows)
    return n


class WeightedBCE(BCEWithLogits):
    """Cross-entropy in which a missed positive costs ``pos_weight`` times as much.

    The same formula as ``bce_with_logits``; recommended under this id when the weight comes from the data. Shifts
    the probabilities: undo it by p' / (p' + w(1 − p')).

    >>> round(WeightedBCE(pos_weight=3)([1, 0, 1], [2.0, -1.0, 0.5]), 9)
    0.705425558
    """

    about = replace(
        BCEWithLogits.about, id="weighted_bce", aliases=("pos_weight",), title="Weighted BCE",
        traits=("weighted",),
        tasks=(*IMBALANCED, "multilabel"), elicits="distorted_probability",
        source="King & Zeng 2001, doi:10.1093/oxfordjournals.pan.a004868",
    )  # fmt: skip


class WeightedCE(CrossEntropy):
    """Cross-entropy in which each class costs its own weight.

    The same formula as ``cross_entropy``; recommended under this id when the weights come from the data.

    >>> round(WeightedCE(class_weight=[1, 2])([0, 1], [[2, 0], [0, 1]]), 9)
    0.251150462
    """

    about = replace(
        CrossEntropy.about, id="weighted_ce", aliases=("weighted_cross_entropy", "balanced_ce"), title="Weighted CE",
        traits=("weighted",),
        tasks=("imbalanced_classification", "multiclass"), elicits="distorted_probability",
        source="King & Zeng 2001, doi:10.1093/oxfordjournals.pan.a004868",
    )  # fmt: skip


class LabelSmoothingCE(CrossEntropy):
    """Cross-entropy with labels softened towards all classes: certainty beyond the smoothed label costs again.

    The same formula as ``cross_entropy``, with smoothing on.

    >>> round(LabelSmoothingCE()([0, 2], [[2, 0.5, -1], [0, 1, 0]]), 9)
    0.954711339
    """

    about = replace(
        CrossEntropy.about, id="label_smoothing_ce", aliases=("label_smoothing",), title="Label smoothing CE",
        traits=("smoothed",),
        elicits="distorted_probability", zero=False, source="Szegedy et al. 2016, arXiv:1512.00567",
        note="Spread over all classes.",
        differs="Some texts share the smoothing among the other classes only (smoothing_mode); torch and Keras "
        "do as here.",
    )  # fmt: skip
    label_smoothing: Annotated[float, Param("the share of each label spread over classes", at_least=0, at_most=1)] = 0.1


class ClassBalancedCE(CrossEntropy):
    """Cross-entropy with each class weighted by its effective number of rows.

    ``class_counts`` are the rows of each class; the weights are those of ``class_weights`` by effective number.

    >>> round(ClassBalancedCE(class_counts=[90, 10])([0, 1], [[2, 0], [0, 1]]), 9)
    0.293952133
    """

    about = replace(
        CrossEntropy.about, id="class_balanced_ce", aliases=("class_balanced",), title="Class-balanced CE",
        traits=("weighted", "effective"),
        tasks=("imbalanced_classification", "multiclass"), elicits="distorted_probability",
        formula="w_y · CE, w_c ∝ (1 − β)/(1 − β^n_c)", source="Cui et al. 2019, arXiv:1901.05555",
    )  # fmt: skip
    class_counts: Annotated[ClassNumbers, Param("the rows of each class", above=0)] = None
    beta: Annotated[float, Param("0 weights all alike, 1 by 1/count", at_least=0, at_most=1)] = 0.999

    @property
    def costs_of_classes(self) -> tuple[float, ...] | None:
        if self.class_counts is None:
            return self.class_weight
        return tuple(class_weights(self.class_counts, "effective_number", self.beta))


class LogitAdjustedCE(CrossEntropy):
    """Cross-entropy that must beat the class priors: logits are shifted by ``tau · log prior`` in training only.

    Cross-entropy at ``tau=0`` or a uniform prior; a prior of 0 masks its class.

    >>> round(LogitAdjustedCE(class_prior=[0.9, 0.1])([1], [[0.0, 0.0]]), 9)
    2.302585093
    """

    about = replace(
        CrossEntropy.about, id="logit_adjusted_ce", aliases=("logit_adjustment", "balanced_softmax"),
        traits=("weighted",),
        title="Logit-adjusted CE", tasks=("imbalanced_classification", "multiclass"), elicits="distorted_probability",
        formula="CE(z + τ log π, y)", source="Menon et al. 2021, arXiv:2007.07314", differs="",
    )  # fmt: skip
    class_prior: Annotated[ClassNumbers, Param("the share of each class (none: uniform)", at_least=0, at_most=1)] = None
    tau: Annotated[float, Param("the strength of the adjustment", at_least=0)] = 1.0

    def _scores(self, z: Array) -> Array:
        if self.class_prior is None:
            return z
        prior = np.asarray(self.class_prior, dtype=z.dtype)
        return gap(z, z.max(axis=-1, keepdims=True)) + times(np.asarray(self.tau, dtype=z.dtype), np.log(prior))


class Focal(Elementwise):
    """Cross-entropy that loses interest in what is already right: a well-classified row costs next to nothing.

    Cross-entropy at ``gamma=0`` and ``alpha=none``. ``alpha`` weighs positives, ``1 − alpha`` negatives.

    >>> round(Focal()([1, 0, 1], [2.0, -1.0, 0.5]), 9)
    0.011445935
    """

    about = About(
        id="focal", aliases=("focal_loss",), title="Focal", tasks=IMBALANCED, elicits="distorted_probability",
        traits=("focal",),
        convex=NO, differentiable=YES, robust=NOT_APPLICABLE, unit="nats",
        inputs={"y_true": BITS, "y_pred": LOGITS}, formula="−α_t (1 − p_t)^γ log p_t",
        source="Lin et al. 2017, arXiv:1708.02002",
        note="In the logit never convex for gamma above 0.",
        differs="Keras and optax leave alpha out unless it is asked for. Some texts multiply both classes by it "
        "(alpha_mode).",
    )  # fmt: skip
    cautions = (LOOKS_LIKE_PROBABILITIES,)
    alpha: Annotated[float | None, Param("the weight of positives", at_least=0, at_most=1)] = 0.25
    gamma: Annotated[float, Param("how fast interest fades", at_least=0)] = 2.0
    alpha_mode: Annotated[Literal["alpha_t", "scalar"], Param("whether negatives weigh 1 − alpha, or alpha")] = (
        "alpha_t"
    )

    def _alpha(self, y: Array) -> Array | float:
        if self.alpha is None:
            return 1.0
        if self.alpha_mode == "scalar":
            return self.alpha
        return (1 - self.alpha) + (2 * self.alpha - 1) * y

    def value(self, y: Array, z: Array) -> Array:
        margin = (2 * y - 1) * z
        return times(self._alpha(y) * sigmoid(-margin) ** self.gamma, softplus(-margin))

    def _pull(self, margin: Array) -> tuple[Array, Array, Array]:
        p, q = sigmoid(margin), sigmoid(-margin)
        return p, q, self.gamma * times(p, softplus(-margin)) + q

    def slope(self, y: Array, z: Array) -> Array:
        sign = 2 * y - 1
        _, q, pull = self._pull(sign * z)
        return -sign * self._alpha(y) * q**self.gamma * pull

    def curvature(self, y: Array, z: Array) -> Array:
        margin = (2 * y - 1) * z
        p, q, pull = self._pull(margin)
        bend = p * (self.gamma * (pull + q) + q) - self.gamma * q * times(p, softplus(-margin))
        return self._alpha(y) * q**self.gamma * bend


class Asymmetric(Elementwise):
    """Focal loss with a mind of its own for negatives: easy ones are dropped, hard ones fade faster than positives.

    >>> round(Asymmetric()([[1, 0]], [[2.0, -1.0]]), 9)
    0.007848994
    """

    about = About(
        id="asymmetric", aliases=("asl",), title="Asymmetric (ASL)", tasks=("multilabel", "imbalanced_classification"),
        traits=("focal",),
        elicits="distorted_probability", convex=NO, differentiable=YES, robust=NOT_APPLICABLE, unit="nats",
        inputs={"y_true": BITS, "y_pred": LOGITS},
        formula="−y (1 − p)^γ₊ log p − (1 − y) p_m^γ₋ log(1 − p_m), p_m = max(p − m, 0)",
        source="Ridnik et al. 2021, arXiv:2009.14119",
        differs="The authors' code adds up the batch; here it is the mean over elements.",
    )  # fmt: skip
    cautions = (LOOKS_LIKE_PROBABILITIES,)
    gamma_neg: Annotated[float, Param("how fast interest in negatives fades", at_least=0)] = 4.0
    gamma_pos: Annotated[float, Param("how fast interest in positives fades", at_least=0)] = 1.0
    clip: Annotated[float, Param("negatives below this probability cost nothing", at_least=0, below=1)] = 0.05
    eps: Annotated[float, Param("the least probability inside a logarithm", at_least=0, below=1)] = 1e-8

    def _cap(self, cost: Array) -> Array:
        return np.minimum(cost, -np.log(self.eps)) if self.eps else cost

    def _negative(self, z: Array) -> tuple[Array, Array, Array]:
        p, q = sigmoid(z), sigmoid(-z)
        margin = np.maximum(p - self.clip, 0)
        left = np.minimum(q + self.clip, 1)
        far = -np.log(left) if self.clip else softplus(z)
        return margin, left, self._cap(np.where(margin < 0.5, -np.log1p(-np.minimum(margin, 0.5)), far))

    def _free(self, p: Array) -> Array:
        """Whether a probability inside a logarithm is above the least."""
        return (p > self.eps) | (self.eps == 0)

    def value(self, y: Array, z: Array) -> Array:
        margin, _, cost = self._negative(z)
        positive = times(sigmoid(-z) ** self.gamma_pos, self._cap(softplus(-z)))
        return np.where(y > 0, positive, times(margin**self.gamma_neg, cost))

    def slope(self, y: Array, z: Array) -> Array:
        p, q = sigmoid(z), sigmoid(-z)
        up = q**self.gamma_pos * (self.gamma_pos * times(p, self._cap(softplus(-z))) + q * self._free(p))
        margin, left, cost = self._negative(z)
        rate, share = self._rates(margin, left, cost, q)
        down = margin**self.gamma_neg * p * (self.gamma_neg * rate + share)
        return np.where(y > 0, -up, down * (p > self.clip)).astype(z.dtype, copy=False)

    def _rates(self, margin: Array, left: Array, cost: Array, q: Array) -> tuple[Array, Array]:
        """What a negative costs for each bit of its margin, and the slope of that cost, both times ``q``."""
        rate = np.where(margin > 0, cost / np.where(margin > 0, margin, 1), 1)
        share = np.where(left > 0, q / np.where(left > 0, left, 1), 1)
        return times(rate, q), share * self._free(left)

    def curvature(self, y: Array, z: Array) -> Array:
        p, q, gamma = sigmoid(z), sigmoid(-z), self.gamma_pos
        cost, pull = times(p, self._cap(softplus(-z))), q * self._free(p)
        up = q**gamma * (p * (gamma * (gamma * cost + 2 * pull) + pull) - gamma * q * cost)
        margin, left, cost = self._negative(z)
        rate, share = self._rates(margin, left, cost, q)
        gamma = self.gamma_neg
        steep = gamma * q * p / np.where(margin > 0, margin, 1) * ((gamma - 1) * rate + 2 * share)
        down = margin**gamma * p * (steep + gamma * (q - p) * rate + share * (q - p * (1 - share)))
        return np.where(y > 0, up, down * (p > self.clip)).astype(z.dtype, copy=False)


CLASS_INPUTS = {"y_true": DISTRIBUTION, "y_pred": LOGITS}


class FocalMulticlass(Classes):
    """Softmax cross-entropy that loses interest in rows whose class is already likely.

    Cross-entropy at ``gamma=0``. ``alpha`` is a weight, or one for each class; the mean stays over rows.

    >>> round(FocalMulticlass()([0, 2], [[2, 0.5, -1], [0, 1, 0]]), 9)
    0.487297969
    """

    about = About(
        id="focal_multiclass", aliases=("categorical_focal",), title="Focal (multiclass)",
        traits=("focal",),
        tasks=("imbalanced_classification", "multiclass"), elicits="distorted_probability", convex=NO,
        differentiable=YES, robust=NOT_APPLICABLE, unit="nats", inputs=CLASS_INPUTS,
        formula="−α_y (1 − p_y)^γ log p_y", source="Lin et al. 2017, arXiv:1708.02002",
        differs="Keras multiplies every class by an alpha of 0.25.",
    )  # fmt: skip
    cautions = (ROWS_LOOK_LIKE_PROBABILITIES,)
    alpha: Annotated[float | tuple[float, ...] | None, Param("a weight, or one for each class", at_least=0)] = None
    gamma: Annotated[float, Param("how fast interest fades", at_least=0)] = 2.0

    def _alpha(self, y: Array, z: Array) -> Array | float:
        if isinstance(self.alpha, tuple):
            found: Array = np.asarray(self.alpha, dtype=z.dtype)[y]
            return found
        return 1.0 if self.alpha is None else self.alpha

    def value(self, y: Array, z: Array) -> Array:
        rest = pick(softmax(z)[1], y)
        return times(self._alpha(y, z) * rest**self.gamma, softmax_cost(z, y))

    def slope(self, y: Array, z: Array) -> Array:
        p, others = softmax(z)
        own, rest = pick(p, y), pick(others, y)
        pull = self._alpha(y, z) * rest**self.gamma * (self.gamma * times(own, softmax_cost(z, y)) + rest)
        shares = p / np.where(rest > 0, rest, 1)[..., None]
        np.put_along_axis(shares, y[..., None], -1, axis=-1)
        return shares * pull[..., None]

    def curvature(self, y: Array, z: Array) -> Array:
        p, others = softmax(z)
        own, rest, gamma = pick(p, y)[..., None], pick(others, y)[..., None], self.gamma
        cost = times(own, softmax_cost(z, y)[..., None])
        shares = p / np.where(rest > 0, rest, 1)
        np.put_along_axis(shares, y[..., None], 1, axis=-1)
        moves = shares * others
        np.put_along_axis(moves, y[..., None], own, axis=-1)
        bend = gamma * (own * ((gamma - 1) * cost + 2 * rest) - cost * rest)
        alpha = self._alpha(y, z)
        scale = (alpha if isinstance(alpha, float) else alpha[..., None]) * rest**gamma
        return scale * (shares * shares * bend + (gamma * cost + rest) * moves)


class GeneralizedCrossEntropy(Classes):
    """A capped cross-entropy: a confident wrong label costs at most ``1/q``, so noisy labels do not rule.

    Cross-entropy as ``q -> 0``, the mean absolute error of probabilities at ``q=1``.

    >>> round(GeneralizedCrossEntropy()([0], [[0.0, 0.0]]), 9)
    0.549182562
    """

    about = About(
        id="generalized_cross_entropy", aliases=("gce",), title="Generalized cross-entropy", tasks=("multiclass",),
        elicits="distorted_probability", convex=NO, differentiable=YES, robust=NOT_APPLICABLE, unit="unitless",
        inputs=CLASS_INPUTS, formula="(1 − p_y^q)/q", source="Zhang & Sabuncu 2018, arXiv:1805.07836",
        note="Bounded, hence robust to label noise.",
    )  # fmt: skip
    cautions = (ROWS_LOOK_LIKE_PROBABILITIES,)
    q: Annotated[float, Param("from cross-entropy (near 0) to absolute error (1)", above=0, at_most=1)] = 0.7

    def value(self, y: Array, z: Array) -> Array:
        return -np.expm1(-self.q * softmax_cost(z, y)) / self.q

    def _parts(self, y: Array, z: Array) -> tuple[Array, Array, Array, Array]:
        p, others = softmax(z)
        label = one_hot(y, z)
        return p, others, p * (1 - label) - others * label, np.exp(-self.q * softmax_cost(z, y))[..., None]

    def slope(self, y: Array, z: Array) -> Array:
        _, _, pull, damp = self._parts(y, z)
        return damp * pull

    def curvature(self, y: Array, z: Array) -> Array:
        p, others, pull, damp = self._parts(y, z)
        return damp * (p * others - self.q * pull * pull)


class SymmetricCrossEntropy(Classes):
    """Cross-entropy plus its mirror image, in which labels are read as noisy: wrong labels pull less.

    The reverse term clips probabilities to [eps, 1] and reads log 0 of a label as log ``label_eps``.

    >>> round(SymmetricCrossEntropy()([0], [[0.0, 0.0]]), 9)
    4.674484904
    """

    about = About(
        id="symmetric_cross_entropy", aliases=("sce",), title="Symmetric cross-entropy", tasks=("multiclass",),
        elicits="distorted_probability", convex=NO, differentiable=YES, robust=NOT_APPLICABLE, unit="nats", zero=False,
        inputs=CLASS_INPUTS, formula="α CE(p, y) − β log(ε_y) Σ_{k≠y} p_k",
        source="Wang et al. 2019, arXiv:1908.06112",
    )  # fmt: skip
    cautions = (ROWS_LOOK_LIKE_PROBABILITIES,)
    alpha: Annotated[float, Param("the weight of the cross-entropy", at_least=0)] = 0.1
    beta: Annotated[float, Param("the weight of the reverse term", at_least=0)] = 1.0
    eps: Annotated[float, Param("the least probability of the reverse term", at_least=0, below=1)] = 1e-7
    label_eps: Annotated[float, Param("what a label of 0 counts as in a logarithm", above=0, below=1)] = 1e-4

    def value(self, y: Array, z: Array) -> Array:
        p = np.maximum(softmax(z)[0], z.dtype.type(self.eps))
        np.put_along_axis(p, y[..., None], 0, axis=-1)
        forward = times(np.asarray(self.alpha, dtype=z.dtype), softmax_cost(z, y))
        return forward - self.beta * np.log(self.label_eps) * p.sum(axis=-1)

    def _reverse(self, p: Array, label: Array) -> Array:
        """The slope of the wrong probabilities, less those at their floor: what is not among them is summed apart."""
        counted = (p > self.eps) * (1 - label)
        wrong, rest = ((p * part).sum(axis=-1, keepdims=True) for part in (counted, 1 - counted))
        return p * (counted * rest - (1 - counted) * wrong)

    def slope(self, y: Array, z: Array) -> Array:
        p, others = softmax(z)
        label = one_hot(y, z)
        reverse = self._reverse(p, label)
        forward = p * (1 - label) - others * label
        return self.alpha * forward - self.beta * np.log(self.label_eps) * reverse

    def curvature(self, y: Array, z: Array) -> Array:
        p, others = softmax(z)
        reverse = (others - p) * self._reverse(p, one_hot(y, z))
        return self.alpha * p * others - self.beta * np.log(self.label_eps) * reverse
