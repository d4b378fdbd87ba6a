"""The formulas that neural frameworks lack, written once over the few operations that all of them have.

``ops`` is a framework's table of operations, ``loss`` holds the parameters, ``y`` the truth and ``z`` the prediction,
or its parts in the order of the loss's inputs. Each returns the loss of each row or element; slopes come from the
framework's own differentiation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from ._structures import STRUCTURES

Formula = Callable[..., Any]
LEAST = 1e-30


def _share_of(ops: SimpleNamespace, part: Any, whole: Any) -> Any:
    return part / ops.at_least(whole, LEAST)


def mae(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return ops.abs(y - z)


def quantile(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    if isinstance(loss.tau, tuple):
        columns = [_tilted(ops, tau, y - z[..., i]) for i, tau in enumerate(loss.tau)]
        return sum(columns[1:], columns[0]) / len(columns)
    return _tilted(ops, loss.tau, y - z)


def _tilted(ops: Any, tau: float, miss: Any) -> Any:
    return tau * ops.relu(miss) + (1 - tau) * ops.relu(-miss)


def log_cosh(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    miss = ops.abs(y - z) / loss.scale
    return loss.scale * (loss.scale * (miss + ops.softplus(-2 * miss) - math.log(2)))


def pseudo_huber(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    square = ops.square((y - z) / loss.delta)
    return loss.delta**2 * (square / (1 + ops.sqrt(1 + square)))


def smooth_l1(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    miss = ops.abs(y - z)
    if loss.beta == 0:
        return miss
    near = miss - ops.relu(miss - loss.beta)
    return near / loss.beta * (miss - near / 2)


def expectile(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return loss.tau * ops.square(ops.relu(y - z)) + (1 - loss.tau) * ops.square(ops.relu(z - y))


def mape(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return ops.abs(y - z) / ops.at_least(ops.abs(y), loss.eps)


def smape(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return 2 * _share_of(ops, ops.abs(y - z), ops.abs(y) + ops.abs(z))


def msle(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return ops.square(ops.log1p(y) - ops.log1p(z))


def cauchy(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return loss.c**2 / 2 * ops.log1p(ops.square((y - z) / loss.c))


def general_robust(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    alpha, square = loss.alpha, ops.square((y - z) / loss.c)
    if alpha == 2:
        return square / 2
    if alpha == 0:
        return ops.log1p(square / 2)
    if alpha == -math.inf:
        return -ops.expm1(-square / 2)
    spread = abs(alpha - 2)
    return spread / alpha * ops.expm1(alpha / 2 * ops.log1p(square / spread))


def poisson_nll(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    cost = ops.exp(z) - y * z if loss.log_input else z - y * ops.log(ops.at_least(z + loss.eps, LEAST))
    return cost + ops.lgamma(y + 1) if loss.full else cost


def poisson_deviance(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return 2 * (y * (ops.log(ops.at_least(y, LEAST)) - ops.log(z)) - y + z)


def gamma_deviance(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return 2 * (ops.log(z) - ops.log(y) + y / z - 1)


def tweedie_deviance(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    p = loss.power
    if p in _POWERS:
        return _POWERS[p](ops, loss, y, z)
    own = ops.exp((2 - p) * ops.log(ops.at_least(y, LEAST))) / ((1 - p) * (2 - p))
    rate = ops.log(z)
    return 2 * (own - y * ops.exp((1 - p) * rate) / (1 - p) + ops.exp((2 - p) * rate) / (2 - p))


def _square(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return ops.square(y - z)


_POWERS: dict[float, Formula] = {0: _square, 1: poisson_deviance, 2: gamma_deviance}


def negative_binomial_nll(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    size, spread = 1 / loss.alpha, loss.alpha * z
    ways = ops.lgamma(y + 1) + math.lgamma(size) - ops.lgamma(y + size)
    return ways + size * ops.log1p(spread) + y * ops.log1p(1 / spread)


def gaussian_nll(ops: Any, loss: Any, y: Any, mean: Any, var: Any) -> Any:
    v = ops.at_least(var, loss.eps)
    cost = (ops.log(v) + ops.square(y - mean) / v) / 2
    return cost + math.log(2 * math.pi) / 2 if loss.full else cost


def student_t_nll(ops: Any, loss: Any, y: Any, mean: Any, scale: Any) -> Any:
    df = loss.df
    constant = math.lgamma(df / 2) + math.lgamma(0.5) - math.lgamma((df + 1) / 2) + math.log(df) / 2
    return constant + ops.log(scale) + (df + 1) / 2 * ops.log1p(ops.square((y - mean) / scale) / df)


def crps_gaussian(ops: Any, loss: Any, y: Any, mean: Any, sigma: Any) -> Any:
    w = (y - mean) / sigma
    density = ops.exp(-ops.square(w) / 2) / math.sqrt(2 * math.pi)
    return sigma * (w * ops.erf(w / math.sqrt(2)) + 2 * density - 1 / math.sqrt(math.pi))


def interval_score(ops: Any, loss: Any, y: Any, lower: Any, upper: Any) -> Any:
    return (upper - lower) + 2 / loss.alpha * (ops.relu(lower - y) + ops.relu(y - upper))


def bce_with_logits(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    y = y * (1 - loss.label_smoothing) + loss.label_smoothing / 2
    return loss.pos_weight * y * ops.softplus(-z) + (1 - y) * ops.softplus(z)


def brier(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    if len(z.shape) == len(y.shape) + 1:  # a probability for each class
        half = loss.scale_by_half if loss.scale_by_half != "auto" else z.shape[-1] <= 2
        return (ops.total(ops.square(z)) - 2 * ops.pick(z, y) + 1) * (0.5 if half else 1)
    return ops.square(z - y) * (2 if loss.scale_by_half is False else 1)


def hinge(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return ops.relu(1 - _sign(ops, y, z) * z)


def squared_hinge(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return ops.square(hinge(ops, loss, y, z))


def _sign(ops: Any, y: Any, z: Any) -> Any:
    return ops.where(y > 0, ops.ones_like(z), -ops.ones_like(z))


def focal(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    margin = (2 * y - 1) * z
    cost = ops.exp(-loss.gamma * ops.softplus(margin)) * ops.softplus(-margin)
    if loss.alpha is None:
        return cost
    scalar = loss.alpha_mode == "scalar"
    return cost * (loss.alpha if scalar else (1 - loss.alpha) + (2 * loss.alpha - 1) * y)


def asymmetric(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    p = ops.sigmoid(z)
    margin = ops.relu(p - loss.clip)
    left = ops.at_least(1 - margin, loss.eps)
    positive = ops.exp(-loss.gamma_pos * ops.softplus(z)) * -ops.log(ops.at_least(p, loss.eps))
    return y * positive - (1 - y) * margin**loss.gamma_neg * ops.log(left)


def focal_multiclass(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    log_p = ops.pick(ops.log_softmax(z), y)
    cost = -log_p * ops.at_least(-ops.expm1(log_p), LEAST) ** loss.gamma
    if isinstance(loss.alpha, tuple):
        return cost * ops.each(loss.alpha, y, z)
    return cost if loss.alpha is None else loss.alpha * cost


def generalized_cross_entropy(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return -ops.expm1(loss.q * ops.pick(ops.log_softmax(z), y)) / loss.q


def symmetric_cross_entropy(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    costs = -ops.log_softmax(z)
    p = ops.at_least(ops.exp(-costs), loss.eps)
    wrong = ops.total(p) - ops.pick(p, y)
    return loss.alpha * ops.pick(costs, y) - loss.beta * math.log(loss.label_eps) * wrong


def logit_adjusted_ce(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    if loss.class_prior is not None:
        z = z + loss.tau * ops.log(ops.row(loss.class_prior, z))
    return -ops.pick(ops.log_softmax(z), y)


def multiclass_hinge(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    own = ops.pick(z, y)
    lacks = ops.relu(loss.margin + z - own[..., None]) ** loss.p
    if loss.variant == "weston_watkins":
        return (ops.total(lacks) - loss.margin**loss.p) / z.shape[-1]
    return ops.most(ops.masked(lacks, y))


def dice(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    if not loss.squared:
        return _overlap(ops, loss, y, z, 0.5, 0.5, loss.smooth / 2)
    y, z = _images(ops, loss, y, z)
    return ops.total(ops.square(z - y)) / (ops.total(ops.square(z)) + ops.total(ops.square(y)) + loss.smooth)


def iou(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return _overlap(ops, loss, y, z, 1.0, 1.0, loss.smooth)


def tversky(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return _overlap(ops, loss, y, z, loss.alpha, loss.beta, loss.smooth)


def focal_tversky(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    return ops.at_least(tversky(ops, loss, y, z), LEAST) ** loss.gamma


def _images(ops: Any, loss: Any, y: Any, z: Any) -> tuple[Any, Any]:
    """Masks as rows, one an image, and the prediction as probabilities."""
    images = 1 if len(y.shape) == 1 or loss.aggregate == "batch" else y.shape[0]
    y, z = ops.reshape(y, (images, -1)), ops.reshape(z, (images, -1))
    return y, ops.sigmoid(z) if loss.from_logits else z


def _overlap(ops: Any, loss: Any, y: Any, z: Any, alpha: float, beta: float, smooth: float) -> Any:
    y, p = _images(ops, loss, y, z)
    faults = alpha * ops.total(p * (1 - y)) + beta * ops.total((1 - p) * y)
    return faults / ops.at_least(ops.total(p * y) + faults + smooth, LEAST)


def kl_div(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    p, log_p = (ops.exp(y), y) if loss.log_target else (y, ops.log(ops.at_least(y, LEAST)))
    log_q = ops.log_softmax(z) if loss.from_logits else z if loss.from_log else ops.log(z)
    return ops.total(p * (log_p - log_q))


def js_div(ops: Any, loss: Any, y: Any, z: Any) -> Any:
    log_middle = ops.log(ops.at_least((y + z) / 2, LEAST))
    own = y * (ops.log(ops.at_least(y, LEAST)) - log_middle)
    return ops.total(own + z * (ops.log(ops.at_least(z, LEAST)) - log_middle)) / 2


FORMULAS: dict[str, Formula] = {
    formula.__name__: formula
    for formula in (
        mae, quantile, log_cosh, pseudo_huber, smooth_l1, expectile, mape, smape, msle, cauchy, general_robust,
        poisson_nll, poisson_deviance, gamma_deviance, tweedie_deviance, negative_binomial_nll, gaussian_nll,
        student_t_nll, crps_gaussian, interval_score, bce_with_logits, brier, hinge, squared_hinge, focal, asymmetric,
        focal_multiclass, generalized_cross_entropy, symmetric_cross_entropy, logit_adjusted_ce, multiclass_hinge,
        dice, iou, tversky, focal_tversky, kl_div, js_div,
    )
}  # fmt: skip
FORMULAS |= {"weighted_bce": bce_with_logits, **STRUCTURES}


def numpy_like(lib: Any, **others: Any) -> SimpleNamespace:
    """The table of operations of a library that names them as NumPy does; ``others`` are those it lacks."""

    def row(numbers: Any, like: Any) -> Any:
        return lib.array(numbers, dtype=like.dtype)

    def pick(rows: Any, labels: Any) -> Any:
        return lib.take_along_axis(rows, whole(labels)[..., None], axis=-1)[..., 0]

    def whole(labels: Any) -> Any:
        return lib.array(labels, dtype="int32")

    def masked(rows: Any, labels: Any) -> Any:
        return lib.where(lib.arange(rows.shape[-1]) == whole(labels)[..., None], lib.zeros_like(rows), rows)

    table = {name: getattr(lib, name) for name in SAME_NAMES}
    return SimpleNamespace(
        **table,
        **others,
        pick=pick,
        row=row,
        masked=masked,
        relu=lambda x: lib.maximum(x, 0),
        at_least=lambda x, low: lib.maximum(x, low),
        each=lambda numbers, labels, like: lib.take(row(numbers, like), whole(labels)),
        total=lambda rows: lib.sum(rows, axis=-1),
        most=lambda rows: lib.max(rows, axis=-1),
        places=lambda rows: lib.arange(rows.shape[-1], dtype=rows.dtype),
        taken=lambda numbers, at: lib.take(numbers, whole(at)),
        eye=lambda rows: lib.eye(rows.shape[-1], dtype=rows.dtype),
        running=lambda rows: lib.cumsum(rows, axis=-1),
        order=lambda rows: lib.argsort(rows, axis=-1),
        along=lambda rows, order: lib.take_along_axis(rows, order, axis=-1),
    )


SAME_NAMES = (
    "abs", "exp", "expm1", "log", "log1p", "sqrt", "square", "where", "ones_like", "reshape", "maximum", "minimum",
    "matmul", "arctan2", "concatenate", "transpose",
)  # fmt: skip


def parts(loss: Any, prediction: Any) -> list[Any]:
    """A prediction as the parts that a formula takes."""
    names = [name for name in loss.inputs if name != "y_true"]
    return [prediction.get(name) for name in names] if names != ["y_pred"] else [prediction]
