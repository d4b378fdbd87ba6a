"""The race as a policy: the losses of the advice, trained on a table's rows; the first is judged by the kept scores.

Its folds are others than those of the scores, of the same rows.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import losses
from benchmarks.regret.corpus import Cell
from benchmarks.regret.policies import Policy, named, ours
from benchmarks.regret.tables import Entry, Table, entries, load
from losses.errors import NotSupported

SEED = 7


def racing(seconds: float) -> Policy:
    """A race with a budget; our advice where there is no race, as for nets and for errors of calibration."""
    return Policy(f"a race of {seconds:g} s", functools.partial(_first, seconds))


def some(cells: Sequence[Cell], tables: int) -> list[Cell]:
    """The cells that can race, of so many tables."""
    known = [cell for cell in cells if cell.model == "boosting" and cell.task.id in _entries()]
    tasks = list(dict.fromkeys(cell.task.id for cell in known))[:tables]
    return [cell for cell in known if cell.task.id in tasks]


@functools.cache
def _first(seconds: float, cell: Cell) -> str:
    table = _table(cell.task.id)
    try:
        found = losses.race(
            table.features, table.y, cell.metric, model="boosting", budget=seconds, random_state=SEED, name=table.column
        )
    except NotSupported:
        return ours(cell)
    return named(found.ranked, cell.regrets) or cell.task.default


@functools.cache
def _table(task: str) -> Table:
    return load(_entries()[task])


@functools.cache
def _entries() -> dict[str, Entry]:
    return {entry.id: entry for entry in entries()}
