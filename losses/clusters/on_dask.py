"""Columns of Dask frames and Dask arrays: a state for each partition, added up in a tree on the workers."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any, NoReturn

from losses.errors import EmptyInput, InvalidShape, InvalidType
from losses.evaluate import Evaluator
from losses.profile import Profile

FAN = 8  # states that are added in one step


def profile(column: Any, name: str | None = None, sample_weight: Any = None, task: str | None = None) -> Profile:
    """The profile of a column, computed by the cluster that is connected, or by Dask's threads."""
    rows = _aligned([column, sample_weight])
    states = [_delayed(_profile)(part, weight, task) for part, weight in rows]
    return replace(_summed(states, Profile()), name=name)


def evaluate(run: Evaluator, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Evaluator:
    """``run`` with all partitions in it."""
    named = isinstance(y_pred, Mapping)
    names, heads = (list(y_pred), list(y_pred.values())) if named else ([], [y_pred])
    rows = _aligned([y_true, sample_weight, *heads])
    states = [_delayed(_evaluate)(run, y, dict(zip(names, z, strict=True)) if named else z[0], w) for y, w, *z in rows]
    return _summed(states, run)


def _profile(part: Any, weight: Any, task: str | None) -> Profile:
    return Profile.of(part, sample_weight=weight if len(part) else None, task=task)


def _evaluate(run: Evaluator, y: Any, z: Any, weight: Any) -> Evaluator:
    part = Evaluator(run.losses, run.reduction, run.missing)
    try:
        return part.update(y, z, weight)
    except EmptyInput:  # other partitions may have rows
        return part


def _summed(states: Sequence[Any], empty: Any) -> Any:
    while len(states) > 1:
        states = [_delayed(_added)(states[i : i + FAN]) for i in range(0, len(states), FAN)]
    return states[0].compute() if states else empty


def _delayed(work: Callable[..., Any]) -> Callable[..., Any]:
    return importlib.import_module("dask").delayed(work, pure=False)


def _added(states: Sequence[Any]) -> Any:
    return reduce(add, states)


def _aligned(sources: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """The partitions of all sources side by side; None for a source that is left out."""
    parts = [None if source is None else _partitions(source) for source in sources]
    counts = {len(some) for some in parts if some is not None}
    if len(counts) > 1:
        raise InvalidShape(f"all inputs must be cut into the same partitions, got {sorted(counts)}", field="y_pred")
    return zip(*([None] * min(counts) if some is None else some for some in parts), strict=True)


def _partitions(source: Any) -> list[Any]:
    if hasattr(source, "rechunk"):  # an array: rows may be apart, what is in a row may not
        whole = source.rechunk(dict.fromkeys(range(1, source.ndim), -1))
        return list(whole.to_delayed().ravel())
    return list(source.to_delayed()) if hasattr(source, "to_delayed") else _refused(source)


def _refused(source: Any) -> NoReturn:
    got = type(source).__name__
    raise InvalidType(f"columns of Dask frames or Dask arrays belong together, got {got}", field="y_pred", got=got)
