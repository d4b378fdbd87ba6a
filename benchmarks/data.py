"""What the candidates are given: the same arrays for all, made once."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

Data = tuple[Any, Any]  # y_true and y_pred, as ``losses.evaluate`` takes them


@functools.cache
def amounts(n: int) -> Data:
    """Positive amounts, and predictions that are off by a factor."""
    rng = np.random.default_rng(0)
    y, z = np.empty(n), np.empty(n)  # filled in place: the memory held is the largest there was
    rng.standard_gamma(2.0, out=y)
    y *= 2
    rng.standard_normal(out=z)
    z *= 0.3
    np.exp(z, out=z)
    z *= y
    return y, z


@functools.cache
def labels(n: int) -> Data:
    """Labels 0 and 1, three in ten being 1, and logits."""
    rng = np.random.default_rng(1)
    return (rng.random(n) < 0.3).astype(float), rng.normal(size=n)


@functools.cache
def log_rates(n: int) -> Data:
    """Amounts, and the logarithms of their predictions."""
    y, z = amounts(n)
    return y, np.log(z)


@functools.cache
def normal_forecasts(n: int) -> Data:
    """Amounts, and a mean and a spread for each."""
    y, z = amounts(n)
    return y, {"mean": z, "sigma": np.random.default_rng(2).gamma(4.0, 0.5, n)}


@functools.cache
def intervals(n: int) -> Data:
    """Amounts, and an interval about the prediction of each."""
    y, z = amounts(n)
    return y, {"lower": 0.7 * z, "upper": 1.4 * z}


@functools.cache
def classes(n: int, k: int = 10) -> Data:
    """Class numbers, and rows of logits."""
    rng = np.random.default_rng(3)
    return rng.integers(0, k, n), rng.normal(size=(n, k))


@functools.cache
def masks(n: int, side: int = 512) -> Data:
    """Images of 0 and 1, and a probability for each pixel."""
    rng = np.random.default_rng(4)
    return (rng.random((n, side, side)) < 0.2).astype(float), rng.random((n, side, side))


@functools.cache
def boxes(n: int) -> Data:
    """Corners of boxes some tens of pixels wide, and of boxes near them."""
    rng = np.random.default_rng(5)

    def near(corner: Any) -> Any:
        low = corner + rng.normal(0, 5, (n, 2))
        return np.concatenate([low, low + rng.uniform(10, 50, (n, 2))], axis=1)

    corner = rng.uniform(0, 500, (n, 2))
    return near(corner), near(corner)


@functools.cache
def embeddings(n: int, names: tuple[str, ...], width: int = 128) -> Data:
    """Rows of embeddings under each name; the second are somewhat like the first."""
    rng = np.random.default_rng(6)
    found = {name: rng.normal(size=(n, width)) for name in names}
    found[names[1]] += found[names[0]]
    return None, found


def in_batch(n: int) -> Data:
    """Anchors and their positives, each being the others' rivals."""
    return embeddings(n, ("anchor", "positive"))


def triplets(n: int) -> Data:
    """Anchors with a positive and a negative each."""
    return embeddings(n, ("anchor", "positive", "negative"))
