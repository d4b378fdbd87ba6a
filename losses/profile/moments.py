"""Sums of powers around the mean, to order four, that add up.

Merging follows Chan et al. (1979) and Pébay (2008), written symmetrically so that ``a + b == b + a`` to the bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Total weight, mean and central sums of orders two, three and four; infinite where floats cannot hold them.

    >>> Moments.of(np.array([1.0, 2.0])) + Moments.of(np.array([3.0])) == Moments.of(np.array([1.0, 2.0, 3.0]))
    True
    """

    total: float = 0.0
    mean: float = 0.0
    m2: float = 0.0
    m3: float = 0.0
    m4: float = 0.0

    @classmethod
    def of(cls, x: Floats, weight: Floats | None = None) -> Moments:
        """The moments of finite numbers, each counted once or ``weight`` times."""
        w = None if weight is None else weight[weight > 0]
        x = x if weight is None else x[weight > 0]
        if not x.size:
            return cls()
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            total = float(x.size if w is None else w.sum())
            share = None if w is None else w / total
            mean = _mean(x, share)
            d = x - mean
            slip = _mean(d, share)
            if math.isfinite(slip):
                mean, d = mean + slip, np.subtract(d, slip, out=d)
            square = d * d
            m2 = _sum(square, w)
            m3 = _sum(np.multiply(d, square, out=d), w)  # in place: two temporaries beside the chunk fit the cache
            m4 = _sum(np.multiply(square, square, out=square), w)
        return cls(total, mean, *map(_held, (m2, m3, m4)))

    def __add__(self, other: Moments) -> Moments:
        if not self.total or not other.total:
            return self if self.total else other
        a, b = self, other
        n = a.total + b.total
        p, q, pairs = a.total / n, b.total / n, a.total * b.total / n
        delta = b.mean - a.mean
        square = delta * delta
        m2 = (a.m2 + b.m2) + square * pairs
        m3 = (a.m3 + b.m3) + square * delta * pairs * (p - q) + 3 * delta * (p * b.m2 - q * a.m2)
        spread = square * square * pairs * (p * p + q * q - p * q)
        m4 = (a.m4 + b.m4) + spread + 6 * square * (p * p * b.m2 + q * q * a.m2) + 4 * delta * (p * b.m3 - q * a.m3)
        mean = p * a.mean + q * b.mean if delta else a.mean  # a constant stays what it is
        return Moments(n, mean, _held(m2), _held(m3), _held(m4))

    @property
    def variance(self) -> float:
        """The mean squared deviation (divided by the total, not by one less)."""
        return self.m2 / self.total if self.total else math.nan

    @property
    def skewness(self) -> float:
        """The third standardised moment; NaN for a constant."""
        return self._standardised(self.m3, 1.5)

    @property
    def excess_kurtosis(self) -> float:
        """The fourth standardised moment minus three; NaN for a constant."""
        return self._standardised(self.m4, 2.0) - 3.0

    def _standardised(self, power_sum: float, order: float) -> float:
        if not (0 < self.m2 < math.inf) or not math.isfinite(power_sum):
            return math.nan
        with np.errstate(over="ignore"):
            scale = float(np.float64(self.variance) ** order)
        return power_sum / self.total / scale if 0 < scale < math.inf else math.nan


def _sum(x: Floats, weight: Floats | None) -> float:
    # Not a dot product: it adds one after another, and its library's own threads would fight with the pool's.
    return float(x.sum() if weight is None else (x * weight).sum())


def _mean(x: Floats, share: Floats | None) -> float:
    if share is not None:  # shares need not sum to one, and a constant has its value for a mean
        return float(np.clip(_sum(x, share), x.min(), x.max()))
    mean = float(x.mean())
    return mean if math.isfinite(mean) else float((x / x.size).sum())


def _held(value: float) -> float:
    return value if math.isfinite(value) else math.inf
