"""Quantiles of rows that carry weights, from at most 3,072 of their values and what these weigh.

Up to the limit every row is kept. Beyond it light points are joined in pairs of neighbours: the heavier of the two
stays and takes the weight of the other, by which the ranks between them are off. Which points are light goes by powers
of two, as the levels of ``sketch`` do, so that each joining costs as much as its own level weighs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from losses.profile.points import Points
from losses.profile.sketch import Sketch, overfull

Floats = npt.NDArray[np.float64]

LEVEL = 3 << 8  # points in the top level
LIMIT = 3 << 10  # points together


@dataclass(frozen=True, eq=False)
class WeightedSketch(Points):
    """Values in order, the weight of each, how many rows they are, and by how much weight a rank may be off.

    >>> WeightedSketch.of_sorted(np.array([1.0, 3.0]), np.array([3.0, 1.0])).quantile(0.75)
    1.5
    """

    values: Floats = field(default_factory=lambda: np.empty(0))
    weights: Floats = field(default_factory=lambda: np.empty(0))
    rows: int = 0
    slack: float = 0.0

    @classmethod
    def of_sorted(cls, x: Floats, weight: Floats) -> WeightedSketch:
        """The summary of values in order, and their weights."""
        return cls(x, weight.copy(), x.size)._fitted()

    @classmethod
    def like(cls, sketch: Sketch | WeightedSketch) -> WeightedSketch:
        """The same summary, with rows that came without weights counted once each."""
        if isinstance(sketch, WeightedSketch):
            return sketch
        return cls(*sketch.weighted(), sketch.total, float(sketch.slack))

    def __add__(self, other: Sketch | WeightedSketch) -> WeightedSketch:
        other = self.like(other)
        values = np.concatenate([self.values, other.values])
        weights = np.concatenate([self.weights, other.weights])
        order = np.lexsort((weights, values))
        rows, slack = self.rows + other.rows, self.slack + other.slack
        return WeightedSketch(values[order], weights[order], rows, slack)._fitted()

    __radd__ = __add__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WeightedSketch):
            return NotImplemented
        same = (self.rows, self.slack) == (other.rows, other.slack)
        return same and all(np.array_equal(a, b) for a, b in zip(self.weighted(), other.weighted(), strict=True))

    def _fitted(self) -> WeightedSketch:
        values, weights, slack = self.values, self.weights, self.slack
        while values.size > LIMIT:
            first, second = _light(weights)
            turn = np.arange(first.size) % 2 == 1
            later = (weights[second] > weights[first]) | ((weights[second] == weights[first]) & turn)
            stays, goes = np.where(later, second, first), np.where(later, first, second)
            slack += float(weights[goes].max())
            weights[stays] += weights[goes]
            values, weights = np.delete(values, goes), np.delete(weights, goes)
        return WeightedSketch(values, weights, self.rows, slack)

    @property
    def total(self) -> float:
        """The weight of all rows."""
        return float(self.weights.sum())

    def weighted(self) -> tuple[Floats, Floats]:
        """All values in order, and what each weighs."""
        return self.values, self.weights

    def without(self, codes: list[float]) -> WeightedSketch:
        """The same summary without these values."""
        kept = ~np.isin(self.values, codes)
        gone = round(self.rows * float(self.weights[~kept].sum()) / self.total)
        return WeightedSketch(self.values[kept], self.weights[kept], self.rows - gone, self.slack)

    def blurred(self, rows: int) -> WeightedSketch:
        """The same summary with averages of at least ``rows`` neighbours in place of single values."""
        groups = max(self.values.size // rows, 1)
        group = np.minimum(np.arange(self.values.size) // rows, groups - 1)
        weights = np.bincount(group, self.weights).astype(np.float64)
        means = np.bincount(group, self.weights / weights[group] * self.values)
        return WeightedSketch(np.sort(means), weights, self.rows, self.slack + float(weights.max()))


def _light(weights: Floats) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The places of light points, in pairs of neighbours: those of one level, or half of all where they are many."""
    heights = np.frexp(weights)[1]
    levels, sizes = np.unique(heights, return_counts=True)
    height = overfull(dict(zip(levels.tolist(), sizes.tolist(), strict=True)), LEVEL)
    if weights.size > 2 * LIMIT:
        height = max(height, int(np.median(heights)))
    places = np.flatnonzero(heights <= height) if weights.size > 2 * LIMIT else np.flatnonzero(heights == height)
    return places[: places.size // 2 * 2 : 2], places[1::2]
