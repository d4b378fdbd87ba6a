"""Ray Data: ``map_batches`` turns each block into one state; the driver adds up the states."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from losses.clusters.columns import target_of
from losses.errors import NotSupported
from losses.evaluate import Evaluation, Evaluator
from losses.profile import Profile


def profile(dataset: Any, name: str | None = None, sample_weight: Any = None, task: str | None = None) -> Profile:
    """The profile of a dataset of one column, as ``select_columns(["y"])`` gives it, or of two, one the weights'."""
    target = target_of(dataset.columns(), sample_weight)

    def state(block: Any) -> bytes:
        weight = None if sample_weight is None else block.column(sample_weight)
        return Profile.of(block.column(target), sample_weight=weight, task=task).to_bytes()

    return replace(sum(map(Profile.from_bytes, _states(dataset, state)), Profile()), name=name or target)


def evaluate_dataset(
    losses: Any,
    dataset: Any,
    y_true: str = "y_true",
    y_pred: str = "y_pred",
    sample_weight: str | None = None,
    **options: Any,
) -> Evaluation:
    """Losses on columns of one dataset. Options are those of Evaluator."""
    names = [y_true, y_pred, *([] if sample_weight is None else [sample_weight])]

    def state(block: Any) -> bytes:
        run = Evaluator(losses, **options)
        if block.num_rows:
            run.update(*(block.column(name).to_numpy() for name in names))
        return pickle.dumps(run)

    states = _states(dataset.select_columns(names), state)
    return sum(map(pickle.loads, states), Evaluator(losses, **options)).result()


def evaluate(run: Evaluator, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Evaluator:
    """Refuses: rows of two Ray datasets have no common order."""
    raise NotSupported("on Ray use losses.clusters.on_ray.evaluate_dataset(losses, dataset)", field="y_true")


def _states(dataset: Any, state: Callable[[Any], bytes]) -> Iterator[bytes]:
    found = dataset.map_batches(lambda block: {"state": [state(block)]}, batch_format="pyarrow", batch_size=None)
    return (bytes(row["state"]) for row in found.iter_rows())
