"""Losses of embeddings: like things near, unlike things apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from .arrays import numbers
from .blocks import Column
from .core import NO, NOT_FOCUS, PIECEWISE, YES, About, Loss
from .domains import BITS, REALS, SIGNS, Array
from .errors import InvalidShape, NotSupported
from .layouts import Rows, heads_of, no_target_or_labels, same_shape
from .params import Param
from .special import length, one_hot, pick, softmax, softmax_costs, unit

METRIC, CONTRAST = ("metric_learning",), ("contrastive",)
TEMPERATURE = Param("divides the similarities: the lower, the more the hardest rivals count", above=0)
EPS = Param("added to each difference of coordinates, as torch does", at_least=0)


class Contrastive(Rows):
    """Like pairs pay their squared distance; unlike pairs pay for coming within ``margin``.

    ``y_true`` is 1 for a like pair, ``y_pred`` is ``{"x1": (n, d), "x2": (n, d)}``.

    >>> round(Contrastive()([1], {"x1": [[1.0, 2.0]], "x2": [[1.5, 2.5]]}), 9)
    0.499998
    """

    about = About(
        id="contrastive", title="Contrastive", tasks=METRIC, elicits="similarity", convex=NO, differentiable=PIECEWISE,
        robust=NOT_FOCUS, unit="distance²", inputs={"y_true": BITS, "x1": REALS, "x2": REALS},
        formula="y d² + (1 − y) max(0, m − d)²", source="Hadsell, Chopra & LeCun 2006, doi:10.1109/CVPR.2006.100",
        zero=False, note="A squared distance, where the usual table says distance. Convex in the distance, not in the "
        "embedding. Some texts read y = 1 as unlike.",
    )  # fmt: skip
    margin: Annotated[float, Param("how far apart unlike pairs should be", above=0)] = 1.0
    eps: Annotated[float, EPS] = 1e-6

    def value(self, y: Array, a: Array, b: Array) -> Array:
        distance = length(a - b + a.dtype.type(self.eps))[:, 0]
        return np.where(y > 0, np.square(distance), np.square(np.maximum(self.margin - distance, 0)))

    def slope(self, y: Array, a: Array, b: Array) -> tuple[Array, Array]:
        way, distance = unit(a - b + a.dtype.type(self.eps))
        pull = np.where(y[:, None] > 0, distance, -np.maximum(self.margin - distance, 0))
        step = 2 * pull * way
        return step, -step


class Triplet(Rows):
    """The anchor's like should be nearer than its unlike by ``margin``; what lacks is paid, easy triplets pay nothing.

    ``y_pred`` is ``{"anchor", "positive", "negative"}``, each (n, d); there is no ``y_true``.

    >>> Triplet()(None, {"anchor": [[0.0, 0]], "positive": [[3.0, 4]], "negative": [[0.0, 2]]}) > 3.9
    True
    """

    about = About(
        id="triplet", aliases=("triplet_margin",), title="Triplet", tasks=METRIC, elicits="similarity", convex=NO,
        differentiable=PIECEWISE, robust=NOT_FOCUS, unit="distance", zero=False,
        inputs={"anchor": REALS, "positive": REALS, "negative": REALS}, formula="max(0, d(a, p) − d(a, n) + m)",
        source="Schroff, Kalenichenko & Philbin 2015, arXiv:1503.03832",
        note="Distances are not squared here, as in torch; FaceNet squares them (squared).",
    )  # fmt: skip
    margin: Annotated[float, Param("the lead wanted", above=0)] = 1.0
    p: Annotated[float, Param("the norm", at_least=1)] = 2.0
    swap: Annotated[bool, Param("whether the distance of positive and negative may stand for the anchor's")] = False
    eps: Annotated[float, EPS] = 1e-6
    squared: Annotated[bool, Param("whether distances are squared")] = False

    def _distance(self, a: Array, b: Array) -> tuple[Array, Array]:
        """The distance of each row, and its slope in ``a``."""
        way = a - b + a.dtype.type(self.eps)
        peak = np.abs(way).max(axis=1, keepdims=True)
        scaled = way / np.where(peak > 0, peak, 1)
        norm = (np.abs(scaled) ** self.p).sum(axis=1, keepdims=True) ** (1 / self.p)
        pull = np.sign(scaled) * (np.abs(scaled) / np.where(norm > 0, norm, 1)) ** (self.p - 1)
        distance = peak * norm
        return (distance**2, 2 * distance * pull) if self.squared else (distance, pull)

    def _far(self, a: Array, p: Array, n: Array) -> tuple[Array, Array, Array]:
        """The distance of the negative, and its slopes in anchor and positive."""
        far, pull = self._distance(a, n)
        if not self.swap:
            return far, pull, np.zeros_like(pull)
        other, other_pull = self._distance(p, n)
        swapped = other < far
        return np.minimum(far, other), np.where(swapped, 0, pull), np.where(swapped, other_pull, 0)

    def value(self, a: Array, p: Array, n: Array) -> Array:
        return np.maximum(self.margin + self._distance(a, p)[0] - self._far(a, p, n)[0], 0)[:, 0]

    def slope(self, a: Array, p: Array, n: Array) -> tuple[Array, Array, Array]:
        near, near_pull = self._distance(a, p)
        far, from_anchor, from_positive = self._far(a, p, n)
        active = self.margin + near - far > 0
        return (
            active * (near_pull - from_anchor),
            active * (-near_pull - from_positive),
            active * (from_anchor + from_positive),
        )


class CosineEmbedding(Rows):
    """Like pairs pay for the angle between them; unlike pairs for a cosine above ``margin``.

    ``y_true`` is +1 or −1. A zero vector has cosine 0.

    >>> round(CosineEmbedding()([1], {"x1": [[1.0, 0.0]], "x2": [[1.0, 1.0]]}), 9)
    0.292893219
    """

    about = About(
        id="cosine_embedding", title="Cosine embedding", tasks=METRIC, elicits="similarity", convex=NO,
        differentiable=PIECEWISE, robust=NOT_FOCUS, unit="unitless", zero=False,
        inputs={"y_true": SIGNS, "x1": REALS, "x2": REALS}, formula="1 − cos where y = 1, else max(0, cos − m)",
        source="PyTorch, CosineEmbeddingLoss",
    )  # fmt: skip
    margin: Annotated[float, Param("the cosine that unlike pairs may have", at_least=-1, at_most=1)] = 0.0

    def _off(self, a: Array, b: Array) -> Array:
        """One minus the cosine, without cancellation."""
        apart = np.square(a - b).sum(axis=1) / 2
        nothing = (a == 0).all(axis=1) | (b == 0).all(axis=1)
        return np.where(nothing, 1, apart)

    def value(self, y: Array, a: Array, b: Array) -> Array:
        off = self._off(unit(a)[0], unit(b)[0])
        return np.where(y > 0, off, np.maximum(1 - off - self.margin, 0))

    def slope(self, y: Array, a: Array, b: Array) -> tuple[Array, Array]:
        (u, size_a), (v, size_b) = unit(a), unit(b)
        cosine = 1 - self._off(u, v)
        pull = np.where(y > 0, -1, cosine > self.margin)[:, None]
        return pull * (v - cosine[:, None] * u) / size_a, pull * (u - cosine[:, None] * v) / size_b


class InBatch(Loss):
    """A loss of a batch: each row is told from the others in it, so parts of a batch do not add up."""

    per_row = False


def _through_unit(pull: Array, way: Array, size: Array) -> Array:
    """A slope in unit vectors as one in the vectors themselves."""
    return np.where(way.any(axis=1, keepdims=True), pull - (pull * way).sum(axis=1, keepdims=True) * way, 0) / size


class InfoNCE(InBatch):
    """The surprise at which candidate is the anchor's own, by cosine: the more alike the rivals, the dearer.

    ``y_pred`` is ``{"anchor": (n, d), "positive": (n, d)}``, rivals being the other positives of the batch; with
    ``"negatives": (m, d)`` those are the rivals of every anchor. At most about log of the number of candidates when
    untrained.

    >>> y_pred = {"anchor": [[1.0, 0.0]], "positive": [[0.9, 0.1]], "negatives": [[0.0, 1.0], [-1.0, 0.0]]}
    >>> round(InfoNCE()(None, y_pred), 12)
    4.8264412e-05
    """

    about = About(
        id="infonce", aliases=("info_nce",), title="InfoNCE", tasks=CONTRAST, elicits="similarity", convex=NO,
        differentiable=YES, robust=NOT_FOCUS, unit="nats", zero=False,
        inputs={"anchor": REALS, "positive": REALS, "negatives": REALS},
        formula="−log e^(s(a, p)/τ) / Σ_c e^(s(a, c)/τ), s the cosine",
        source="van den Oord, Li & Vinyals 2018, arXiv:1807.03748",
        note="Convex in the similarities, not in the embeddings.",
    )  # fmt: skip
    temperature: Annotated[float, TEMPERATURE] = 0.1
    symmetric: Annotated[bool, Param("whether to average both directions, as CLIP does")] = False

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        no_target_or_labels(self, y_true)
        heads = heads_of(self, y_pred, ("anchor", "positive", "negatives"), optional=("negatives",))
        for name, part in heads.items():
            if part.ndim != 2 or part.shape[1] != heads["anchor"].shape[-1]:
                raise InvalidShape(
                    f"y_pred.{name} must be rows of embeddings as wide as the anchors, got {list(part.shape)}",
                    field=f"y_pred.{name}", got=list(part.shape),
                )  # fmt: skip
        same_shape("y_pred.anchor", heads["anchor"], "y_pred.positive", heads["positive"])
        if self.symmetric and "negatives" in heads:
            raise NotSupported("both directions are averaged in-batch only: leave out negatives", loss="infonce")
        rivals = Column("y_pred.negatives", heads["negatives"], REALS, shared=True) if "negatives" in heads else None
        return (
            Column("y_pred.anchor", heads["anchor"], REALS),
            Column("y_pred.positive", heads["positive"], REALS),
            rivals,
        )

    def _scores(self, a: Array, p: Array, rivals: Array | None) -> Array:
        if rivals is None:
            return a @ p.T / self.temperature
        return np.concatenate([(a * p).sum(axis=1, keepdims=True), a @ rivals.T], axis=1) / self.temperature

    def _own(self, a: Array, rivals: Array | None) -> Array:
        return np.arange(len(a)) if rivals is None else np.zeros(len(a), np.intp)

    def value(self, a: Array, p: Array, rivals: Array | None) -> Array:
        scores = self._scores(unit(a)[0], unit(p)[0], None if rivals is None else unit(rivals)[0])
        there = pick(softmax_costs(scores), self._own(a, rivals))
        return (there + pick(softmax_costs(scores.T), self._own(a, None))) / 2 if self.symmetric else there

    def _in_scores(self, weights: Array, scores: Array, own: Array) -> Array:
        p, rest = softmax(scores)
        mine = one_hot(own, scores)
        return weights[:, None] * (p * (1 - mine) - rest * mine) / self.temperature

    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        a, p, rivals = arrays
        (u, size_u), (v, size_v) = unit(a), unit(p)
        if rivals is not None:
            return self._pull_rivals(weights, u, size_u, v, size_v, rivals)
        scores, own = self._scores(u, v, None), self._own(a, None)
        slopes = self._in_scores(weights, scores, own)
        if self.symmetric:
            slopes = (slopes + self._in_scores(weights, scores.T, own).T) / 2
        return _through_unit(slopes @ v, u, size_u), _through_unit(slopes.T @ u, v, size_v)

    def _pull_rivals(
        self, weights: Array, u: Array, size_u: Array, v: Array, size_v: Array, rivals: Array
    ) -> Sequence[Array]:
        r, size_r = unit(rivals)
        slopes = self._in_scores(weights, self._scores(u, v, r), self._own(u, r))
        own, others = slopes[:, :1], slopes[:, 1:]
        return (
            _through_unit(own * v + others @ r, u, size_u),
            _through_unit(own * u, v, size_v),
            _through_unit(others.T @ u, r, size_r),
        )


class NTXent(InBatch):
    """The surprise at which of all other views is a view's twin, by cosine.

    ``y_pred`` is ``{"z1": (n, d), "z2": (n, d)}``, two views of each thing. There are 2n losses, those of z1 first;
    a sample weight counts for both views.

    >>> round(NTXent()(None, {"z1": [[1.0, 0.0], [0.0, 1.0]], "z2": [[1.0, 0.0], [0.0, 1.0]]}), 9)
    0.239544766
    """

    about = About(
        id="nt_xent", aliases=("ntxent", "simclr"), title="NT-Xent", tasks=CONTRAST, elicits="similarity", convex=NO,
        differentiable=YES, robust=NOT_FOCUS, unit="nats", zero=False, inputs={"z1": REALS, "z2": REALS},
        formula="−log e^(s(i, j)/τ) / Σ_{k≠i} e^(s(i, k)/τ), s the cosine", source="Chen et al. 2020, arXiv:2002.05709",
        note="Convex in the similarities, not in the embeddings.",
    )  # fmt: skip
    temperature: Annotated[float, TEMPERATURE] = 0.5

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        return Rows.arrange(self, y_true, y_pred)  # type: ignore[arg-type]

    def weigh(self, weights: Array) -> Array:
        return np.tile(weights, 2)

    def _scores(self, u: Array) -> tuple[Array, Array]:
        scores = u @ u.T / self.temperature
        np.fill_diagonal(scores, -np.inf)
        return scores, np.roll(np.arange(len(u)), len(u) // 2)

    def value(self, z1: Array, z2: Array) -> Array:
        scores, twin = self._scores(unit(np.concatenate([z1, z2]))[0])
        return pick(softmax_costs(scores), twin)

    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        u, size = unit(np.concatenate(arrays))
        scores, twin = self._scores(u)
        p, rest = softmax(scores)
        mine = one_hot(twin, scores)
        slopes = weights[:, None] * (p * (1 - mine) - rest * mine) / self.temperature
        found = _through_unit((slopes + slopes.T) @ u, u, size)
        return found[: len(arrays[0])], found[len(arrays[0]) :]


class SupCon(InBatch):
    """The surprise at each row of one's own class among all others, by cosine, averaged over one's own class.

    ``y_true`` are labels, ``y_pred`` embeddings (n, d). A row alone in its class costs 0 and stays in the mean.

    >>> round(SupCon()([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 6)
    3e-05
    """

    about = About(
        id="supcon", aliases=("supervised_contrastive",), title="Supervised contrastive", tasks=METRIC,
        elicits="similarity", convex=NO, differentiable=YES, robust=NOT_FOCUS, unit="nats", zero=False,
        inputs={"y_true": REALS, "y_pred": REALS}, formula="−mean over own class of log softmax of s/τ",
        source="Khosla et al. 2020, arXiv:2004.11362",
    )  # fmt: skip
    temperature: Annotated[float, TEMPERATURE] = 0.1

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        labels, z = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        if z.ndim != 2 or labels.ndim != 1:
            raise InvalidShape(
                f"supcon needs labels (n,) and embeddings (n, d), got {list(labels.shape)} and {list(z.shape)}",
                field="y_pred", got=list(z.shape),
            )  # fmt: skip
        return Column("y_true", labels, REALS), Column("y_pred", z, REALS)

    def _parts(self, y: Array, u: Array) -> tuple[Array, Array]:
        """The scores, and the share of each row's loss that stands with each other row."""
        scores = u @ u.T / self.temperature
        np.fill_diagonal(scores, -np.inf)
        kin = (y[:, None] == y).astype(u.dtype)
        np.fill_diagonal(kin, 0)
        return scores, kin / np.maximum(kin.sum(axis=1, keepdims=True), 1)

    def value(self, y: Array, z: Array) -> Array:
        if len(y) == 1:
            return np.zeros(1, z.dtype)
        scores, shares = self._parts(y, unit(z)[0])
        costs = softmax_costs(scores)
        np.fill_diagonal(costs, 0)
        return (shares * costs).sum(axis=1)

    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        y, z = arrays
        u, size = unit(z)
        scores, shares = self._parts(y, u)
        p = softmax(scores)[0]
        slopes = weights[:, None] * (p * shares.any(axis=1, keepdims=True) - shares) / self.temperature
        np.fill_diagonal(slopes, 0)
        return (_through_unit((slopes + slopes.T) @ u, u, size),)
