"""Arrow streams and Parquet files as batches of named columns, each checked before anyone looks into it."""

from __future__ import annotations

import contextlib
import importlib
import struct
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from losses.errors import InvalidType, LossesError, MissingDependency, UnreadableFile

from .bodies import ROOM, too_large
from .errors import UnsupportedMediaType

BATCH = 1 << 16  # rows: smaller batches are joined up to as many
MOST_COLUMNS = 10_000
DICTIONARY, RECORDS = 2, 3  # the messages of an Arrow stream that have buffers
_PLAIN = (
    *("is_integer", "is_floating", "is_boolean", "is_string", "is_large_string", "is_null"),
    *("is_date", "is_timestamp", "is_time", "is_duration", "is_decimal"),
)
_CONTINUES = b"\xff\xff\xff\xff"

Batch = dict[str, Any]


class Readable(Protocol):
    """A file to read from."""

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, fewer only at the end."""

    def together(self, size: int) -> memoryview:
        """The same, where they are many."""


def pyarrow(part: str = "lib") -> ModuleType:
    """A module of pyarrow."""
    try:
        return importlib.import_module(f"pyarrow.{part}")
    except ImportError as error:
        raise MissingDependency("Parquet and Arrow bodies need pyarrow: pip install 'losses[arrow]'") from error


@contextlib.contextmanager
def guarded(kind: str) -> Iterator[None]:
    """Whatever a decoder raises about a broken body becomes ``UnreadableFile``."""
    try:
        yield
    except LossesError:
        raise
    except Exception as error:
        raise UnreadableFile(f"the body is not a readable {kind}", field="body") from error


# ── Arrow ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class ArrowStream:
    """The batches of an Arrow IPC stream, as they come."""

    def __init__(self, source: Readable, most: int) -> None:
        self._most = most
        with guarded("Arrow stream"):
            file = pyarrow().PythonFile(_Messages(source, most), mode="r")
            self._reader = pyarrow("ipc").open_stream(file)
            self.names = _unique(self._reader.schema.names)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """The wanted columns, some ``BATCH`` rows at a time."""
        places = {name: self.names.index(name) for name in columns}
        waiting: list[Any] = []
        with guarded("Arrow stream"):
            for batch in self._reader:
                _bounded(batch.num_rows, len(places), self._most)
                batch.validate(full=True)
                waiting.append(batch)
                if sum(some.num_rows for some in waiting) >= BATCH or sum(some.nbytes for some in waiting) >= ROOM:
                    yield _columns(waiting, places)
                    waiting = []
            if waiting:
                yield _columns(waiting, places)


class _Messages:
    """An Arrow stream that is let through message by message, once the head of each has been looked at."""

    def __init__(self, source: Readable, most: int) -> None:
        self._source, self._most = source, most
        self._head, self._left = b"", 0
        self.closed = False

    def read(self, size: int) -> bytes | memoryview:
        """As pyarrow asks: heads and bodies by themselves."""
        if not self._head and not self._left:
            self._open()
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        body = self._source.together(min(size, self._left))
        self._left = self._left - len(body) if body else 0
        return body

    def close(self) -> None:
        """Nothing is held."""

    def _open(self) -> None:
        prefix = self._source.read(8)
        if prefix[:4] != _CONTINUES or len(prefix) < 8 or not (length := int.from_bytes(prefix[4:], "little")):
            self._head = prefix
            if prefix[:4] not in (b"", _CONTINUES):
                raise UnreadableFile("the body is not an Arrow stream", field="body")
            return
        if length > self._most:
            raise too_large(self._most)
        text = self._source.read(length)
        self._left, compressed = _told(text)
        if compressed:
            detail = "compressed Arrow buffers are not read here; write the stream without, and compress it as a whole"
            raise UnsupportedMediaType(detail, field="body", allowed=["gzip", "zstd"])
        if not 0 <= self._left <= self._most:
            raise too_large(self._most)
        self._head = prefix + text


def _told(text: bytes) -> tuple[int, bool]:
    """What the head of a message says: the bytes of its body, and whether they are compressed."""
    root = struct.unpack_from("<I", text, 0)[0]
    kind, inner, length = (_field(text, root, place) for place in (1, 2, 3))
    what = text[kind] if kind else 0
    table = inner and inner + struct.unpack_from("<I", text, inner)[0]
    if what == DICTIONARY and table:
        data = _field(text, table, 1)
        table = data and data + struct.unpack_from("<I", text, data)[0]
    compressed = bool(what in (DICTIONARY, RECORDS) and table and _field(text, table, 3))
    return struct.unpack_from("<q", text, length)[0] if length else 0, compressed


def _field(text: bytes, table: int, place: int) -> int:
    """Where a field of a flatbuffer table stands; 0 where it is left out."""
    slots = table - struct.unpack_from("<i", text, table)[0]
    size = struct.unpack_from("<H", text, slots)[0]
    slot = 4 + 2 * place
    offset: int = struct.unpack_from("<H", text, slots + slot)[0] if slot < size else 0
    return table + offset if offset else 0


def _columns(batches: list[Any], places: dict[str, int]) -> Batch:
    """Columns of some batches, joined."""
    if len(batches) == 1:
        return {name: _checked(batches[0].column(place), name) for name, place in places.items()}
    concatenated = pyarrow().concat_arrays
    chunks = {name: [batch.column(place) for batch in batches] for name, place in places.items()}
    return {name: _checked(concatenated(some), name) for name, some in chunks.items()}


# ── Parquet ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class ParquetFile:
    """The batches of a Parquet file."""

    def __init__(self, body: memoryview, most: int) -> None:
        self._body, self._most = body, most
        with guarded("Parquet file"):
            file = self._open([])
            self.names = _unique(file.schema_arrow.names)
            self._rows = file.metadata.num_rows
            types = file.schema_arrow.types
        texts = (pyarrow("types").is_string, pyarrow("types").is_large_string, pyarrow("types").is_binary)
        self._texts = [name for name, t in zip(self.names, types, strict=True) if any(test(t) for test in texts)]

    def _open(self, texts: list[str]) -> Any:
        source = pyarrow().BufferReader(pyarrow().py_buffer(self._body))
        return pyarrow("parquet").ParquetFile(source, read_dictionary=texts)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """The wanted columns, some ``BATCH`` rows at a time; texts stay as short as they are in the file."""
        _bounded(self._rows, len(columns), self._most)
        seen = 0
        with guarded("Parquet file"):
            file = self._open(self._texts)
            for batch in file.iter_batches(BATCH, columns=list(columns)):
                batch.validate(full=True)
                seen += batch.num_rows
                _bounded(seen, len(columns), self._most)
                yield {name: _checked(batch.column(name), name) for name in columns}


def _unique(names: Sequence[str]) -> list[str]:
    if len(names) > MOST_COLUMNS or len(set(names)) < len(names):
        detail = f"the body must have at most {MOST_COLUMNS} columns, no two of one name"
        raise UnreadableFile(detail, field="columns", allowed=MOST_COLUMNS)
    return list(names)


def _bounded(rows: int, columns: int, most: int) -> None:
    """Refuse rows that could swell: runs, nulls and dictionaries hold many rows in few bytes."""
    if rows * columns * 8 > most:
        raise too_large(most)


def _checked(column: Any, name: str) -> Any:
    """A column of plain values, or rows of numbers; a dictionary of texts is spelled out with shared strings."""
    types = pyarrow("types")
    kind = column.type
    if types.is_dictionary(kind) and types.is_integer(kind.index_type):
        words = [*_checked(column.dictionary, name).to_pylist(), None]
        places = column.indices.cast("int64").fill_null(len(words) - 1).to_numpy(zero_copy_only=False)
        return [words[place] for place in places.tolist()]
    if types.is_fixed_size_list(kind) and kind.list_size and _of_numbers(kind.value_type):
        return _numpy(column.flatten()).reshape(-1, kind.list_size) if not column.null_count else _refused(name, kind)
    return column if any(getattr(types, test)(kind) for test in _PLAIN) else _refused(name, kind)


def _refused(name: str, kind: Any) -> Any:
    told = name[:80]
    raise InvalidType(f"{told} must hold numbers, strings, booleans or dates", field=told, got=str(kind)[:80])


def numbers(column: Any, name: str) -> np.ndarray[Any, Any]:
    """A column of numbers as an array, where it lies; null becomes NaN."""
    if isinstance(column, np.ndarray):
        return column
    if isinstance(column, list) or not (_of_numbers(column.type) or pyarrow("types").is_null(column.type)):
        got = "strings" if isinstance(column, list) else str(column.type)[:80]
        raise InvalidType(f"{name[:80]} must hold numbers, got {got}", field=name[:80], got=got)
    return _numpy(column)


def _numpy(column: Any) -> np.ndarray[Any, Any]:
    if column.null_count and not pyarrow("types").is_floating(column.type):
        column = column.cast("float64")
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _of_numbers(kind: Any) -> bool:
    types = pyarrow("types")
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind))
