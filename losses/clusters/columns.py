"""Which column of a frame is the target, where rows of two frames have no common order and weights stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from losses.errors import InvalidShape, InvalidType, UnknownName


def target_of(columns: Sequence[str], sample_weight: Any) -> str:
    """The one column that does not hold the weights.

    >>> target_of(["price", "weight"], "weight")
    'price'
    """
    if sample_weight is not None and not isinstance(sample_weight, str):
        detail = f"sample_weight must be the name of a column of the same frame, got {type(sample_weight).__name__}"
        raise InvalidType(detail, field="sample_weight", got=type(sample_weight).__name__)
    if sample_weight is not None and sample_weight not in columns:
        raise UnknownName.among("column", sample_weight, columns)
    others = [name for name in columns if name != sample_weight]
    if len(others) != 1:
        beside = "" if sample_weight is None else f" beside {sample_weight!r}"
        raise InvalidShape(f"one column is expected{beside}, got {len(others)}", field="target", got=len(others))
    return others[0]
