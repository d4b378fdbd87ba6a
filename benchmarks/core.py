"""How fast losses are computed, beside what other libraries take, as ratios of medians: ``make bench``.

``reads`` is the time of ``y_true.sum() + y_pred.sum()`` in NumPy: what it takes to look at the data at all. Ours
includes the standard error and the check of domains. A peer is taken by the fastest of the ways to call it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import losses
from benchmarks import data, races
from benchmarks.footprint import imports, memory
from benchmarks.peers import CORES, absent, libraries
from benchmarks.table import Row, Target, at_most, faster, head, line

Source = Callable[[int], data.Data]

LIGHT, HEAVY = at_most("reads", 2, 1.2), at_most("reads", 4, 2.5)
SINGLE = [  # and the data, the target in reads, and how many times faster than the fastest peer
    ("mse", data.amounts, LIGHT, 2.0),
    ("mae", data.amounts, LIGHT, 2.0),
    ("huber", data.amounts, LIGHT, 1.5),
    ("quantile:tau=0.9", data.amounts, LIGHT, 3.0),
    ("log_cosh", data.amounts, HEAVY, 1.5),
    ("bce_with_logits", data.labels, HEAVY, 3.0),
    ("poisson_nll", data.amounts, HEAVY, 3.0),
    ("msle", data.amounts, HEAVY, 3.0),
]
FORECASTS = [("crps_gaussian", data.normal_forecasts), ("interval_score", data.intervals)]
TEN = [
    *("mse", "mae", "huber", "quantile:tau=0.9", "log_cosh"),
    *("poisson_nll", "msle", "mape", "pseudo_huber", "expectile:tau=0.8"),
]
STRUCTURED: list[tuple[str, Source, int]] = [  # and the data, and the rows of it
    ("cross_entropy", data.classes, 10**6),
    ("dice", data.masks, 64),
    ("iou", data.masks, 64),
    ("tversky", data.masks, 64),
    ("giou", data.boxes, 10**6),
    ("diou", data.boxes, 10**6),
    ("triplet", data.triplets, 10**4),
    ("infonce", data.in_batch, 10**4),
]
BOOSTED = [
    ("mse", data.amounts),
    ("huber", data.amounts),
    ("log_cosh", data.amounts),
    ("bce_with_logits", data.labels),
    ("poisson_nll:log_input=true", data.log_rates),
]
LEAN: list[tuple[str, str, list[str], int]] = [  # what is held in memory: the data, the losses, at most so many rows
    ("ten losses", "amounts", TEN, 10**8),
    ("crps_gaussian", "normal_forecasts", ["crps_gaussian"], 10**8),
    ("cross_entropy", "classes", ["cross_entropy"], 10**6),
]


class Task(NamedTuple):
    """What a row or two are about, and how to come by them."""

    name: str
    measure: Callable[[], list[Row]]


def contents(rows: int) -> dict[str, list[Task]]:
    """All that is measured, under its titles."""
    million = min(rows, 10**6)
    return {
        f"One loss, {rows:,} pairs": [
            *(_single(spec, source, rows, reads, faster(times, 3)) for spec, source, reads, times in SINGLE),
            *(_single(spec, source, rows, None, faster()) for spec, source in FORECASTS),
        ],
        f"Ten losses in one pass, {rows:,} pairs": [_ten(rows)],
        "Classes, masks, boxes and embeddings, beside torch": [
            _structured(spec, source, min(n, rows), faster(1)) for spec, source, n in STRUCTURED
        ],
        f"Gradient and hessian beside naive NumPy, {million:,} rows": [
            _derivatives(spec, source, million, faster(2)) for spec, source in BOOSTED
        ],
        "Small, lean, soon there": [
            Task("mse, n = 100", partial(races.small, 100, faster(5))),
            *(_memory(name, source, min(n, rows), specs) for name, source, specs, n in LEAN),
            Task("import losses", partial(imports, at_most("s", 0.15))),
        ],
    }


def _single(spec: str, source: Source, rows: int, reads: Target | None, peers: Target) -> Task:
    return Task(spec, lambda: races.one_loss(spec, source(rows), reads, peers))


def _ten(rows: int) -> Task:
    reads, peers = at_most("reads", 16, 10), faster(3, 10)
    return Task("ten losses in one evaluate", lambda: races.ten(TEN, data.amounts(rows), reads, peers))


def _structured(spec: str, source: Source, rows: int, target: Target) -> Task:
    remark = races.matmul if source is data.in_batch else None
    return Task(spec, lambda: races.against_torch(spec, source(rows), target, remark))


def _memory(name: str, source: str, rows: int, specs: list[str]) -> Task:
    title = f"extra memory, {name}"
    return Task(title, lambda: memory(title, source, rows, specs, at_most("MB", 16)))


def _derivatives(spec: str, source: Source, rows: int, target: Target) -> Task:
    return Task(f"{spec}, gradient + hessian", lambda: races.derivatives(spec, source(rows), target))


def conditions() -> str:
    """What the numbers hold for."""
    names = [*libraries(), *(["jax"] if "jax" in sys.modules else [])]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    left_out = f"; not installed, left out: {', '.join(absent())}" if absent() else ""
    return f"{CORES} cores, {losses.pool.THREADS} threads of ours; float64; {versions}{left_out}"


def main() -> None:
    """Print the tables, each row as soon as it is measured."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.core", description=__doc__)
    options.add_argument("--rows", type=int, default=10**7, help="pairs in the large tables")
    options.add_argument("--only", default="", metavar="WORD", help="leave out what has not this word in its name")
    options.add_argument("--markdown", action="store_true", help="as tables for the README")
    chosen = options.parse_args()
    print(conditions())
    for title, tasks in contents(chosen.rows).items():
        wanted = [task for task in tasks if chosen.only in task.name]
        if wanted:
            print(head(title, chosen.markdown))
        for task in wanted:
            for row in task.measure():
                print(line(row, chosen.markdown), flush=True)


if __name__ == "__main__":
    main()
