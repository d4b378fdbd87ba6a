"""Whatever users hold, as a NumPy array of numbers: lists, frames, tensors, masked and nullable arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np

from .domains import Array
from .errors import InvalidShape, InvalidType

_NUMBERS = "biuf"
_NULLS = {"NoneType", "NAType", "NaTType"}


def numbers(source: Any, field: str) -> Array:
    """``source`` as an array of real numbers, no copy where it is one; null becomes NaN.

    >>> numbers([1, None, 2.5], "y_true")
    array([1. , nan, 2.5])
    """
    if isinstance(source, np.ndarray) and source.dtype.kind in _NUMBERS and not isinstance(source, np.ma.MaskedArray):
        return _with_rows(source, field)
    if source is None or isinstance(source, Mapping | str | bytes | set):
        raise InvalidType(f"{field} must be an array of numbers, got {_kind(source)}", field=field, got=_kind(source))
    if isinstance(source, np.ma.MaskedArray):
        source = np.ma.filled(source.astype(np.float64), np.nan)
    return _with_rows(_from_any(source, field), field)


def _from_any(source: Any, field: str) -> Array:
    try:
        found = np.asarray(source)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        if "inhomogeneous" in str(error):
            raise InvalidShape(f"{field} is ragged: its rows differ in length", field=field) from error
        raise InvalidType(f"{field} cannot be read as numbers ({_kind(source)})", field=field) from error
    if found.dtype.kind in _NUMBERS:
        return found
    if found.dtype.kind == "O":
        return _from_objects(found, field)
    got = found.dtype.name
    raise InvalidType(f"{field} must be real numbers, got {got}", field=field, got=got)


def _from_objects(found: Array, field: str) -> Array:
    flat = np.empty(found.size)
    for i, item in enumerate(found.flat):
        if type(item).__name__ in _NULLS:
            flat[i] = math.nan
        elif isinstance(item, Real):
            flat[i] = _float(item, field, i)
        elif isinstance(item, list | tuple | np.ndarray):
            raise InvalidShape(f"{field} is ragged: its rows differ in length", field=field)
        else:
            raise InvalidType(
                f"{field} must be numbers, got {_kind(item)} at position {i}", field=field, got=_kind(item), rows=[i]
            )
    return flat.reshape(found.shape)


def _float(item: Real, field: str, position: int) -> float:
    try:
        return float(item)
    except OverflowError as error:
        raise InvalidType(f"{field} holds a number too large at position {position}", field=field) from error


def _with_rows(found: Array, field: str) -> Array:
    if found.ndim == 0:
        raise InvalidShape(f"{field} must have rows, got a single number", field=field, got=[])
    return found


def _kind(source: Any) -> str:
    return "null" if source is None else type(source).__name__
