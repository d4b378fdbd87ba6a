"""Losses of embeddings: like things near, unlike things apart."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np

from .arrays import numbers
from .blocks import Column
from .core import NO, NOT_FOCUS, PIECEWISE, YES, About, Loss
from .domains import BITS, REALS, SIGNS, Array
from .errors import InvalidShape, NotSupported
from .layouts import Rows, heads_of, no_target_or_labels, same_shape
from .params import Param
from .special import length, unit
from .sphere import Search, all_but, bent_through_unit, off_line, through_unit

METRIC, CONTRAST = ("metric_learning",), ("contrastive",)
TEMPERATURE = Param("divides the similarities: the lower, the more the hardest rivals count", above=0)
NEAR = 1e-4  # one minus the cosine of vectors that differ so little that their digits are to be spared
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
        "embedding.",
        differs="The paper has half of it, and y = 0 for a similar pair.",
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
        unlike = (lack > 0) * way * way - lack * all_but(way) / distance
        bend = 2 * np.where(y[:, None] > 0, 1, unlike)
        return bend, bend


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
        note="Distances are not squared.",
        differs="torch does as here; FaceNet squares the distances (squared).",
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
        """One minus the cosine of unit vectors, right to the spacing of their coordinates."""
        apart = np.square(a - b).sum(axis=1) / 2
        nothing = (a == 0).all(axis=1) | (b == 0).all(axis=1)
        return np.where(nothing, 1, apart)

    def value(self, y: Array, a: Array, b: Array) -> Array:
        off = self._off(unit(a)[0], unit(b)[0])
        near = np.flatnonzero(off < NEAR)
        if len(near):
            turn = np.square(off_line(a[near], b[near])).sum(axis=1)
            off[near] = turn / (1 + np.sqrt(1 - turn))
        return np.where(y > 0, off, np.maximum(1 - off - self.margin, 0))

    def slope(self, y: Array, a: Array, b: Array) -> tuple[Array, Array]:
        (u, size_a), (v, size_b) = unit(a), unit(b)
        off, pull = self._off(u, v)[:, None], self._pull(y, u, v)
        in_a, in_b = (v - u) + off * u, off * v - (v - u)  # the cosine is 1 - off
        near = np.flatnonzero(off < NEAR)
        if len(near):
            in_a[near], in_b[near] = off_line(b[near], a[near]), off_line(a[near], b[near])
        return pull * in_a / size_a, pull * in_b / size_b

    def _pull(self, y: Array, u: Array, v: Array) -> Array:
        """The slope in the cosine."""
        return np.where(y > 0, -1, 1 - self._off(u, v) > self.margin)[:, None]

    def curvature(self, y: Array, a: Array, b: Array) -> tuple[Array, Array]:
        (u, size_a), (v, size_b) = unit(a), unit(b)
        pull = self._pull(y, u, v)
        return bent_through_unit(0, pull * v, u, size_a), bent_through_unit(0, pull * u, v, size_b)


class InBatch(Loss):
    """A loss of a batch: each row is told from the others in it, so parts of a batch do not add up."""

    per_row = False

    def _searches(self, units: Sequence[Array], labels: Sequence[Array]) -> list[Search]:
        """The searches, of which the mean is taken, among unit vectors."""
        raise NotImplementedError

    def _apart(self, arrays: Sequence[Array]) -> tuple[Sequence[Array], Sequence[Array]]:
        """Embeddings and labels."""
        return arrays, []

    def value(self, *arrays: Any) -> Array:
        embeddings, labels = self._apart([x for x in arrays if x is not None])
        costs = [search.costs() for search in self._searches([unit(x)[0] for x in embeddings], labels)]
        return functools.reduce(np.add, costs) / len(costs)

    def _derived(
        self, order: Callable[[Search, Array], list[Array]], searches: Sequence[Search], weights: Array
    ) -> list[Array]:
        found = [order(search, weights / len(searches)) for search in searches]
        return [functools.reduce(np.add, parts) for parts in zip(*found, strict=True)]

    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        embeddings, labels = self._apart([x for x in arrays if x is not None])
        units, sizes = zip(*map(unit, embeddings), strict=True)
        pulls = self._derived(Search.pulls, self._searches(units, labels), weights)
        return list(map(through_unit, pulls, units, sizes))

    def bend(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        embeddings, labels = self._apart([x for x in arrays if x is not None])
        units, sizes = zip(*map(unit, embeddings), strict=True)
        searches = self._searches(units, labels)
        pulls, bends = (self._derived(order, searches, weights) for order in (Search.pulls, Search.bends))
        return list(map(bent_through_unit, bends, pulls, units, sizes))


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

    def _searches(self, units: Sequence[Array], labels: Sequence[Array]) -> list[Search]:
        if len(units) == 3:
            return [Search(units, self.temperature, lambda some: 0 * some, candidates=2, own=1)]
        ways = [(0, 1), (1, 0)] if self.symmetric else [(0, 1)]
        return [Search(units, self.temperature, lambda some: some, *way) for way in ways]


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

    def _apart(self, arrays: Sequence[Array]) -> tuple[Sequence[Array], Sequence[Array]]:
        return [np.concatenate(arrays)], []

    def _searches(self, units: Sequence[Array], labels: Sequence[Array]) -> list[Search]:
        views = len(units[0])
        return [Search(units, self.temperature, lambda some: (some + views // 2) % views, hidden=True)]

    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        return np.split(super().pull(weights, *arrays)[0], 2)

    def bend(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        return np.split(super().bend(weights, *arrays)[0], 2)


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

    def _apart(self, arrays: Sequence[Array]) -> tuple[Sequence[Array], Sequence[Array]]:
        return arrays[1:], arrays[:1]

    def _searches(self, units: Sequence[Array], labels: Sequence[Array]) -> list[Search]:
        (u,), (y,) = units, labels

        def kin(some: Array) -> Array:
            shares = (y[some, None] == y).astype(u.dtype)
            shares[np.arange(len(some)), some] = 0
            return shares / np.maximum(shares.sum(axis=1, keepdims=True), 1)

        return [Search(units, self.temperature, kin, hidden=True)]
