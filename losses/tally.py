"""What must be known of some rows for sums, means and standard errors; and sample weights, which all of it heeds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .arrays import numbers
from .domains import FIRST_ROWS, Array
from .errors import InvalidInput, InvalidWeights


@dataclass(frozen=True)
class Tally:
    """What must be known of some rows for sums, means and standard errors; tallies of parts add up.

    ``s0, s1, s2`` are the sums over rows of m², m·r and r² with r = (weighted loss) - centre·m, where m is the
    weighted mass of a row: enough to move the centre, hence exact where plain sums of squares would cancel.
    """

    rows: int = 0
    total: float = 0.0
    weight: float = 0.0
    s0: float = 0.0
    s1: float = 0.0
    s2: float = 0.0
    cautions: tuple[int, ...] = ()
    dropped: int = 0

    @property
    def mean(self) -> float:
        """The weighted mean."""
        return self.total / self.weight if self.weight else 0.0

    @property
    def standard_error(self) -> float | None:
        """Of the mean, over rows; None for a single row or an infinite mean."""
        if self.rows < 2 or not math.isfinite(self.s2) or not self.weight:
            return None
        return math.sqrt(max(0.0, self.s2) * self.rows / (self.rows - 1)) / self.weight

    def _about(self, centre: float) -> tuple[float, float]:
        shift = self.mean - centre
        return self.s1 + shift * self.s0, self.s2 + shift * (2 * self.s1 + shift * self.s0)

    def __add__(self, other: Tally) -> Tally:
        if not other.rows:
            return self.with_dropped(other.dropped)
        if not self.rows:
            return other.with_dropped(self.dropped)
        total, weight = self.total + other.total, self.weight + other.weight
        centre = total / weight if weight else 0.0
        (a1, a2), (b1, b2) = self._about(centre), other._about(centre)
        cautions = tuple(a + b for a, b in zip(self.cautions, other.cautions, strict=True))
        rows, dropped = self.rows + other.rows, self.dropped + other.dropped
        return Tally(rows, total, weight, self.s0 + other.s0, a1 + b1, a2 + b2, cautions, dropped)

    def with_dropped(self, more: int) -> Tally:
        """The same, with ``more`` rows left out as missing."""
        return replace(self, dropped=self.dropped + more)

    @classmethod
    def of(cls, weighed: Array, heft: Array | None, cautions: tuple[int, ...] = ()) -> Tally:
        """The tally of weighted losses, rows first; ``heft`` is what each counts for in a mean (None: 1)."""
        rows = len(weighed)
        by_row = _by_row(weighed)
        total = float(np.add.reduce(by_row, dtype=np.float64))
        if heft is None:
            return cls._of_equals(by_row, total, weighed.size / rows, cautions)
        mass = _by_row(np.broadcast_to(heft, weighed.shape))
        weight = float(np.add.reduce(mass, dtype=np.float64))
        off = by_row - (total / weight if weight else 0.0) * mass
        return cls(rows, total, weight, _dot(mass, mass), _dot(mass, off), _dot(off, off), cautions)

    @classmethod
    def _of_equals(cls, by_row: Array, total: float, mass: float, cautions: tuple[int, ...]) -> Tally:
        rows = len(by_row)
        off = np.subtract(by_row, total / rows, dtype=np.float64)
        s1 = mass * (total - rows * (total / rows))
        return cls(rows, total, rows * mass, rows * mass * mass, s1, _dot(off, off), cautions)


def _by_row(x: Array) -> Array:
    return x if x.ndim == 1 else x.reshape(len(x), -1).sum(axis=1, dtype=np.float64)


def _dot(a: Array, b: Array) -> float:
    # Not BLAS: its own threads would fight with the pool's.
    return float(np.einsum("i,i", a, b, dtype=np.float64))


def row_weights(sample_weight: Any, rows: int) -> Array | None:
    """Sample weights as float64, refused when negative, missing, all zero, or not one a row."""
    if sample_weight is None:
        return None
    try:
        weights = numbers(sample_weight, "sample_weight").astype(np.float64, copy=False)
    except InvalidInput as error:
        raise InvalidWeights(error.detail, **error.data) from error
    if len(weights) != rows:
        got = list(weights.shape)
        raise InvalidWeights(f"sample_weight must have {rows} rows, got shape {got}", field="sample_weight", got=got)
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)).reshape(rows, -1).all(axis=1))[:FIRST_ROWS].tolist()
    if bad:
        raise InvalidWeights(
            f"sample_weight must be finite and at least 0, it is not at rows {bad}", field="sample_weight", rows=bad
        )
    with np.errstate(over="ignore"):
        total = float(weights.sum())
    if not 0 < total < math.inf:
        fault = "sums to infinity" if total else "is 0 in every row"
        raise InvalidWeights(f"sample_weight {fault}", field="sample_weight")
    return weights


def spread(weights: Array, like: Array) -> Array:
    """Weights with trailing axes, so that they multiply ``like``."""
    if weights.shape != like.shape[: weights.ndim]:
        raise InvalidWeights(
            f"sample_weight of shape {list(weights.shape)} does not fit losses of shape {list(like.shape)}",
            field="sample_weight",
            got=list(weights.shape),
            expected=list(like.shape),
        )
    return weights.reshape(weights.shape + (1,) * (like.ndim - weights.ndim))
