"""Losses of counts and amounts: the cost of a rate or mean that must be positive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np

from .core import NO, NOT_FOCUS, YES, About
from .domains import NONNEGATIVE, POSITIVE, REALS, Array, Domain
from .layouts import Elementwise
from .params import Param
from .special import expm1_less, stirling_gap, times, xlogy

INFINITE = 1e4  # a logarithm of what has no float
COUNTS = ("count_regression", "regression")


class PoissonNLL(Elementwise):
    """The surprise at a count under the predicted rate: a low rate for a large count costs most.

    ``y_pred`` is the rate; with ``log_input`` its logarithm. Differs from half the Poisson deviance by a term in y.

    >>> round(PoissonNLL()([2, 0, 4], [1.5, 0.5, 3]), 9)
    -0.06845979
    """

    about = About(
        id="poisson_nll", aliases=("poisson",), title="Poisson NLL", tasks=COUNTS, elicits="mean", convex=YES,
        traits=("variance:1",),
        differentiable=YES, robust=NOT_FOCUS, unit="nats", inputs={"y_true": NONNEGATIVE, "y_pred": NONNEGATIVE},
        formula="ŷ − y log ŷ (+ log y!)", source="Nelder & Wedderburn 1972, doi:10.2307/2344614", zero=False,
        note="Convex in the rate and in the log rate. Not robust.",
        differs="torch reads y_pred as the log rate unless told otherwise (log_input).",
    )  # fmt: skip
    log_input: Annotated[bool, Param("whether y_pred is the logarithm of the rate")] = False
    full: Annotated[bool, Param("whether to add log y!, so that the value is the full likelihood")] = False
    eps: Annotated[float, Param("added to the rate inside the logarithm", at_least=0)] = 0.0

    @property
    def inputs(self) -> Mapping[str, Domain]:
        return {"y_true": NONNEGATIVE, "y_pred": REALS if self.log_input else NONNEGATIVE}

    def value(self, y: Array, z: Array) -> Array:
        if self.full:
            return self._above_best(y, z) + stirling_gap(y)
        if self.log_input:
            return np.exp(z) - y * np.where(z > INFINITE, 0, z)
        return z - xlogy(y, z + z.dtype.type(self.eps))

    def _above_best(self, y: Array, z: Array) -> Array:
        """The surprise beyond that at the best rate, which is y: large terms that nearly cancel are never formed."""
        if self.log_input:
            off = np.where(y > 0, z - np.log(np.where(y > 0, y, 1)), np.inf)
            far = np.exp(z) - times(y, 1 + off)
            return np.where(off > 1, far, y * expm1_less(np.minimum(off, 1)))
        rate = z + z.dtype.type(self.eps)
        deviance = PoissonDeviance().value(y, np.where(rate > 0, rate, 1))
        return np.where(rate > 0, deviance / 2, np.where(y > 0, np.inf, 0)) - z.dtype.type(self.eps)

    def slope(self, y: Array, z: Array) -> Array:
        if self.log_input:
            return np.exp(z) - y
        rate = z + z.dtype.type(self.eps)
        return np.where(y == 0, 1, ((z - y) + z.dtype.type(self.eps)) / rate)

    def curvature(self, y: Array, z: Array) -> Array:
        if self.log_input:
            return np.exp(z)
        rate = z + z.dtype.type(self.eps)
        return _share(_share(y, rate), rate)


class Deviance(Elementwise):
    """A Tweedie deviance: a miss judged against the spread of a mean of that size, variance as mean to the ``p``."""

    @property
    def p(self) -> float:
        """The power of the variance."""
        raise NotImplementedError

    def value(self, y: Array, z: Array) -> Array:
        if self.p == 0:
            return np.square(y - z)
        r = (y - z) / z
        near = np.abs(r) < 0.02
        ratio = np.sqrt(np.maximum(y, 0)) / np.sqrt(z)  # in range where y / z is not
        log = np.where(np.abs(r) < 0.5, np.log1p(r), 2 * np.log(ratio))
        close = _series(np.where(near, r, 0), self.p)
        if self.p <= 1.5:  # this one is regular at 1, the other at 2
            far = (times(y, _growth(log, 1 - self.p)) + (z - y)) / (2 - self.p)
            return 2 * (_power(z, 2 - self.p) / z) * np.where(near, z * close, far)
        far = (r - _growth(log, 2 - self.p)) / (self.p - 1)
        found = 2 * _power(z, 2 - self.p) * np.where(near, close, far)
        if self.p > 2:  # what is left where the power of the ratio is infinite
            tiny = 2 / (self.p - 1) / (self.p - 2) * _power(y, 2 - self.p)
            found = np.where(np.isfinite(far) | (y > z), found, tiny)
        return np.where(np.isfinite(r), found, 2 / (self.p - 1) * y * _power(z, 1 - self.p))

    def _damped(self, x: Array, z: Array) -> Array:
        """``x`` times ``z^(1 - p)``, a steep power in two steps: it could leave the range alone."""
        if self.p <= 2:
            return x * _power(z, 1 - self.p)
        half = _power(z, (1 - self.p) / 2)
        return times(times(x, half), half)

    def slope(self, y: Array, z: Array) -> Array:
        return 2 * (z - y) if self.p == 0 else 2 * self._damped((z - y) / z, z)

    def curvature(self, y: Array, z: Array) -> Array:
        if self.p == 0:
            return np.full_like(z, 2)
        return 2 * self._damped(((1 - self.p) + self.p * (y / z)) / z, z)


class PoissonDeviance(Deviance):
    """Twice the surprise beyond that of a perfect rate: a miss weighs less where counts are large anyway.

    Twice the Poisson NLL, less its value at ``y_pred = y_true``; the Tweedie deviance of power 1.

    >>> round(PoissonDeviance()([1, 2], [2, 2]), 9)
    0.306852819
    """

    about = About(
        id="poisson_deviance", title="Poisson deviance", tasks=COUNTS, elicits="mean", convex=YES, differentiable=YES,
        traits=("variance:1", "twin"),
        robust=NOT_FOCUS, unit="target", inputs={"y_true": NONNEGATIVE, "y_pred": POSITIVE},
        formula="2(y log(y/ŷ) − y + ŷ)", source="Nelder & Wedderburn 1972, doi:10.2307/2344614",
    )  # fmt: skip

    @property
    def p(self) -> float:
        return 1.0


class GammaDeviance(Deviance):
    """A miss as a share of the mean: being 10% off costs the same at any size.

    The Tweedie deviance of power 2.

    >>> round(GammaDeviance()([1], [2]), 9)
    0.386294361
    """

    about = About(
        id="gamma_deviance", aliases=("gamma",), title="Gamma deviance", tasks=("regression",), elicits="mean",
        traits=("variance:2",),
        convex=NO, differentiable=YES, robust=NOT_FOCUS, unit="unitless",
        inputs={"y_true": POSITIVE, "y_pred": POSITIVE}, formula="2(log(ŷ/y) + y/ŷ − 1)",
        source="McCullagh & Nelder 1989, doi:10.1007/978-1-4899-3242-6",
        note="Convex in the log of the mean; in the mean itself not beyond ŷ = 2y.",
    )  # fmt: skip

    @property
    def p(self) -> float:
        return 2.0


class TweedieDeviance(Deviance):
    """A miss judged against the spread of a mean of that size; powers between 1 and 2 fit amounts with exact zeros.

    Power 0 is the squared error, 1 the Poisson and 2 the gamma deviance.

    >>> round(TweedieDeviance(power=1.5)([4, 0], [1, 1]), 9)
    4.0
    """

    about = About(
        id="tweedie_deviance", aliases=("tweedie",), title="Tweedie deviance", tasks=COUNTS, elicits="mean",
        traits=("variance:1.5",),
        convex=NO, differentiable=YES, robust=NOT_FOCUS, unit="target^(2 − power)",
        inputs={"y_true": NONNEGATIVE, "y_pred": POSITIVE},
        formula="2(y^(2−p)/((1−p)(2−p)) − y ŷ^(1−p)/(1−p) + ŷ^(2−p)/(2−p))",
        source="Jørgensen 1987, doi:10.1111/j.2517-6161.1987.tb01685.x",
        note="For powers from 1 to 2 convex in the log of the mean, not in the mean.",
    )  # fmt: skip
    power: Annotated[float, Param("variance grows as the mean to this power", not_between=(0, 1))] = 1.5

    @property
    def p(self) -> float:
        return self.power

    @property
    def inputs(self) -> Mapping[str, Domain]:
        if self.power == 0:
            return {"y_true": REALS, "y_pred": REALS}
        target = REALS if self.power < 0 else NONNEGATIVE if self.power < 2 else POSITIVE
        return {"y_true": target, "y_pred": POSITIVE}


class NegativeBinomialNLL(Elementwise):
    """The surprise at a count whose spread exceeds Poisson's: variance ``mean + alpha * mean²``.

    Tends to the full Poisson NLL as ``alpha -> 0``. ``y_pred`` is the mean.

    >>> round(NegativeBinomialNLL(alpha=0.5)([2], [2.7202]), 9)
    1.721087223
    """

    about = About(
        id="negative_binomial_nll", aliases=("negative_binomial", "nb2"), title="Negative binomial NLL",
        traits=("overdispersed", "likelihood"),
        tasks=("count_regression", "regression", "uncertainty"), elicits="mean", convex=NO, differentiable=YES,
        robust=NOT_FOCUS, unit="nats", inputs={"y_true": NONNEGATIVE, "y_pred": POSITIVE},
        formula="−log NB(y; mean ŷ, variance ŷ + α ŷ²)", source="Hilbe 2011, doi:10.1017/CBO9780511973420", zero=False,
        differs="SciPy's nbinom takes n = 1/alpha and p = n/(n + mean).",
    )  # fmt: skip
    alpha: Annotated[float, Param("the dispersion: variance is mean + alpha * mean²", above=0)] = 1.0

    def value(self, y: Array, z: Array) -> Array:
        from scipy.special import betaln

        size, spread = y.dtype.type(1 / self.alpha), self.alpha * z
        ways: Array = betaln(size, y + 1) + np.log(size + y)
        return ways + size * np.log1p(spread) + y * np.log1p(1 / spread)

    def slope(self, y: Array, z: Array) -> Array:
        return (z - y) / z / (1 + self.alpha * z)

    def curvature(self, y: Array, z: Array) -> Array:
        whole = 1 + self.alpha * z
        return (y / z / z + self.alpha * (2 * (y / z) - 1)) / whole / whole


def _share(y: Array, rate: Array) -> Array:
    return np.where(y == 0, y, y / rate)


def _power(z: Array, exponent: float) -> Array | float:
    return z**exponent if exponent else 1.0


def _growth(log: Array, power: float) -> Array:
    """(t^power - 1) / power from log t; log t itself at power 0."""
    return log if power == 0 else np.expm1(power * log) / power


def _series(r: Array, p: float) -> Array:
    """The deviance of ``1 + r`` from a mean of 1, halved: its second derivative is (1 + r)^-p."""
    total, term = np.zeros_like(r), r * r / 2
    for k in range(10):
        total = total + term
        term = term * r * (-(p + k) / (k + 3))
    return total
