"""Embeddings on the unit sphere: slopes through the length of a vector, and searches among candidates by cosine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from .domains import Array
from .machine import by_row
from .pool import proceed
from .special import one_hot, pick, softmax, softmax_cost, softmax_costs, times

AT_ONCE = 1 << 20  # scores, enough of them for a matrix product to run at full speed


def along(x: Array, way: Array) -> Array:
    """How far each row goes along its ``way``."""
    return (x * way).sum(axis=1, keepdims=True)


def across(x: Array, way: Array) -> Array:
    """What of each row stands across its ``way``."""
    return x - along(x, way) * way


def all_but(way: Array) -> Array:
    """How much of each unit vector lies off each axis, in squares; nothing of a zero vector."""
    return way.any(axis=1, keepdims=True) - way * way


def off_line(x: Array, line: Array) -> Array:
    """What of each row, of length 1, stands across its ``line``; nothing cancels where they are almost parallel.

    Scales are powers of 2, and the multiple of the line that is taken off is short enough for products to be exact.
    """
    x, line = (np.ldexp(a.astype(np.float64), -np.frexp(np.abs(a).max(axis=1, keepdims=True))[1]) for a in (x, line))
    multiple = (along(x, line) / along(line, line)).astype(np.float32).astype(np.float64)
    head = line.astype(np.float32).astype(np.float64)
    rest = (x - multiple * head) - multiple * (line - head)
    found: Array = across(rest, line / np.sqrt(along(line, line))) / np.sqrt(along(x, x))
    return found


def through_unit(pull: Array, way: Array, size: Array) -> Array:
    """A slope in unit vectors as one in the vectors themselves."""
    return np.where(way.any(axis=1, keepdims=True), across(pull, way), 0) / size


def bent_through_unit(bend: Array | float, pull: Array, way: Array, size: Array) -> Array:
    """A curvature in unit vectors, across them, as one in the vectors themselves; ``pull`` is the slope there."""
    turned = bend - 2 * way * across(pull, way) - along(pull, way) * all_but(way)
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
    own, mean = across(own, way), across(shares @ rivals, way)
    return _squares(shares, rivals, way) - 2 * own * mean + rest * own * own - np.square(mean - rest * own)


class Search(NamedTuple):
    """Seekers that are to find theirs among candidates: the surprise at the softmax of cosine over temperature.

    ``seekers``, ``candidates`` and ``own`` are places in ``units``, arrays of unit vectors in rows. ``own`` is one more
    candidate for each seeker, before the others; with ``hidden``, no seeker is a candidate of its own. ``wanted``
    gives, for some seekers, the place of the one to be found; or which share of the loss each candidate stands for:
    shares add up to 1, or to nothing where there is nothing to find.

    Scores are made for some seekers at a time: they never stand in memory for all.
    """

    units: Sequence[Array]
    temperature: float
    wanted: Callable[[Array], Array]
    seekers: int = 0
    candidates: int = 0
    own: int | None = None
    hidden: bool = False

    def costs(self) -> Array:
        """The loss of each seeker."""
        return np.concatenate([self._costs(some) for some in self._pieces()])

    def pulls(self, weights: Array) -> list[Array]:
        """The slopes of the weighted sum of costs in each of the units."""
        return self._derived(self._pull, weights)

    def bends(self, weights: Array) -> list[Array]:
        """The diagonal of its second derivative, across the unit vectors."""
        return self._derived(self._bend, weights)

    def _pieces(self) -> list[Array]:
        """The numbers of the seekers, some at a time."""
        rows, step = len(self.units[self.seekers]), max(1, AT_ONCE // len(self.units[self.candidates]))
        return [np.arange(i, min(i + step, rows)) for i in range(0, rows, step)]

    def _scores(self, some: Array) -> Array:
        proceed()
        seekers = self.units[self.seekers][some]
        scores = seekers @ self.units[self.candidates].T
        if self.hidden:
            scores[np.arange(len(some)), some] = -np.inf
        if self.own is not None:
            scores = np.concatenate([along(seekers, self.units[self.own][some]), scores], axis=1)
        scores /= self.temperature
        return scores

    def _costs(self, some: Array) -> Array:
        wanted = self.wanted(some)
        return by_row(softmax_cost if wanted.ndim == 1 else _shared_cost, self._scores(some), wanted)

    def _shares(self, some: Array, scores: Array) -> Array:
        wanted = self.wanted(some)
        return wanted if wanted.ndim == 2 else one_hot(wanted, scores)

    def _derived(self, of_some: Callable[..., tuple[Array, Array, Array]], weights: Array) -> list[Array]:
        """What ``of_some`` gives in seekers, candidates and in what is their own, all together."""
        found = [np.zeros_like(x) for x in self.units]
        for some in self._pieces():
            p, rest = softmax(self._scores(some))
            shares = self._shares(some, p)
            heft = weights[some, None] * shares.any(axis=1, keepdims=True) / self.temperature
            seeking, sought, of_own = of_some(some, p, rest, shares, heft)
            found[self.seekers][some] += seeking
            found[self.candidates] += sought
            if self.own is not None:
                found[self.own][some] += of_own
        return found

    def _pull(self, some: Array, p: Array, rest: Array, shares: Array, heft: Array) -> tuple[Array, Array, Array]:
        u, candidates = self.units[self.seekers][some], self.units[self.candidates]
        slopes = heft * np.where(shares == 1, -rest, p - shares)
        first, others = self._apart(slopes)
        seeking = others @ candidates
        if self.own is not None:
            seeking += first * self.units[self.own][some]
        return seeking, others.T @ u, first * u

    def _bend(self, some: Array, p: Array, rest: Array, shares: Array, heft: Array) -> tuple[Array, Array, Array]:
        u, candidates = self.units[self.seekers][some], self.units[self.candidates]
        place = shares.argmax(axis=1)
        own = candidates[place] if self.own is None else self.units[self.own][some]
        rivals = self._apart(np.where(np.arange(p.shape[1]) == place[:, None], 0, p))[1]
        seeking = heft * _spread(u, own, pick(rest, place)[:, None], rivals, candidates)
        first, others = self._apart(heft * p * rest)  # in the cosines
        sought, of_own = _squares(others.T, u, candidates), first * np.square(across(u, own))
        return seeking / self.temperature, sought / self.temperature, of_own / self.temperature

    def _apart(self, x: Array) -> tuple[Array, Array]:
        """What is of one's own candidate, where each has one, and what of those that all have."""
        first = int(self.own is not None)
        return x[:, :1], x[:, first:]


def _shared_cost(scores: Array, shares: Array) -> Array:
    return times(shares, softmax_costs(scores)).sum(axis=1)
