"""One pass over the data in cache-sized blocks: formulas stay plain, speed and memory are looked after here.

Rows are cut into blocks of about ``BLOCK`` numbers. A small pool of threads takes the blocks (NumPy lets go of the
interpreter lock), every formula asked for sees a block while it is warm, and the blocks' tallies are added in the
order of the rows, so that the result has the same bits whatever the number of threads. Losses keep the float type
they came in; sums are float64.
"""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .domains import FIRST_ROWS, Domain
from .errors import EmptyInput, InvalidShape, InvalidWeights, OutsideDomain

Array = NDArray[Any]
T = TypeVar("T")

BLOCK = 1 << 15
THREADS = max(1, min(8, os.cpu_count() or 1))


class Column(NamedTuple):
    """One input of a formula: its name, its numbers (rows first), and where they may lie.

    ``shared`` inputs (thresholds, common negatives) go to every block whole.
    """

    field: str
    array: Array
    domain: Domain
    shared: bool = False


class Caution(NamedTuple):
    """Something to say about an evaluation: ``count`` looks at a block, ``says`` is filled with {count} and {n}.

    With ``every`` it is said only when all rows are concerned.
    """

    code: str
    count: Callable[..., Any]
    says: str
    every: bool = False


class Formula(Protocol):
    """What the engine asks of a loss: formulas on arrays of rows, in the order of its inputs."""

    @property
    def per_row(self) -> bool: ...
    @property
    def cautions(self) -> tuple[Caution, ...]: ...

    def value(self, *arrays: Any) -> Array: ...
    def mass(self, *arrays: Any) -> Array | None: ...
    def weigh(self, weights: Array) -> Array: ...


class Job(NamedTuple):
    """A formula with its columns, ready to be cut into blocks of ``step`` rows."""

    loss: Formula
    columns: tuple[Column | None, ...]
    rows: int
    step: int
    dtype: np.dtype[Any]


def job(loss: Formula, columns: Sequence[Column | None]) -> Job:
    """Settle rows, working type and block length; all row-wise columns must have as many rows."""
    by_row = [c for c in columns if c is not None and not c.shared]
    lengths = {c.field: len(c.array) for c in by_row}
    rows = len(by_row[0].array)
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{field} has {n}" for field, n in lengths.items())
        raise InvalidShape(f"inputs differ in length: {told} rows", got=lengths, field=by_row[-1].field)
    if rows == 0:
        raise EmptyInput("no rows: at least one is needed", field=by_row[0].field, got=0)
    work = Job(loss, tuple(columns), rows, rows, _working_type(columns))
    return work._replace(step=max(1, BLOCK // max(1, row_width(work)))) if loss.per_row else work


def _working_type(columns: Sequence[Column | None]) -> np.dtype[Any]:
    numbers = [c.array.dtype for c in columns if c is not None and not c.domain.index]
    return np.dtype(np.float32 if np.result_type(np.float32, *numbers) == np.float32 else np.float64)


def row_width(work: Job) -> int:
    """How many numbers a row of the widest input has."""
    return max(c.array.size // work.rows for c in work.columns if c is not None and not c.shared)


def row_weights(sample_weight: Any, rows: int) -> Array | None:
    """Sample weights as float64, refused when negative, missing, all zero, or not one a row."""
    if sample_weight is None:
        return None
    try:
        weights = np.asarray(sample_weight, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidWeights("sample_weight must be numbers", field="sample_weight") from error
    if weights.ndim == 0 or len(weights) != rows:
        got = list(weights.shape)
        raise InvalidWeights(f"sample_weight must have {rows} rows, got shape {got}", field="sample_weight", got=got)
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)).reshape(rows, -1).all(axis=1))[:FIRST_ROWS].tolist()
    if bad:
        raise InvalidWeights(
            f"sample_weight must be finite and at least 0, it is not at rows {bad}", field="sample_weight", rows=bad
        )
    if not weights.any():
        raise InvalidWeights("sample_weight is 0 in every row", field="sample_weight")
    return weights


@dataclass(frozen=True)
class Tally:
    """What must be known of some rows for sums, means and standard errors; tallies of parts add up.

    ``s0, s1, s2`` are the sums over rows of m², m·r and r² with r = (weighted loss) - centre·m, where m is the
    weighted mass of a row: enough to move the centre, hence exact where plain sums of squares would cancel.
    """

    rows: int = 0
    total: float = 0.0
    weight: float = 0.0
    s0: float = 0.0
    s1: float = 0.0
    s2: float = 0.0
    cautions: tuple[int, ...] = ()
    dropped: int = 0

    @property
    def mean(self) -> float:
        """The weighted mean."""
        return self.total / self.weight if self.weight else 0.0

    @property
    def standard_error(self) -> float | None:
        """Of the mean, over rows; None for a single row or an infinite mean."""
        if self.rows < 2 or not math.isfinite(self.s2) or not self.weight:
            return None
        return math.sqrt(max(0.0, self.s2) * self.rows / (self.rows - 1)) / self.weight

    def _about(self, centre: float) -> tuple[float, float]:
        shift = self.mean - centre
        return self.s1 + shift * self.s0, self.s2 + shift * (2 * self.s1 + shift * self.s0)

    def __add__(self, other: Tally) -> Tally:
        if not other.rows:
            return self._with_dropped(other.dropped)
        if not self.rows:
            return other._with_dropped(self.dropped)
        total, weight = self.total + other.total, self.weight + other.weight
        centre = total / weight if weight else 0.0
        (a1, a2), (b1, b2) = self._about(centre), other._about(centre)
        cautions = tuple(a + b for a, b in zip(self.cautions, other.cautions, strict=True))
        rows, dropped = self.rows + other.rows, self.dropped + other.dropped
        return Tally(rows, total, weight, self.s0 + other.s0, a1 + b1, a2 + b2, cautions, dropped)

    def _with_dropped(self, more: int) -> Tally:
        return replace(self, dropped=self.dropped + more)


class Cutter:
    """Cuts columns at the rows of one block: checked and converted once for all losses that share them."""

    def __init__(self, start: int, stop: int, drop: bool) -> None:
        self.start, self.stop, self.drop = start, stop, drop
        self._seen: dict[tuple[int, Domain, Any], Array] = {}

    def cut(self, work: Job) -> tuple[list[Any], Array | None]:
        """The arrays of the block, and which rows were kept (None: all)."""
        pieces = [
            c if c is None or c.shared else c._replace(array=c.array[self.start : self.stop]) for c in work.columns
        ]
        kept = _complete(pieces) if self.drop else None
        if kept is not None:
            pieces = [c if c is None or c.shared else c._replace(array=c.array[kept]) for c in pieces]
        sources = [None if c is None else id(c.array) for c in work.columns]
        return [self._ready(c, key, work.dtype) for c, key in zip(pieces, sources, strict=True)], kept

    def _ready(self, column: Column | None, source: int | None, dtype: np.dtype[Any]) -> Array | None:
        if column is None or source is None:
            return None
        key = (source, column.domain, dtype)
        if key not in self._seen or self.drop:
            column.domain.check(column.array, column.field, 0 if column.shared else self.start)
            self._seen[key] = column.array.astype(np.intp if column.domain.index else dtype, copy=False)
        return self._seen[key]


def _take(columns: Sequence[Column | None], rows: slice | Array) -> list[Column | None]:
    return [c if c is None or c.shared else c._replace(array=c.array[rows]) for c in columns]


def _complete(pieces: Sequence[Column | None]) -> Array | None:
    absent: Array = np.logical_or.reduce([c.domain.absent(c.array) for c in pieces if c is not None and not c.shared])
    return ~absent if absent.any() else None


def spread(weights: Array, like: Array) -> Array:
    """Weights with trailing axes, so that they multiply ``like``."""
    if weights.shape != like.shape[: weights.ndim]:
        raise InvalidWeights(
            f"sample_weight of shape {list(weights.shape)} does not fit losses of shape {list(like.shape)}",
            field="sample_weight",
            got=list(weights.shape),
            expected=list(like.shape),
        )
    return weights.reshape(weights.shape + (1,) * (like.ndim - weights.ndim))


def _by_row(x: Array) -> Array:
    return x if x.ndim == 1 else x.reshape(len(x), -1).sum(axis=1, dtype=np.float64)


def _tally(loss: Formula, arrays: list[Any], weights: Array | None, start: int) -> Tally:
    values = loss.value(*arrays)
    mass = loss.mass(*arrays)
    weighed, heft = weigh(loss, values, mass, weights)
    rows = len(values)
    by_row = _by_row(weighed)
    total = float(by_row.sum(dtype=np.float64))
    if math.isnan(total):
        _refuse_undefined(values, start)
    heavy = np.full(rows, values.size / rows) if heft is None else _by_row(np.broadcast_to(heft, values.shape))
    weight = float(heavy.sum(dtype=np.float64))
    off = by_row - (total / weight if weight else 0.0) * heavy
    s0, s1, s2 = (float((a * b).sum(dtype=np.float64)) for a, b in ((heavy, heavy), (heavy, off), (off, off)))
    cautions = tuple(int(c.count(*arrays)) for c in loss.cautions)
    return Tally(rows, total, weight, s0, s1, s2, cautions)


def weigh(loss: Formula, values: Array, mass: Array | None, weights: Array | None) -> tuple[Array, Array | None]:
    """Weighted losses, and what each counts for in a mean (None: 1)."""
    if weights is None:
        return values, mass
    w = spread(loss.weigh(weights), values)
    weighed = w * values
    if np.isnan(weighed.sum()):
        weighed = np.where(w == 0, 0.0, weighed)
    return weighed, w if mass is None else w * mass


def _refuse_undefined(values: Array, start: int) -> None:
    rows = (np.flatnonzero(np.isnan(values.reshape(len(values), -1)).any(axis=1))[:FIRST_ROWS] + start).tolist()
    if rows:
        raise OutsideDomain(f"the loss has no value at rows {rows}: these inputs contradict each other", rows=rows)


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="losses")


def in_order(work: Callable[[int], T], starts: Sequence[int]) -> Iterator[T]:
    """``map``, on the pool where there is more than one block to do; few results wait at a time."""
    if len(starts) < 2 or THREADS < 2:
        yield from map(work, starts)
        return
    waiting = iter(starts)
    queue = [_pool().submit(work, start) for start in islice(waiting, 4 * THREADS)]
    while queue:
        done = queue.pop(0)
        yield done.result()
        queue.extend(_pool().submit(work, start) for start in islice(waiting, 1))


def tallies(jobs: Sequence[Job], weights: Array | None, drop: bool = False) -> list[Tally]:
    """The tally of each job, all in one pass where they cut their rows alike."""
    found: dict[int, Tally] = {}
    for shape in dict.fromkeys((work.rows, work.step) for work in jobs):
        group = [i for i, work in enumerate(jobs) if (work.rows, work.step) == shape]
        found |= zip(group, _tally_together([jobs[i] for i in group], weights, drop), strict=True)
    return [found[i] for i in range(len(jobs))]


def _tally_together(jobs: list[Job], weights: Array | None, drop: bool) -> list[Tally]:
    rows, step = jobs[0].rows, jobs[0].step

    def one(start: int) -> list[Tally]:
        cutter = Cutter(start, min(start + step, rows), drop)
        with np.errstate(all="ignore"):
            return [_tally_block(work, cutter, weights) for work in jobs]

    sums = [Tally()] * len(jobs)
    for part in in_order(one, range(0, rows, step)):
        sums = [a + b for a, b in zip(sums, part, strict=True)]
    return sums


def _tally_block(work: Job, cutter: Cutter, weights: Array | None) -> Tally:
    arrays, kept = cutter.cut(work)
    some = None if weights is None else weights[cutter.start : cutter.stop]
    if kept is None:
        return _tally(work.loss, arrays, some, cutter.start)
    dropped = int((~kept).sum())
    if dropped == len(kept):
        return Tally(dropped=dropped)
    return _tally(work.loss, arrays, None if some is None else some[kept], cutter.start)._with_dropped(dropped)


def each_row(work: Job, weights: Array | None, drop: bool = False) -> Array:
    """The weighted losses themselves, in the working type."""

    def one(start: int) -> Array:
        cutter = Cutter(start, min(start + work.step, work.rows), drop)
        with np.errstate(all="ignore"):
            arrays, kept = cutter.cut(work)
            some = None if weights is None else weights[cutter.start : cutter.stop]
            some = some if some is None or kept is None else some[kept]
            values = weigh(work.loss, work.loss.value(*arrays), None, some)[0]
        if np.isnan(values.sum()):
            _refuse_undefined(values, start)
        return values.astype(work.dtype, copy=False)

    return np.concatenate(list(in_order(one, range(0, work.rows, work.step))))


def pulls(work: Job, pull: Callable[..., Sequence[Array]], weights: Array | None, scale: float) -> list[Array]:
    """What ``pull(weights, *arrays)`` gives for each block, put together: rows joined, shared columns summed."""

    heads = [c for c in work.columns if c is not None and c.field != "y_true"]

    def one(start: int) -> list[Array]:
        stop = min(start + work.step, work.rows)
        with np.errstate(all="ignore"):
            arrays, _ = Cutter(start, stop, drop=False).cut(work)
            some = np.full(stop - start, scale) if weights is None else weights[start:stop] * scale
            found = pull(work.loss.weigh(some), *arrays)
        whole = [
            part.sum(axis=0) if c.shared and work.loss.per_row else part for c, part in zip(heads, found, strict=True)
        ]
        return [np.asarray(part, dtype=work.dtype) for part in whole]

    parts = zip(*in_order(one, range(0, work.rows, work.step)), strict=True)
    return [
        functools.reduce(np.add, blocks) if head.shared else np.concatenate(blocks)
        for head, blocks in zip(heads, parts, strict=True)
    ]
