"""``profile(...)``: any target, in memory or in a file, read into a ``Profile``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from losses.errors import InvalidWeights, UnknownName
from losses.pool import ahead
from losses.profile.csvtext import stacked
from losses.profile.files import Part, as_rows, read_parts
from losses.profile.progress import Progress
from losses.profile.state import Profile
from losses.remote import engine_of

TASKS = (
    *("regression", "classification", "ordinal", "multilabel", "segmentation", "boxes"),
    *("metric_learning", "contrastive", "distillation", "variational"),
)


def profile(
    target: Any, name: str | None = None, sample_weight: Any = None, task: str | None = None, column: str | None = None
) -> Profile:
    """Read a target into a profile: a list, an array, a column of pandas, polars or Arrow, or a path to a file.

    A column of Dask, Spark or Ray is read where it lies. Paths may have stars in them, and be such as fsspec reads.

    ``name`` is the column's name, which helps to tell a count from a code; ``column`` picks one column of a file.

    >>> p = profile([0, 0, 1, 3, 0, 2, 0, 1, 5, 0, 1, 2] * 10, name="visits")
    >>> p.kind, p.n, p.zeros.share
    ('count', 120, 0.4166666666666667)
    """
    if task is not None and task not in TASKS:
        raise UnknownName.among("task", task, TASKS)
    return weighty(_read(target, name, sample_weight, task, column), sample_weight is not None)


def weighty(found: Profile, weighed: bool) -> Profile:
    """The profile of a whole column, which is refused where weights came and none is above zero."""
    if weighed and not found.rows:
        raise InvalidWeights("no row has a sample_weight above zero", field="sample_weight")
    return found


def _read(target: Any, name: str | None, sample_weight: Any, task: str | None, column: str | None) -> Profile:
    if isinstance(target, (str, os.PathLike)):
        found, parts = read_parts(target, column)
        if sample_weight is None:
            return replace(_summed(parts, task), name=name or found)
        whole = stacked([as_rows(batch) for part in parts for batch in part.batches])
        return Profile.of(whole, name=name or found, sample_weight=sample_weight, task=task)
    named = name if name is not None else _own_name(target)
    if engine := engine_of(target):
        return engine.profile(target, named, sample_weight, task)
    return Profile.of(target, name=named, sample_weight=sample_weight, task=task)


def _summed(parts: Iterator[Part], task: str | None) -> Profile:
    """The sum over all parts; what the first batch shows to be boxes are boxes in a short last one too."""
    first = next(parts, Part(iter(()), 1.0))
    total = sum((Profile.of(batch, task=task) for batch in islice(first.batches, 1)), Profile())
    if total.structure and total.structure.form == "boxes":
        task = "boxes"

    def read(part: Part) -> tuple[Profile, float]:
        return sum((Profile.of(batch, task=task) for batch in part.batches), Profile()), part.share

    with Progress() as progress:
        for part, share in ahead(read, chain([first], parts)):
            total += part
            progress.tell(share, f"{total.rows:,} rows")
    return total


def _own_name(target: Any) -> str | None:
    name = getattr(target, "name", None)
    return name if isinstance(name, str) and name else None
