"""Jobs on the array machine: formulas of single elements, traced once and run together on one block after another.

What a program looks like depends on the losses, on which columns they read, and on whether there are weights and rows
of several elements. Programs are kept, so that a second call pays for the run alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import numpy as np

from .blocks import DOUBLE, SINGLE, Cut, Formula, Job
from .domains import Array, Domain
from .machine import Input, Program, Sums
from .plain import Plain, marked
from .tally import Tally
from .tracing import Symbol, Tape

SCALE = "scale"  # a number that a program is told when it runs
Order = Literal["pull", "bend"]
FORMULAS: dict[Order, str] = {"pull": "slope", "bend": "curvature"}


class Given(NamedTuple):
    """An input of a program: its place, whether it is a number a row (None: rows are numbers), and its domain."""

    place: int
    of_rows: bool | None
    domain: Domain


class Task(NamedTuple):
    """A loss, what it is given for each of its inputs (None: left out), and the elements of a row."""

    loss: Formula
    inputs: tuple[Given | None, ...]
    width: int
    deep: bool  # whether rows have several axes

    def call(self, formula: str, tape: Tape) -> tuple[Symbol, ...]:
        """What a formula gives on symbols; several for a prediction of several parts."""
        found = getattr(self.loss, formula)(*self.symbols(tape))
        return found if isinstance(found, tuple) else (found,)

    def symbols(self, tape: Tape) -> list[Symbol | None]:
        """The inputs as symbols."""
        tape.deep = self.deep
        return [None if x is None else tape.input(x.place, x.of_rows, self.width) for x in self.inputs]


class Fused:
    """What the engine asks of a block, answered by the machine for some jobs that read the same arrays."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self._arrays: dict[int, tuple[int, bool | None]] = {}  # the place of each, and whether it has a number a row
        self.tasks = tuple([self._task(work) for work in jobs])

    def _task(self, work: Job) -> Task:
        inputs: list[Given | None] = []
        deep = False
        for column in work.columns:
            if column is None:
                inputs.append(None)
                continue
            deep = deep or column.array.ndim > 2
            of_rows = column.array.size == work.rows if work.width > 1 else None
            known = self._arrays.setdefault(id(column.array), (len(self._arrays), of_rows))
            inputs.append(Given(*known, column.domain))
        return Task(work.loss, tuple(inputs), work.width, deep)

    def tallies(self, some: Cut) -> list[Tally]:
        """The tally of each job."""
        if some.empty:
            return [Tally(dropped=some.dropped)] * len(self.jobs)
        inputs = self._inputs(some)
        program, masses = tally_program(self.tasks, some.weights is not None)
        sums = self._run(program, inputs, some, [], 1.0)
        rows, marks = len(inputs[0][0]), iter(sums[len(self.jobs) :])
        found = []
        for work, mass, (total, s1, s2, centre) in zip(self.jobs, masses, sums, strict=False):
            cautions = tuple(
                marked(caution, self._of(work, some).pieces) if caution.every else int(next(marks)[0])
                for caution in work.loss.cautions
            )
            if not math.isfinite(s2):  # some loss is infinite or has no value, or all together are too large
                found += Plain(work).tallies(self._of(work, some))
                continue
            if isinstance(mass, float):
                weight, s0 = rows * mass, rows * mass * mass
            else:
                weight, s0 = sums[mass][0], sums[mass + 1][0]
            found.append(Tally.centred(rows, total, weight, (s0, s1, s2), centre, cautions, some.dropped))
        return found

    def rows(self, some: Cut, into: list[Array] | None = None) -> list[Array]:
        """The weighted losses themselves, of the one job."""
        found = self._written(some, ("value",), 1.0, into)
        if not np.isfinite(found[0]).all():
            self._refuse_undefined(self.jobs[0], some)
        return found

    def derivatives(
        self, some: Cut, orders: Sequence[Order], scale: float, into: list[Array] | None = None
    ) -> list[Array]:
        """What ``pull`` and ``bend`` of the one loss give for the block, in each part of the prediction."""
        return self._written(some, tuple(FORMULAS[order] for order in orders), scale, into)

    def rooms(self, formulas: tuple[str, ...], weighted: bool, rows: int, scale: float = 1.0) -> list[Array]:
        """Arrays for what formulas give for so many rows."""
        work = self.jobs[0]
        whole = max((c.array for c in work.columns if c is not None), key=np.size).shape
        single = written_program(self.tasks[0], formulas, weighted, scale != 1)[1]
        return [np.empty((rows, *(() if of_rows else whole[1:])), work.dtype) for of_rows in single]

    def _written(self, some: Cut, formulas: tuple[str, ...], scale: float, into: list[Array] | None) -> list[Array]:
        inputs = self._inputs(some)
        program, of_rows = written_program(self.tasks[0], formulas, some.weights is not None, scale != 1)
        rows = len(inputs[0][0])
        out = into or self.rooms(formulas, some.weights is not None, rows, scale)
        self._run(program, inputs, some, list(zip(out, of_rows, strict=True)), scale)
        return out

    def _run(self, program: Program, inputs: list[Input], some: Cut, outputs: list[Input], scale: float) -> list[Sums]:
        width = self.jobs[0].width
        if some.weights is not None:
            inputs.append((_as_machine_reads(some.weights), width > 1))
        sums, beyond = program.run(inputs, len(inputs[0][0]), width, outputs, scale=scale)
        if any(beyond):
            self._check(some)
        return sums

    def _inputs(self, some: Cut) -> list[Input]:
        pieces = self._pieces(some)
        return [(_as_machine_reads(pieces[key]), bool(of_rows)) for key, (_, of_rows) in self._arrays.items()]

    def _pieces(self, some: Cut) -> dict[int, Array]:
        """The pieces by their arrays."""
        return {id(c.array): p for c, p in zip(self.jobs[0].columns, some.pieces, strict=True) if c is not None}

    def _of(self, work: Job, some: Cut) -> Cut:
        """The block as another of the jobs sees it."""
        if work is self.jobs[0]:
            return some
        pieces = self._pieces(some)
        return some._replace(pieces=[None if c is None else pieces[id(c.array)] for c in work.columns])

    def _check(self, some: Cut) -> None:
        for work in self.jobs:
            self._of(work, some).check(work)

    def _refuse_undefined(self, work: Job, some: Cut) -> None:
        Plain(work).rows(self._of(work, some)._replace(weights=None))


def _as_machine_reads(piece: Array) -> Array:
    """A piece as the machine reads it."""
    if piece.dtype in (SINGLE, DOUBLE) and piece.flags.c_contiguous and piece.flags.aligned:
        return piece
    return np.array(piece, SINGLE if piece.dtype == SINGLE else DOUBLE, order="C")


# ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


@lru_cache(maxsize=4096)
def traces(task: Task, formulas: tuple[str, ...]) -> bool:
    """Whether formulas (``value``, ``slope``, ``curvature``) do only what the machine can."""
    try:
        if formulas == ("value",):
            tally_program((task,), weighted=False)
        written_program(task, formulas, weighted=False, scaled=False)
    except (TypeError, AttributeError, ValueError, IndexError):
        return False
    return True


def alone(work: Job, formulas: tuple[str, ...], weights: Array | None) -> Fused | None:
    """A job as the machine takes it; None where it cannot."""
    if not work.fused or not (weights is None or weights.ndim == 1):
        return None
    team = Fused([work])
    return team if traces(team.tasks[0], formulas) else None


@lru_cache(maxsize=1024)
def tally_program(tasks: tuple[Task, ...], weighted: bool) -> tuple[Program, list[float | int]]:
    """The sums of each loss, then of its cautions' marks, then of masses and their squares.

    With the program comes the mass of each loss: a number for all rows, or where its sums stand.
    """
    tape = Tape()
    one = tape.constant(1.0)
    weight = _weight(tape, tasks) if weighted else one
    totals: list[tuple[Symbol, Symbol]] = []
    for task in tasks:
        cost, mass = task.call("value", tape)[0], task.loss.mass(*task.symbols(tape))
        heft = weight if mass is None else weight * mass
        if not cost.of_rows:
            cost, heft = tape.emit("sum", cost), heft * float(task.width)
        totals.append((tape.emit("times", weight, cost) if weighted else cost, heft))
    hefts = [heft for _, heft in totals]
    for task in tasks:
        for mask in (c.where(*task.symbols(tape)) for c in task.loss.cautions if not c.every):
            totals.append((mask if mask.of_rows else tape.emit("sum", mask) > 0, one))
    masses: dict[int, float | int] = {}
    for heft in hefts:
        if isinstance(heft.value, float):
            masses[heft.step] = heft.value
        elif heft.step not in masses:
            masses[heft.step] = len(totals)
            totals += [(heft, one), (heft * heft, one)]
    return Program(tape, _checks(tasks, tape), totals), [masses[heft.step] for heft in hefts]


@lru_cache(maxsize=4096)
def written_program(task: Task, formulas: tuple[str, ...], weighted: bool, scaled: bool) -> tuple[Program, list[bool]]:
    """What formulas give, times the scale and the weight of each row; and which parts are numbers of rows."""
    tape = Tape()
    weight = tape.constant(SCALE if scaled else 1.0)
    if weighted:
        weight = weight * _weight(tape, [task])
    found = [part for formula in formulas for part in task.call(formula, tape)]
    of_rows = [tape.kinds[part.step] is True for part in found]
    parts = [tape.emit("times", weight, part) if weighted or scaled else part for part in found]
    pairs = zip(parts, of_rows, strict=True)
    outputs = [part if single or not tape.kinds[part.step] else tape.emit("spread", part) for part, single in pairs]
    return Program(tape, _checks([task], tape), outputs=outputs), of_rows


def _weight(tape: Tape, tasks: Sequence[Task]) -> Symbol:
    """The sample weights: the input after all others."""
    last = 1 + max(given.place for task in tasks for given in task.inputs if given)
    return tape.input(last, True if tasks[0].width > 1 else None, tasks[0].width)


def _checks(tasks: Sequence[Task], tape: Tape) -> list[tuple[Symbol, float, float]]:
    """Each input against each of its domains."""
    found: dict[tuple[int, float, float], tuple[Symbol, float, float]] = {}
    for task in tasks:
        for x, given in zip(task.symbols(tape), task.inputs, strict=True):
            if x is not None and given is not None:
                found |= {(symbol.step, low, high): (symbol, low, high) for symbol, low, high in given.domain.checks(x)}
    return list(found.values())
