"""Nested JSON lists as arrays of numbers: anything in them that is no number is refused with pointers to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from types import NoneType
from typing import Any

import numpy as np

from losses.errors import EmptyInput, InvalidInput, InvalidShape, InvalidType, MissingValues

from .words import NAMES, name_of

MOST_POINTERS = 20


def read_array(value: Any, field: str, nulls: bool = False) -> Any:
    """The array that a JSON list stands for; ``nulls`` lets null in, as NaN. Objects are read part by part.

    >>> read_array([[1, 2.5], [3, 4]], "y_pred")
    array([[1. , 2.5],
           [3. , 4. ]])
    """
    if isinstance(value, dict):
        return {str(name): read_array(part, f"{field}.{name}"[:80], nulls) for name, part in value.items()}
    if value is None or type(value) in (int, float) or isinstance(value, np.ndarray):
        return value
    if not isinstance(value, list):
        raise InvalidType(f"{field} must be an array of numbers, got {name_of(value)}", field=field, got=name_of(value))
    flat, shape = _flattened(value, field)
    if not all(shape[1:]):
        raise EmptyInput(f"{field} holds no numbers, its shape is {shape}", field=field, got=shape)
    found = set(map(type, flat))
    strangers = found - ({int, float, NoneType} if nulls else {int, float})
    if strangers:
        raise _refusal(value, field, strangers)
    return _numbers(flat, found).reshape(shape)


def _numbers(flat: list[Any], found: set[type]) -> np.ndarray[Any, Any]:
    if found == {int}:
        try:
            return np.array(flat, dtype=np.int64)
        except OverflowError:
            pass
    return np.array(flat, dtype=np.float64)


def _flattened(value: list[Any], field: str) -> tuple[list[Any], list[int]]:
    flat, shape = value, [len(value)]
    while flat and set(map(type, flat)) == {list}:
        widths = set(map(len, flat))
        if len(widths) > 1:
            raise InvalidShape(f"{field} is ragged: its rows differ in length", field=field)
        flat = list(chain.from_iterable(flat))
        shape.append(widths.pop())
    return flat, shape


def _refusal(value: list[Any], field: str, strangers: set[type]) -> InvalidInput:
    if list in strangers:
        return InvalidShape(f"{field} is ragged: some of its rows are arrays, others are not", field=field)
    places = list(islice(_places(value, strangers), MOST_POINTERS))
    root = "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in field.split(".", 1))
    pointers = ["/".join((root, *map(str, place))) for place in places]
    got = ", ".join(sorted(NAMES[kind.__name__] for kind in strangers))
    data = {"field": field, "got": got, "rows": list(dict.fromkeys(p[0] for p in places))[:5], "pointers": pointers}
    if strangers == {NoneType}:
        return MissingValues(f'{field} is null at {pointers[0]}; missing="drop" leaves such rows out', **data)
    return InvalidType(f"{field} must hold numbers, got {got} at {pointers[0]}", **data)


def _places(value: list[Any], strangers: set[type]) -> Iterator[tuple[int, ...]]:
    for i, item in enumerate(value):
        if type(item) is list:
            yield from ((i, *place) for place in _places(item, strangers))
        elif type(item) in strangers:
            yield (i,)
