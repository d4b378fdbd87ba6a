"""What the client sends: JSON where that does, arrays and tables as an Arrow stream or npz, files as they are."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from losses.errors import NotSupported, UnreadableFile

from .columnar import pyarrow
from .media import ARROW, CSV, NPY, NPZ, PARQUET

PIECE = 1 << 22
ROWS = 1 << 18
SMALL = 2_000  # numbers that JSON carries as fast as anything
FILES = {".parquet": PARQUET, ".pq": PARQUET, ".csv": CSV, ".npy": NPY, ".npz": NPZ, ".arrows": ARROW}

Pieces = Iterator[bytes | memoryview]


@dataclass(frozen=True)
class Payload(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that can be sent again, piece by piece."""

    media: str
    pieces: Callable[[], Pieces]
    length: int
    params: Mapping[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[bytes]:
        yield from self.pieces()  # type: ignore[misc]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces():
            yield piece  # type: ignore[misc]


def of_bytes(media: str, body: bytes) -> Payload:
    """A body that is there."""
    return Payload(media, lambda: _cut(memoryview(body)), len(body))


def of_file(path: Path) -> Payload:
    """A file, read while it is sent."""
    media = FILES.get(path.suffix.lower())
    if media is None:
        raise NotSupported(f"files ending in {path.suffix!r} are not sent; known: {', '.join(FILES)}", allowed=[*FILES])
    if not path.is_file():
        raise UnreadableFile(f"there is no file {str(path)[:200]!r}", field="path")

    def pieces() -> Pieces:
        with path.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece

    return Payload(media, pieces, path.stat().st_size)


def of_arrays(arrays: Mapping[str, Any]) -> Payload:
    """Named arrays: as an Arrow stream where pyarrow is and they make a table, else as npz."""
    flat = all(array.ndim <= 2 and array.size for array in arrays.values())
    if has_pyarrow() and flat and len({len(array) for array in arrays.values()}) == 1:
        return of_table(pyarrow().table({name: _column(array) for name, array in arrays.items()}))
    return Payload(NPZ, lambda: _npz(arrays), sum(map(len, _npz(arrays))))


def of_array(array: Any) -> Payload:
    """One array."""
    head, data = _npy(array)
    return Payload(NPY, lambda: _chained(head, data), len(head) + len(data))


def of_table(table: Any) -> Payload:
    """A table of Arrow, batch by batch."""
    pa = pyarrow()
    measure = pa.MockOutputStream()
    with pyarrow("ipc").new_stream(measure, table.schema) as writer:
        writer.write_table(table, max_chunksize=ROWS)
    return Payload(ARROW, lambda: _arrow(table), measure.size())


def as_table(frame: Any) -> Any:
    """A frame of any library as a table of Arrow, where it lies."""
    pa = pyarrow()
    table = frame if isinstance(frame, pa.Table) else pa.table(frame)
    return pa.table({name: _told(column) for name, column in zip(table.column_names, table.columns, strict=True)})


def _told(column: Any) -> Any:
    """A column whose texts are written as all readers know them."""
    pa = pyarrow()
    if "string_view" not in str(column.type):
        return column
    if not hasattr(column.type, "value_type"):
        return column.cast(pa.large_string())
    parts = [pa.DictionaryArray.from_arrays(c.indices, c.dictionary.cast(pa.large_string())) for c in column.chunks]
    return pa.chunked_array(parts)


def is_table(source: Any) -> bool:
    """Whether it has named columns: a table of Arrow, or a frame."""
    return hasattr(source, "columns") and (hasattr(source, "__arrow_c_stream__") or hasattr(source, "to_batches"))


def has_pyarrow() -> bool:
    """Whether Arrow streams can be written here."""
    return importlib.util.find_spec("pyarrow") is not None


class _Sink(io.RawIOBase):
    """A file that hands on what is written to it."""

    def __init__(self) -> None:
        self._parts: list[memoryview] = []

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, part: Any) -> int:
        """Take it."""
        self._parts.append(memoryview(part))
        return len(part)

    def taken(self) -> Pieces:
        parts, self._parts = self._parts, []
        for part in parts:
            yield from _cut(part)


def _arrow(table: Any) -> Pieces:
    sink = _Sink()
    with pyarrow("ipc").new_stream(pyarrow().PythonFile(sink, mode="w"), table.schema) as writer:
        for batch in table.to_batches(max_chunksize=ROWS):
            writer.write_batch(batch)
            yield from sink.taken()
    yield from sink.taken()


def _column(array: Any) -> Any:
    pa = pyarrow()
    if array.ndim == 1:
        return pa.array(array)
    return pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(array).reshape(-1)), array.shape[1])


def _npy(array: Any) -> tuple[bytes, memoryview]:
    """The head of an npy file, and its data where they lie."""
    array = np.ascontiguousarray(array)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(array))
    return head.getvalue(), array.reshape(-1).view(np.uint8).data


def _npz(arrays: Mapping[str, Any]) -> Pieces:
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                for piece in _chained(*_npy(array)):
                    member.write(piece)
                    yield from sink.taken()
    yield from sink.taken()


def _chained(head: bytes, data: memoryview) -> Pieces:
    yield head
    yield from _cut(data)


def _cut(data: memoryview) -> Pieces:
    return (data[i : i + PIECE] for i in range(0, len(data), PIECE))
