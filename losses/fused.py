"""Jobs on the array machine: formulas of single elements, traced once and run together on one block after another.

What a program looks like depends on the losses, on which columns they read, and on whether there are weights and rows
of several elements. Programs are kept, so that a second call pays for the run alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .blocks import DOUBLE, SINGLE, Column, Cut, Formula, Job
from .domains import Array, Domain
from .machine import WIDTH, Input, Program
from .plain import Plain, marked
from .tally import Tally
from .tracing import Symbol, Tape

SCALE = "scale"  # a number that a program is told when it runs
FORMULAS = {"pull": "slope", "bend": "curvature"}


class Task(NamedTuple):
    """A loss; and for each of its inputs the place among those of the program, and the domain (None: left out)."""

    loss: Formula
    inputs: tuple[tuple[int, Domain] | None, ...]

    def call(self, formula: str, tape: Tape) -> tuple[Symbol, ...]:
        """What a formula gives on symbols; several for a prediction of several parts."""
        found = getattr(self.loss, formula)(*self.symbols(tape))
        return found if isinstance(found, tuple) else (found,)

    def symbols(self, tape: Tape) -> list[Symbol | None]:
        """The inputs as symbols."""
        return [None if given is None else tape.input(given[0]) for given in self.inputs]


class Fused:
    """What the engine asks of a block, answered by the machine for some jobs that read the same arrays."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs, self.width = jobs, jobs[0].width
        self._places: dict[int, int] = {}
        self._tasks = tuple(Task(work.loss, tuple(map(self._place, work.columns))) for work in jobs)

    def _place(self, column: Column | None) -> tuple[int, Domain] | None:
        if column is None:
            return None
        return self._places.setdefault(id(column.array), len(self._places)), column.domain

    def tallies(self, some: Cut) -> list[Tally]:
        """The tally of each job."""
        if some.empty:
            return [Tally(dropped=some.dropped)] * len(self.jobs)
        inputs, wide = self._inputs(some), self.width > 1
        rows = len(inputs[0][0])
        if some.weights is not None:
            inputs.append((_as_machine_reads(some.weights), wide))
        program = tally_program(self._tasks, some.weights is not None, wide)
        sums, beyond = program.run(inputs, rows, self.width)
        if any(beyond):
            self._check(some)
        weight, squares = (float(rows),) * 2 if some.weights is None else (sums[-2][0], sums[-1][0])
        marks = iter(sums[len(self.jobs) :])
        found = []
        for work, (total, s1, s2, centre) in zip(self.jobs, sums, strict=False):
            if not math.isfinite(total):
                self._refuse_undefined(work, some)
            moments = squares * self.width**2, s1, s2
            cautions = tuple(
                marked(caution, self._of(work, some).pieces) if caution.every else int(next(marks)[0])
                for caution in work.loss.cautions
            )
            found.append(Tally.centred(rows, total, weight * self.width, moments, centre, cautions, some.dropped))
        return found

    def rows(self, some: Cut) -> Array:
        """The weighted losses themselves, of the one job."""
        return self._written(some, "value", 1.0)[0]

    def slopes(self, some: Cut, order: str, scale: float) -> list[Array]:
        """The ``pull`` or ``bend`` of the block, in each part of the prediction of the one job."""
        return self._written(some, FORMULAS[order], scale)

    def _written(self, some: Cut, formula: str, scale: float) -> list[Array]:
        (work,), inputs = self.jobs, self._inputs(some)
        shape = inputs[0][0].shape
        if some.weights is not None:
            inputs.append((_as_machine_reads(np.repeat(some.weights, self.width)), False))
        program, parts = written_program(self._tasks[0], formula, some.weights is not None)
        out = [np.empty(shape, work.dtype) for _ in range(parts)]
        _, beyond = program.run(inputs, shape[0], self.width, [(part, False) for part in out], scale=scale)
        if any(beyond):
            self._check(some)
        if formula == "value" and not np.isfinite(out[0]).all():
            self._refuse_undefined(work, some)
        return out

    def _inputs(self, some: Cut) -> list[Input]:
        return [(_as_machine_reads(piece), False) for piece in self._pieces(some).values()]

    def _pieces(self, some: Cut) -> dict[int, Array]:
        """The pieces by their arrays, in the order of their places."""
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
def traces(loss: Formula, present: tuple[bool, ...], formula: str) -> bool:
    """Whether a formula (``value``, ``slope``, ``curvature``) does only what the machine can."""
    domain = Domain("any", "any")
    task = Task(loss, tuple((i, domain) if there else None for i, there in enumerate(present)))
    try:
        return all(isinstance(found, Symbol) for found in task.call(formula, Tape()))
    except (TypeError, AttributeError, ValueError):
        return False


def fits(work: Job, formula: str, weights: Array | None) -> bool:
    """Whether a job can go to the machine."""
    flat = weights is None or weights.ndim == 1
    return work.fused and flat and traces(work.loss, tuple(c is not None for c in work.columns), formula)


@lru_cache(maxsize=1024)
def tally_program(tasks: tuple[Task, ...], weighted: bool, wide: bool) -> Program:
    """The sums of each loss, of each of its cautions, and of the weights and their squares."""
    tape = Tape()
    one = tape.constant(1.0)
    last = 1 + max(given[0] for task in tasks for given in task.inputs if given)
    weight = tape.input(last) if weighted else one
    mass = weight * tape.constant(WIDTH) if wide else weight

    def of_row(x: Symbol) -> Symbol:
        return tape.emit("rows", x) if wide else x

    costs = [of_row(task.call("value", tape)[0]) for task in tasks]
    totals = [(tape.emit("times", weight, cost) if weighted else cost, mass) for cost in costs]
    masks = [c.where(*task.symbols(tape)) for task in tasks for c in task.loss.cautions if not c.every]
    totals += [(of_row(mask) > 0 if wide else mask, one) for mask in masks]
    if weighted:
        totals += [(weight, one), (weight * weight, one)]
    return Program(tape, _checks(tasks, tape), totals, by_row=frozenset([last] if wide else []))


@lru_cache(maxsize=4096)
def written_program(task: Task, formula: str, weighted: bool) -> tuple[Program, int]:
    """What a formula gives, times the scale and the weight of each element; and how many parts that has."""
    tape = Tape()
    weight = tape.constant(SCALE)
    if weighted:
        weight = weight * tape.input(1 + max(given[0] for given in task.inputs if given))
    parts = [tape.emit("times", weight, part) for part in task.call(formula, tape)]
    return Program(tape, _checks([task], tape), outputs=parts), len(parts)


def _checks(tasks: Sequence[Task], tape: Tape) -> list[tuple[Symbol, float, float]]:
    """Each input against each of its domains."""
    found: dict[tuple[int, object], tuple[Symbol, float, float]] = {}
    for place, domain in (given for task in tasks for given in task.inputs if given):
        x = tape.input(place)
        found[place, domain.bounds] = (x, *domain.bounds)
        if domain.whole:
            found[place, "whole"] = (x - np.floor(x), 0.0, 0.0)
    return list(found.values())
