"""One pass over the data in cache-sized blocks: formulas stay plain, speed and memory are looked after here.

Rows are cut into blocks of about ``BLOCK`` numbers: small enough to stay in cache, large enough that two threads seldom
wait for each other. A small pool takes the blocks (NumPy lets go of the interpreter lock), every formula asked for sees
a block while it is warm, and the blocks' tallies are added in the order of the rows, so that the result has the same
bits whatever the number of threads. Losses keep the float type they came in; sums are float64.
"""

from __future__ import annotations

import functools
import math
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from .domains import FIRST_ROWS, Array, Domain
from .errors import EmptyInput, InvalidShape, OutsideDomain
from .tally import Tally, row_weights, spread

T = TypeVar("T")

BLOCK = 1 << 17
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
    def carries(self) -> bool: ...
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
    for column in by_row:
        if column.array.size == 0:
            what = "rows" if rows == 0 else "columns"
            raise EmptyInput(f"{column.field} has no {what}: at least one is needed", field=column.field, got=0)
    work = Job(loss, tuple(columns), rows, rows, _working_type(columns))
    return work._replace(step=max(1, BLOCK // max(1, row_width(work)))) if loss.per_row else work


def _working_type(columns: Sequence[Column | None]) -> np.dtype[Any]:
    # Whole numbers are labels and counts: they take the type of the predictions they are compared with.
    floats = [c.array.dtype for c in columns if c is not None and c.array.dtype.kind == "f"]
    return np.dtype(np.float32 if floats and np.result_type(np.float32, *floats) == np.float32 else np.float64)


def row_width(work: Job) -> int:
    """How many numbers a row of the widest input has."""
    return max(c.array.size // work.rows for c in work.columns if c is not None and not c.shared)


class Block:
    """Some rows of all columns: cut, checked and converted once for all losses that share them.

    Where a NaN or infinity would show in the sum of the losses anyway, looking for it is left to the sum.
    """

    def __init__(self, start: int, stop: int, drop: bool = False, careful: bool = False) -> None:
        self.start, self.stop, self.drop, self.careful = start, stop, drop, careful or drop
        self._seen: dict[tuple[int, Domain, Any, bool], Array] = {}

    def cut(self, work: Job) -> tuple[list[Any], Array | None]:
        """The arrays of the block, and which rows were kept (None: all)."""
        pieces = [None if c is None else self._piece(c) for c in work.columns]
        kept = _complete(work.columns, pieces) if self.drop else None
        if kept is not None:
            pairs = zip(work.columns, pieces, strict=True)
            pieces = [p if c is None or p is None or c.shared else p[kept] for c, p in pairs]
        return [self._ready(c, p, work) for c, p in zip(work.columns, pieces, strict=True)], kept

    def _piece(self, column: Column) -> Array:
        return column.array if column.shared else column.array[self.start : self.stop]

    def _ready(self, column: Column | None, piece: Array | None, work: Job) -> Array | None:
        if column is None or piece is None:
            return None
        lazily = work.loss.carries and not self.careful
        key = (id(column.array), column.domain, work.dtype, lazily)
        if key not in self._seen or self.drop:
            if not (lazily and column.domain.roughly_holds(piece)):
                self._check(column, piece)
            self._seen[key] = piece.astype(np.intp if column.domain.index else work.dtype, copy=False)
        return self._seen[key]

    def _check(self, column: Column, piece: Array) -> None:
        column.domain.check(piece, column.field, 0 if column.shared else self.start)

    def blame(self, work: Job, values: Array) -> None:
        """Find out why losses are not finite: raise for bad inputs and for undefined values, accept true infinities."""
        for column in () if self.drop else work.columns:
            if column is not None:
                self._check(column, self._piece(column))
        undefined = np.isnan(values).reshape(len(values), -1).any(axis=1)
        if undefined.any():
            rows = (np.flatnonzero(undefined)[:FIRST_ROWS] + self.start).tolist()
            raise OutsideDomain(f"the loss has no value at rows {rows}: these inputs contradict each other", rows=rows)


def _complete(columns: Sequence[Column | None], pieces: Sequence[Array | None]) -> Array | None:
    pairs = zip(columns, pieces, strict=True)
    absent: Array = np.logical_or.reduce(
        [c.domain.absent(p) for c, p in pairs if c is not None and p is not None and not c.shared]
    )
    return ~absent if absent.any() else None


def weigh(loss: Formula, values: Array, mass: Array | None, weights: Array | None) -> tuple[Array, Array | None]:
    """Weighted losses, and what each counts for in a mean (None: 1)."""
    if weights is None:
        return values, mass
    w = spread(loss.weigh(weights), values)
    weighed = w * values
    if np.isnan(weighed.sum()):
        weighed = np.where(w == 0, 0.0, weighed)
    return weighed, w if mass is None else w * mass


@functools.cache
def _pool() -> ThreadPoolExecutor:
    # The C library gives the memory of each temporary back to the system, page by page, until it has seen a large one
    # freed: without this, formulas spend most of their time in page faults.
    np.empty(31 << 20, np.uint8)
    return ThreadPoolExecutor(THREADS, thread_name_prefix="losses")


if hasattr(os, "register_at_fork"):  # a forked process inherits the pool without its threads, and would wait for ever
    os.register_at_fork(after_in_child=_pool.cache_clear)


def in_order(work: Callable[[int], T], starts: Sequence[int]) -> Iterator[T]:
    """``map``, on the pool where there is more than one block to do; few results wait at a time."""
    if len(starts) < 2:
        yield from map(work, starts)
        return
    waiting = iter(starts)
    queue = deque(_pool().submit(work, start) for start in islice(waiting, 4 * THREADS))
    while queue:
        done = queue.popleft()
        yield done.result()
        queue.extend(_pool().submit(work, start) for start in islice(waiting, 1))


def tallies(jobs: Sequence[Job], sample_weight: Any, drop: bool = False) -> list[Tally]:
    """The tally of each job, all in one pass where they cut their rows alike."""
    found: dict[int, Tally] = {}
    for shape in dict.fromkeys((work.rows, work.step) for work in jobs):
        group = [i for i, work in enumerate(jobs) if (work.rows, work.step) == shape]
        weights = row_weights(sample_weight, shape[0])
        found |= zip(group, _tally_together([jobs[i] for i in group], weights, drop), strict=True)
    return [found[i] for i in range(len(jobs))]


def _tally_together(jobs: list[Job], weights: Array | None, drop: bool) -> list[Tally]:
    rows, step = jobs[0].rows, jobs[0].step

    def one(start: int) -> list[Tally]:
        block = Block(start, min(start + step, rows), drop)
        with np.errstate(all="ignore"):
            return [_tally(work, block, weights) for work in jobs]

    parts = in_order(one, range(0, rows, step))
    return functools.reduce(lambda sums, part: [a + b for a, b in zip(sums, part, strict=True)], parts)


def _tally(work: Job, block: Block, weights: Array | None) -> Tally:
    arrays, kept = block.cut(work)
    dropped = 0 if kept is None else int((~kept).sum())
    if kept is not None and dropped == len(kept):
        return Tally(dropped=dropped)
    values, some = work.loss.value(*arrays), _some(weights, block, kept)
    weighed, heft = weigh(work.loss, values, work.loss.mass(*arrays), some)
    cautions = tuple(int(c.count(*arrays)) for c in work.loss.cautions)
    tally = Tally.of(weighed, heft, cautions)
    if not math.isfinite(tally.total if some is None else values.sum()):
        block.blame(work, values)
    return tally.with_dropped(dropped) if dropped else tally


def _some(weights: Array | None, block: Block, kept: Array | None) -> Array | None:
    if weights is None:
        return None
    some = weights[block.start : block.stop]
    return some if kept is None else some[kept]


def each_row(work: Job, sample_weight: Any, drop: bool = False) -> Array:
    """The weighted losses themselves, in the working type."""
    weights = row_weights(sample_weight, work.rows)

    def one(start: int) -> Array:
        block = Block(start, min(start + work.step, work.rows), drop)
        with np.errstate(all="ignore"):
            arrays, kept = block.cut(work)
            values = work.loss.value(*arrays)
            weighed = weigh(work.loss, values, None, _some(weights, block, kept))[0]
            if not np.isfinite(values.sum()):
                block.blame(work, values)
        return weighed.astype(work.dtype, copy=False)

    return np.concatenate(list(in_order(one, range(0, work.rows, work.step))))


def pulls(work: Job, pull: Callable[..., Sequence[Array]], sample_weight: Any, scale: float) -> list[Array]:
    """What ``pull(weights, *arrays)`` gives for each block, put together: rows joined, shared columns summed."""
    weights = row_weights(sample_weight, work.rows)
    heads = [c for c in work.columns if c is not None and c.field != "y_true"]

    def one(start: int) -> list[Array]:
        block = Block(start, min(start + work.step, work.rows), careful=True)
        with np.errstate(all="ignore"):
            arrays, _ = block.cut(work)
            some = _some(weights, block, None)
            scales = np.full(block.stop - start, scale) if some is None else some * scale
            found = pull(work.loss.weigh(scales), *arrays)
        summed = [head.shared and work.loss.per_row for head in heads]
        whole = (part.sum(axis=0) if once else part for once, part in zip(summed, found, strict=True))
        return [np.asarray(part, dtype=work.dtype) for part in whole]

    parts = zip(*in_order(one, range(0, work.rows, work.step)), strict=True)
    return [
        functools.reduce(np.add, blocks) if head.shared else np.concatenate(blocks)
        for head, blocks in zip(heads, parts, strict=True)
    ]
