"""A parameter of a loss: its range, in one sentence and in bounds, and how its text is read.

A parameter is declared once, as an annotated field with a default::

    tau: Annotated[float, Param("the quantile wanted", above=0, below=1)] = 0.5

The type says the rest: ``bool``, ``int``, a ``Literal`` of choices, ``tuple[float, ...]`` for a list,
``| None`` where leaving it out is a choice of its own.
"""

from __future__ import annotations

import math
import types
import typing
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Literal, Union

from .errors import InvalidParameter

_NO_LISTS = str, bytes, Mapping, Set


@dataclass(frozen=True)
class Param:
    """What a parameter may be."""

    says: str
    above: float | None = None
    below: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    in_target_units: bool = False
    infinite: bool = False
    not_between: tuple[float, float] | None = None
    name: str = ""
    default: Any = None
    kinds: frozenset[type] = field(default_factory=frozenset)
    choices: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """The range in the usual notation.

        >>> Param("the quantile wanted", above=0, below=1).range
        '(0, 1)'
        """
        if self.choices:
            return " or ".join(self.choices)
        if self.kinds and self.kinds <= {bool, types.NoneType}:
            return "true or false"
        low = "(-inf" if self.at_least is None else f"[{self.at_least:g}"
        low = low if self.above is None else f"({self.above:g}"
        high = "inf)" if self.at_most is None else f"{self.at_most:g}]"
        high = high if self.below is None else f"{self.below:g})"
        return f"{low}, {high}" + (" but not within ({:g}, {:g})".format(*self.not_between) if self.not_between else "")

    @property
    def allowed(self) -> str:
        """Range and alternatives in words."""
        words = [self.range]
        if tuple in self.kinds:
            words.append(f"a list of numbers in {self.range}")
            words = words[1:] if float not in self.kinds else words
        if types.NoneType in self.kinds:
            words.append("none")
        return ", or ".join(words)

    def read(self, value: object) -> Any:
        """The value as this parameter stores it; raises InvalidParameter, saying what is allowed and what came."""
        if self.infinite and isinstance(value, str) and value in ("inf", "-inf"):
            value = float(value)
        for attempt in (self._as_none, self._as_choice, self._as_bool, self._as_number, self._as_list):
            found, result = attempt(value)
            if found:
                return result
        raise self._refusal(value)

    def _refusal(self, value: object) -> InvalidParameter:
        got = _short(value)
        return InvalidParameter(
            f"{self.name} must be {self._lie()}, got {got}", field=self.name, allowed=self.allowed, got=got
        )

    def _lie(self) -> str:
        return self.allowed if self.choices or self.kinds <= {bool, types.NoneType} else f"in {self.allowed}"

    def _as_none(self, value: object) -> tuple[bool, None]:
        return value is None and types.NoneType in self.kinds, None

    def _as_choice(self, value: object) -> tuple[bool, object]:
        return isinstance(value, str) and value in self.choices, value

    def _as_bool(self, value: object) -> tuple[bool, bool]:
        return bool in self.kinds and type(value).__name__ in {"bool", "bool_"}, bool(
            value
        ) if bool in self.kinds else False

    def _as_number(self, value: object) -> tuple[bool, float | int]:
        if _is_bool(value) or not isinstance(value, Real):
            return False, 0
        try:
            number = float(value)
        except OverflowError:
            return False, 0
        if int in self.kinds and number == value and number.is_integer():
            return self._inside(number), int(number)
        return float in self.kinds and self._inside(number), number

    def _as_list(self, value: object) -> tuple[bool, tuple[float, ...]]:
        if tuple not in self.kinds or not isinstance(value, Iterable) or isinstance(value, _NO_LISTS):
            return False, ()
        if getattr(value, "ndim", 1) != 1:
            return False, ()
        items = list(value)
        numbers = replace(self, kinds=frozenset({float}))
        return bool(items), tuple(numbers.read(item) for item in items)

    def _inside(self, x: float) -> bool:
        if not math.isfinite(x):
            return self.infinite and not math.isnan(x)
        low = x > self.above if self.above is not None else x >= (-math.inf if self.at_least is None else self.at_least)
        high = x < self.below if self.below is not None else x <= (math.inf if self.at_most is None else self.at_most)
        gap = self.not_between is not None and self.not_between[0] < x < self.not_between[1]
        return low and high and not gap


def _is_bool(value: object) -> bool:
    return type(value).__name__ in {"bool", "bool_"}


def text_of(value: object) -> str:
    """A value in its shortest exact words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ",".join(map(text_of, value)) + "]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


_WORDS = {"none": None, "null": None, "true": True, "false": False}


def literal(text: str) -> object:
    """A value as it stands in a spec: ``1.35``, ``none``, ``true``, ``[0.1,0.5]``, or a word."""
    word = text.strip()
    if word.lower() in _WORDS:
        return _WORDS[word.lower()]
    if word.startswith("[") and word.endswith("]"):
        return [literal(item) for item in word[1:-1].split(",")]
    try:
        return word if "_" in word else float(word)
    except ValueError:
        return word


def _short(value: object) -> str:
    text = repr(value) if not isinstance(value, float) else f"{value:g}"
    return text if len(text) <= 60 else text[:57] + "..."


def params_of(owner: type[Any]) -> dict[str, Param]:
    """The parameters of a loss class, in order, complete with name, default and kinds."""
    hints = typing.get_type_hints(owner, include_extras=True)
    found = {}
    for name, hint in hints.items():
        for note in getattr(hint, "__metadata__", ()):
            if isinstance(note, Param):
                kinds, choices = _kinds(hint.__origin__)
                found[name] = replace(note, name=name, default=getattr(owner, name), kinds=kinds, choices=choices)
    return {name: found[name] for name in _in_order(owner) if name in found}


def _in_order(owner: type) -> list[str]:
    return list(getattr(owner, "__dataclass_fields__", {}))


def _kinds(hint: Any) -> tuple[frozenset[type], tuple[str, ...]]:
    origin = typing.get_origin(hint)
    if origin is Literal:
        return frozenset({str}), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        parts = [_kinds(part) for part in typing.get_args(hint)]
        return frozenset().union(*(kinds for kinds, _ in parts)), tuple(c for _, choices in parts for c in choices)
    return frozenset({origin or hint}), ()
