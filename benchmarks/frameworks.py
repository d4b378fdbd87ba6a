"""What our objectives and modules cost beside the frameworks' own: ``python -m benchmarks.frameworks``."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import numpy as np

import losses
from benchmarks import advisor
from benchmarks.table import Row, at_most, head, line
from benchmarks.timing import Work, medians, repeated
from losses.frameworks import made

ROWS, COLUMNS, TREES = 100_000, 20, 20
BATCH, CALLS = 4096, 100
BOOSTED = {
    "lightgbm": ("mse", "huber", "poisson_nll"),
    "xgboost": ("mse", "pseudo_huber"),
    "catboost": ("mse", "huber"),
}
MODELS = {
    "lightgbm": ("LGBMRegressor", {"n_estimators": TREES, "verbose": -1}),
    "xgboost": ("XGBRegressor", {"n_estimators": TREES}),
    "catboost": ("CatBoostRegressor", {"iterations": TREES, "verbose": False, "allow_writing_files": False}),
}
MODULES = {"mae": "L1Loss", "smooth_l1": "SmoothL1Loss", "bce_with_logits": "BCEWithLogitsLoss"}  # of torch


def boosting() -> Iterator[Row]:
    """The time to train with our objective, beside that with the booster's own."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, COLUMNS))
    y = np.floor(np.exp(1 + x[:, 0] / 2 + rng.normal(size=ROWS) / 2))
    for name, specs in BOOSTED.items():
        for spec in specs if importlib.util.find_spec(name) else ():
            loss = losses.get(spec)
            took = medians({"own": _train(name, loss, x, y, False), "ours": _train(name, loss, x, y, True)}, repeats=3)
            beside = f"own {took['own']:.2f} s, {TREES} trees on {ROWS:,} x {COLUMNS}"
            yield Row(f"{name}, {spec}", took["ours"] / took["own"], at_most("x", 1.5), beside)


def _train(name: str, loss: Any, x: Any, y: Any, ours: bool) -> Work:
    spelling = importlib.import_module(f"losses.frameworks.{name}")
    params = made(spelling._ours(loss)) if ours else loss.to(name)
    kind, options = MODELS[name]
    model = getattr(importlib.import_module(name), kind)(**options, **params)
    return lambda: model.fit(x, y)


def modules() -> Iterator[Row]:
    """The time of a value and its slope in torch, by what is exported and by our formula, beside torch's own module."""
    if not importlib.util.find_spec("torch"):
        return
    torch = importlib.import_module("torch")
    build = importlib.import_module("losses.frameworks.torch")._build
    for spec, name in MODULES.items():
        loss = losses.get(spec)
        prediction = torch.randn(BATCH, requires_grad=True)
        target = torch.randint(0, 2, (BATCH,)).float()
        works = {
            kind: repeated(_step(made, prediction, target), CALLS)
            for kind, made in {
                "own": getattr(torch.nn, name)(), "exported": loss.to("torch"), "formula": build(loss),
            }.items()
        }  # fmt: skip
        took = medians(works)
        slower = took["formula"] / took["own"]
        step = f"own {took['own'] / CALLS * 1e6:.0f} us a step of {BATCH} rows"
        yield Row(
            f"torch, {spec}",
            took["exported"] / took["own"],
            at_most("x", 1.1),
            f"{step}; our formula, not exported, {slower:.1f}x",
        )


def _step(module: Any, prediction: Any, target: Any) -> Work:
    def run() -> None:
        prediction.grad = None
        module(prediction, target).backward()

    return run


if __name__ == "__main__":
    for title, rows in {
        "Boosting with our objective": boosting(),
        "Modules of torch": modules(),
        "LossAdvisor beside its estimator's default": advisor.rows(),
    }.items():
        print(head(title, markdown=False))
        for row in rows:
            print(line(row, markdown=False), flush=True)
