"""Numbers that JSON cannot hold: null in the reply, with a note of what each of them was, and back again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from losses import Result

CODE = "NON_FINITE"
PARTS = ("value", "standard_error", "gradient")


def marked(row: dict[str, Any], result: Result) -> dict[str, Any]:
    """A row of a reply whose NON_FINITE warning says what each null stands for: ``{"inf": ["/value/3"]}``."""
    found: dict[str, list[str]] = {}
    for number, pointer in (place for part in PARTS for place in _places(getattr(result, part), f"/{part}")):
        found.setdefault(str(number), []).append(pointer)
    if not found:
        return row
    notes = list(row["warnings"])
    first = next((i for i, note in enumerate(notes) if note["code"] == CODE), len(notes))
    if first == len(notes):
        notes.append({"code": CODE, "message": "a number beyond the range of floats is null"})
    notes[first] = {**notes[first], "data": found}
    return {**row, "warnings": notes}


def _places(value: Any, pointer: str) -> Iterator[tuple[float, str]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _places(part, f"{pointer}/{name}")
    elif isinstance(value, np.ndarray):
        for place in np.argwhere(~np.isfinite(value)).tolist():
            yield float(value[tuple(place)]), "/".join((pointer, *map(str, place)))
    elif isinstance(value, float) and not math.isfinite(value):
        yield float(value), pointer


def restored(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of a reply with the numbers put back that its warnings tell of.

    >>> notes = [{"code": "NON_FINITE", "message": "", "data": {"inf": ["/value/1"]}}]
    >>> restored({"value": [1.5, None], "warnings": notes})["value"]
    [1.5, inf]
    """
    found = dict(row)
    for note in found["warnings"]:
        if note["code"] == CODE:
            for number, pointers in (note.get("data") or {}).items():
                _put(found, float(number), pointers)
    return found


def _put(row: dict[str, Any], number: float, pointers: Iterable[str]) -> None:
    for pointer in pointers:
        *way, last = pointer.removeprefix("/").split("/")
        node: Any = row
        for step in way:
            node = node[_step(node, step)]
        node[_step(node, last)] = number


def _step(node: Any, step: str) -> str | int:
    return int(step) if isinstance(node, list) else step
