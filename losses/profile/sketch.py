"""Quantiles of any number of rows from at most 8,192 of their values.

Level ``h`` holds sorted values that stand for ``2**h`` rows each. Up to the limit every value is kept and quantiles
are exact; beyond it a big chunk is sorted and thinned at once, and full levels are thinned to the next one. Every
thinning adds at most its own step to ``slack``, so the rank error is not hoped for but counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from losses.profile.points import Points

Floats = npt.NDArray[np.float64]

LEVEL = 1 << 11  # values in the top level
LIMIT = 1 << 13  # values in all levels together
_DECAY = 0.75  # each level below the top holds three quarters of the one above: LEVEL / (1 - _DECAY) == LIMIT


@dataclass(frozen=True, eq=False)
class Sketch(Points):
    """Sorted values by level, and how many ranks they may be off.

    >>> Sketch.of_sorted(np.arange(101.0)).quantile(0.25)
    25.0
    """

    levels: dict[int, Floats] = field(default_factory=dict)
    slack: int = 0
    thinnings: int = 0

    @classmethod
    def of_sorted(cls, x: Floats) -> Sketch:
        """The summary of a sorted chunk: every ``2**h``-th value, and the few left over as they are."""
        if x.size <= LIMIT:
            return cls({0: x} if x.size else {})
        height = int(np.ceil(np.log2(x.size / LEVEL)))
        step = 1 << height
        whole = x.size - x.size % step
        levels = {height: x[step // 2 : whole : step].copy()}
        if whole < x.size:
            levels[0] = x[whole:].copy()
        return cls(levels, slack=step // 2)

    def __add__(self, other: Sketch) -> Sketch:
        if not isinstance(other, Sketch):
            return NotImplemented
        levels = dict(self.levels)
        for height, values in other.levels.items():
            mine = levels.get(height)
            levels[height] = values if mine is None else np.sort(np.concatenate([mine, values]))
        return Sketch(levels, self.slack + other.slack, self.thinnings + other.thinnings)._fitted()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sketch):
            return NotImplemented
        same = (self.slack, self.thinnings, self.levels.keys()) == (other.slack, other.thinnings, other.levels.keys())
        return same and all(np.array_equal(v, other.levels[h]) for h, v in self.levels.items())

    def _fitted(self) -> Sketch:
        levels, slack, thinnings = dict(self.levels), self.slack, self.thinnings
        while sum(v.size for v in levels.values()) > LIMIT:
            height = overfull({h: v.size for h, v in levels.items()}, LEVEL)
            values = levels.pop(height)
            if values.size % 2:
                levels[height] = values[-1:]
                values = values[:-1]
            kept = values[thinnings % 2 :: 2]
            above = levels.get(height + 1)
            levels[height + 1] = kept if above is None else np.sort(np.concatenate([above, kept]))
            slack, thinnings = slack + (1 << height), thinnings + 1
        return Sketch(levels, slack, thinnings)

    @property
    def total(self) -> int:
        """The rows that the values stand for."""
        return sum(v.size << h for h, v in self.levels.items())

    @property
    def rows(self) -> int:
        """The same, as none weighs more than another."""
        return self.total

    def weighted(self) -> tuple[Floats, Floats]:
        """All values in order, and the rows that each stands for."""
        return self._weighted

    @cached_property
    def _weighted(self) -> tuple[Floats, Floats]:
        if not self.levels:
            return np.empty(0), np.empty(0)
        values = np.concatenate(list(self.levels.values()))
        rows = np.concatenate([np.full(v.size, float(1 << h)) for h, v in self.levels.items()])
        order = np.argsort(values, kind="stable")
        found = values[order], rows[order]
        for array in found:
            array.flags.writeable = False
        return found

    def without(self, codes: list[float]) -> Sketch:
        """The same summary without these values."""
        levels = {height: v[~np.isin(v, codes)] for height, v in self.levels.items()}
        return Sketch({height: v for height, v in levels.items() if v.size}, self.slack, self.thinnings)

    def blurred(self, rows: int) -> Sketch:
        """The same summary with averages of at least ``rows`` neighbours in place of single values."""
        values, weights = self.weighted()
        height = max(max(self.levels, default=0), (rows - 1).bit_length())
        group = ((np.cumsum(weights) - weights) // (1 << height)).astype(np.int64)
        full = int(weights.sum()) >> height
        share = weights / np.bincount(group, weights)[group]
        means = np.bincount(group, share * values, minlength=full)[:full]
        return Sketch({height: np.sort(means)} if full else {}, self.slack + (1 << height), self.thinnings)


def overfull(sizes: dict[int, int], level: int) -> int:
    """The lowest level that holds more than its share, where the top one may hold ``level`` values; else the lowest."""
    top = max(sizes)
    over = [h for h, size in sizes.items() if size > 1 and size > level * _DECAY ** (top - h)]
    return min(over) if over else min(h for h, size in sizes.items() if size > 1)
