"""One pass over the data in blocks of rows: formulas stay plain, speed and memory are looked after here.

A small pool takes the blocks (the interpreter lock is let go of), all losses asked for see a block while it is warm,
and the blocks' tallies are added in the order of the rows, so that the result has the same bits whatever the number of
threads. Losses keep the float type they came in; sums are float64.

Formulas of single elements run on the array machine (``fused``), all of them at once; the others, and all where the
machine is not compiled, are evaluated by NumPy (``plain``), one block after another.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .blocks import Column, Cut, Job, cut
from .domains import Array
from .fused import FORMULAS, Fused, Order, alone
from .plain import Plain
from .pool import each
from .tally import Tally, row_weights


def tallies(jobs: Sequence[Job], sample_weight: Any, drop: bool = False, part: bool = False) -> list[Tally]:
    """The tally of each job, all in one pass where they cut their rows alike; of a ``part`` there are more rows."""
    cuts: dict[tuple[int, int], list[int]] = {}
    for place, work in enumerate(jobs):
        cuts.setdefault((work.rows, work.step), []).append(place)
    found: dict[int, Tally] = {}
    for (rows, _), places in cuts.items():
        weights = row_weights(sample_weight, rows, part)
        found |= _tally_together({place: jobs[place] for place in places}, weights, drop)
    return [found[place] for place in range(len(jobs))]


def _tally_together(jobs: Mapping[int, Job], weights: Array | None, drop: bool) -> dict[int, Tally]:
    """The tallies of jobs that cut their rows alike, by their places."""
    teams = _teams(jobs, ("value",), weights, drop)

    def one(start: int) -> list[Tally]:
        return [t for _, team in teams for t in team.tallies(cut(team.jobs[0], weights, start, drop))]

    sums, *others = each(one, teams[0][1].jobs[0].starts)
    for more in others:
        sums = [a + b for a, b in zip(sums, more, strict=True)]
    return dict(zip([place for places, _ in teams for place in places], sums, strict=True))


def _teams(
    jobs: Mapping[int, Job], formulas: tuple[str, ...], weights: Array | None, drop: bool
) -> list[tuple[Sequence[int], Plain | Fused]]:
    """Who does which jobs: those that read the same arrays, and miss the same rows, go to the machine together."""
    teams: list[tuple[Sequence[int], Plain | Fused]] = []
    together: dict[Any, tuple[list[int], Fused]] = {}
    for place, work in jobs.items():
        team = alone(work, formulas, weights)
        if team is None:
            teams.append(((place,), Plain(work)))
            continue
        arrays = frozenset([(id(c.array), drop and c.domain.infinite) for c in work.columns if c is not None])
        together.setdefault(arrays, ([], team))[0].append(place)
    return teams + [
        (places, team if len(places) == 1 else Fused([jobs[place] for place in places]))
        for places, team in together.values()
    ]


def each_row(work: Job, sample_weight: Any, drop: bool = False) -> Array:
    """The weighted losses themselves, in the working type."""
    weights = row_weights(sample_weight, work.rows)
    ((_, worker),) = _teams({0: work}, ("value",), weights, drop)
    rooms = None if drop else worker.rooms(("value",), weights is not None, work.rows)

    def one(start: int) -> list[Array]:
        some = cut(work, weights, start, drop)
        return [] if some.empty else worker.rows(some, _parts(work, rooms, start))

    return _joined([found for found in each(one, work.starts) if found], rooms)[0]


def derivatives(
    work: Job, orders: Sequence[Order], sample_weight: Any, scale: float, drop: bool = False
) -> list[Array]:
    """The first or second derivatives of the weighted sum, or both, in each part of the prediction.

    Rows are joined, parts that all rows share are summed. With ``drop`` a row that lacks a number has slopes of 0.
    """
    weights = row_weights(sample_weight, work.rows)
    formulas = tuple(FORMULAS[order] for order in orders)
    ((_, worker),) = _teams({0: work}, formulas, weights, drop)
    rooms = None if drop else worker.rooms(formulas, weights is not None, work.rows, scale)
    heads = [c for c in work.columns if c is not None and c.field != "y_true"] * len(orders)
    shared = [head.shared for head in heads]

    def one(start: int) -> list[Array]:
        some = cut(work, weights, start, drop)
        if some.empty:
            found = [np.zeros((0, *head.array.shape[1:]), work.dtype) for head in heads]
        else:
            found = worker.derivatives(some, orders, scale, _parts(work, rooms, start))
        if work.loss.per_row:
            found = [part.sum(axis=0) if once else part for once, part in zip(shared, found, strict=True)]
        if some.dropped:
            found = [
                part if head.shared else _among_all(part, head, some, start)
                for head, part in zip(heads, found, strict=True)
            ]
        return found

    return _joined(each(one, work.starts), rooms, shared)


def _among_all(part: Array, head: Column, some: Cut, start: int) -> Array:
    """The slopes of the rows that were kept, among zeros for those that were left out."""
    whole = np.zeros((len(part) + some.dropped, *head.array.shape[1:]), part.dtype)
    whole[some.rows - start] = part.reshape(-1, *whole.shape[1:])
    return whole


def _parts(work: Job, rooms: list[Array] | None, start: int) -> Any:
    """Where a block writes to, if that is known."""
    return None if rooms is None else [room[start : start + work.step] for room in rooms]


def _joined(blocks: list[list[Array]], rooms: list[Array] | None, shared: Sequence[bool] = (False,)) -> list[Array]:
    """The parts of all blocks in one: rows after rows, and the sum of what all rows share."""
    if rooms is not None or len(blocks) == 1:
        return rooms or blocks[0]
    return [
        functools.reduce(np.add, parts) if once else np.concatenate(parts)
        for once, parts in zip(shared, zip(*blocks, strict=True), strict=True)
    ]
