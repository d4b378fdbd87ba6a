"""Losses of embeddings: like things near, unlike things apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, NamedTuple

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

    def curvature(self, y: Array, a: Array, b: Array) -> tuple[Array, Array]:
        way, distance = unit(a - b + a.dtype.type(self.eps))
        lack = np.maximum(self.margin - distance, 0)
        unlike = (lack > 0) * way * way - lack * _all_but(way) / distance
        bend = 2 * np.where(y[:, None] > 0, 1, unlike)
        return bend, bend


def _all_but(way: Array) -> Array:
    """How much of each unit vector lies off each axis, in squares; nothing of a zero vector."""
    return way.any(axis=1, keepdims=True) - way * way


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

    def _norm(self, a: Array, b: Array) -> tuple[Array, Array]:
        """The norm of each row of differences, and each difference as a share of it."""
        way = a - b + a.dtype.type(self.eps)
        peak = np.abs(way).max(axis=1, keepdims=True)
        scaled = way / np.where(peak > 0, peak, 1)
        norm = (np.abs(scaled) ** self.p).sum(axis=1, keepdims=True) ** (1 / self.p)
        return peak * norm, scaled / np.where(norm > 0, norm, 1)

    def _distance(self, norm: Array) -> Array:
        return norm * norm if self.squared else norm

    def _pull(self, norm: Array, shares: Array) -> Array:
        """The slope of the distance in what it starts from."""
        pull = np.sign(shares) * np.abs(shares) ** (self.p - 1)
        return 2 * norm * pull if self.squared else pull

    def _bend(self, norm: Array, shares: Array) -> Array:
        """Its second derivative, an infinite one (p < 2, no difference) being taken as 0."""
        t, p = np.abs(shares), self.p
        steep = np.where((t == 0) & (p < 2), 0, t ** (p - 2))
        if self.squared:
            return 2 * ((p - 1) * steep + (2 - p) * t ** (2 * p - 2))
        return (p - 1) * steep * (1 - t**p) / np.where(norm > 0, norm, np.inf)

    def _origin(self, a: Array, p: Array, n: Array) -> tuple[Array, Array | bool]:
        """What the negative is measured from, and where that is the positive."""
        if not self.swap:
            return a, False
        swapped = self._norm(p, n)[0] < self._norm(a, n)[0]
        return np.where(swapped, p, a), swapped

    def value(self, a: Array, p: Array, n: Array) -> Array:
        (near, _), (far, _) = self._norm(a, p), self._norm(self._origin(a, p, n)[0], n)
        return np.maximum(self.margin + self._distance(near) - self._distance(far), 0)[:, 0]

    def _counted(self, order: Callable[[Array, Array], Array], a: Array, p: Array, n: Array) -> tuple[Array, ...]:
        """A derivative of both distances where they count; of the far one in the anchor, and in the positive."""
        origin, swapped = self._origin(a, p, n)
        near, far = self._norm(a, p), self._norm(origin, n)
        active = self.margin + self._distance(near[0]) - self._distance(far[0]) > 0
        of_near, of_far = (np.where(active, order(*norm), 0) for norm in (near, far))
        return of_near, np.where(swapped, 0, of_far), np.where(swapped, of_far, 0)

    def slope(self, a: Array, p: Array, n: Array) -> tuple[Array, Array, Array]:
        near, from_anchor, from_positive = self._counted(self._pull, a, p, n)
        return near - from_anchor, -near - from_positive, from_anchor + from_positive

    def curvature(self, a: Array, p: Array, n: Array) -> tuple[Array, Array, Array]:
        near, from_anchor, from_positive = self._counted(self._bend, a, p, n)
        return near - from_anchor, near - from_positive, -from_anchor - from_positive


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
        cosine, pull = (1 - self._off(u, v))[:, None], self._pull(y, u, v)
        return pull * (v - cosine * u) / size_a, pull * (u - cosine * v) / size_b

    def _pull(self, y: Array, u: Array, v: Array) -> Array:
        """The slope in the cosine."""
        return np.where(y > 0, -1, 1 - self._off(u, v) > self.margin)[:, None]

    def curvature(self, y: Array, a: Array, b: Array) -> tuple[Array, Array]:
        (u, size_a), (v, size_b) = unit(a), unit(b)
        pull = self._pull(y, u, v)
        return _bent_through_unit(0, pull * v, u, size_a), _bent_through_unit(0, pull * u, v, size_b)


class InBatch(Loss):
    """A loss of a batch: each row is told from the others in it, so parts of a batch do not add up."""

    per_row = False


def _along(x: Array, way: Array) -> Array:
    return (x * way).sum(axis=1, keepdims=True)


def _across(x: Array, way: Array) -> Array:
    """What of each row stands across its ``way``."""
    return x - _along(x, way) * way


def _through_unit(pull: Array, way: Array, size: Array) -> Array:
    """A slope in unit vectors as one in the vectors themselves."""
    return np.where(way.any(axis=1, keepdims=True), _across(pull, way), 0) / size


def _bent_through_unit(bend: Array | float, pull: Array, way: Array, size: Array) -> Array:
    """A curvature in unit vectors, across them, as one in the vectors themselves; ``pull`` is the slope there."""
    turned = bend - 2 * way * _across(pull, way) - _along(pull, way) * _all_but(way)
    return np.where(way.any(axis=1, keepdims=True), turned, 0) / size / size


def _squares(shares: Array, x: Array, way: Array) -> Array:
    """The sum over j of ``shares[i, j]`` times the squares of what of ``x[j]`` stands across ``way[i]``."""
    cosines = way @ x.T
    lean = shares * cosines
    return shares @ (x * x) - 2 * way * (lean @ x) + way * way * (lean * cosines).sum(axis=1, keepdims=True)


def _spread(way: Array, own: Array, rest: Array, shares: Array, rivals: Array) -> Array:
    """The variance of what stands across ``way``: ``own`` has all but the ``rest``, which is the sum of ``shares``.

    It is taken about ``own``, so that nothing cancels where that is almost certain.
    """
    own, mean = _across(own, way), _across(shares @ rivals, way)
    return _squares(shares, rivals, way) - 2 * own * mean + rest * own * own - np.square(mean - rest * own)


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

    def _scores(self, u: Array, v: Array, rivals: Array | None) -> Array:
        """Of the own first, then of all rivals."""
        others = u @ (v if rivals is None else rivals).T
        if rivals is None:
            np.fill_diagonal(others, -np.inf)
        return np.concatenate([_along(u, v), others], axis=1) / self.temperature

    def value(self, a: Array, p: Array, rivals: Array | None) -> Array:
        u, v = unit(a)[0], unit(p)[0]
        there = softmax_costs(self._scores(u, v, None if rivals is None else unit(rivals)[0]))[:, 0]
        return (there + softmax_costs(self._scores(v, u, None))[:, 0]) / 2 if self.symmetric else there

    def _pulls(self, weights: Array, u: Array, v: Array, rivals: Array | None) -> list[Array]:
        """The slopes in the unit vectors, one way: of anchors, of their own, of rivals."""
        p, rest = softmax(self._scores(u, v, rivals))
        heft = weights[:, None] / self.temperature
        own, others = -heft * rest[:, :1], heft * p[:, 1:]
        return [own * v + others @ (v if rivals is None else rivals), own * u, others.T @ u]

    def _bends(self, weights: Array, u: Array, v: Array, rivals: Array | None) -> list[Array]:
        """Their slopes across the unit vectors, likewise."""
        p, rest = softmax(self._scores(u, v, rivals))
        heft, r = weights[:, None] / self.temperature / self.temperature, v if rivals is None else rivals
        bends = heft * p * rest  # in the scores
        return [
            heft * _spread(u, v, rest[:, :1], p[:, 1:], r),
            bends[:, :1] * np.square(_across(u, v)),
            _squares(bends[:, 1:].T, u, r),
        ]

    def _of_parts(self, order: Callable[..., list[Array]], weights: Array, units: Sequence[Array]) -> list[Array]:
        """A derivative in each part: without negatives, each one's own is a rival to others; both ways, if wanted."""
        if len(units) == 3:
            return order(weights, *units)
        u, v = units
        anchor, own, rival = order(weights, u, v, None)
        if not self.symmetric:
            return [anchor, own + rival]
        back, back_own, back_rival = order(weights, v, u, None)
        return [(anchor + back_own + back_rival) / 2, (own + rival + back) / 2]

    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        units, sizes = zip(*(unit(part) for part in arrays if part is not None), strict=True)
        pulls = self._of_parts(self._pulls, weights, units)
        return [_through_unit(*of_part) for of_part in zip(pulls, units, sizes, strict=True)]

    def bend(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        units, sizes = zip(*(unit(part) for part in arrays if part is not None), strict=True)
        bends, pulls = (self._of_parts(order, weights, units) for order in (self._bends, self._pulls))
        return [_bent_through_unit(*of_part) for of_part in zip(bends, pulls, units, sizes, strict=True)]


class Search(NamedTuple):
    """How likely each row finds each other by its scores, and what it is to find."""

    p: Array
    rest: Array  # 1 - p
    heft: Array  # weights over temperature, (n, 1)
    slopes: Array  # in the unit vectors' cosines
    own: Array  # a row to be found, (n,)

    def pull(self, u: Array) -> Array:
        """The slopes in the unit vectors, each of which seeks and is sought."""
        return (self.slopes + self.slopes.T) @ u

    def bend(self, u: Array) -> Array:
        """Their slopes across the unit vectors, times the temperature."""
        shares = self.p * (1 - one_hot(self.own, self.p))
        seeking = self.heft * _spread(u, u[self.own], pick(self.rest, self.own)[:, None], shares, u)
        return seeking + _squares((self.heft * self.p * self.rest).T, u, u)


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

    def _search(self, weights: Array, u: Array) -> Search:
        scores, twin = self._scores(u)
        p, rest = softmax(scores)
        mine, heft = one_hot(twin, scores), weights[:, None] / self.temperature
        return Search(p, rest, heft, heft * (p * (1 - mine) - rest * mine), twin)

    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        u, size = unit(np.concatenate(arrays))
        return np.split(_through_unit(self._search(weights, u).pull(u), u, size), 2)

    def bend(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        u, size = unit(np.concatenate(arrays))
        search = self._search(weights, u)
        return np.split(_bent_through_unit(search.bend(u) / self.temperature, search.pull(u), u, size), 2)


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
        return (_through_unit(self._search(weights, y, u).pull(u), u, size),)

    def _search(self, weights: Array, y: Array, u: Array) -> Search:
        scores, shares = self._parts(y, u)
        p, rest = softmax(scores)
        heft = weights[:, None] * shares.any(axis=1, keepdims=True) / self.temperature
        slopes = heft * (p - shares)
        np.fill_diagonal(slopes, 0)
        return Search(p, rest, heft, slopes, shares.argmax(axis=1))

    def bend(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        y, z = arrays
        u, size = unit(z)
        search = self._search(weights, y, u)
        return (_bent_through_unit(search.bend(u) / self.temperature, search.pull(u), u, size),)
