"""Losses of forecasts that say how sure they are: a density, a spread, an interval."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np

from .blocks import Caution
from .core import KINK, NO, NOT_FOCUS, YES, About
from .domains import NONNEGATIVE, POSITIVE, REALS, Array
from .layouts import Heads
from .params import Param
from .special import bounded, log1p_square

UNCERTAINTY = ("uncertainty", "regression")


class GaussianNLL(Heads):
    """The surprise at a value under a normal forecast: a miss costs most where the forecast was sure.

    Half the squared error, up to a constant, where the variance is 1. The mean must come with its own variance.

    >>> round(GaussianNLL()([0, 1], {"mean": [0, 1.5], "var": [1, 0.25]}), 9)
    -0.09657359
    """

    about = About(
        id="gaussian_nll", title="Gaussian NLL", tasks=UNCERTAINTY, elicits="distribution", convex=YES,
        traits=("likelihood", "normal"),
        differentiable=YES, robust=NOT_FOCUS, unit="nats", zero=False,
        inputs={"y_true": REALS, "mean": REALS, "var": NONNEGATIVE},
        formula="½(log v + (y − m)²/v) (+ ½ log 2π), v = max(var, ε)",
        source="Nix & Weigend 1994, doi:10.1109/ICNN.1994.374138",
        note="Convex in the mean at a fixed variance only, not jointly.",
    )  # fmt: skip
    full: Annotated[bool, Param("whether to add ½ log 2π, so that the value is the full likelihood")] = False
    eps: Annotated[float, Param("the least variance", at_least=0)] = 1e-6

    def _floor(self, var: Array) -> Array:
        return np.maximum(var, var.dtype.type(self.eps))

    def value(self, y: Array, mean: Array, var: Array) -> Array:
        v = self._floor(var)
        cost = (np.log(v) + np.square((y - mean) / np.sqrt(v))) / 2
        return cost + np.log(2 * np.pi) / 2 if self.full else cost

    def slope(self, y: Array, mean: Array, var: Array) -> tuple[Array, Array]:
        v = self._floor(var)
        spread = np.sqrt(v)
        u = np.abs(y - mean) / spread
        return (mean - y) / v, np.where(var >= self.eps, (1 - u) / spread * ((1 + u) / spread) / 2, 0)

    def curvature(self, y: Array, mean: Array, var: Array) -> tuple[Array, Array]:
        v = self._floor(var)
        u, level = np.abs(y - mean) / np.sqrt(v), math.sqrt(0.5)
        return 1 / v, np.where(var >= self.eps, (u - level) / v * ((u + level) / v), 0)


class StudentTNLL(Heads):
    """The surprise at a value under a heavy-tailed forecast: far misses cost only as their logarithm.

    Tends to the Gaussian NLL as ``df`` grows; at ``df=1`` it is the Cauchy likelihood.

    >>> round(StudentTNLL(df=4)([0], {"mean": [0], "scale": [1]}), 9)
    0.980829253
    """

    about = About(
        id="student_t_nll", aliases=("student_t",), title="Student-t NLL", tasks=UNCERTAINTY,
        traits=("likelihood", "heavy"),
        elicits="distribution", convex=NO, differentiable=YES, robust=YES, unit="nats",
        zero=False, inputs={"y_true": REALS, "mean": REALS, "scale": POSITIVE},
        formula="−log t_ν((y − m)/s) + log s", source="Lange, Little & Taylor 1989, doi:10.2307/2290063",
    )  # fmt: skip
    df: Annotated[float, Param("degrees of freedom: the fewer, the heavier the tails", above=0)] = 4.0

    def value(self, y: Array, mean: Array, scale: Array) -> Array:
        from scipy.special import betaln

        constant = y.dtype.type(betaln(self.df / 2, 0.5) + np.log(self.df) / 2)
        ratio = (y - mean) / scale / np.sqrt(self.df)
        beyond = 2 * (np.log(np.abs(y - mean)) - np.log(scale)) - np.log(self.df)
        far = np.where(np.isfinite(ratio), log1p_square(ratio), beyond)
        return constant + np.log(scale) + (self.df + 1) / 2 * far

    def _pull(self, y: Array, mean: Array, scale: Array) -> tuple[Array, Array]:
        """The residual, and the root of its square and ``df`` of the scale's: ratios of these stay in range."""
        off = bounded(mean - y)
        return off, np.hypot(np.sqrt(self.df) * scale, off)

    def slope(self, y: Array, mean: Array, scale: Array) -> tuple[Array, Array]:
        off, root = self._pull(y, mean, scale)
        in_scale = self.df * ((scale - off) / root * ((scale + off) / root)) / scale
        return (self.df + 1) * (off / root) / root, in_scale

    def curvature(self, y: Array, mean: Array, scale: Array) -> tuple[Array, Array]:
        off, root = self._pull(y, mean, scale)
        share, level = np.square(off / root), np.sqrt(self.df) * scale
        in_mean = (self.df + 1) * ((level - off) / root * ((level + off) / root))
        in_scale = (self.df + 1) * share * (3 - 2 * share) - 1
        return in_mean / root / root, in_scale / scale / scale


class CRPSGaussian(Heads):
    """The area between a normal forecast and what came: the absolute error, made fair to forecasts with a spread.

    At ``sigma -> 0`` it is the absolute error.

    >>> round(CRPSGaussian()([0], {"mean": [0], "sigma": [1]}), 9)
    0.233694977
    """

    about = About(
        id="crps_gaussian", aliases=("crps",), title="CRPS (Gaussian)", tasks=UNCERTAINTY,
        elicits="distribution", convex=YES, differentiable=YES, robust=YES, unit="target", zero=False,
        inputs={"y_true": REALS, "mean": REALS, "sigma": POSITIVE},
        formula="σ(ω(2Φ(ω) − 1) + 2φ(ω) − 1/√π), ω = (y − m)/σ",
        source="Gneiting & Raftery 2007, doi:10.1198/016214506000001437",
        note="sigma is the standard deviation, not the variance. Convex in the mean at a fixed sigma.",
    )  # fmt: skip

    def value(self, y: Array, mean: Array, sigma: Array) -> Array:
        w = (y - mean) / sigma
        return (y - mean) * _coverage(w) + sigma * (2 * _density(w) - 1 / np.sqrt(np.pi))

    def slope(self, y: Array, mean: Array, sigma: Array) -> tuple[Array, Array]:
        w = (y - mean) / sigma
        return -_coverage(w), 2 * _density(w) - 1 / np.sqrt(np.pi)

    def curvature(self, y: Array, mean: Array, sigma: Array) -> tuple[Array, Array]:
        w = bounded((y - mean) / sigma)
        bend = 2 * _density(w) / sigma
        return bend, bend * w * w


def _coverage(w: Array) -> Array:
    from scipy.special import erf

    found: Array = erf(w / np.sqrt(2))
    return found


def _density(w: Array) -> Array:
    return np.exp(-w * w / 2) / np.sqrt(2 * np.pi)


class IntervalScore(Heads):
    """The width of an interval, plus ``2/alpha`` for each unit by which the truth lies outside it.

    ``2/alpha`` times the sum of the pinball losses of its ends, at ``alpha/2`` and ``1 - alpha/2``.

    >>> IntervalScore(alpha=0.5)([1, 5], {"lower": [0, 0], "upper": [2, 4]})
    5.0
    """

    about = About(
        id="interval_score", aliases=("winkler_score",), title="Interval score (Winkler)", tasks=UNCERTAINTY,
        elicits="interval", convex=YES, differentiable=KINK, robust=YES, unit="target",
        inputs={"y_true": REALS, "lower": REALS, "upper": REALS},
        formula="(u − l) + 2/α·(l − y)₊ + 2/α·(y − u)₊",
        source="Gneiting & Raftery 2007, doi:10.1198/016214506000001437",
    )  # fmt: skip
    cautions = (
        Caution(
            "CROSSED_INTERVAL",
            lambda y, lower, upper: lower > upper,
            "{count} of {n} intervals have their lower end above the upper one; they are scored as they stand",
        ),
    )
    alpha: Annotated[float, Param("the share of truths allowed outside the interval", above=0, below=1)] = 0.1

    def value(self, y: Array, lower: Array, upper: Array) -> Array:
        outside = np.maximum(lower - y, 0) + np.maximum(y - upper, 0)
        return (upper - lower) + 2 / self.alpha * outside

    def slope(self, y: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
        fine = 2 / self.alpha
        return fine * (y < lower).astype(y.dtype) - 1, 1 - fine * (y > upper).astype(y.dtype)

    def curvature(self, y: Array, lower: Array, upper: Array) -> tuple[Array, Array]:
        return np.zeros_like(lower), np.zeros_like(upper)
