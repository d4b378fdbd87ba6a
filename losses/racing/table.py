"""The rows to race on: a matrix of floats, its columns of words as numbers of categories, and the target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from losses.arrays import numbers
from losses.errors import InvalidInput, InvalidShape, InvalidType, MissingValues
from losses.profile.column import Array, Column, as_array, read_column, read_weights

LEVELS = 254  # the most categories that boosted trees take in one column
FEWEST = 20  # rows


@dataclass(frozen=True)
class Features:
    """A matrix of floats with NaN where a value is missing; ``words`` are the columns that hold categories."""

    x: Array
    names: tuple[str, ...]
    words: tuple[int, ...] = ()


@dataclass(frozen=True)
class Table:
    """Features, target and weights of the same rows; classes are numbered, ``classes`` tells how many there are."""

    x: Array
    y: Array
    weight: Array | None
    words: tuple[int, ...] = ()
    classes: int = 0

    def take(self, rows: Array) -> Self:
        """Some of the rows."""
        return replace(self, x=self.x[rows], y=self.y[rows], weight=None if self.weight is None else self.weight[rows])


def features(source: Any) -> Features:
    """A matrix, a frame or a mapping of columns; words become numbers of categories."""
    columns = _columns(source)
    if columns is None:
        x = numbers(source, "X")
        if x.ndim != 2 or not x.shape[1]:
            raise InvalidShape(f"X must have rows and columns, got shape {x.shape}", field="X", got=list(x.shape))
        return _finite(Features(x.astype(np.float64), tuple(map(str, range(x.shape[1])))))
    if not columns:
        raise InvalidShape("X has no columns", field="X", got=[])
    read = {name: _column(name, values) for name, values in columns.items()}
    if len({len(values) for values, _ in read.values()}) > 1:
        raise InvalidShape("the columns of X differ in length", field="X")
    words = tuple(i for i, (_, worded) in enumerate(read.values()) if worded)
    return _finite(Features(np.column_stack([values for values, _ in read.values()]), tuple(read), words))


def _columns(source: Any) -> dict[str, Any] | None:
    """Columns by name, None for a bare matrix."""
    if isinstance(source, Mapping):
        return {str(name): values for name, values in source.items()}
    if hasattr(source, "column_names"):  # Arrow
        return {name: source[name] for name in source.column_names}
    return {str(name): source[name] for name in source.columns} if hasattr(source, "columns") else None


def _column(name: str, values: Any) -> tuple[Array, bool]:
    """A column as floats, and whether they number words."""
    read = read_column(values)
    if read.matrix is not None:
        raise InvalidShape(f"column {name!r} of X holds arrays, where numbers or words are expected", field="X")
    rows = _length(read)
    present = np.ones(rows, bool) if read.present is None else read.present
    found = np.full(rows, np.nan)
    if not read.words:
        found[present] = read.numbers
        return found, False
    labels = np.asarray([str(value) for value, there in zip(as_array(values), present, strict=True) if there])
    levels, codes = np.unique(labels, return_inverse=True)
    if len(levels) > LEVELS:
        detail = (
            f"column {name!r} of X holds {len(levels):,} different words, at most {LEVELS} are allowed: leave it out"
        )
        raise InvalidType(detail, field="X", got=len(levels), allowed=LEVELS)
    found[present] = codes
    return found, True


def _finite(found: Features) -> Features:
    rows, columns = np.nonzero(np.isinf(found.x))
    if rows.size:
        detail = f"X must be finite or missing, got an infinity in row {rows[0]}, column {found.names[columns[0]]}"
        raise InvalidInput(detail, field="X", rows=rows[:5].tolist())
    return found


def for_linear(found: Features) -> None:
    """Refuse what a linear model cannot read."""
    if found.words:
        name = found.names[found.words[0]]
        detail = f"column {name!r} of X holds words, and a linear model needs numbers: encode it, or race boosting"
        raise InvalidType(detail, field="X", got=name)
    rows, columns = np.nonzero(np.isnan(found.x))
    if rows.size:
        where = f"row {rows[0]}, column {found.names[columns[0]]}"
        detail = f"X has {rows.size:,} missing values (the first in {where}), and a linear model takes none"
        raise MissingValues(detail, field="X", rows=rows[:5].tolist())


def column(found: Features, target: Any) -> Column:
    """The target as one column, with a row for each row of the features."""
    read, rows = read_column(target), len(found.x)
    if read.matrix is not None:
        raise InvalidShape(f"y must be one column, got shape {read.matrix.shape}", field="y", got=[*read.matrix.shape])
    got = _length(read)
    if got != rows:
        raise InvalidShape(f"X has {rows:,} rows and y has {got:,}", field="y", expected=rows, got=got)
    return read


def _length(read: Column) -> int:
    return len(read.present) if read.present is not None else read.numbers.size + sum(read.words.values())


def table(found: Features, target: Any, read: Column, weight: Any, classify: bool, folds: int) -> Table:
    """Features with the target's rows that are not missing; too few of them are refused."""
    rows = len(found.x)
    heft = None if weight is None else read_weights(weight, rows)
    present = np.arange(rows) if read.present is None else np.flatnonzero(read.present)
    if len(present) < FEWEST:
        detail = f"a race needs at least {FEWEST} rows with a target, got {len(present)}"
        raise InvalidInput(detail, field="y", expected=FEWEST, got=len(present))
    y, classes = _classes(target, present, folds) if classify else (read.numbers, 0)
    if y.min() == y.max():
        raise InvalidInput("every row of y holds the same value: there is nothing to race for", field="y")
    heft = None if heft is None else heft[present]
    return Table(found.x[present], y, heft, found.words, classes)


def _classes(target: Any, present: Array, folds: int) -> tuple[Array, int]:
    """Class numbers in the order of a profile: numbers, then words."""
    values = as_array(target)
    labels = [_label(values[i]) for i in present]
    order = {label: number for number, label in enumerate(sorted(set(labels)))}
    y = np.asarray([order[label] for label in labels])
    rows = np.bincount(y)
    if rows.min() < folds:
        rarest = next(label for label, number in order.items() if number == rows.argmin())
        name = rarest[2] or f"{rarest[1]:g}"
        detail = f"class {name[:40]!r} has {rows.min()} rows, fewer than the {folds} folds: join or drop rare classes"
        raise InvalidInput(detail, field="y", got=int(rows.min()), expected=folds)
    return y, len(order)


def _label(value: Any) -> tuple[int, float, str]:
    try:
        return 0, float(value), ""
    except ValueError:
        return 1, 0.0, str(value).strip()


def spread(strata: Iterable[int], rng: np.random.Generator) -> Array:
    """Rows in random order, each stratum spread evenly over it, so that any prefix holds them in proportion."""
    strata = np.asarray(strata)
    shuffled = rng.permutation(len(strata))
    place = np.empty(len(strata))
    for stratum in np.unique(strata):
        rows = shuffled[strata[shuffled] == stratum]
        place[rows] = np.arange(len(rows)) / len(rows)
    return shuffled[np.argsort(place[shuffled], kind="stable")]
