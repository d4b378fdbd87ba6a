"""What a body holds: options and arrays side by side in JSON, named columns in files, or one array."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from losses.errors import InvalidInput, UnknownName
from losses.profile.csvtext import csv_batches, csv_columns, stacked

from . import columnar, jsontext
from .arrays import read_array
from .bodies import View
from .columnar import ArrowStream, Batch, ParquetFile
from .errors import InvalidRequest, TooLarge, UnsupportedMediaType
from .npy import Archive, read_npy
from .settings import Settings
from .words import name_of

Values = tuple[Any, Any]  # some rows of a target, and their weights (None where there are none)

TARGET = "target"
PART = 1 << 20  # rows of arrays that are looked at together
INPUTS = ("y_true", "y_pred", "sample_weight")


class Source(Protocol):
    """What a body holds."""

    @property
    def has_target(self) -> bool:
        """Whether there is a target in it."""

    @property
    def names(self) -> Sequence[str]:
        """The columns, where the body is a table of targets and not one target."""

    @property
    def columns(self) -> Sequence[str]:
        """The columns, where the body is a table."""

    def options(self, data: frozenset[str]) -> dict[str, Any]:
        """All that is not data."""

    def inputs(self, names: Sequence[str], groups: str | None, nulls: bool) -> Iterator[Batch]:
        """Inputs of a loss by name, and ``groups``, some rows at a time; ``nulls`` lets null in, as NaN."""

    def target(self, column: str | None, weight: str | None) -> tuple[str | None, Iterator[Values]]:
        """The name of one column, and its values some rows at a time."""

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Columns of the table, some rows at a time."""


class JSONSource:
    """An object: options and arrays side by side."""

    def __init__(self, body: memoryview, settings: Settings) -> None:
        found = jsontext.decode_arrays(body, settings.max_json_values)
        if not isinstance(found, dict):
            raise InvalidRequest("the body must be a JSON object", field="body")
        self._fields: dict[str, Any] = found
        self.has_target = TARGET in found

    @property
    def names(self) -> Sequence[str]:
        if "columns" not in self._fields:
            return ()
        columns = self._fields["columns"]
        if self.has_target or not isinstance(columns, dict) or not columns:
            raise InvalidRequest('send "target", a list, or "columns", an object of lists', field="columns")
        return list(columns)

    @property
    def columns(self) -> Sequence[str]:
        return self.names

    def options(self, data: frozenset[str]) -> dict[str, Any]:
        return {name: value for name, value in self._fields.items() if name not in data}

    def inputs(self, names: Sequence[str], groups: str | None, nulls: bool) -> Iterator[Batch]:
        arrays = {name: read_array(self._fields[name], name, nulls) for name in names if name in self._fields}
        yield arrays | {name: _listed(self._fields[name], name) for name in ("groups",) if name in self._fields}

    def target(self, column: str | None, weight: str | None) -> tuple[str | None, Iterator[Values]]:
        if names := self.names:
            name = chosen(names, column)
            return name, ((batch[name], None) for batch in self.batches([name]))
        weights = read_array(self._fields.get("sample_weight"), "sample_weight")
        return None, iter([(_listed(self._fields.get(TARGET), TARGET), weights)])

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        yield {name: _listed(self._fields["columns"][name], name[:80]) for name in columns}


class TableSource:
    """Named columns; options come in the query string."""

    has_target = True
    columns: Sequence[str]

    @property
    def names(self) -> Sequence[str]:
        return () if TARGET in self.columns or len(self.columns) == 1 else self.columns

    def options(self, data: frozenset[str]) -> dict[str, Any]:
        return {}

    def inputs(self, names: Sequence[str], groups: str | None, nulls: bool) -> Iterator[Batch]:
        wanted = [name for name in self.columns if name.partition(".")[0] in names]
        if not wanted:
            raise UnknownName(f"no column is named {' or '.join(names)}", field="column", allowed=list(names))
        more = {} if groups is None else {"groups": chosen(self.columns, groups)}
        for batch in self.batches(list(dict.fromkeys([*wanted, *more.values()]))):
            numbers = {name: columnar.numbers(batch[name], name) for name in wanted}
            yield gathered(numbers) | {key: batch[name] for key, name in more.items()}

    def target(self, column: str | None, weight: str | None) -> tuple[str | None, Iterator[Values]]:
        name = chosen(self.columns, column)
        wanted = [name] if weight is None else [name, chosen(self.columns, weight)]
        return name, ((batch[name], None if weight is None else batch[weight]) for batch in self.batches(wanted))

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        raise NotImplementedError


class CSVSource(TableSource):
    """A header line, then rows."""

    def __init__(self, body: memoryview, settings: Settings) -> None:
        self._body, self.columns = body, csv_columns(_lines(body))

    def inputs(self, names: Sequence[str], groups: str | None, nulls: bool) -> Iterator[Batch]:
        """All rows at once: what looks like numbers at first may turn out not to be."""
        yield joined(list(super().inputs(names, groups, nulls)))

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        return csv_batches(_lines(self._body), columns)


class ArrowSource(TableSource):
    """Record batches, read while they come."""

    def __init__(self, body: columnar.Readable, settings: Settings) -> None:
        self._stream = ArrowStream(body, settings.max_body_bytes)
        self.columns = self._stream.names

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        return self._stream.batches(columns)


class ParquetSource(TableSource):
    """A Parquet file."""

    def __init__(self, body: memoryview, settings: Settings) -> None:
        self._file = ParquetFile(body, settings.max_body_bytes)
        self.columns = self._file.names

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        return self._file.batches(columns)


class NPZSource(TableSource):
    """Named arrays of NumPy."""

    def __init__(self, body: memoryview, settings: Settings) -> None:
        self._archive = Archive(body, settings.max_body_bytes)
        self.columns = self._archive.names

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        arrays = self._archive.read(columns)
        rows = max(map(len, arrays.values()), default=0)
        yield from ({name: array[i : i + PART] for name, array in arrays.items()} for i in range(0, max(rows, 1), PART))


class NPYSource:
    """One array of NumPy: a target."""

    has_target = True
    names: Sequence[str] = ()
    columns: Sequence[str] = ()

    def __init__(self, body: memoryview, settings: Settings) -> None:
        self._array = read_npy(body)

    def options(self, data: frozenset[str]) -> dict[str, Any]:
        return {}

    def inputs(self, names: Sequence[str], groups: str | None, nulls: bool) -> Iterator[Batch]:
        allowed = ["application/x-npz", "application/vnd.apache.arrow.stream"]
        detail = f"one array is no truth and prediction; send y_true and y_pred as {' or '.join(allowed)}"
        raise UnsupportedMediaType(detail, field="body", allowed=allowed)

    def target(self, column: str | None, weight: str | None) -> tuple[str | None, Iterator[Values]]:
        for asked in (column, weight):
            if asked not in (None, TARGET):
                raise UnknownName.among("column", asked, [TARGET])
        return None, iter([(self._array, None)])

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        return iter(())


def _lines(body: memoryview) -> Any:
    return io.BufferedReader(View(body), 1 << 20)


def chosen(names: Sequence[str], column: str | None) -> str:
    """The column asked for, else "target", else the only one."""
    if column is None and len(names) == 1:
        return names[0]
    wanted = TARGET if column is None else column
    if wanted not in names:
        raise UnknownName.among("column", wanted, names)
    return wanted


def whole(batches: Iterable[Batch], most: int) -> Batch:
    """All batches as one, where they take no more memory than ``most``."""
    held, room = [], most
    for batch in batches:
        held.append(batch)
        room -= sum(getattr(part, "nbytes", 0) for column in batch.values() for part in _parts(column))
        if room < 0:
            raise TooLarge(
                f"what is asked for needs all rows at once, and they take more than {most} bytes",
                field="max_body_bytes", allowed=most,
            )  # fmt: skip
    return held[0] if len(held) == 1 else joined(held)


def joined(batches: Sequence[Batch]) -> Batch:
    """Batches as one, rows after rows."""
    return {name: _joined([batch[name] for batch in batches]) for name in (batches[0] if batches else ())}


def _joined(parts: list[Any]) -> Any:
    if isinstance(parts[0], dict):
        return joined(parts)
    if len(parts) == 1:
        return parts[0]
    arrays = [part if isinstance(part, np.ndarray) else np.array(_values(part), object) for part in parts]
    return stacked(arrays)


def _values(part: Any) -> list[Any]:
    found: list[Any] = part if isinstance(part, list) else part.to_pylist()
    return found


def gathered(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Columns named ``y_pred.mean``, ``y_pred.var`` as named parts; ``y_pred.0``, ``y_pred.1`` … as one matrix.

    >>> gathered({"y_true": [1], "y_pred.mean": [2], "y_pred.var": [3]})
    {'y_true': [1], 'y_pred': {'mean': [2], 'var': [3]}}
    """
    whole = {name: column for name, column in columns.items() if "." not in name}
    parts: dict[str, dict[str, Any]] = {}
    for name in (name for name in columns if name not in whole):
        head, _, part = name.partition(".")
        parts.setdefault(head, {})[part] = columns[name]
    for head in whole.keys() & parts.keys():
        raise InvalidInput(f"{head} stands for one column and for several", field=head)
    return whole | {head: _matrix(named, head) for head, named in parts.items()}


def _matrix(parts: dict[str, Any], head: str) -> Any:
    """Numbered parts as the columns of a matrix; named ones as they are."""
    if not all(re.fullmatch("[0-9]+", part) for part in parts):
        return gathered(parts)
    numbered = [str(i) for i in range(len(parts))]
    if set(numbered) != set(parts):
        raise InvalidInput(f"the columns of {head} must be numbered from {head}.0, none left out", field=head)
    columns = [parts[part] for part in numbered]
    if len({np.shape(column) for column in columns}) > 1:
        raise InvalidInput(f"the columns of {head} differ in shape", field=head)
    return np.stack(columns, axis=1)


def _listed(value: Any, name: str) -> list[Any] | np.ndarray[Any, Any]:
    if isinstance(value, np.ndarray):
        return value
    if not isinstance(value, list):
        got = "nothing" if value is None else name_of(value)
        raise InvalidRequest(f"{name!r} must be a list of values, got {got}", field=name)
    kinds: set[Any] = set(map(type, value))
    if dict in kinds or (list in kinds and {dict, list} & {type(v) for row in value if type(row) is list for v in row}):
        row = next(i for i, item in enumerate(value) if _nested(item))
        detail = f"{name} must hold numbers, strings, booleans or null, or rows of numbers, not so at /{name}/{row}"
        raise InvalidInput(detail, field=name, rows=[row])
    return value


def _nested(item: Any) -> bool:
    return type(item) is dict or (type(item) is list and any(type(part) in (dict, list) for part in item))


def rows_of(batch: Iterable[Any]) -> int:
    """The rows of a batch of columns."""
    return max((len(part) for column in batch for part in _parts(column) if hasattr(part, "__len__")), default=0)


def _parts(column: Any) -> Iterable[Any]:
    return column.values() if isinstance(column, dict) else [column]
