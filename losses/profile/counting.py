"""Does a column of counts hold more zeros than a Poisson law or a negative binomial would give?

A zero-inflated model is a zero-truncated one for the positives plus a free share of zeros, so the truncated fit gives
both the likelihood and the inflation. For any dispersion the likeliest mean is known: that of the rows for the plain
law, and for the truncated one the mean whose positives average what these do. So only the dispersion is searched, from
several starts down to Poisson's: a poor local fit would report an excess that is not there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from losses.profile.tally import Tally

Floats = npt.NDArray[np.float64]

_STARTS = (-10.0, -6.0, -3.0, -1.0, 0.0, 1.0, 2.0, 3.5, 5.0)  # log alpha, from Poisson to very long tails
_POISSON = 1e-12  # an over-dispersion that is none
_LEAST_MEAN = math.exp(-12)


@dataclass(frozen=True)
class ZeroFit:
    """Twice the gain in log-likelihood from zero inflation, and the share of rows it calls extra zeros."""

    ratio: float
    inflation: float

    @property
    def excess(self) -> float:
        """The share of extra zeros where the likelihood ratio says that there are any (p < 0.001)."""
        return 0.0 if self.ratio <= 10.83 else self.inflation


def zero_fit(tally: Tally) -> ZeroFit | None:
    """The fit for exact counts with zeros among them; None where there is nothing to fit."""
    y, rows = tally.values.astype(np.float64), tally.mass
    if tally.full or y.size < 3 or y[0] != 0 or y[-1] > 1e6:
        return None
    zeros, positive, total = float(rows[0]), float(rows[1:].sum()), float(y @ rows)
    mean, average = total / (zeros + positive), total / positive
    plain, _ = _best(lambda alpha: _loglik(y, rows, mean, alpha))
    positives, alpha = _best(lambda alpha: _truncated(y[1:], rows[1:], _untruncated(average, alpha), alpha))
    return _inflated(zeros, positive, 1 - _above_zero(_untruncated(average, alpha), alpha), positives - plain)


def poisson_zeros(n: float, zeros: float, mean: float) -> ZeroFit | None:
    """The same against a Poisson law, for which the rows, the zeros and the mean are enough."""
    positive = n - zeros
    average = mean * (n / positive) if positive > 0 else 0.0
    if not 0 < average < math.inf:
        return None
    rate = _untruncated(average, _POISSON)
    some = _above_zero(rate, _POISSON)
    plain = n * (mean * math.log(mean) - mean)  # both without the factorials, in which they agree
    positives = positive * (average * math.log(rate) - rate - math.log(some))
    return _inflated(zeros, positive, 1 - some, positives - plain)


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


def _inflated(zeros: float, positive: float, expected: float, gain: float) -> ZeroFit:
    """Beside a law that gives ``expected`` zeros and fits the positives alone by so much better than it fits all."""
    n = zeros + positive
    share = zeros / n
    if share <= expected:
        return ZeroFit(0.0, 0.0)
    hurdle = zeros * math.log(share) + positive * math.log(positive / n)
    return ZeroFit(max(0.0, 2 * (hurdle + gain)), (share - expected) / (1 - expected))


def _best(loglik: Callable[[float], float]) -> tuple[float, float]:
    """The greatest log-likelihood over all dispersions, and where: the best start, and then between its neighbours."""
    from scipy.optimize import minimize_scalar

    found = [loglik(math.exp(start)) for start in _STARTS]
    at = int(np.argmax(found))
    near = (_STARTS[max(at - 1, 0)], _STARTS[min(at + 1, len(_STARTS) - 1)])
    best = minimize_scalar(lambda log: -loglik(math.exp(log)), bounds=near, method="bounded", options={"xatol": 1e-4})
    return max((-float(best.fun), math.exp(best.x)), (found[at], math.exp(_STARTS[at])))


def _untruncated(average: float, alpha: float) -> float:
    """The mean of a law with zeros whose values above zero have this average."""
    from scipy.optimize import brentq

    def above(mean: float) -> float:
        return mean / _above_zero(mean, alpha) - average

    if above(_LEAST_MEAN) >= 0:
        return _LEAST_MEAN
    return float(brentq(above, _LEAST_MEAN, average, xtol=1e-15, rtol=1e-12))


def _loglik(y: Floats, rows: Floats, mean: float, alpha: float) -> float:
    from scipy.special import gammaln

    size = 1 / alpha
    chance = gammaln(y + size) - gammaln(size) - gammaln(y + 1) + y * math.log(mean / (mean + size))
    return float((chance - size * math.log1p(mean / size)) @ rows)


def _truncated(y: Floats, rows: Floats, mean: float, alpha: float) -> float:
    return _loglik(y, rows, mean, alpha) - float(rows.sum()) * math.log(_above_zero(mean, alpha))


def _above_zero(mean: float, alpha: float) -> float:
    return -math.expm1(-math.log1p(mean * alpha) / alpha)
