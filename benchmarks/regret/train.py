"""Scores each loss on the tables, by training with it: one table in three folds is one piece of work.

What is measured is kept in a folder, in the form of a corpus; what is there already is not measured again.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

import losses
from benchmarks.regret import boosting, neural, scores
from benchmarks.regret.corpus import METRICS, MODELS
from benchmarks.regret.menu import for_classes, for_numbers
from benchmarks.regret.tables import Entry, Table, entries, load

FOLDS = 3
MODULES = {"boosting": boosting, "neural": neural}

Scored = Iterator[tuple[str, Iterable[tuple[scores.Metric, float]]]]


class Score(NamedTuple):
    """What one fold says of one loss, by one metric."""

    task: str
    family: str
    metric: str
    higher_is_better: int
    loss: str
    seed: int
    fold: int
    score_mean: float


class Fold(NamedTuple):
    """Rows to learn from, and rows to be judged by."""

    x: Any
    y: Any
    new: Any
    truth: Any


def measure(folder: Path, minutes: float, repeats: int) -> None:
    """Fill the folder, as far as the minutes go."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "regret.csv"
    done = _done(file)
    known = sorted(entries(), key=lambda entry: crc32(entry.id.encode()))  # mixed: the minutes may not do for all
    todo = [(entry, seed) for seed in range(repeats) for entry in known if (entry.id, seed) not in done]
    end = time.monotonic() + 60 * minutes
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        works = {pool.submit(score, entry, seed): (entry, seed) for entry, seed in todo}
        for count, work in enumerate(as_completed(works), 1):
            (entry, seed), (target, rows) = works[work], work.result()
            if not seed:
                _add(folder / "regret_targets.jsonl", target)
            _add_rows(file, rows)
            print(f"{count} of {len(todo)} done: {entry.id}, repeat {seed + 1}", flush=True)
            if time.monotonic() > end:
                print(f"{minutes:g} minutes are over: another run goes on from here")
                pool.shutdown(cancel_futures=True)
                break


def score(entry: Entry, seed: int) -> tuple[dict[str, Any], list[Score]]:
    """The target of a table, and the scores of each loss on each fold of it."""
    table = load(entry)
    group, kind = entry.id.partition("::")[0], "reg" if table.numeric else "cls"
    target = {"task": entry.id, "group": group, "column": table.column, "type": kind, "y": table.y.tolist()}
    rows = [
        Score(entry.id, family, metric.id, int(metric.higher_is_better), loss, seed, number, value)
        for number, fold in enumerate(_folds(table, seed))
        for family, model in MODELS.items()
        for loss, found in (_numbers if table.numeric else _classes)(table, model, fold)
        for metric, value in found
    ]
    return target, rows


def _folds(table: Table, seed: int) -> Iterator[Fold]:
    x, y = table.features, table.y if table.numeric else _numbered(table.y)
    for old, new in (KFold if table.numeric else StratifiedKFold)(FOLDS, shuffle=True, random_state=seed).split(x, y):
        yield Fold(x[old], y[old], x[new], y[new])


def _numbers(table: Table, model: str, fold: Fold) -> Scored:
    p = losses.profile(table.y.tolist(), name=table.column)
    known = [METRICS.get(metric.id, metric.id) for metric in scores.for_numbers(p.nonnegative)]
    plans = for_numbers(p, model, known)
    found = MODULES[model].numbers(plans, fold.x, fold.y, fold.new)
    for plan, (mean, upper) in zip(plans, found, strict=True):
        yield plan.name, scores.of_numbers(fold.truth, mean, upper, p.nonnegative)


def _classes(table: Table, model: str, fold: Fold) -> Scored:
    counts = np.bincount(fold.y)
    plans = for_classes(counts.tolist())
    found = MODULES[model].classes(plans, fold.x, fold.y, len(counts), fold.new)
    for plan, p in zip(plans, found, strict=True):
        yield plan.name, scores.of_classes(fold.truth, p, probabilities=plan.name != "hinge")
        if plan.name == "ce":
            even = p / counts
            yield "ce_ladj", scores.of_classes(fold.truth, even / even.sum(axis=1, keepdims=True), probabilities=False)


def _numbered(names: Any) -> Any:
    """Class numbers, the most frequent class first."""
    order = {name: number for number, (name, _) in enumerate(Counter(names.tolist()).most_common())}
    return np.array([order[name] for name in names.tolist()])


def _done(file: Path) -> set[tuple[str, int]]:
    if not file.exists():
        return set()
    with file.open(newline="") as lines:
        return {(row["task"], int(row["seed"])) for row in csv.DictReader(lines)}


def _add(file: Path, target: dict[str, Any]) -> None:
    with file.open("a") as lines:
        lines.write(json.dumps(target) + "\n")


def _add_rows(file: Path, rows: Iterable[Score]) -> None:
    fresh = not file.exists()
    with file.open("a", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerows([Score._fields] if fresh else [])
        writer.writerows(rows)
