"""What must be known of some rows for sums, means and standard errors; and sample weights, which all of it heeds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .arrays import numbers
from .domains import FIRST_ROWS, Array
from .errors import InvalidInput, InvalidWeights

LEAST = float(np.finfo(np.float64).tiny)  # 1 over a smaller sum of weights could be infinity
ROOMY = 600  # a power of two in whose units the squares of any floats have a sum
PIECE = 1 << 15  # rows of weights that are looked at at a time


@dataclass(frozen=True)
class Tally:
    """What must be known of some rows for sums, means and standard errors; tallies of parts add up.

    ``s0, s1, s2`` are the sums over rows of m², m·r and r² with r = (weighted loss) - centre·m, where m is the
    weighted mass of a row: enough to move the centre, hence exact where plain sums of squares would cancel. Losses are
    counted in units of 2 to the ``power``: 1, unless their sum, or their squares, would be too large for a float.
    """

    rows: int = 0
    total: float = 0.0
    weight: float = 0.0
    s0: float = 0.0
    s1: float = 0.0
    s2: float = 0.0
    cautions: tuple[int, ...] = ()
    dropped: int = 0
    power: int = 0

    @property
    def mean(self) -> float:
        """The weighted mean, in units of 2 to the ``power``."""
        return self.total / self.weight if self.weight else 0.0

    def over(self, divisor: float) -> float:
        """The sum of the losses over a number; infinite only where the quotient is too large for a float."""
        return _raised(self.total / divisor, self.power)

    @property
    def standard_error(self) -> float | None:
        """Of the mean, over rows; None for a single row or an infinite mean."""
        if self.rows < 2 or not math.isfinite(self.s2) or not self.weight:
            return None
        return _raised(math.sqrt(max(0.0, self.s2) * self.rows / (self.rows - 1)) / self.weight, self.power)

    def about(self, centre: float) -> tuple[float, float]:
        """``s1`` and ``s2`` as they are about another centre than the mean."""
        return _moved(self.s0, self.s1, self.s2, self.mean - centre)

    def __add__(self, other: Tally) -> Tally:
        dropped = self.dropped + other.dropped
        if not other.rows or not self.rows:
            return replace(self if self.rows else other, dropped=dropped)
        if self.power != other.power:
            power = max(self.power, other.power)
            return self._in_units(power) + other._in_units(power)
        total, weight = self.total + other.total, self.weight + other.weight
        centre = total / weight if weight else 0.0
        (a1, a2), (b1, b2) = self.about(centre), other.about(centre)
        cautions = tuple(a + b for a, b in zip(self.cautions, other.cautions, strict=True))
        rows, s0 = self.rows + other.rows, self.s0 + other.s0
        if math.isfinite(self.s2 + other.s2 + s0) and not math.isfinite(a2 + b2):
            return self._in_units(self.power + ROOMY) + other._in_units(self.power + ROOMY)
        return Tally(rows, total, weight, s0, a1 + b1, a2 + b2, cautions, dropped, self.power)

    def _in_units(self, power: int) -> Tally:
        fall = self.power - power
        total, s1, s2 = (_raised(x, n * fall) for x, n in ((self.total, 1), (self.s1, 1), (self.s2, 2)))
        return replace(self, total=total, s1=s1, s2=s2, power=power)

    @classmethod
    def centred(
        cls,
        rows: int,
        total: float,
        weight: float,
        moments: tuple[float, float, float],
        centre: float,
        cautions: tuple[int, ...] = (),
        dropped: int = 0,
    ) -> Tally:
        """From ``s0, s1, s2`` about any centre."""
        s0, s1, s2 = moments
        shift = centre - (total / weight if weight else 0.0)
        return cls(rows, total, weight, s0, *_moved(s0, s1, s2, shift), cautions, dropped)

    @classmethod
    def of(cls, weighed: Array, heft: Array | None, cautions: tuple[int, ...] = (), dropped: int = 0) -> Tally:
        """The tally of weighted losses, rows first; ``heft`` is what each counts for in a mean (None: 1)."""
        losses, rows = by_row(weighed), len(weighed)
        total = float(np.add.reduce(losses, dtype=np.float64))
        if heft is None:
            mass = weighed.size / rows
            weight, s0 = rows * mass, rows * mass * mass
            off = np.subtract(losses, total / rows, dtype=np.float64)
            s1 = mass * (total - rows * (total / rows))
        else:
            masses = by_row(np.broadcast_to(heft, weighed.shape))
            weight, s0 = float(np.add.reduce(masses, dtype=np.float64)), _dot(masses, masses)
            off = losses - (total / weight if weight else 0.0) * masses
            s1 = _dot(masses, off)
        return cls(rows, total, weight, s0, s1, _dot(off, off), cautions, dropped)


def _raised(x: float, power: int) -> float:
    try:
        return math.ldexp(x, power)
    except OverflowError:
        return math.copysign(math.inf, x)


def _moved(s0: float, s1: float, s2: float, shift: float) -> tuple[float, float]:
    return s1 + shift * s0, s2 + shift * (2 * s1 + shift * s0)


def by_row(x: Array) -> Array:
    """The sums of rows, in float64 where there is something to sum."""
    return x if x.ndim == 1 else x.reshape(len(x), -1).sum(axis=1, dtype=np.float64)


def _dot(a: Array, b: Array) -> float:
    # Not BLAS: its own threads would fight with the pool's.
    return float(np.einsum("i,i", a, b, dtype=np.float64))


def read_weights(sample_weight: Any) -> Array | None:
    """Sample weights as an array; refused where they are no numbers."""
    try:
        return None if sample_weight is None else numbers(sample_weight, "sample_weight")
    except InvalidInput as error:
        raise InvalidWeights(error.detail, **error.data) from error


def row_weights(sample_weight: Any, rows: int, part: bool = False) -> Array | None:
    """Sample weights, in the type they came in; refused when negative, missing, all zero, or not one a row.

    Weights of a ``part`` may all be zero: other rows may count.
    """
    weights = read_weights(sample_weight)
    if weights is None:
        return None
    if len(weights) != rows or not weights.size:
        got = list(weights.shape)
        raise InvalidWeights(f"sample_weight must have {rows} rows, got shape {got}", field="sample_weight", got=got)
    total, bad = _summed(weights)
    if bad:
        raise InvalidWeights(
            f"sample_weight must be finite and at least 0, it is not at rows {bad}", field="sample_weight", rows=bad
        )
    if not LEAST <= total < math.inf and (total or not part):
        fault = "sums to infinity" if total > 1 else "is too small to divide by" if total else "is 0 in every row"
        raise InvalidWeights(f"sample_weight {fault}", field="sample_weight")
    return weights


def _summed(weights: Array) -> tuple[float, list[int]]:
    """The sum of weights, and the first rows where they cannot be; a piece at a time, which takes no memory."""
    total, bad = 0.0, []
    for start in range(0, len(weights), PIECE):
        with np.errstate(all="ignore"):
            piece = weights[start : start + PIECE].astype(np.float64, copy=False)
            total += float(piece.sum())
            if not (piece.min() >= 0 and piece.max() < math.inf):
                outside = ~(np.isfinite(piece) & (piece >= 0)).reshape(len(piece), -1).all(axis=1)
                bad += (start + np.flatnonzero(outside)).tolist()
        if len(bad) >= FIRST_ROWS:
            break
    return total, bad[:FIRST_ROWS]


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
