"""``profile(...)``: any target, in memory or in a file, read into a ``Profile``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from losses.errors import InvalidShape, InvalidWeights, UnknownName
from losses.pool import ahead
from losses.profile.column import Floats, opened, read_weights
from losses.profile.files import Part, read_parts
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

    ``name`` is the column's name, which helps to tell a count from a code; ``column`` picks one column of a file, and
    ``sample_weight`` may be the name of another.

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
        weight = sample_weight if isinstance(sample_weight, str) else None
        found, parts = read_parts(target, column, weight)
        if sample_weight is not None:
            parts = _weighed(parts, None if weight is not None else _floats(sample_weight))
        return replace(_summed(parts, task), name=name or found)
    named = name if name is not None else _own_name(target)
    if engine := engine_of(target):
        return engine.profile(target, named, sample_weight, task)
    return Profile.of(target, name=named, sample_weight=sample_weight, task=task)


def _floats(sample_weight: Any) -> Floats:
    values = opened(sample_weight)
    return read_weights(values, len(values))


def _weighed(parts: Iterator[Part], weight: Floats | None) -> Iterator[Part]:
    """The parts with the weights of their rows, from one array for all or each from its own column."""
    start = 0
    for part in parts:
        stop = start + part.rows
        if weight is None or stop <= weight.size:
            yield part._replace(batches=_dealt(part.batches, None if weight is None else weight[start:stop], start))
        start = stop
    if weight is not None and start != weight.size:
        detail = f"sample_weight has {weight.size} values for {start} rows"
        raise InvalidShape(detail, field="sample_weight", expected=start, got=weight.size)


def _dealt(batches: Iterator[tuple[Any, Any]], weight: Floats | None, start: int) -> Iterator[tuple[Any, Any]]:
    at = 0
    for values, own in batches:
        rows = len(values)
        yield values, read_weights(own, rows, start + at) if weight is None else weight[at : at + rows]
        at += rows


def _summed(parts: Iterator[Part], task: str | None) -> Profile:
    """The sum over all parts; what the first batch shows to be boxes are boxes in a short last one too."""

    def added(batches: Iterator[tuple[Any, Any]], task: str | None) -> Profile:
        return sum((Profile.of(batch, sample_weight=weight, task=task) for batch, weight in batches), Profile())

    first = next(parts, Part(iter(()), 1.0, 0))
    total = added(islice(first.batches, 1), task)
    if total.structure and total.structure.form == "boxes":
        task = "boxes"

    def read(part: Part) -> tuple[Profile, float]:
        return added(part.batches, task), part.share

    with Progress() as progress:
        for part, share in ahead(read, chain([first], parts)):
            total += part
            progress.tell(share, f"{total.rows:,} rows")
    return total


def _own_name(target: Any) -> str | None:
    name = getattr(target, "name", None)
    return name if isinstance(name, str) and name else None
