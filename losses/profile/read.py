"""``profile(...)``: any target, in memory or in a file, read into a ``Profile``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from losses.errors import UnknownName
from losses.profile.state import Profile

TASKS = (
    *("regression", "classification", "ordinal", "multilabel", "segmentation", "boxes"),
    *("metric_learning", "contrastive", "distillation", "variational"),
)


def profile(
    target: Any, name: str | None = None, sample_weight: Any = None, task: str | None = None, column: str | None = None
) -> Profile:
    """Read a target into a profile: a list, an array, a column of pandas, polars or Arrow, or a path to a file.

    ``name`` is the column's name, which helps to tell a count from a code; ``column`` picks one column of a file.

    >>> p = profile([0, 0, 1, 3, 0, 2, 0, 1, 5, 0, 1, 2] * 10, name="visits")
    >>> p.kind, p.n, p.zeros.share
    ('count', 120, 0.4166666666666667)
    """
    if task is not None and task not in TASKS:
        raise UnknownName.among("task", task, TASKS)
    if isinstance(target, (str, os.PathLike)):
        from losses.profile.csvtext import stacked
        from losses.profile.files import as_rows, read_batches

        found, batches = read_batches(target, column)
        if sample_weight is not None:
            batches = iter([stacked([as_rows(batch) for batch in batches])])
        return replace(sum(_parts(batches, sample_weight, task), Profile()), name=name or found)
    named = name if name is not None else _own_name(target)
    return Profile.of(target, name=named, sample_weight=sample_weight, task=task)


def _parts(batches: Iterator[Any], sample_weight: Any, task: str | None) -> Iterator[Profile]:
    """The profile of each batch; what the first one shows to be boxes are boxes in a short last one too."""
    for batch in batches:
        part = Profile.of(batch, sample_weight=sample_weight, task=task)
        task = task or ("boxes" if part.structure and part.structure.form == "boxes" else None)
        yield part


def _own_name(target: Any) -> str | None:
    name = getattr(target, "name", None)
    return name if isinstance(name, str) and name else None
