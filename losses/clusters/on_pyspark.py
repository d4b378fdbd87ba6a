"""Spark: ``mapInArrow`` turns each partition into one state; the driver adds up the states."""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from losses.clusters.columns import target_of
from losses.errors import NotSupported
from losses.evaluate import Evaluation, Evaluator
from losses.profile import Profile


def profile(frame: Any, name: str | None = None, sample_weight: Any = None, task: str | None = None) -> Profile:
    """The profile of a frame of one column, as ``frame.select("y")`` gives it, or of two, one of them the weights'."""
    target = target_of(frame.columns, sample_weight)

    def state(batches: Iterable[Any]) -> bytes:
        rows = ((b.column(target), None if sample_weight is None else b.column(sample_weight)) for b in batches)
        return sum((Profile.of(y, sample_weight=w, task=task) for y, w in rows), Profile()).to_bytes()

    total = sum(map(Profile.from_bytes, _states(frame, state)), Profile())
    return replace(total, name=name or target)


def evaluate_frame(
    losses: Any,
    frame: Any,
    y_true: str = "y_true",
    y_pred: str = "y_pred",
    sample_weight: str | None = None,
    **options: Any,
) -> Evaluation:
    """Losses on columns of one frame: rows of two Spark frames have no common order. Options are those of Evaluator."""
    names = [y_true, y_pred, *([] if sample_weight is None else [sample_weight])]

    def state(batches: Iterable[Any]) -> bytes:
        run = Evaluator(losses, **options)
        for batch in batches:
            if batch.num_rows:
                run.update(*(column.to_numpy(zero_copy_only=False) for column in batch.columns))
        return pickle.dumps(run)

    return sum(map(pickle.loads, _states(frame.select(*names), state)), Evaluator(losses, **options)).result()


def evaluate(run: Evaluator, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Evaluator:
    """Refuses: rows of two Spark frames have no common order."""
    raise NotSupported("on Spark use losses.clusters.on_pyspark.evaluate_frame(losses, frame)", field="y_true")


def _states(frame: Any, state: Callable[[Iterable[Any]], bytes]) -> Iterator[bytes]:
    def of_partition(batches: Iterable[Any]) -> Iterator[Any]:
        pa = importlib.import_module("pyarrow")
        yield pa.RecordBatch.from_pydict({"state": pa.array([state(batches)], pa.binary())})

    return (bytes(row.state) for row in frame.mapInArrow(of_partition, "state binary").toLocalIterator())
