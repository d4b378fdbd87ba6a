"""What is evaluated, in which pieces: inputs as columns of rows, a loss with its columns as a job, rows as blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from .domains import Array, Domain
from .errors import EmptyInput, InvalidShape
from .machine import WIDEST

PLAIN = 1 << 15  # numbers of the widest input that NumPy works on at a time: a few of them fit the second cache
FUSED = 1 << 18, 1 << 19  # and the array machine, at least and at most: it cuts them into smaller pieces itself
SINGLE, DOUBLE = np.dtype(np.float32), np.dtype(np.float64)
SHARES = 8  # blocks that the rows are cut into, between these bounds


class Column(NamedTuple):
    """One input of a formula: its name, its numbers (rows first), and where they may lie.

    ``shared`` inputs (thresholds, common negatives) go to every block whole.
    """

    field: str
    array: Array
    domain: Domain
    shared: bool = False


class Caution(NamedTuple):
    """Something to say about an evaluation: ``where`` marks what it is about, ``says`` is filled with {count} and {n}.

    Rows with a mark are counted; with ``every`` it is said only when everything is marked.
    """

    code: str
    where: Callable[..., Any]
    says: str
    every: bool = False


class Formula(Protocol):
    """What the engine asks of a loss: formulas on arrays of rows, in the order of its inputs."""

    def __hash__(self) -> int: ...

    @property
    def per_row(self) -> bool: ...
    @property
    def of_elements(self) -> bool: ...
    @property
    def cautions(self) -> tuple[Caution, ...]: ...

    def value(self, *arrays: Any) -> Any: ...
    def slope(self, *arrays: Any) -> Any: ...
    def curvature(self, *arrays: Any) -> Any: ...
    def mass(self, *arrays: Any) -> Array | None: ...
    def weigh(self, weights: Array) -> Array: ...
    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]: ...
    def bend(self, weights: Array, *arrays: Any) -> Sequence[Array]: ...


class Job(NamedTuple):
    """A formula with its columns, ready to be cut into blocks of ``step`` rows.

    ``width`` is the numbers in a row of the widest input, ``first`` the number by which errors call the first row.
    With ``fused`` the formula may go to the array machine: it speaks of single elements of columns shaped alike.
    """

    loss: Formula
    columns: tuple[Column | None, ...]
    rows: int
    width: int
    step: int
    dtype: np.dtype[Any]
    fused: bool
    first: int = 0

    @property
    def starts(self) -> range:
        """The rows at which its blocks begin."""
        return range(0, self.rows, self.step)


def job(loss: Formula, columns: Sequence[Column | None], first: int = 0) -> Job:
    """Settle rows, working type and block length; all row-wise columns must have as many rows."""
    by_row = [c for c in columns if c is not None and not c.shared]
    rows = len(by_row[0].array)
    for column in by_row:
        if len(column.array) != rows:
            raise _unequal(by_row)
    for column in filter(None, columns):
        if column.array.size == 0:
            what = "columns" if len(column.array) else "rows"
            raise EmptyInput(f"{column.field} has no {what}: at least one is needed", field=column.field, got=0)
    width = max([c.array.size for c in by_row]) // rows
    fused = loss.of_elements and width <= WIDEST and _regular(columns, rows, width)
    numbers = min(max(rows * width // SHARES, FUSED[0]), FUSED[1]) if fused else PLAIN
    step = max(1, numbers // width) if loss.per_row else rows
    return Job(loss, tuple(columns), rows, width, step, _working_type(columns), fused, first)


def _unequal(by_row: Sequence[Column]) -> InvalidShape:
    lengths = {c.field: len(c.array) for c in by_row}
    told = ", ".join(f"{field} has {n}" for field, n in lengths.items())
    return InvalidShape(f"inputs differ in length: {told} rows", got=lengths, field=by_row[-1].field)


def _regular(columns: Sequence[Column | None], rows: int, width: int) -> bool:
    """Whether each column holds a number a row or one an element, so that the machine can read it."""
    present = [c for c in columns if c is not None]
    if any(c.array.ndim > 2 for c in present):
        return all(c.domain.of_elements and c.array.shape == present[0].array.shape for c in present)
    return all(not c.shared and c.array.size in (rows, rows * width) for c in present)


def _working_type(columns: Iterable[Column | None]) -> np.dtype[Any]:
    # Whole numbers are labels and counts: they take the type of the predictions they are compared with.
    floats = {c.array.dtype for c in columns if c is not None and c.array.dtype.kind == "f"}
    return SINGLE if floats and all(dtype.itemsize <= SINGLE.itemsize for dtype in floats) else DOUBLE


class Cut(NamedTuple):
    """Some rows of a job: pieces of its columns and of the weights, where they stand, and how many were left out.

    ``rows`` is the number of the first row; or the number of each, where some were left out.
    """

    pieces: list[Any]
    weights: Array | None
    rows: int | Array
    dropped: int = 0

    @property
    def empty(self) -> bool:
        """Whether all rows were left out."""
        return isinstance(self.rows, np.ndarray) and not len(self.rows)

    @np.errstate(all="ignore")
    def check(self, work: Job) -> None:
        """Raise, naming the first rows, where a column leaves its domain."""
        for column, piece in zip(work.columns, self.pieces, strict=True):
            if column is not None:
                column.domain.check(piece, column.field, 0 if column.shared else self.rows)


def cut(work: Job, weights: Array | None, start: int, drop: bool = False) -> Cut:
    """The block that begins at row ``start``; with ``drop``, rows that lack a number are left out."""
    some = slice(start, min(start + work.step, work.rows))
    pieces: list[Any] = [None if c is None else c.array if c.shared else c.array[some] for c in work.columns]
    part = None if weights is None else weights[some]
    if not drop:
        return Cut(pieces, part, start + work.first)
    by_row = [(i, c.domain) for i, c in enumerate(work.columns) if c is not None and not c.shared]
    absent = np.logical_or.reduce([domain.absent(pieces[i]) for i, domain in by_row])
    if not absent.any():
        return Cut(pieces, part, start + work.first)
    kept = np.flatnonzero(~absent)
    for i, _ in by_row:
        pieces[i] = pieces[i][kept]
    return Cut(pieces, None if part is None else part[kept], start + work.first + kept, len(absent) - len(kept))
