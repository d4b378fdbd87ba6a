"""A job on NumPy, one block at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .blocks import DOUBLE, Caution, Cut, Job
from .domains import FIRST_ROWS, Array
from .errors import OutsideDomain
from .tally import Tally, by_row, spread

FEW = 64  # rows that show at once that not all are marked
QUIET = np.errstate(all="ignore")  # infinities are what formulas are asked for at the extremes


class Plain:
    """What the engine asks of a block, answered by the formulas as they stand."""

    def __init__(self, work: Job) -> None:
        self.work, self.jobs = work, (work,)

    @QUIET
    def tallies(self, some: Cut) -> list[Tally]:
        """The tally of the block."""
        if some.empty:
            return [Tally(dropped=some.dropped)]
        loss, arrays = self.work.loss, self._ready(some)
        values = loss.value(*arrays)
        if not math.isfinite(np.add.reduce(values, axis=None)):
            refuse_undefined(values, some)
        weights, mass = _double(some.weights), loss.mass(*arrays)
        weighed, heft = self._weigh(values, mass, weights)
        cautions = tuple(marked(caution, arrays) for caution in loss.cautions)
        found = Tally.of(weighed, heft, cautions, some.dropped)
        if math.isfinite(found.s2) or not np.isfinite(values).all():
            return [found]
        (values, power), (weights, more) = _levelled(values), _levelled(weights)
        weighed, _ = self._weigh(values, mass, weights)
        return [replace(Tally.of(weighed, heft, cautions, some.dropped), power=power + more)]

    @QUIET
    def rows(self, some: Cut, into: None = None) -> list[Array]:
        """The weighted losses themselves."""
        values = self.work.loss.value(*self._ready(some))
        if not math.isfinite(np.add.reduce(values, axis=None)):
            refuse_undefined(values, some)
        return [self._weigh(values, None, _double(some.weights))[0].astype(self.work.dtype, copy=False)]

    @QUIET
    def derivatives(self, some: Cut, orders: Sequence[str], scale: float, into: None = None) -> list[Array]:
        """What ``pull`` and ``bend`` of the loss give for the block, in each part of the prediction."""
        rows = len(some.pieces[0] if some.pieces[0] is not None else some.pieces[-1])
        weights = _double(some.weights)
        scales = self.work.loss.weigh(np.full(rows, scale) if weights is None else weights * scale)
        arrays = self._ready(some)
        if scales.ndim > 1:  # a weight an element fits where an element has a loss, which the slopes do not show
            spread(scales, self.work.loss.value(*arrays))
        found = [part for order in orders for part in getattr(self.work.loss, order)(scales, *arrays)]
        return [np.asarray(part, dtype=self.work.dtype) for part in found]

    def rooms(self, formulas: tuple[str, ...], weighted: bool, rows: int, scale: float = 1.0) -> None:
        """None: what a formula gives is known when it has been called."""

    def _ready(self, some: Cut) -> list[Array | None]:
        some.check(self.work)
        return [
            None if c is None else piece.astype(np.intp if c.domain.index else self.work.dtype, copy=False)
            for c, piece in zip(self.work.columns, some.pieces, strict=True)
        ]

    def _weigh(self, values: Array, mass: Array | None, weights: Array | None) -> tuple[Array, Array | None]:
        """Weighted losses, and what each counts for in a mean (None: 1)."""
        if weights is None:
            return values, mass
        w = spread(self.work.loss.weigh(weights), values)
        weighed = w * values
        if np.isnan(weighed.sum()):
            weighed = np.where(w == 0, 0.0, weighed)
        return weighed, w if mass is None else w * mass


def _double(weights: Array | None) -> Array | None:
    return None if weights is None else weights.astype(DOUBLE, copy=False)


def _levelled(x: Any) -> tuple[Any, int]:
    """Numbers over the power of two next to the largest, and that power."""
    if x is None:
        return None, 0
    power = int(np.frexp(np.abs(x).max())[1])
    return np.ldexp(x.astype(DOUBLE), -power), power


def marked(caution: Caution, arrays: Sequence[Any]) -> int:
    """The rows with a mark; or all, where all are marked throughout and that is what counts."""
    if not caution.every:
        return int(np.count_nonzero(_flat(caution.where(*arrays)).any(axis=1)))
    few = caution.where(*(x[:FEW] for x in arrays))
    return len(arrays[0]) if few.all() and caution.where(*arrays).all() else 0


def _flat(mask: Array) -> Array:
    return mask.reshape(len(mask), -1)


def refuse_undefined(values: Array, some: Cut) -> None:
    """Raise where a loss has no value although each input lies in its domain; a true infinity is a value."""
    undefined = np.flatnonzero(np.isnan(by_row(values)))[:FIRST_ROWS]
    if len(undefined):
        rows = (some.rows[undefined] if isinstance(some.rows, np.ndarray) else some.rows + undefined).tolist()
        raise OutsideDomain(f"the loss has no value at rows {rows}: these inputs contradict each other", rows=rows)
