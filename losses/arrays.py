"""Whatever users hold, as a NumPy array of numbers: lists, frames, tensors, masked and nullable arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
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
    found = _read(source, field)
    if not found.ndim:
        raise InvalidShape(f"{field} must have rows, got a single number", field=field, got=[])
    return found


def inputs(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Target and prediction as arrays, read once however many losses are to see them; a target may be left out."""
    y = None if y_true is None else _read(y_true, "y_true")
    if isinstance(y_pred, Mapping):
        return y, {name: _read(part, f"y_pred.{name}") for name, part in y_pred.items()}
    return y, _read(y_pred, "y_pred")


def _read(source: Any, field: str) -> Array:
    if type(source) is np.ndarray and source.dtype.kind in _NUMBERS and _fits(source):
        return source
    if source is None or isinstance(source, Mapping | str | bytes | Set):
        raise _no_array(source, field)
    try:
        found = np.asarray(_open(source))
    except Exception as error:  # whatever the source's own code raises
        if "inhomogeneous" in str(error):
            raise InvalidShape(f"{field} is ragged: its rows differ in length", field=field) from error
        raise InvalidType(f"{field} cannot be read as numbers ({_kind(source)})", field=field) from error
    if found.dtype.kind in _NUMBERS:
        with np.errstate(over="ignore"):  # what is too large becomes an infinity, which domains judge
            return found if _fits(found) else found.astype(np.float64)
    if found.dtype.kind == "O":
        return _from_objects(found, field)
    got = found.dtype.name
    raise InvalidType(f"{field} must be real numbers, got {got}", field=field, got=got)


def _fits(found: Array) -> bool:
    """Whether formulas can read it in place: not what is wider than float64, nor what lies askew in memory."""
    return found.dtype.itemsize <= 8 and found.flags.aligned


def _open(source: Any) -> Any:
    """What NumPy does not read by itself: masked arrays, and tensors in a graph, elsewhere, or of bfloat16."""
    if isinstance(source, np.ma.MaskedArray):
        if source.dtype.kind in _NUMBERS:
            return np.ma.filled(source.astype(np.float64), np.nan)
        found = source.data.copy()
        if found.dtype.kind == "O":
            found[np.ma.getmaskarray(source)] = None
        return found
    if hasattr(source, "detach"):
        tensor = source.detach().cpu()
        return tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor
    return source


def _from_objects(found: Array, field: str) -> Array:
    if not found.ndim and not isinstance(found.item(), Real):
        raise _no_array(found.item(), field)
    flat = np.empty(found.size)
    width = found.size // len(found) if found.ndim else 1
    for i, item in enumerate(found.flat):
        if type(item).__name__ in _NULLS:
            flat[i] = math.nan
        elif isinstance(item, Real | np.bool_):
            flat[i] = _float(item, field, i // width)
        elif isinstance(item, list | tuple | np.ndarray):
            raise InvalidShape(f"{field} is ragged: its rows differ in length", field=field)
        else:
            row = i // width
            raise InvalidType(
                f"{field} must be numbers, got {_kind(item)} at row {row}", field=field, got=_kind(item), rows=[row]
            )
    return flat.reshape(found.shape)


def _float(item: Any, field: str, row: int) -> float:
    try:
        return float(item)
    except OverflowError as error:
        raise InvalidType(f"{field} holds a number too large at row {row}", field=field, rows=[row]) from error


def _no_array(source: Any, field: str) -> InvalidType:
    return InvalidType(f"{field} must be an array of numbers, got {_kind(source)}", field=field, got=_kind(source))


def _kind(source: Any) -> str:
    return "null" if source is None else type(source).__name__
