"""The other libraries: for each, our spec of a loss -> the call that computes its mean.

A library is imported in its own function, and one that is not installed is left out. What a spec names is the same
number everywhere: ``races`` checks it before it measures.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks import torch_losses

Formula = Callable[[Any, Any], Any]
CORES = os.cpu_count() or 1


class Library(NamedTuple):
    """Losses by spec, the ways in which they can be called (the fastest counts), and how it holds an array."""

    losses: Mapping[str, Any]
    ways: Sequence[Callable[[Any, Any, Any], Any]] = (lambda formula, y, z: formula(y, z),)
    take: Callable[[Any], Any] = lambda array: array


NUMPY: dict[str, Formula] = {
    "mse": lambda y, z: (miss := y - z) @ miss / len(y),
    "mae": lambda y, z: np.abs(y - z).mean(),
    "huber": lambda y, z: (near := np.minimum(miss := np.abs(y - z), 1)) @ (miss - near / 2) / len(y),
    "quantile:tau=0.9": lambda y, z: np.maximum(0.9 * (miss := y - z), -0.1 * miss).mean(),
    "log_cosh": lambda y, z: ((miss := np.abs(y - z)) + np.log1p(np.exp(-2 * miss)) - np.log(2)).mean(),
    "bce_with_logits": lambda y, z: (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean(),
    "poisson_nll": lambda y, z: (z - y * np.log(z)).mean(),
    "msle": lambda y, z: (miss := np.log1p(y) - np.log1p(z)) @ miss / len(y),
    "mape": lambda y, z: (np.abs(y - z) / np.maximum(np.abs(y), 1e-16)).mean(),
    "pseudo_huber": lambda y, z: (np.sqrt(1 + (y - z) ** 2) - 1).mean(),
    "expectile:tau=0.8": lambda y, z: ((0.8 - 0.6 * (y < z)) * (y - z) ** 2).mean(),
    "interval_score": lambda y, z: (
        z["upper"] - z["lower"] + 20 * (np.maximum(z["lower"] - y, 0) + np.maximum(y - z["upper"], 0))
    ).mean(),
}

NUMEXPR = {
    "mse": "(y - z) ** 2",
    "mae": "abs(y - z)",
    "huber": "where(abs(y - z) <= 1, (y - z) ** 2 / 2, abs(y - z) - 0.5)",
    "quantile:tau=0.9": "where(y > z, 0.9, -0.1) * (y - z)",
    "log_cosh": "abs(y - z) + log1p(exp(-2 * abs(y - z))) - 0.6931471805599453",
    "bce_with_logits": "where(z > 0, z, 0) - z * y + log1p(exp(-abs(z)))",
    "poisson_nll": "z - y * log(z)",
    "msle": "(log1p(y) - log1p(z)) ** 2",
    "mape": "abs(y - z) / abs(y)",
    "pseudo_huber": "sqrt(1 + (y - z) ** 2) - 1",
    "expectile:tau=0.8": "where(y < z, 0.2, 0.8) * (y - z) ** 2",
}


def numexpr() -> Library:
    """Expressions in pieces on all cores; the sum inside runs on one."""
    import numexpr as ne

    ne.set_num_threads(CORES)
    return Library(
        NUMEXPR,
        ways=[
            lambda text, y, z: ne.evaluate(f"sum({text})", {"y": y, "z": z}) / len(y),
            lambda text, y, z: ne.evaluate(text, {"y": y, "z": z}).mean(),
        ],
    )


def sklearn() -> Library:
    """Its metrics."""
    from sklearn import metrics

    return Library(
        {
            "mse": metrics.mean_squared_error,
            "mae": metrics.mean_absolute_error,
            "quantile:tau=0.9": functools.partial(metrics.mean_pinball_loss, alpha=0.9),
            "msle": metrics.mean_squared_log_error,
            "mape": metrics.mean_absolute_percentage_error,
        }
    )


def torch() -> Library:
    """Tensors on the memory of the arrays, with each number of threads."""
    import torch

    def on(threads: int) -> Callable[[Formula, Any, Any], Any]:
        def run(formula: Formula, y: Any, z: Any) -> Any:
            torch.set_num_threads(threads)
            return formula(y, z)

        return run

    known = {**torch_losses.of_pairs(), **torch_losses.of_structures()}
    return Library(known, ways=[on(threads) for threads in range(1, CORES + 1)], take=torch.from_numpy)


def _on_jax(losses: Mapping[str, Formula]) -> Library:
    """Compiled, on arrays that lie on the device already."""
    import jax

    jax.config.update("jax_enable_x64", True)
    compiled = {spec: jax.jit(lambda y, z, loss=loss: loss(y, z).mean()) for spec, loss in losses.items()}
    wait = [lambda formula, y, z: formula(y, z).block_until_ready()]
    return Library(compiled, ways=wait, take=jax.numpy.asarray)


def optax() -> Library:
    """Its losses, compiled by JAX."""
    import optax as o

    return _on_jax(
        {
            "mse": lambda y, z: o.squared_error(z, y),
            "huber": lambda y, z: o.huber_loss(z, y),
            "log_cosh": lambda y, z: o.log_cosh(z, y),
            "bce_with_logits": lambda y, z: o.sigmoid_binary_cross_entropy(z, y),
            "cross_entropy": lambda y, z: o.softmax_cross_entropy_with_integer_labels(z, y),
            "triplet": lambda _, z: o.losses.triplet_margin_loss(z["anchor"], z["positive"], z["negative"]),
        }
    )


def keras() -> Library:
    """Its functions, compiled by JAX."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    import keras as k

    k.config.set_floatx("float64")
    f, images = k.losses, (1, 2)
    return _on_jax(
        {
            "mse": f.mean_squared_error,
            "mae": f.mean_absolute_error,
            "huber": f.huber,
            "log_cosh": f.log_cosh,
            "bce_with_logits": functools.partial(f.binary_crossentropy, from_logits=True),
            "poisson_nll": f.poisson,
            "msle": f.mean_squared_logarithmic_error,
            "mape": lambda y, z: f.mean_absolute_percentage_error(y, z) / 100,
            "cross_entropy": functools.partial(f.sparse_categorical_crossentropy, from_logits=True),
            "dice": functools.partial(f.dice, axis=images),
            "tversky": functools.partial(f.tversky, alpha=0.7, beta=0.3, axis=images),  # alpha is its price of a miss
        }
    )


def scoringrules() -> Library:
    """Its scores, on NumPy."""
    import scoringrules as sr

    return Library(
        {
            "quantile:tau=0.9": lambda y, z: sr.quantile_score(y, z, 0.9).mean(),
            "crps_gaussian": lambda y, z: sr.crps_normal(y, z["mean"], z["sigma"]).mean(),
            "interval_score": lambda y, z: sr.interval_score(y, z["lower"], z["upper"], 0.1).mean(),
        }
    )


PEERS: dict[str, tuple[Callable[[], Library], tuple[str, ...]]] = {  # and the modules each needs
    "numpy": (lambda: Library(NUMPY), ("numpy",)),
    "numexpr": (numexpr, ("numexpr",)),
    "scikit-learn": (sklearn, ("sklearn",)),
    "torch": (torch, ("torch",)),
    "optax": (optax, ("optax", "jax")),
    "keras": (keras, ("keras", "jax")),
    "scoringrules": (scoringrules, ("scoringrules",)),
}


def absent() -> list[str]:
    """The peers that are not installed."""
    return [name for name, (_, modules) in PEERS.items() if not all(map(importlib.util.find_spec, modules))]


@functools.cache
def libraries() -> dict[str, Library]:
    """The peers that are installed, imported."""
    return {name: load() for name, (load, _) in PEERS.items() if name not in absent()}
