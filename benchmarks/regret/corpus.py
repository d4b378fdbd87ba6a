"""A corpus: the targets of tasks, and how well models did that were trained on them with one loss and another.

A folder holds ``*regret_targets.jsonl`` (a task a line: ``task``, ``group``, ``column``, ``type`` of ``reg`` or
``cls``, ``y``) and ``*regret.csv`` (rows for each task, family of models, metric and loss: ``score_mean`` on rows held
out, which is averaged, and ``higher_is_better``); each may end in ``.gz``. Groups are tables of one origin.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

MODELS = {"gbdt": "boosting", "mlp": "neural"}
METRICS = {"pinball90": "pinball@0.9", "poisson_dev": "poisson_deviance", "avg_precision": "average_precision"}
LEAST = 1e-300  # a perfect score: all others are infinitely worse


@dataclass(frozen=True, eq=False)
class Task:
    """A column to predict."""

    id: str
    group: str
    column: str
    kind: str
    y: Any

    @property
    def default(self) -> str:
        """What is trained where nobody thinks about losses."""
        return "mse" if self.kind == "regression" else "ce"


@dataclass(frozen=True, eq=False)
class Cell:
    """One task, one family of models, one metric: the regret of each loss."""

    task: Task
    model: str
    metric: str
    regrets: Mapping[str, float]

    def regret(self, loss: str) -> float:
        """What a loss costs here; one that was not trained counts as the default."""
        return self.regrets.get(loss, self.regrets[self.task.default])


def read(folder: Path) -> list[Cell]:
    """The cells of the files in a folder."""
    tasks = {task.id: task for path in sorted(folder.glob("*regret_targets.jsonl*")) for task in _tasks(_lines(path))}
    scores: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    higher: dict[str, bool] = {}
    for path in sorted(folder.glob("*regret.csv*")):
        for row in csv.DictReader(_lines(path)):
            key = row["task"], row["family"], row["metric"]
            scores.setdefault(key, {}).setdefault(row["loss"], []).append(float(row["score_mean"]))
            higher[row["metric"]] = row["higher_is_better"] == "1"
    return [
        Cell(tasks[task], MODELS[family], METRICS.get(metric, metric), _regrets(found, higher[metric]))
        for (task, family, metric), found in scores.items()
    ]


def regrets(scores: Mapping[str, float], higher_is_better: bool) -> dict[str, float]:
    """How much worse than the best each loss is, relative to the best, at most 1.

    >>> regrets({"mse": 2.0, "mae": 2.5, "mape": 9.0}, higher_is_better=False)
    {'mse': 0.0, 'mae': 0.25, 'mape': 1.0}
    """
    best = max(scores.values()) if higher_is_better else min(scores.values())
    return {loss: min(abs(score - best) / max(abs(best), LEAST), 1.0) for loss, score in scores.items()}


def _regrets(scores: Mapping[str, list[float]], higher_is_better: bool) -> dict[str, float]:
    """Those of the losses that every fold was trained with."""
    folds = max(map(len, scores.values()))
    means = {loss: fmean(found) for loss, found in scores.items() if len(found) == folds}
    return regrets(means, higher_is_better)


def _tasks(lines: Iterable[str]) -> Iterator[Task]:
    for row in map(json.loads, lines):
        kind = {"reg": "regression", "cls": "classification"}[row["type"]]
        yield Task(row["task"], row["group"], row["column"], kind, row["y"])


def _lines(path: Path) -> list[str]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return raw.decode().splitlines()
