"""Losses of a residual: what it costs to miss a number."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from .arrays import numbers
from .blocks import Caution, Column
from .core import CONTEXT, CONTROLLED, KINK, MODERATE, NO, YES, About
from .domains import ABOVE_MINUS_ONE, REALS, Array
from .errors import InvalidShape
from .layouts import Elementwise
from .params import Param
from .special import bounded, log1p_square, log_cosh

REGRESSION = ("regression",)
ANY = {"y_true": REALS, "y_pred": REALS}
MACHINE_EPS = float(np.finfo(np.float64).eps)
ZERO = 1e-20  # an exponent this small does not change a bit


class MSE(Elementwise):
    """The squared residual: a miss twice as far costs four times as much.

    Twice the half squared error that boosters minimise.

    >>> MSE()([3, -0.5, 2, 7], [2.5, 0, 2, 8])
    0.375
    """

    about = About(
        id="mse", aliases=("squared_error", "l2", "mean_squared_error"), title="MSE", tasks=REGRESSION,
        traits=("variance:0",),
        elicits="mean", convex=YES, differentiable=YES, robust=NO, unit="target²", inputs=ANY,
        formula="(y − ŷ)²", source="Gauss 1809, Theoria motus corporum coelestium",
        differs="optax.l2_loss is half of it, and so is what XGBoost and LightGBM descend.",
    )  # fmt: skip

    def value(self, y: Array, z: Array) -> Array:
        miss = y - z
        return miss * miss

    def slope(self, y: Array, z: Array) -> Array:
        return 2 * (z - y)

    def curvature(self, y: Array, z: Array) -> Array:
        return np.full_like(z, 2)


class MAE(Elementwise):
    """The absolute residual: each further unit of a miss costs the same.

    >>> MAE()([3, -0.5, 2, 7], [2.5, 0, 2, 8])
    0.5
    """

    about = About(
        id="mae", aliases=("absolute_error", "l1", "mean_absolute_error"), title="MAE", tasks=REGRESSION,
        traits=("median",),
        elicits="median", convex=YES, differentiable=KINK, robust=YES, unit="target", inputs=ANY,
        formula="|y − ŷ|", source="Laplace 1774; Koenker & Bassett 1978, doi:10.2307/1913643",
        note="Robust to outliers in y only, not to leverage points in x.",
    )  # fmt: skip

    def value(self, y: Array, z: Array) -> Array:
        return np.abs(y - z)

    def slope(self, y: Array, z: Array) -> Array:
        return np.sign(z - y)

    def curvature(self, y: Array, z: Array) -> Array:
        return np.zeros_like(z)


class Huber(Elementwise):
    """Squared near zero, linear beyond ``delta``: a wild miss pulls no harder than one of ``delta``.

    At ``delta -> inf`` it is half the squared error; divided by ``delta``, at ``delta -> 0``, the absolute error.

    >>> Huber(delta=1)([3, -0.5, 2, 7], [2.5, 0, 2, 8])
    0.1875
    """

    about = About(
        id="huber", title="Huber", tasks=REGRESSION, elicits="centre",
        traits=("corners", "bend"),
        convex=YES, differentiable=YES, robust=CONTROLLED, unit="target²", inputs=ANY,
        formula="e²/2 where |e| ≤ δ, else δ(|e| − δ/2)", source="Huber 1964, doi:10.1214/aoms/1177703732",
        note="The usual table says unit target; huber(c·delta, c·e) = c²·huber, so target². Once, not twice, "
        "differentiable. Robustness is set by delta.",
        differs="LightGBM calls delta alpha; in scikit-learn's GradientBoostingRegressor alpha is a quantile of "
        "the residuals.",
    )  # fmt: skip
    delta: Annotated[float, Param("the residual beyond which cost grows linearly", above=0, in_target_units=True)] = 1.0

    def value(self, y: Array, z: Array) -> Array:
        miss = np.abs(y - z)
        near = np.minimum(miss, self.delta)
        return near * (miss - near / 2)

    def slope(self, y: Array, z: Array) -> Array:
        return np.clip(z - y, -self.delta, self.delta)

    def curvature(self, y: Array, z: Array) -> Array:
        return (np.abs(y - z) <= self.delta).astype(z.dtype)


class SmoothL1(Elementwise):
    """The absolute residual with its corner rounded off within ``beta``.

    Exactly ``huber(delta=beta) / beta``; at ``beta=0`` it is the absolute error.

    >>> SmoothL1(beta=1)([3, -0.5, 2, 7], [2.5, 0, 2, 8])
    0.1875
    """

    about = About(
        id="smooth_l1", title="Smooth L1", tasks=("regression", "boxes"),
        traits=("corners", "bend"),
        elicits="centre", convex=YES, differentiable=YES, robust=YES, unit="target",
        inputs=ANY, formula="e²/(2β) where |e| < β, else |e| − β/2", source="Girshick 2015, arXiv:1504.08083",
        note="Exactly huber(delta=beta)/beta.",
    )  # fmt: skip
    beta: Annotated[
        float, Param("the residual within which the corner is rounded", at_least=0, in_target_units=True)
    ] = 1.0

    def value(self, y: Array, z: Array) -> Array:
        miss = np.abs(y - z)
        if self.beta == 0:
            return miss
        near = np.minimum(miss, self.beta)
        return near / self.beta * (miss - near / 2)

    def slope(self, y: Array, z: Array) -> Array:
        return np.sign(z - y) if self.beta == 0 else np.clip((z - y) / self.beta, -1, 1)

    def curvature(self, y: Array, z: Array) -> Array:
        if self.beta == 0:
            return np.zeros_like(z)
        return (np.abs(y - z) <= self.beta).astype(z.dtype) / z.dtype.type(self.beta)


class LogCosh(Elementwise):
    """A smooth Huber: squared well within ``scale``, linear well beyond it, twice differentiable throughout.

    ``e²/2`` near zero at any scale; ``scale·|e| − scale²·log 2`` far out.

    >>> round(LogCosh()([3, -0.5, 2, 7], [2.5, 0, 2, 8]), 9)
    0.168502461
    """

    about = About(
        id="log_cosh", aliases=("logcosh",), title="Log-cosh", tasks=REGRESSION,
        traits=("bend",),
        elicits="centre", convex=YES, differentiable=YES, robust=MODERATE,
        unit="target²", inputs=ANY, formula="s² log cosh(e/s)", source="Green 1990, doi:10.1109/42.52985",
        note="The usual table says unit target; at fixed scale it is not homogeneous, and with scale in the target's "
        "unit it is target². Influence is bounded as Huber's at delta = scale.",
        differs="Keras and optax have no scale: theirs is the one at scale 1, whatever the unit of y.",
    )  # fmt: skip
    scale: Annotated[float, Param("the residual at which square turns into line", above=0, in_target_units=True)] = 1.0

    def value(self, y: Array, z: Array) -> Array:
        ratio = (y - z) / self.scale
        cost = self.scale * (self.scale * log_cosh(ratio))
        return np.where(np.isfinite(ratio), cost, self.scale * np.abs(y - z)) if self.scale < 1 else cost

    def slope(self, y: Array, z: Array) -> Array:
        return self.scale * np.tanh((z - y) / self.scale)

    def curvature(self, y: Array, z: Array) -> Array:
        miss = np.abs((z - y) / self.scale)
        fall = np.exp(-2 * miss)
        return 4 * fall / np.square(1 + fall)


class PseudoHuber(Elementwise):
    """A smooth Huber with an algebraic bend: squared near zero, linear with slope ``delta`` far out.

    >>> round(PseudoHuber(delta=1)([0], [2]), 9)
    1.236067977
    """

    about = About(
        id="pseudo_huber", aliases=("charbonnier",), title="Pseudo-Huber", tasks=REGRESSION,
        traits=("bend",),
        elicits="centre", convex=YES, differentiable=YES, robust=CONTROLLED,
        unit="target²", inputs=ANY, formula="δ²(√(1 + (e/δ)²) − 1)",
        source="Charbonnier et al. 1997, doi:10.1109/83.551699",
    )  # fmt: skip
    delta: Annotated[float, Param("the slope far out, and where it bends", above=0, in_target_units=True)] = 1.0

    def value(self, y: Array, z: Array) -> Array:
        miss = np.abs(y - z)
        ratio = bounded(miss / self.delta)
        return self.delta * (miss * (ratio / (1 + np.hypot(1, ratio))))

    def slope(self, y: Array, z: Array) -> Array:
        ratio = bounded((z - y) / self.delta)
        return self.delta * (ratio / np.hypot(1, ratio))

    def curvature(self, y: Array, z: Array) -> Array:
        root = np.hypot(1, (z - y) / self.delta)
        return 1 / root / root / root


class Quantile(Elementwise):
    """Tilted absolute error: a miss above costs ``tau``, a miss below ``1 - tau``.

    Half the absolute error at ``tau=0.5``. With a list of taus, ``y_pred`` has one column for each.

    >>> Quantile(tau=0.9)([1, 5], [5, 1])
    2.0
    """

    about = About(
        id="quantile", aliases=("pinball",), title="Pinball (quantile)", tasks=("regression", "forecasting"),
        elicits="quantile", convex=YES, differentiable=KINK, robust=YES, unit="target", inputs=ANY,
        formula="max(τe, (τ − 1)e)", source="Koenker & Bassett 1978, doi:10.2307/1913643",
        differs="LightGBM and CatBoost call tau alpha, XGBoost quantile_alpha; LightGBM's is 0.9 unless it is set.",
    )  # fmt: skip
    tau: Annotated[
        float | tuple[float, ...], Param("the quantile wanted, or one for each column", above=0, below=1)
    ] = 0.5

    def arrange(self, y_true: Any, y_pred: Any) -> tuple[Column | None, ...]:
        if not isinstance(self.tau, tuple):
            return tuple(super().arrange(y_true, y_pred))
        y, z = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        if y.ndim != 1:
            raise InvalidShape(f"y_true must be flat, got shape {list(y.shape)}", field="y_true", got=list(y.shape))
        if z.shape != (len(y), len(self.tau)):
            expected = [len(y), len(self.tau)]
            raise InvalidShape(
                f"y_pred must have a column for each tau, {expected}, got {list(z.shape)}",
                field="y_pred", expected=expected, got=list(z.shape),
            )  # fmt: skip
        return Column("y_true", y[:, None], REALS), Column("y_pred", z, REALS)

    def _tau(self, z: Array) -> Array:
        return np.asarray(self.tau, dtype=z.dtype)

    def value(self, y: Array, z: Array) -> Array:
        miss, tau = y - z, self._tau(z)
        return np.maximum(tau * miss, (tau - 1) * miss)

    def slope(self, y: Array, z: Array) -> Array:
        return (z > y) - self._tau(z) * (z != y)

    def curvature(self, y: Array, z: Array) -> Array:
        return np.zeros_like(z)


class Expectile(Elementwise):
    """Tilted squared error: a squared miss above costs ``tau``, one below ``1 - tau``.

    Half the squared error at ``tau=0.5``.

    >>> round(Expectile(tau=0.8)([1, 5], [5, 1]), 9)
    8.0
    """

    about = About(
        id="expectile", title="Expectile", tasks=("regression", "forecasting"), elicits="expectile", convex=YES,
        traits=("corners",),
        differentiable=YES, robust=NO, unit="target²", inputs=ANY, formula="|τ − 1(e < 0)| e²",
        source="Newey & Powell 1987, doi:10.2307/1911031",
    )  # fmt: skip
    tau: Annotated[float, Param("the expectile wanted", above=0, below=1)] = 0.5

    def _tilt(self, y: Array, z: Array) -> Array:
        return self.tau + (1 - 2 * self.tau) * (y < z).astype(z.dtype)

    def value(self, y: Array, z: Array) -> Array:
        miss = y - z
        return self._tilt(y, z) * miss * miss

    def slope(self, y: Array, z: Array) -> Array:
        return 2 * self._tilt(y, z) * (z - y)

    def curvature(self, y: Array, z: Array) -> Array:
        return 2 * self._tilt(y, z)


class MAPE(Elementwise):
    """The absolute residual as a share of the true value; a fraction, not per cent.

    At ``y = 0`` the share is of ``eps``, and a warning says so. Favours low forecasts.

    >>> round(MAPE()([100, 200, 300], [90, 210, 290]), 9)
    0.061111111
    """

    about = About(
        id="mape", aliases=("mean_absolute_percentage_error",), title="MAPE", tasks=REGRESSION,
        elicits="relative_median", convex=YES, differentiable=KINK, robust=YES, unit="fraction", inputs=ANY,
        formula="|y − ŷ| / max(|y|, ε)", source="Gneiting 2011, doi:10.1198/jasa.2011.r10138",
        note="Undefined at y = 0.",
        differs="Keras tells percent, 100 times as much; LightGBM and CatBoost divide by max(1, |y|).",
    )  # fmt: skip
    cautions = (
        Caution(
            "MAPE_ZERO",
            lambda y, z: y == 0,
            "{count} of {n} targets are 0: their share is taken of eps, and they rule the result",
        ),
    )
    eps: Annotated[float, Param("the least |y| to divide by", above=0)] = MACHINE_EPS

    def _size(self, y: Array) -> Array:
        return np.maximum(np.abs(y), y.dtype.type(max(self.eps, float(np.finfo(y.dtype).tiny))))

    def value(self, y: Array, z: Array) -> Array:
        return np.abs(y - z) / self._size(y)

    def slope(self, y: Array, z: Array) -> Array:
        return np.sign(z - y) / self._size(y)

    def curvature(self, y: Array, z: Array) -> Array:
        return np.zeros_like(z)


class SMAPE(Elementwise):
    """The absolute residual as a share of the mean size of truth and prediction; from 0 to 2.

    >>> round(SMAPE()([1, 0], [3, 0]), 9)
    0.5
    """

    about = About(
        id="smape", aliases=("symmetric_mape",), title="Symmetric MAPE", tasks=("regression", "forecasting"),
        elicits="near_median", convex=NO, differentiable=KINK, robust=YES, unit="fraction", inputs=ANY,
        formula="2|y − ŷ| / (|y| + |ŷ|), 0/0 = 0", source="Makridakis 1993, doi:10.1016/0169-2070(93)90079-3",
        differs="Half of it, with |y| + |ŷ| below |e|, goes by the same name, and so does either in percent.",
    )  # fmt: skip

    def value(self, y: Array, z: Array) -> Array:
        largest, smallest = np.maximum(np.abs(y), np.abs(z)), np.minimum(np.abs(y), np.abs(z))
        largest = np.where(largest > 0, largest, 1)  # sums of the two could overflow
        return np.minimum(2 * (np.abs(y - z) / largest / (1 + smallest / largest)), 2)

    def slope(self, y: Array, z: Array) -> Array:
        size = np.abs(y) + np.abs(z)
        safe = np.where(size > 0, size, 1)
        alike = 1 + np.sign(y) * np.sign(z)  # of opposite signs every prediction costs 2
        return 2 * alike * np.sign(z - y) * (np.abs(y) / safe / safe)

    def curvature(self, y: Array, z: Array) -> Array:
        size = np.abs(y) + np.abs(z)
        return -2 * np.sign(z) / np.where(size > 0, size, 1) * self.slope(y, z)


class MSLE(Elementwise):
    """The squared residual of log(1 + y): misses are judged as ratios, and low ones cost more.

    >>> round(MSLE()([100, 200, 300], [90, 210, 290]), 9)
    0.004789778
    """

    about = About(
        id="msle", aliases=("mean_squared_log_error", "squared_log_error"), title="MSLE", tasks=REGRESSION,
        elicits="geometric_mean", convex=NO, differentiable=YES, robust=MODERATE, unit="log²",
        inputs={"y_true": ABOVE_MINUS_ONE, "y_pred": ABOVE_MINUS_ONE}, formula="(log(1 + y) − log(1 + ŷ))²",
        source="scikit-learn user guide, mean_squared_log_error",
        note="Not convex beyond ŷ = e(1 + y) − 1. Elicits a geometric mean, below the mean.",
        differs="Keras raises what lies below 0 to 0 before the logarithm.",
    )  # fmt: skip

    def _miss(self, y: Array, z: Array) -> Array:
        """log(1 + z) - log(1 + y), from the ratio above 1 of the larger to the smaller: no digits cancel."""
        return np.copysign(np.log1p(np.abs(z - y) / (1 + np.minimum(y, z))), z - y)

    def value(self, y: Array, z: Array) -> Array:
        return np.square(self._miss(y, z))

    def slope(self, y: Array, z: Array) -> Array:
        return 2 * self._miss(y, z) / (1 + z)

    def curvature(self, y: Array, z: Array) -> Array:
        return 2 * (1 - self._miss(y, z)) / (1 + z) / (1 + z)


class Cauchy(Elementwise):
    """A squared residual that flattens to a logarithm beyond ``c``: wild misses hardly pull at all.

    The Student-t likelihood at one degree of freedom, up to scale and constant.

    >>> round(Cauchy()([0], [1]), 9)
    0.34657359
    """

    about = About(
        id="cauchy", aliases=("lorentzian",), title="Cauchy", tasks=REGRESSION, elicits="centre",
        traits=("redescending",),
        convex=NO, differentiable=YES, robust=YES, unit="target²", inputs=ANY, formula="c²/2 · log(1 + (e/c)²)",
        source="Black & Anandan 1996, doi:10.1006/cviu.1996.0006",
    )  # fmt: skip
    c: Annotated[float, Param("the residual beyond which cost grows as a logarithm", above=0, in_target_units=True)] = (
        1.0
    )

    def value(self, y: Array, z: Array) -> Array:
        ratio = (y - z) / self.c
        growth = log1p_square(ratio) / 2
        if self.c < 1:
            growth = np.where(np.isfinite(ratio), growth, np.log(np.abs(y - z)) - np.log(self.c))
        return self.c * (self.c * growth)

    def slope(self, y: Array, z: Array) -> Array:
        u = bounded((z - y) / self.c)
        root = np.hypot(1, u)
        return self.c * (u / root / root)

    def curvature(self, y: Array, z: Array) -> Array:
        u = bounded((z - y) / self.c)
        root = np.hypot(1, u)
        return (1 - u) / root * ((1 + u) / root) / root / root


class GeneralRobust(Elementwise):
    """Barron's family: ``alpha`` turns one dial from squared (2) over Charbonnier (1) and Cauchy (0) to Welsch (-inf).

    >>> round(GeneralRobust(alpha=1)([0], [1]), 9)
    0.414213562
    """

    about = About(
        id="general_robust", aliases=("barron",), title="General robust (Barron)", tasks=REGRESSION,
        traits=("redescending",),
        elicits="centre", convex=CONTEXT, differentiable=YES,
        robust=CONTROLLED, unit="unitless", inputs=ANY, formula="|α − 2|/α · (((e/c)²/|α − 2| + 1)^(α/2) − 1)",
        source="Barron 2019, arXiv:1701.03077", note="Convex for alpha of at least 1.",
    )  # fmt: skip
    alpha: Annotated[float, Param("the shape: 2 squared, 1 Charbonnier, 0 Cauchy, -inf Welsch", infinite=True)] = 1.0
    c: Annotated[float, Param("the residual within which it is squared", above=0, in_target_units=True)] = 1.0

    def _growth(self, e: Array) -> Array:
        square = abs(self.alpha - 2)
        ratio = e / self.c / np.sqrt(square)
        growth = log1p_square(ratio)
        if self.c * square >= 1:
            return growth
        beyond = 2 * (np.log(np.abs(e)) - np.log(self.c)) - np.log(square)
        return np.where(np.isfinite(ratio), growth, beyond)

    def value(self, y: Array, z: Array) -> Array:
        e, alpha = y - z, self.alpha
        u = e / self.c
        if alpha == 2:
            return u * u / 2
        if abs(alpha) < ZERO:
            return self._growth(e)
        if np.isinf(alpha):
            return np.copysign(np.expm1(np.copysign(u * u / 2, alpha)), 1)
        return abs(alpha - 2) / alpha * np.expm1(alpha / 2 * self._growth(e))

    def _root_of_damping(self, e: Array) -> Array:
        """The slope is e/c² times its square: taken one by one, neither leaves the range before the slope does."""
        if self.alpha == 2:
            return np.ones_like(e)
        if np.isinf(self.alpha):
            u = bounded(e / self.c)
            return np.exp(np.copysign(u * u / 4, self.alpha))
        return np.exp((self.alpha - 2) / 4 * self._growth(e))

    def slope(self, y: Array, z: Array) -> Array:
        e = bounded(z - y)
        root = self._root_of_damping(e)
        return e * root / self.c * (root / self.c)

    def curvature(self, y: Array, z: Array) -> Array:
        e, alpha = bounded(np.abs(z - y)), self.alpha
        u, damping = bounded(e / self.c), np.square(self._root_of_damping(e) / self.c)
        if alpha == 2:
            return damping
        if np.isinf(alpha):
            return (1 + u) * damping * (1 - u) if alpha < 0 else damping * (1 + u * u)
        middle = np.sqrt(abs(alpha - 2))
        whole = np.hypot(middle, u)
        return (np.square(middle / whole) + (alpha - 1) * np.square(u / whole)) * damping
