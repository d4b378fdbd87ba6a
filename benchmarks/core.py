"""How fast losses are computed, beside NumPy one-liners, scikit-learn and torch, as ratios: ``make bench``.

``reads`` is the time of ``y_true.sum() + y_pred.sum()`` in NumPy: what it takes to look at the data at all.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn import metrics

import losses
from benchmarks.timing import Work, medians, repeated

Arrays = tuple[Any, Any]
TEN = [
    "mse",
    "mae",
    "huber",
    "quantile:tau=0.9",
    "log_cosh",
    "poisson_nll",
    "msle",
    "mape",
    "pseudo_huber",
    "expectile",
]

NUMPY: dict[str, Callable[[Any, Any], Any]] = {
    "mse": lambda y, z: ((y - z) ** 2).mean(),
    "mae": lambda y, z: np.abs(y - z).mean(),
    "huber": lambda y, z: np.where(np.abs(y - z) <= 1, (y - z) ** 2 / 2, np.abs(y - z) - 0.5).mean(),
    "quantile:tau=0.9": lambda y, z: np.maximum(0.9 * (y - z), -0.1 * (y - z)).mean(),
    "log_cosh": lambda y, z: (np.abs(y - z) + np.log1p(np.exp(-2 * np.abs(y - z))) - np.log(2)).mean(),
    "bce_with_logits": lambda y, z: (np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))).mean(),
    "poisson_nll": lambda y, z: (z - y * np.log(z)).mean(),
    "msle": lambda y, z: ((np.log1p(y) - np.log1p(z)) ** 2).mean(),
    "mape": lambda y, z: (np.abs(y - z) / np.maximum(np.abs(y), 1e-16)).mean(),
}
SKLEARN: dict[str, Callable[[Any, Any], Any]] = {
    "mse": metrics.mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "quantile:tau=0.9": lambda y, z: metrics.mean_pinball_loss(y, z, alpha=0.9),
    "msle": metrics.mean_squared_log_error,
    "mape": metrics.mean_absolute_percentage_error,
    "poisson_nll": metrics.mean_poisson_deviance,
}


def torch_losses() -> dict[str, Callable[[Any, Any], Any]]:
    """torch's own, where it is installed, on all its threads."""
    if importlib.util.find_spec("torch") is None:
        return {}
    import torch
    from torch.nn import functional as f

    def on(loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        return lambda y, z: loss(torch.from_numpy(z), torch.from_numpy(y))

    return {
        "mse": on(f.mse_loss),
        "mae": on(f.l1_loss),
        "huber": on(f.huber_loss),
        "bce_with_logits": on(f.binary_cross_entropy_with_logits),
        "poisson_nll": on(lambda z, y: f.poisson_nll_loss(z, y, log_input=False)),
        "log_cosh": on(lambda z, y: (z - y + f.softplus(-2 * (z - y)) - np.log(2)).mean()),
    }


def data(n: int) -> tuple[Arrays, Arrays]:
    """Positive amounts with their predictions, and labels with logits."""
    rng = np.random.default_rng(0)
    y = rng.gamma(2.0, 2.0, n)
    return (y, y * np.exp(rng.normal(0, 0.3, n))), ((rng.random(n) < 0.3).astype(float), rng.normal(size=n))


def one_by_one(amounts: Arrays, labels: Arrays) -> None:
    """Each loss alone: in reads, and how many times faster than each peer."""
    torch = torch_losses()
    print(f"{'loss':20}{'reads':>8}" + "".join(f"{peer:>12}" for peer in ("numpy", "sklearn", "torch")))
    for spec in NUMPY:
        y, z = labels if spec == "bce_with_logits" else amounts
        peers = {"numpy": NUMPY, "sklearn": SKLEARN, "torch": torch}
        works: dict[str, Work] = {"reads": lambda y=y, z=z: y.sum() + z.sum()}  # type: ignore[misc]
        works["ours"] = lambda y=y, z=z, spec=spec: losses.evaluate([spec], y, z)  # type: ignore[misc]
        works |= {
            name: lambda y=y, z=z, f=known[spec]: f(y, z)  # type: ignore[misc]
            for name, known in peers.items()
            if spec in known
        }
        took = medians(works)
        cells = (f"{took[p] / took['ours']:11.1f}x" if p in took else f"{'–':>12}" for p in peers)
        print(f"{spec:20}{took['ours'] / took['reads']:8.2f}" + "".join(cells))


def together(y: Any, z: Any) -> None:
    """Ten regression losses in one pass, against NumPy's one after another."""
    took = medians(
        {
            "reads": lambda: y.sum() + z.sum(),
            "ours": lambda: losses.evaluate(TEN, y, z),
            "numpy": lambda: [NUMPY[spec](y, z) for spec in TEN if spec in NUMPY],
        },
        repeats=3,
    )
    print(f"ten losses in one evaluate: {took['ours'] / took['reads']:.1f} reads,", end=" ")
    print(f"{took['numpy'] / took['ours']:.1f}x NumPy's {len([s for s in TEN if s in NUMPY])} one after another")


def small() -> None:
    """A hundred rows: what a call costs beside scikit-learn's."""
    y, z = np.arange(100.0), np.arange(100.0) + 1
    took = medians(
        {
            "ours": repeated(lambda: losses.MSE()(y, z), 300),
            "sklearn": repeated(lambda: metrics.mean_squared_error(y, z), 300),
        }
    )
    print(
        f"n = 100: {took['ours'] / 300 * 1e6:.0f} us a call, 1/{took['sklearn'] / took['ours']:.1f} of scikit-learn's"
    )


def memory(y: Any, z: Any) -> None:
    """What an evaluation holds beside the data."""
    tracemalloc.start()
    losses.evaluate(["mse", "log_cosh"], y, z)
    print(f"extra peak memory: {tracemalloc.get_traced_memory()[1] / 2**20:.1f} MiB")
    tracemalloc.stop()


def imports() -> None:
    """The import, beyond NumPy's."""
    script = "import time, numpy; start = time.perf_counter(); import losses; print(time.perf_counter() - start)"
    cached = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    took = [float(subprocess.check_output([sys.executable, "-c", script], env=cached)) for _ in range(5)]
    print(f"import losses: {sorted(took)[2]:.3f} s beyond numpy")


def main(arguments: Mapping[str, Any] | None = None) -> None:
    """Print all tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=10_000_000)
    rows = options.parse_args().rows
    amounts, labels = data(rows)
    print(f"{rows:,} float64 pairs, {losses.engine.THREADS} threads; NumPy {np.__version__}")
    one_by_one(amounts, labels)
    together(*amounts)
    small()
    memory(*amounts)
    imports()
    print(f"largest resident size: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10:.0f} MiB")


if __name__ == "__main__":
    main()
