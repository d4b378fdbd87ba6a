"""Formulas, traced: plain NumPy expressions of elements leave their steps behind when they are called on symbols.

``np.abs(y - z)`` on arrays is an ordinary expression; on two :class:`Symbol` objects it adds steps to their
:class:`Tape`. Equal steps are taken once, also between formulas, so that ten losses of a residual subtract once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import NDArray

try:
    from . import _machine as _machine
except ImportError:  # there was no compiler where this was installed: formulas are evaluated by NumPy
    _machine = None  # type: ignore[assignment]

Array = NDArray[Any]
Step = tuple[Any, ...]  # an operation and the places of its operands; ("input", place); ("constant", number or name)

CODES: dict[str, int] = {name: code for code, name in enumerate(_machine.OPS)} if _machine else {}
MIRRORED = {"greater": "less", "greater_equal": "less_equal"}
SAME = {
    "bitwise_and": "logical_and",
    "bitwise_or": "logical_or",
    "invert": "logical_not",
    "fabs": "absolute",
    **MIRRORED,
}
SYMMETRIC = {"add", "multiply", "maximum", "minimum", "equal", "not_equal", "hypot"}
EVEN, SIGNED = {"absolute", "square", "decay"}, {"negative", "absolute", "copysign"}  # what forgets, what sets a sign
OF_ROWS, OF_ELEMENTS = {"sum", "highest", "pick", "take"}, {"spread", "place"}  # steps that turn one into the other
NEUTRAL = {"multiply": 1.0, "divide": 1.0, "power": 1.0, "subtract": 0.0, "add": 0.0}
POWERS: dict[Any, str] = {0.5: "sqrt", 2.0: "square", -1.0: "reciprocal"}


class NotTraceable(TypeError):
    """A formula does what the array machine cannot."""


class Tape:
    """The steps of some formulas, each kind of step once."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.kinds: list[bool | None] = []  # whether a step has one number a row (None: it fits both)
        self.deep = False  # whether rows have several axes, and sums along one of them would not be sums of rows
        self._places: dict[Step, int] = {}

    def step(self, *step: Any) -> int:
        """The place of a step, old or new."""
        if step not in self._places:
            self._places[step] = len(self.steps)
            self.steps.append(step)
            self.kinds.append(self._kind(*step))
        return self._places[step]

    def input(self, place: int, of_rows: bool | None = None, width: int = 1) -> Symbol:
        """What the input at ``place`` holds: a number of each row, or one of each of the ``width`` elements of a row.

        Where rows are numbers themselves (None), there is no difference.
        """
        return Symbol(self, self.step("input", place, of_rows), width)

    def constant(self, value: float | str) -> Symbol:
        """One number for all rows; or a name, for a number that is told when the program runs."""
        return Symbol(self, self.step("constant", value))

    def _kind(self, name: str, *operands: Any) -> bool | None:
        if name == "input":
            return operands[1]
        if name in ("constant", "fill"):
            return None
        if name in OF_ROWS or name in OF_ELEMENTS:
            return name in OF_ROWS
        return next((self.kinds[step] for step in operands if self.kinds[step] is not None), None)

    def emit(self, name: str, *arguments: Any) -> Symbol:
        """The step ``name`` on symbols and numbers, in its simplest form."""
        symbols = [x if isinstance(x, Symbol) else self.constant(_number(x)) for x in arguments]
        if name in MIRRORED:
            symbols.reverse()
        name = SAME.get(name, name)
        if name in NEUTRAL:
            name, symbols = _shorter(name, *symbols)
        if name == "nothing":
            return symbols[0]
        if name not in CODES:
            raise NotTraceable(name)
        width = max(symbol.width for symbol in symbols)
        operands = [symbol.step for symbol in symbols]
        if name in EVEN:
            operands = [self._without_sign(operands[0])]
        if name not in OF_ROWS and name not in OF_ELEMENTS:
            operands = self._alike(operands)
        if name in SYMMETRIC:
            operands.sort()
        return Symbol(self, self.step(name, *operands), width)

    def _alike(self, operands: list[int]) -> list[int]:
        """Numbers of rows spread to elements where both meet."""
        kinds = [self.kinds[step] for step in operands]
        if False not in kinds:
            return operands
        return [self.step("spread", x) if kind else x for x, kind in zip(operands, kinds, strict=True)]

    def _without_sign(self, step: int) -> int:
        """A step that is the same but for its sign: what sets the sign is left out, a - b stands for b - a too."""
        name, *operands = self.steps[step]
        if name in SIGNED:
            return self._without_sign(operands[0])
        return self.step(name, *sorted(operands)) if name == "subtract" else step


def _shorter(name: str, first: Symbol, second: Symbol) -> tuple[str, list[Symbol]]:
    """The same with less to do, as far as that leaves every digit: x * 1 is x, x * x and x ** 2 are its square."""
    if second.value == NEUTRAL[name]:
        return "nothing", [first]
    if first.value == NEUTRAL[name] and name in SYMMETRIC:
        return "nothing", [second]
    if name == "power" and second.value in POWERS:
        return POWERS[second.value], [first]
    if name == "multiply" and first.step == second.step:
        return "square", [first]
    return name, [first, second]


def _number(x: Any) -> float:
    if np.ndim(x):
        raise NotTraceable("an array of constants")
    return float(x)


class Symbol(NDArrayOperatorsMixin):
    """A number of each row, or of each of the ``width`` elements of a row, not known yet."""

    dtype = np.dtype(np.float64)

    def __init__(self, tape: Tape, step: int, width: int = 1) -> None:
        self.tape, self.step, self.width = tape, step, width

    @property
    def value(self) -> float | str | None:
        """The number, or its name, where it is a constant."""
        kind, value = self.tape.steps[self.step][:2]
        return value if kind == "constant" else None

    @property
    def of_rows(self) -> bool:
        """Whether it is a number of each row."""
        return self.tape.kinds[self.step] is not False

    @property
    def ndim(self) -> int:
        """As arrays have it."""
        return 1 if self.of_rows else 2

    @property
    def shape(self) -> tuple[int, ...]:
        """As arrays have it; how many rows there are is not known."""
        return (-1,) if self.of_rows else (-1, self.width)

    def astype(self, dtype: Any, copy: bool = True) -> Symbol:
        """Itself: the machine knows one type."""
        return self

    def sum(self, axis: int, keepdims: bool = False) -> Symbol:
        """The sum of each row."""
        return self._of_row("sum", axis)

    def max(self, axis: int, keepdims: bool = False) -> Symbol:
        """The highest of each row."""
        return self._of_row("highest", axis)

    def _of_row(self, name: str, axis: int) -> Symbol:
        if self.of_rows or self.tape.deep or axis not in (-1, 1):
            raise NotTraceable(f"{name} along another axis than rows")
        return self.tape.emit(name, self)

    def pick(self, place: Symbol) -> Symbol:
        """The element of each row at the place given for it."""
        return self.tape.emit("pick", self, place)

    def places(self) -> Symbol:
        """Where each element stands in its row."""
        return self.tape.emit("place", self)

    def __getitem__(self, key: Any) -> Symbol:
        _, at = key if isinstance(key, tuple) and len(key) == 2 else (None, key)
        if self.of_rows and (at is None or at == 0):
            return self  # a number of each row meets the elements of that row, with an axis for them or without
        if isinstance(at, int) and not self.of_rows and at is not key:
            return self.tape.emit("take", self, at % self.width)
        raise NotTraceable("a part of an array")

    def __bool__(self) -> bool:
        raise NotTraceable("a choice by what the numbers are")

    def __array__(self, *options: Any, **more: Any) -> Any:
        raise NotTraceable("an array of symbols")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Symbol:
        if method != "__call__" or options:
            raise NotTraceable(f"{ufunc.__name__}.{method}")
        return self.tape.emit(ufunc.__name__, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        if function not in FUNCTIONS or options:
            raise NotTraceable(function.__name__)
        return FUNCTIONS[function](self.tape, *args)


def _clip(tape: Tape, x: Any, low: Any, high: Any) -> Symbol:
    return tape.emit("minimum", tape.emit("maximum", x, low), high)


FUNCTIONS: dict[Any, Callable[..., Symbol]] = {
    np.where: lambda tape, *arguments: tape.emit("where", *arguments),
    np.clip: _clip,
    np.zeros_like: lambda tape, like: tape.constant(0.0),
    np.ones_like: lambda tape, like: tape.constant(1.0),
    np.full_like: lambda tape, like, value: tape.constant(_number(value)),
}
