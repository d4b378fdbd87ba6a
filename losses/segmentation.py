"""Losses of masks: what share of an object is missed, and what share of a prediction is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np

from .arrays import numbers
from .blocks import Column
from .core import ALMOST, NO, NOT_FOCUS, PIECEWISE, About, Loss
from .domains import BITS, LOGITS, PROBABILITIES, SOFT_LABELS, Array, Domain
from .layouts import same_shape
from .machine import row_sums
from .params import Param
from .special import sigmoid

SEGMENTATION = ("segmentation",)
MASKS = {"y_true": SOFT_LABELS, "y_pred": PROBABILITIES}
Aggregate = Literal["image", "batch"]
SMOOTH = Param("added above and below the fraction bar", at_least=0)
AGGREGATE = Param("whether each image has a score, or the batch one")
FROM_LOGITS = Param("whether y_pred holds logits")


class Masks(Loss):
    """A loss of each image: masks of one shape, (n, …); a flat mask is one image."""

    def _as_batch(self) -> bool:
        """Whether all images are one."""
        return False

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        y, z = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        same_shape("y_true", y, "y_pred", z)
        images = 1 if y.ndim == 1 or self._as_batch() else len(y)
        shape = (images, -1) if y.size else y.shape
        y, z = y.reshape(shape), z.reshape(shape)
        return Column("y_true", y, self.inputs["y_true"]), Column("y_pred", z, self.inputs["y_pred"])


class Overlap(Masks):
    """One minus a Tversky index: ``alpha`` counts what is claimed in vain, ``beta`` what is missed."""

    smooth: Annotated[float, SMOOTH] = 1e-6
    aggregate: Annotated[Aggregate, AGGREGATE] = "image"
    from_logits: Annotated[bool, FROM_LOGITS] = False

    @property
    def inputs(self) -> Mapping[str, Domain]:
        return {"y_true": SOFT_LABELS, "y_pred": LOGITS if self.from_logits else PROBABILITIES}

    def _as_batch(self) -> bool:
        return self.aggregate == "batch"

    def _rates(self) -> tuple[float, float, float]:
        """What false positives and false negatives count, and the smoothing."""
        raise NotImplementedError

    def _claimed(self, z: Array) -> tuple[Array, Array]:
        return (sigmoid(z), sigmoid(-z)) if self.from_logits else (z, 1 - z)

    def _fraction(self, y: Array, z: Array) -> tuple[Array, Array, Array]:
        """What is wrong, the whole, and what of it is right."""
        alpha, beta, smooth = self._rates()
        hits, claimed_in_vain, missed = row_sums(_counts_of_logits if self.from_logits else _counts, y, z)
        faults = alpha * claimed_in_vain + beta * missed
        return faults, hits + faults + smooth, hits + smooth

    def value(self, y: Array, z: Array) -> Array:
        faults, whole, _ = self._fraction(y, z)
        return np.where(whole > 0, faults / whole, 0).astype(z.dtype, copy=False)

    def slope(self, y: Array, z: Array) -> Array:
        p, rest = self._claimed(z)
        pull = self._pulls(y, z)[0]
        return pull * p * rest if self.from_logits else pull

    def curvature(self, y: Array, z: Array) -> Array:
        pull, in_whole = self._pulls(y, z)
        return self._through_logits(*self._claimed(z), pull, -2 * in_whole * pull)

    def _pulls(self, y: Array, z: Array) -> tuple[Array, Array]:
        """The slopes in the probabilities: of the loss, and of the whole as a share of it."""
        alpha, beta, _ = self._rates()
        faults, whole, kept = (part[:, None] for part in self._fraction(y, z))
        whole = np.where(whole > 0, whole, 1)
        in_faults = alpha * (1 - y) - beta * y
        return (in_faults * (kept / whole) - faults / whole * y) / whole, (y + in_faults) / whole

    def _through_logits(self, p: Array, rest: Array, pull: Array, bend: Array) -> Array:
        """A curvature in probabilities as one in logits, where those are read."""
        return p * rest * (bend * p * rest + pull * (rest - p)) if self.from_logits else bend


def _counts(y: Array, p: Array) -> tuple[Array, Array, Array]:
    """Hits, what is claimed in vain, what is missed."""
    return p * y, p * (1 - y), (1 - p) * y


def _counts_of_logits(y: Array, z: Array) -> tuple[Array, Array, Array]:
    p, rest = sigmoid(z), sigmoid(-z)
    return p * y, p * (1 - y), rest * y


class Dice(Overlap):
    """The share of two masks that does not overlap: an object of ten pixels counts as much as one of a thousand.

    IoU is Dice / (2 − Dice) image by image: the same minimiser.

    >>> round(Dice()([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1]), 9)
    0.149999963
    """

    about = About(
        id="dice", aliases=("soft_dice",), title="Dice", tasks=SEGMENTATION, elicits="overlap", convex=NO,
        traits=("plain",),
        differentiable=ALMOST, robust=NOT_FOCUS, unit="unitless", inputs=MASKS,
        formula="1 − (2Σpt + s)/(Σp + Σt + s)", source="Milletari, Navab & Ahmadi 2016, arXiv:1606.04797",
        note="The soft form is smooth wherever the denominator is positive; quasi-linear in p.",
        differs="Keras pools the images of a batch (aggregate).",
    )  # fmt: skip
    squared: Annotated[bool, Param("whether the denominator sums squares, as in V-Net")] = False

    def _rates(self) -> tuple[float, float, float]:
        return 0.5, 0.5, self.smooth / 2

    def _squares(self, y: Array, p: Array) -> tuple[Array, Array, Array]:
        whole = (p * p).sum(axis=1) + (y * y).sum(axis=1) + self.smooth
        return np.square(p - y).sum(axis=1), np.where(whole > 0, whole, 1), 2 * (p * y).sum(axis=1) + self.smooth

    def value(self, y: Array, z: Array) -> Array:
        if not self.squared:
            return super().value(y, z)
        faults, whole, _ = self._squares(y, self._claimed(z)[0])
        return faults / whole

    def slope(self, y: Array, z: Array) -> Array:
        if not self.squared:
            return super().slope(y, z)
        p, rest = self._claimed(z)
        _, whole, kept = (part[:, None] for part in self._squares(y, p))
        pull = 2 * (kept / whole * p - y) / whole
        return pull * p * rest if self.from_logits else pull

    def curvature(self, y: Array, z: Array) -> Array:
        if not self.squared:
            return super().curvature(y, z)
        p, rest = self._claimed(z)
        _, whole, kept = (part[:, None] for part in self._squares(y, p))
        pull = 2 * (kept / whole * p - y) / whole
        bend = 2 * (kept / whole - 2 * p * pull) / whole
        return self._through_logits(p, rest, pull, bend)


class IoU(Overlap):
    """The share of the union of two masks that they do not have in common.

    >>> round(IoU()([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1]), 9)
    0.260869452
    """

    about = About(
        id="iou", aliases=("jaccard", "soft_iou"), title="IoU", tasks=SEGMENTATION, elicits="overlap", convex=NO,
        differentiable=ALMOST, robust=NOT_FOCUS, unit="unitless", inputs=MASKS,
        formula="1 − (Σpt + s)/(Σp + Σt − Σpt + s)", source="Rahman & Wang 2016, doi:10.1007/978-3-319-50835-1_22",
        note="Image by image IoU = Dice/(2 − Dice): the same minimiser.",
    )  # fmt: skip

    def _rates(self) -> tuple[float, float, float]:
        return 1.0, 1.0, self.smooth


class Tversky(Overlap):
    """Dice with two prices: ``alpha`` for each pixel claimed in vain, ``beta`` for each one missed.

    Dice at ½ and ½, IoU at 1 and 1 (smoothing aside).

    >>> round(Tversky()([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1]), 9)
    0.149999925
    """

    about = About(
        id="tversky", title="Tversky", tasks=("imbalanced_segmentation", "segmentation"), elicits="overlap",
        traits=("misses", "plain"),
        convex=NO, differentiable=ALMOST, robust=NOT_FOCUS, unit="unitless", inputs=MASKS,
        formula="1 − (TP + s)/(TP + α FP + β FN + s)", source="Salehi et al. 2017, arXiv:1706.05721",
        differs="Keras swaps alpha and beta, and pools the images of a batch (aggregate).",
    )  # fmt: skip
    alpha: Annotated[float, Param("the price of a false positive", at_least=0)] = 0.3
    beta: Annotated[float, Param("the price of a false negative", at_least=0)] = 0.7

    def _rates(self) -> tuple[float, float, float]:
        return self.alpha, self.beta, self.smooth


class FocalTversky(Tversky):
    """Tversky to the power ``gamma``: below 1 it keeps pulling at masks that are almost right.

    Tversky at ``gamma=1``.

    >>> round(FocalTversky()([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1]), 9)
    0.241028435
    """

    about = About(
        id="focal_tversky", title="Focal Tversky", tasks=("imbalanced_segmentation", "segmentation"),
        traits=("misses",),
        elicits="overlap", convex=NO, differentiable=ALMOST, robust=NOT_FOCUS, unit="unitless", inputs=MASKS,
        formula="(1 − Tversky index)^γ", source="Abraham & Khan 2019, arXiv:1810.07842",
        note="gamma is the exponent.",
        differs="The paper writes the exponent as 1/gamma.",
    )  # fmt: skip
    gamma: Annotated[float, Param("the exponent", above=0)] = 0.75

    def value(self, y: Array, z: Array) -> Array:
        return super().value(y, z) ** self.gamma

    def slope(self, y: Array, z: Array) -> Array:
        base = super().value(y, z)
        rate = self.gamma * np.where(base > 0, base, 1) ** (self.gamma - 1)
        return np.where(base > 0, rate, 0)[:, None] * super().slope(y, z)

    def curvature(self, y: Array, z: Array) -> Array:
        base = super().value(y, z)[:, None]
        safe = np.where(base > 0, base, 1)
        bend = super().curvature(y, z) + (self.gamma - 1) / safe * np.square(super().slope(y, z))
        return np.where(base > 0, self.gamma * safe ** (self.gamma - 1) * bend, 0)


class LovaszHinge(Masks):
    """The convex stand-in for IoU: each wrong pixel costs what it takes from the overlap, worst pixels first.

    >>> round(LovaszHinge()([[1, 0, 1, 0]], [[1, 1, -1, -1]]), 9)
    1.333333333
    """

    about = About(
        id="lovasz_hinge", aliases=("lovasz",), title="Lovász hinge", tasks=SEGMENTATION, elicits="overlap",
        convex="yes", differentiable=PIECEWISE, robust=NOT_FOCUS, unit="margin",
        inputs={"y_true": BITS, "y_pred": LOGITS}, formula="Lovász extension of 1 − IoU at max(0, 1 − y x)",
        source="Yu & Blaschko 2015, arXiv:1512.07797; Berman et al. 2018, arXiv:1705.08790",
    )  # fmt: skip
    per_image: Annotated[bool, Param("whether each image has a score, or the batch one")] = True

    def _as_batch(self) -> bool:
        return not self.per_image

    def _prices(self, y: Array, z: Array) -> tuple[Array, Array, Array]:
        """The lacks from worst to least, the price of each, and the order."""
        lacks = 1 - (2 * y - 1) * z
        order = np.argsort(-lacks, axis=1, kind="stable")
        truth = np.take_along_axis(y, order, axis=1)
        total = truth.sum(axis=1, keepdims=True)
        hits = total - truth.cumsum(axis=1)
        union = total + (1 - truth).cumsum(axis=1)
        before = union - (1 - truth)
        prices = np.where(truth > 0, 1 / union, np.where(before > 0, hits / union / np.where(before > 0, before, 1), 1))
        return np.take_along_axis(lacks, order, axis=1), prices, order

    def value(self, y: Array, z: Array) -> Array:
        lacks, prices, _ = self._prices(y, z)
        return (np.maximum(lacks, 0) * prices).sum(axis=1)

    def slope(self, y: Array, z: Array) -> Array:
        lacks, prices, order = self._prices(y, z)
        pull = np.empty_like(z)
        np.put_along_axis(pull, order, prices * (lacks > 0), axis=1)
        return -(2 * y - 1) * pull

    def curvature(self, y: Array, z: Array) -> Array:
        return np.zeros_like(z)
