"""Programs for the array machine: traced steps as instructions on registers, and their run on arrays."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .tracing import CODES, Array, NotTraceable, Symbol, Tape, _machine

Sums = tuple[
    float, float, float, float
]  # of the values; of mass times excess, and excess squared, over the last: a centre
Input = tuple[Array, bool]  # and whether it holds one number a row, not one an element

WIDEST = _machine.WIDEST if _machine else 0  # elements a row may have
SINKS = ("check", "moments", "store")
ALONE_FROM = 256  # numbers; NumPy is done sooner with fewer


class Program:
    """What is to become of some symbols, as code.

    ``checks`` are (input, low, high), to be held against closed bounds; ``totals`` (values, masses), to be summed;
    ``outputs`` are written out.
    """

    def __init__(
        self,
        tape: Tape,
        checks: Sequence[tuple[Symbol, float, float]] = (),
        totals: Sequence[tuple[Symbol, Symbol]] = (),
        outputs: Sequence[Symbol] = (),
    ) -> None:
        self._tape, self._checks, self._totals = tape, len(checks), len(totals)
        self._lines: list[tuple[str, int, list[int]]] = []  # operation, step (of a sink its place), operands
        self._placed: set[int] = set()
        for i, (x, low, high) in enumerate(checks):
            self._sink("check", i, x, tape.constant(low), tape.constant(high))
        for i, total in enumerate(totals):
            self._sink("moments", i, *total)
        for i, x in enumerate(outputs):
            self._sink("store", i, x)
        self._assign_registers()

    # ── steps in order ──────────────────────────────────────────────────────────────────────────────────────────

    def _sink(self, name: str, place: int, what: Symbol, *others: Symbol) -> None:
        operands = [self._filled(what.step), *(symbol.step for symbol in others)]
        for operand in operands:
            self._place(operand)
        self._lines.append((name, place, operands))

    def _place(self, step: int) -> None:
        name, *operands = self._tape.steps[step]
        if step in self._placed or name in ("input", "constant"):
            return
        self._placed.add(step)
        if name != "fill" and not (len(operands) == 2 and not all(map(self._is_constant, operands))):
            operands = [self._filled(operand) for operand in operands]
        for operand in operands:
            self._place(operand)
        self._lines.append((name, step, operands))

    def _is_constant(self, step: int) -> bool:
        return bool(self._tape.steps[step][0] == "constant")

    def _filled(self, step: int) -> int:
        """A constant as a piece full of it, where the machine does not take a single number."""
        return self._tape.step("fill", step) if self._is_constant(step) else step

    # ── registers ───────────────────────────────────────────────────────────────────────────────────────────────

    def _assign_registers(self) -> None:
        steps, read = self._tape.steps, [x for _, _, operands in self._lines for x in operands]
        constants = dict.fromkeys(x for x in read if steps[x][0] == "constant")
        inputs = {x: steps[x][1] for x in read if steps[x][0] == "input"}
        self._constants = [steps[x][1] for x in constants] or [0.0]
        self.inputs = 1 + max(inputs.values())
        fixed = self.inputs + len(self._constants)
        register = {**inputs, **{x: self.inputs + i for i, x in enumerate(constants)}}
        last = {x: i for i, (_, _, operands) in enumerate(self._lines) for x in operands}
        free: list[int] = []
        top, self._code = fixed, b""
        for i, (name, step, operands) in enumerate(self._lines):
            target = step
            if name not in SINKS:
                if not free:
                    free, top = [top], top + 1
                target = register[step] = free.pop()
            places = [register[x] for x in operands]
            if name == "where":  # the condition comes last
                places = [*places[1:], places[0]]
            of_rows = self._tape.kinds[operands[0] if name in SINKS else step]
            self._code += struct.pack("6H", CODES[name], target, *places, *(0,) * (3 - len(places)), bool(of_rows))
            free += [register[x] for x in dict.fromkeys(operands) if last[x] == i and register[x] >= fixed]
        self._scratch = top - fixed
        if top > _machine.REGISTERS:
            raise NotTraceable("more numbers at once than the machine holds")

    # ── the run ─────────────────────────────────────────────────────────────────────────────────────────────────

    def run(
        self, inputs: Sequence[Input], rows: int, width: int = 1, outputs: Sequence[Input] = (), **told: float
    ) -> tuple[list[Sums], bytes]:
        """The sums of the totals, and for each check whether it failed, over ``rows`` rows of ``width`` elements.

        Inputs and outputs are contiguous arrays of float64 or float32; ``told`` are the constants that have names.
        """
        numbers = [told[x] if isinstance(x, str) else x for x in self._constants]
        constants = struct.pack(f"{len(numbers)}d", *numbers)
        return _machine.run(
            self._code, constants, self._scratch, tuple(inputs), tuple(outputs), self._totals, self._checks, rows, width
        )


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """An elementwise function that the machine knows, by the same name, as one step."""
    name = function.__name__

    @functools.wraps(function)
    def call(x: Any, *others: Any) -> Any:
        symbol = next((a for a in (x, *others) if isinstance(a, Symbol)), None)
        if symbol is not None:
            return symbol.tape.emit(name, x, *others)
        if others or name not in CODES or not isinstance(x, np.ndarray) or x.size < ALONE_FROM or x.dtype != np.float64:
            return function(x, *others)
        x = np.ascontiguousarray(x)
        out = np.empty_like(x)
        _alone(name).run([(x, False)], x.size, 1, [(out, False)])
        return out

    return call


def row_sums(formula: Callable[..., tuple[Array, ...]], *arrays: Array) -> list[Array]:
    """The sums, row by row, of the arrays of elements that ``formula`` gives; ``formula`` must be a plain function."""
    if not CODES or not all(map(_readable, arrays)):
        return [x.sum(axis=1) for x in formula(*arrays)]
    program = _summing(formula, len(arrays))
    rows = [program.run([(x, False) for x in row], len(row[0]))[0] for row in zip(*arrays, strict=True)]
    return [np.array([total for total, *_ in column]) for column in zip(*rows, strict=True)]


def by_row(formula: Callable[..., Array], *arrays: Array) -> Array:
    """What ``formula``, a plain function of (n, k) arrays and of numbers of rows, gives for each row."""
    rows, width = arrays[0].shape
    if not CODES or width > WIDEST:
        return formula(*arrays)
    inputs = [(x if _readable(x) else np.array(x, np.float64, order="C"), x.ndim == 1) for x in arrays]
    out = np.empty(rows, arrays[0].dtype)
    _rowwise(formula, width, *(of_rows for _, of_rows in inputs)).run(inputs, rows, width, [(out, True)])
    return out


def _readable(x: Array) -> bool:
    return x.dtype in (np.float32, np.float64) and x.flags.c_contiguous


@functools.lru_cache(maxsize=64)
def _rowwise(formula: Callable[..., Any], width: int, *of_rows: bool) -> Program:
    tape = Tape()
    return Program(tape, outputs=[formula(*(tape.input(i, kind, width) for i, kind in enumerate(of_rows)))])


@functools.cache
def _summing(formula: Callable[..., tuple[Array, ...]], count: int) -> Program:
    tape = Tape()
    found: Any = formula(*(tape.input(i) for i in range(count)))
    return Program(tape, totals=[(x, tape.constant(1.0)) for x in found])


@functools.cache
def _alone(name: str) -> Program:
    tape = Tape()
    return Program(tape, outputs=[tape.emit(name, tape.input(0))])
