"""Does a column of counts hold more zeros than a negative binomial would give?

A zero-inflated model is a zero-truncated one for the positives plus a free share of zeros, so the truncated fit gives
both the likelihood and the inflation. Several starts, down to Poisson dispersion, keep a poor local fit from
reporting an excess that is not there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from losses.profile.tally import Tally

Floats = npt.NDArray[np.float64]

_STARTS = (1e-4, 0.1, 1.0, 5.0)  # over-dispersions alpha, from Poisson to very long tails
_BOUNDS = ((-12.0, 16.0), (-10.0, 5.0))  # of log mean and log alpha


@dataclass(frozen=True)
class ZeroFit:
    """Twice the gain in log-likelihood from zero inflation, and the share of rows it calls extra zeros."""

    ratio: float
    inflation: float

    @property
    def excess(self) -> float:
        """The share of extra zeros where the likelihood ratio says that there are any (p < 0.001)."""
        return self.inflation if self.ratio > 10.83 else 0.0


def zero_fit(tally: Tally) -> ZeroFit | None:
    """The fit for exact counts with zeros among them; None where there is nothing to fit."""
    y, rows = tally.values.astype(np.float64), tally.counts.astype(np.float64)
    if tally.full or y.size < 3 or y[0] != 0 or y[-1] > 1e6:
        return None
    n, zeros = float(rows.sum()), float(rows[0])
    mean = float(y @ rows) / n
    plain, _ = _best(lambda m, a: _loglik(y, rows, m, a), mean)
    positives, (m, a) = _best(lambda m, a: _truncated(y[1:], rows[1:], m, a), mean * n / (n - zeros))
    expected = _zero(m, a)
    share = zeros / n
    if share <= expected:
        return ZeroFit(0.0, 0.0)
    hurdle = positives + zeros * math.log(share) + (n - zeros) * math.log1p(-share)
    return ZeroFit(max(0.0, 2 * (hurdle - plain)), (share - expected) / (1 - expected))


def poisson_fits(tally: Tally, mean: float, variance: float) -> bool:
    """True where variance over mean is 1 within three standard errors, and no cell of values belies a Poisson law.

    The cells are half a standard deviation wide; Pearson's statistic over at least four of them has p > 0.001.
    """
    from scipy.special import chdtrc, pdtr

    rows = tally.rows
    if tally.full or rows < 30 or not mean > 0 or abs(variance / mean - 1) > 3 * math.sqrt(2 / rows):
        return False
    edges = np.unique(np.floor(mean + math.sqrt(mean) * np.arange(-1.5, 2, 0.5)).clip(0))
    below = np.concatenate([[0], np.cumsum(tally.counts)])[np.searchsorted(tally.values, edges, "right")]
    seen = np.diff(below, prepend=0, append=rows)
    expected = rows * np.diff(pdtr(edges, mean), prepend=0, append=1)
    if expected.size < 4:
        return False
    return float(chdtrc(expected.size - 2, ((seen - expected) ** 2 / expected).sum())) > 0.001


def _best(loglik: Callable[[float, float], float], mean: float) -> tuple[float, tuple[float, float]]:
    from scipy.optimize import minimize

    def cost(theta: Floats) -> float:
        return -loglik(math.exp(theta[0]), math.exp(theta[1]))

    starts = [np.array([math.log(mean), math.log(alpha)]) for alpha in _STARTS]
    start = min(starts, key=cost)
    found = minimize(cost, start, method="Nelder-Mead", bounds=_BOUNDS, options={"maxiter": 200, "fatol": 1e-6})
    return -float(found.fun), (math.exp(found.x[0]), math.exp(found.x[1]))


def _loglik(y: Floats, rows: Floats, mean: float, alpha: float) -> float:
    from scipy.special import gammaln

    size = 1 / alpha
    chance = gammaln(y + size) - gammaln(size) - gammaln(y + 1) + y * math.log(mean / (mean + size))
    return float((chance - size * math.log1p(mean / size)) @ rows)


def _truncated(y: Floats, rows: Floats, mean: float, alpha: float) -> float:
    some = -math.expm1(-math.log1p(mean * alpha) / alpha)
    return _loglik(y, rows, mean, alpha) - float(rows.sum()) * math.log(max(some, 1e-300))


def _zero(mean: float, alpha: float) -> float:
    return math.exp(-math.log1p(mean * alpha) / alpha)
