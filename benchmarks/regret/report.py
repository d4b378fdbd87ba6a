"""The table: what each policy costs, on the average over cells, with an interval by groups of tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.regret.corpus import Cell
from benchmarks.regret.policies import BLIND, OURS, POLICIES, Policy, hindsight
from benchmarks.table import Row, Target, at_most

TARGETS = {  # and the stretch
    (OURS.id, "regression", "boosting"): at_most("", 0.034, 0.030),
    (OURS.id, "regression", "neural"): at_most("", 0.053, 0.045),
    (OURS.id, "classification", "boosting"): at_most("", 0.0355, 0.033),
    (OURS.id, "classification", "neural"): at_most("", 0.070, 0.052),
    (BLIND.id, "regression", "boosting"): at_most("", 0.235, 0.20),
    (BLIND.id, "regression", "neural"): at_most("", 0.160, 0.15),
}
RACED, NONE = at_most("", 0.010), Target("", "<=")
DRAWS = 1000


def tables(cells: Sequence[Cell], more: Sequence[Policy] = ()) -> Iterator[tuple[str, list[Row]]]:
    """For each sort of task and each family of models: a title, and a row for each policy."""
    for kind, model in dict.fromkeys((cell.task.kind, cell.model) for cell in cells):
        some = [cell for cell in cells if (cell.task.kind, cell.model) == (kind, model)]
        tasks = len({cell.task.id for cell in some})
        yield (
            f"Regret, {kind}, {model}: {tasks} tasks, {len(some)} cells of a task and a metric",
            list(_rows(some, more)),
        )


def _rows(cells: Sequence[Cell], more: Sequence[Policy]) -> Iterator[Row]:
    """Policies that name the same losses throughout share a row."""
    kind, model, groups = cells[0].task.kind, cells[0].model, [cell.task.group for cell in cells]
    alike: dict[tuple[str, ...], list[str]] = {}
    for policy in (*POLICIES, hindsight(cells), *more):
        alike.setdefault(tuple(policy.loss(cell) for cell in cells), []).append(policy.id)
    ours = _regrets(map(OURS.loss, cells), cells)
    for losses, names in alike.items():
        found = _regrets(losses, cells)
        target = next((t for (name, *of), t in TARGETS.items() if name in names and of == [kind, model]), NONE)
        target = RACED if {policy.id for policy in more} & set(names) else target
        beside = "" if OURS.id in names else f"; above ours {_within(found - ours, groups)}"
        yield Row(", ".join(names), float(found.mean()), target, _within(found, groups) + beside)


def _regrets(losses: Iterable[str], cells: Sequence[Cell]) -> Any:
    return np.array([cell.regret(loss) for cell, loss in zip(cells, losses, strict=True)])


def _within(values: Any, groups: Sequence[str]) -> str:
    low, high = interval(values, groups)
    return f"{low:.3f} to {high:.3f}"


def interval(values: Any, groups: Sequence[str]) -> tuple[float, float]:
    """Where the mean lies in 95 of 100 draws of groups, which are drawn whole."""
    _, which = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(which, values), np.bincount(which)
    drawn = np.random.default_rng(0).integers(0, len(sums), (DRAWS, len(sums)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)
