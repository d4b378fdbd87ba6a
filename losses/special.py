"""The few functions that keep formulas exact where the obvious expression overflows or cancels.

Those marked as primitives, and NumPy's own here, are single steps of the array machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .machine import primitive
from .tracing import Symbol

Array = NDArray[Any]

LN2 = float(np.log(2))

exp, log, log1p = primitive(np.exp), primitive(np.log), primitive(np.log1p)


@primitive
def decay(x: Array) -> Array:
    """exp(-|x|)."""
    return np.exp(-np.abs(x))


@primitive
def log1p_of_share(x: Array) -> Array:
    """log(1 + x) for x from 0 to 1."""
    return np.log1p(x)


@primitive
def log_cosh_given(x: Array, q: Array) -> Array:
    """log(cosh(x)), where ``q`` is exp(-2|x|)."""
    u = np.abs(x)
    return np.where(u < 0.5, np.log1p(2 * np.square(np.sinh(np.minimum(u, 1) / 2))), (u - LN2) + np.log1p(q))


def log_cosh(x: Array) -> Array:
    """log(cosh(x)), with full relative accuracy everywhere."""
    return log_cosh_given(x, decay(2 * x))


def softplus(x: Array) -> Array:
    """log(1 + exp(x)), with full relative accuracy in both tails."""
    return np.maximum(x, 0) + log1p_of_share(decay(x))


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), with full relative accuracy in both tails."""
    e = decay(x)
    return np.where(x < 0, e, 1) / (1 + e)


@primitive
def times(a: Array, b: Array) -> Array:
    """``a * b`` where nothing times infinity is nothing."""
    product = a * b
    if np.isnan(np.add.reduce(product, axis=None)):
        return np.where((a == 0) | (b == 0), product.dtype.type(0), product)
    return product


def xlogy(x: Array, y: Array) -> Array:
    """``x * log(y)``, nothing where ``x`` is 0."""
    return times(x, log(y))


@primitive
def gap(high: Array, low: Array) -> Array:
    """``high - low``, which is 0 between equal infinities."""
    difference = high - low
    if np.isnan(np.add.reduce(difference, axis=None)):
        return np.where(high == low, difference.dtype.type(0), difference)
    return difference


def bounded(x: Array) -> Array:
    """``x``, an infinite one as the largest number, so that a ratio of two such is no NaN."""
    most = float(np.finfo(x.dtype).max)
    return np.clip(x, -most, most)


@primitive
def log1p_square(u: Array) -> Array:
    """log(1 + u²), finite for any finite u."""
    u = np.abs(u)
    cut = np.sqrt(np.finfo(u.dtype).max) / 4
    return np.where(u > cut, 2 * np.log(np.maximum(u, cut)), np.log1p(np.square(np.minimum(u, cut))))


@primitive
def expm1_less(x: Array) -> Array:
    """``expm1(x) - x``, without cancellation near 0."""
    near = np.abs(x) < 0.02
    small = np.where(near, x, 0)
    total, term = np.zeros_like(x), small * small / 2
    for k in range(3, 11):
        total, term = total + term, term * small / k
    return np.where(near, total, np.expm1(x) - x)


def log_partition(z: Array) -> tuple[Array, Array]:
    """The maximum of each row and the log of the sum of ``exp(row - maximum)``, exact when one class dominates."""
    peak = z.max(axis=-1, keepdims=True)
    at_peak = z == peak
    rest = np.where(at_peak, z.dtype.type(0), exp(gap(z, peak))).sum(axis=-1, keepdims=True)
    return peak, log1p(rest + (at_peak.astype(z.dtype).sum(axis=-1, keepdims=True) - 1))


def softmax_costs(z: Array) -> Array:
    """The cost of each class, ``-log softmax(z)``, along the last axis."""
    peak, spread = log_partition(z)
    return gap(peak, z) + spread


def softmax_cost(z: Array, y: Array) -> Array:
    """The cost of class ``y`` of each row."""
    peak, spread = log_partition(z)
    return gap(peak[..., 0], pick(z, y)) + spread[..., 0]


def softmax(z: Array) -> tuple[Array, Array]:
    """Class probabilities along the last axis and their complements, both with full relative accuracy."""
    top = z.argmax(axis=-1)[..., None]
    parts = exp(gap(z, np.take_along_axis(z, top, axis=-1)))
    np.put_along_axis(parts, top, 0, axis=-1)
    rest = parts.sum(axis=-1, keepdims=True)
    whole = 1 + rest
    p = parts / whole
    np.put_along_axis(p, top, 1 / whole, axis=-1)
    others = 1 - p
    np.put_along_axis(others, top, rest / whole, axis=-1)
    return p, others


def one_hot(y: Any, like: Any) -> Any:
    """Class numbers as rows of zeros and a one, shaped and typed as ``like``."""
    return (places(like) == y[..., None]).astype(like.dtype)


def places(like: Any) -> Any:
    """Where each element stands in its row."""
    return like.places() if isinstance(like, Symbol) else np.arange(like.shape[-1])


def pick(x: Any, y: Any) -> Any:
    """The entry of class ``y`` in each row of ``x``."""
    if isinstance(x, Symbol):
        return x.pick(y)
    return np.take_along_axis(x, y[..., None], axis=-1)[..., 0]


def length(d: Array) -> Array:
    """The Euclidean length of each row, safe from overflow and underflow; keeps the last axis."""
    peak = np.abs(d).max(axis=-1, keepdims=True)
    peak = np.where(peak > 0, peak, d.dtype.type(1))
    scaled = d / peak
    return peak * np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))


def unit(x: Array) -> tuple[Array, Array]:
    """Each row divided by its length, and the length; a zero row stays zero."""
    peak = np.abs(x).max(axis=-1, keepdims=True)
    peak = np.where(peak > 0, peak, x.dtype.type(1))
    scaled = x / peak
    norm = np.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))
    norm = np.where(norm > 0, norm, x.dtype.type(1))
    return scaled / norm, peak * norm


def stirling_gap(y: Array) -> Array:
    """``log(y!) - (y log y - y)`` for y of at least 0, without cancellation for large y or near 0."""
    from scipy.special import gammaln

    large, tiny = np.maximum(y, 10), np.minimum(y, 1e-3)
    inverse = 1 / large
    square = inverse * inverse
    series = inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188))))
    near = tiny * (
        -0.5772156649015329 + tiny * (0.8224670334241132 - tiny * (0.40068563438653143 - tiny * 0.27058080842778454))
    )
    middle = np.where(y > 1e-3, gammaln(np.clip(y, 1e-3, 10) + 1), near)
    return np.where(y < 10, middle - xlogy(y, y) + y, np.log(2 * np.pi * large) / 2 + series)
