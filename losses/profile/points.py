"""What sorted values say that each stand for some mass of rows: their quantiles, and which side of them is longer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_HALVINGS = 48  # of the interval from -1 to 1


def quantile(x: Floats, mass: Floats, q: float, row: float = 1.0, ends: Floats | None = None) -> float:
    """The value below which a share ``q`` of the mass lies: the mean over a window as wide as one ``row``.

    Where masses are whole, it is ``numpy.quantile`` of each value repeated so many times. ``ends`` are the sums of the
    masses up to each, where somebody has them.

    >>> quantile(np.array([1.0, 5.0]), np.array([3.0, 1.0]), 0.75)
    2.0
    """
    ends = np.cumsum(mass) if ends is None else ends
    row = max(row, 1e-9 * float(ends[-1]))  # a window that floats can tell from none
    start = q * (float(ends[-1]) - row)
    near = slice(np.searchsorted(ends, start, "right"), np.searchsorted(ends, start + row) + 2)
    x, mass, ends = x[near], mass[near], ends[near]
    inside = np.minimum(ends, start + row) - np.maximum(ends - mass, start)
    share = inside[inside > 0]
    return float(share / share.sum() @ x[inside > 0])


class Points:
    """What summaries of quantiles have in common: values in order that stand for more or less of the rows."""

    slack: float

    @property
    def rows(self) -> int:
        """How many rows they are."""
        raise NotImplementedError

    @property
    def total(self) -> float:
        """What all points stand for together: rows, or what these weigh."""
        raise NotImplementedError

    def weighted(self) -> tuple[Floats, Floats]:
        """All values in order, and what each stands for."""
        raise NotImplementedError

    @property
    def rank_error(self) -> float:
        """The largest share by which a quantile's rank can be off; 0.0 while everything is kept."""
        return self.slack / self.total if self.slack and self.total else 0.0

    @property
    def row(self) -> float:
        """What one row stands for: 1, less where weights are shares of 1, and a whole point where rows were joined."""
        return self.total / self.weighted()[0].size if self.slack else min(1.0, self.total / max(self.rows, 1))

    def quantile(self, q: float) -> float:
        """The value below which a share ``q`` of the rows lies, interpolated as ``numpy.quantile`` does."""
        x, mass = self.weighted()
        return quantile(x, mass, q, self.row) if x.size else float("nan")


def medcouple(x: Floats, mass: Floats, row: float = 1.0) -> float:
    """The median of how much farther the upper of two values is from the median than the lower, from -1 to 1.

    The median is found by halving the interval, with the pairs at or below counted by a search: no pair is listed. As
    Brys, Hubert and Struyf (2004, doi:10.1198/106186004X12632) say, values at the median itself count as many times
    above as below.

    >>> medcouple(np.array([1.0, 2.0, 4.0, 7.0, 30.0]), np.ones(5))
    0.2
    """
    x = x / 4  # no difference overflows
    middle = quantile(x, mass, 0.5, row)
    above, below, tied = x > middle, x <= middle, float(mass[x == middle].sum())
    up, down = x[above] - middle, middle - x[below][::-1]
    up_mass, beyond = mass[above], np.append(np.cumsum(mass[below])[::-1], 0.0)
    farther_below = tied * (float(beyond[0]) - tied) + tied * (tied - row) / 2
    half = (float(up_mass.sum()) + tied) * float(beyond[0]) / 2

    def at_most(c: float) -> float:
        with np.errstate(over="ignore"):
            reach = up * ((1 - c) / (1 + c))
        pairs = float(up_mass @ beyond[np.searchsorted(down, reach)])
        return pairs + farther_below + (tied * row if c >= 0 else 0.0)

    ends = [_first(lambda c: at_most(c) >= half), _first(lambda c: at_most(c) > half)]
    return round(sum(ends) / 2, 12)


def _first(reached: Callable[[float], bool]) -> float:
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        c = (low + high) / 2
        low, high = (low, c) if reached(c) else (c, high)
    return high
