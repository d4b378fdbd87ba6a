"""Files of targets as parts of one column, or as a whole table; one reader for each suffix.

pyarrow is imported only for Parquet and Arrow, fsspec only for paths like "s3://bucket/*.parquet".
"""

from __future__ import annotations

import contextlib
import glob
import importlib
import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import IO, Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from losses.errors import LossesError, MissingDependency, NotSupported, UnknownName, UnreadableFile
from losses.profile.column import CHUNK
from losses.profile.csvtext import BATCH, LONGEST_LINE, MOST_COLUMNS, csv_batches, csv_columns, stacked

Array = npt.NDArray[Any]
Batch = dict[str, Any]
Reader = Callable[[IO[bytes], Sequence[str] | None], Iterator[Batch]]

DEFAULT = "target"
PART = 1 << 20  # rows of a Parquet file, at least, that are read by one thread


class Part(NamedTuple):
    """Some batches of a column, read when they are asked for: values and, where a column holds them, their weights.

    With them the share of all files that then is read, and how many rows they are.
    """

    batches: Iterator[tuple[Any, Any]]
    share: float
    rows: int


def read_parts(
    path: str | os.PathLike[str], column: str | None = None, weight: str | None = None
) -> tuple[str | None, Iterator[Part]]:
    """The name of the wanted column of a file (or of all files of a pattern), and its values part by part.

    Without ``column`` it is the one named "target", or the only one there is; ``weight`` names that of the weights.
    """
    files = _files(path)
    if files == ["-"]:  # standard input can be read only once
        table = read_table("-")
        wanted = chosen(list(table), column) or DEFAULT
        _known(weight, list(table))
        return wanted, iter([Part(iter([(table[wanted], table.get(weight or ""))]), 1.0, len(table[wanted]))])
    names = column_names(files[0])
    name = chosen(names, column)
    _known(weight, names)
    return name, (
        part._replace(share=(place + part.share) / len(files))
        for place, file in enumerate(files)
        for part in (_row_groups if _suffix(file) == ".parquet" else _streamed)(file, name, weight)
    )


def _known(weight: str | None, names: Sequence[str]) -> None:
    if weight is not None and weight not in names:
        raise UnknownName.among("column", weight, names)


def read_table(path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> dict[str, Array]:
    """All columns of a file, or the wanted ones, as arrays by name; an array without a name is "target"."""
    found: dict[str, list[Array]] = {}
    for batch in table_batches(path, columns):
        for name, values in batch.items():
            found.setdefault(name, []).append(as_rows(values))
    return {name: stacked(parts) for name, parts in found.items()}


def table_batches(path: str | os.PathLike[str], columns: Sequence[str] | None = None) -> Iterator[Batch]:
    """The columns of a file, or of all files of a pattern, some rows at a time."""
    return (batch for file in _files(path) for batch in _read(file, columns))


def column_names(path: str) -> list[str]:
    """The names of the columns of one file; a bare array has none."""
    with _guarded(path):
        return _NAMES.get(_suffix(path), _first_names)(path)


def chosen(names: Sequence[str], column: str | None) -> str | None:
    """The column that is meant: the one asked for, "target", or the only one."""
    if not names:
        if column not in (None, DEFAULT):
            raise UnknownName.among("column", column, [DEFAULT])
        return None
    if column is None and DEFAULT not in names and len(names) == 1:
        return names[0]
    wanted = DEFAULT if column is None else column
    if wanted not in names:
        raise UnknownName.among("column", wanted, names)
    return wanted


def _files(path: str | os.PathLike[str]) -> list[str]:
    text = os.fspath(path)
    if "://" in text:
        return _remote_files(text)
    if os.path.isdir(text):
        detail = f"{text[:200]!r} is a directory; name a file, or a pattern such as {Path(text[:200]) / '*.csv'}"
        raise UnreadableFile(detail, field="path")
    if text == "-" or os.path.exists(text):
        return [text]
    found = sorted(glob.glob(text, recursive=True)) if glob.has_magic(text) else []
    return found or _none(text)


def _remote_files(url: str) -> list[str]:
    fsspec = _fsspec()
    with _guarded(url):
        system, inner = fsspec.url_to_fs(url)
        found = sorted(system.glob(inner)) if glob.has_magic(inner) else [inner] * system.exists(inner)
        return [system.unstrip_protocol(name) for name in found] or _none(url)


def _none(path: str) -> NoReturn:
    raise UnreadableFile(f"there is no file {path[:200]!r}", field="path")


def _suffix(path: str) -> str:
    suffix = Path(path).suffix.lower()
    return ".csv" if path == "-" else _SAME.get(suffix, suffix)


def _read(path: str, columns: Sequence[str] | None) -> Iterator[Batch]:
    reader = _reader(path)
    with _guarded(path), _opened(path) as stream:
        yield from reader(stream, columns)


def _reader(path: str) -> Reader:
    reader = _READERS.get(_suffix(path))
    if reader is None:
        known = ", ".join(sorted({*_READERS, *_SAME}))
        raise NotSupported(
            f"files ending in {_suffix(path)!r} cannot be read; save it as one of {known}", allowed=sorted(_READERS)
        )
    return reader


def _streamed(path: str, name: str | None, weight: str | None) -> Iterator[Part]:
    """Each batch as a part of its own, with the share of the file that lies behind it."""
    reader = _reader(path)
    with _guarded(path), _opened(path) as stream:
        size = stream.seek(0, io.SEEK_END) or 1
        stream.seek(0)
        for batch in reader(stream, None if name is None else [name, *([weight] if weight else [])]):
            values = batch[name or DEFAULT]
            yield Part(iter([(values, batch[weight] if weight else None)]), stream.tell() / size, len(values))


def _row_groups(path: str, name: str | None, weight: str | None) -> Iterator[Part]:
    """Row groups of a Parquet file, some at a time, to be read and decoded by whichever thread looks at them."""
    with _guarded(path), _parquet_file(path) as file:
        footer = file.metadata
        runs: list[list[int]] = []
        rows = PART
        for group in range(footer.num_row_groups):
            if rows >= PART:
                runs.append([])
                rows = 0
            runs[-1].append(group)
            rows += footer.row_group(group).num_rows
    for place, run in enumerate(runs):
        rows = sum(footer.row_group(group).num_rows for group in run)
        yield Part(_columns_of(path, footer, run, name or DEFAULT, weight), (place + 1) / len(runs), rows)


def _columns_of(path: str, footer: Any, groups: list[int], name: str, weight: str | None) -> Iterator[tuple[Any, Any]]:
    with _guarded(path), _parquet_file(path, footer) as file:
        for batch in file.iter_batches(CHUNK, groups, [name, *([weight] if weight else [])], use_threads=False):
            batch.validate(full=True)
            yield batch.column(name), batch.column(weight) if weight else None


@contextlib.contextmanager
def _parquet_file(path: str, footer: Any = None) -> Iterator[Any]:
    pq = _pyarrow("parquet")
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(_opened(path)) if "://" in path else path
        # Read as it is decoded: a row group may be larger than memory.
        yield stack.enter_context(pq.ParquetFile(source, metadata=footer, buffer_size=1 << 20, pre_buffer=False))


@contextlib.contextmanager
def _guarded(path: str) -> Iterator[None]:
    """Whatever a decoder raises about a broken file becomes ``UnreadableFile``."""
    try:
        yield
    except LossesError:
        raise
    except PermissionError as error:
        raise UnreadableFile(f"{Path(path).name!r} may not be read: permission denied", field="path") from error
    except Exception as error:
        raise UnreadableFile(f"{Path(path).name!r} is not a readable {_suffix(path)[1:]} file", field="path") from error


@contextlib.contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with _fsspec().open(path, "rb") if "://" in path else open(path, "rb") as stream:
        yield stream


def _own(stream: IO[bytes]) -> str | None:
    """The path of a file of this machine, which can be mapped into memory."""
    return stream.name if isinstance(stream, io.BufferedReader) and isinstance(stream.name, str) else None


def _csv_names(path: str) -> list[str]:
    with _opened(path) as stream:
        return csv_columns(stream)


def _npy(stream: IO[bytes], columns: Sequence[str] | None) -> Iterator[Batch]:
    path = _own(stream)
    array = np.load(path or stream, mmap_mode="r" if path else None, allow_pickle=False)
    yield from ({DEFAULT: array[i : i + CHUNK]} for i in range(0, max(len(array), 1), CHUNK))


def _npz(stream: IO[bytes], columns: Sequence[str] | None) -> Iterator[Batch]:
    with np.load(stream, allow_pickle=False) as arrays:
        yield {name: arrays[name] for name in (arrays.files if columns is None else columns)}


def _npz_names(path: str) -> list[str]:
    with _opened(path) as stream, np.load(stream, allow_pickle=False) as arrays:
        return list(arrays.files)


def _jsonl(stream: IO[bytes], columns: Sequence[str] | None) -> Iterator[Batch]:
    rows = (_strict(line) for line in iter(lambda: stream.readline(LONGEST_LINE), b"") if line.strip())
    while batch := list(islice(rows, BATCH)):
        yield _records(batch, columns)


def _strict(text: bytes) -> Any:
    """JSON as its standard has it: ``NaN`` and ``Infinity`` are no numbers there."""
    return json.loads(text, parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise UnreadableFile(f"JSON has no number {word}; write null where a value is missing", field="path")


def _records(rows: list[Any], columns: Sequence[str] | None) -> Batch:
    if not all(isinstance(row, dict) for row in rows):
        return {DEFAULT: rows}
    names = dict.fromkeys(key for row in rows for key in row) if columns is None else columns
    return {name: [row.get(name) for row in rows] for name in names}


def _json(stream: IO[bytes], columns: Sequence[str] | None) -> Iterator[Batch]:
    data = _strict(stream.read())
    if isinstance(data, list):
        yield _records(data, columns)
    elif isinstance(data, dict) and all(isinstance(v, list) for v in data.values()):
        yield {name: data[name] for name in (data if columns is None else columns)}
    else:
        raise UnreadableFile("a list, or an object of columns, is expected in a JSON file", field="path")


def _first_names(path: str) -> list[str]:
    names = list(next(_read(path, None), {}))
    return [] if names == [DEFAULT] else names


def _parquet(stream: IO[bytes], columns: Sequence[str] | None) -> Iterator[Batch]:
    with _pyarrow("parquet").ParquetFile(stream) as file:
        for batch in file.iter_batches(CHUNK, columns=None if columns is None else list(columns)):
            batch.validate(full=True)
            yield {name: batch.column(name) for name in batch.schema.names}


def _parquet_names(path: str) -> list[str]:
    with _parquet_file(path) as file:
        return [str(name) for name in file.schema_arrow.names[: MOST_COLUMNS + 1]]


def _arrow(stream: IO[bytes], columns: Sequence[str] | None) -> Iterator[Batch]:
    pa = _pyarrow("lib")
    ipc = _pyarrow("ipc")
    path = _own(stream)
    with pa.memory_map(path) if path else pa.PythonFile(stream, mode="r") as source:
        if source.read(6) == b"ARROW1":
            reader = ipc.open_file(source)
            batches = (reader.get_batch(i) for i in range(reader.num_record_batches))
        else:
            source.seek(0)
            batches = iter(ipc.open_stream(source))
        for batch in batches:
            batch.validate(full=True)
            yield {name: batch.column(name) for name in (batch.schema.names if columns is None else columns)}


def _fsspec() -> ModuleType:
    try:
        return importlib.import_module("fsspec")
    except ImportError as error:
        raise MissingDependency("paths with :// need fsspec: pip install 'losses[fsspec]'") from error


def _pyarrow(part: str) -> ModuleType:
    try:
        return importlib.import_module(f"pyarrow.{part}")
    except ImportError as error:
        raise MissingDependency("Parquet and Arrow files need pyarrow: pip install 'losses[arrow]'") from error


def as_rows(values: Any) -> Array:
    """Any batch as an array that can be joined to the next."""
    if isinstance(values, np.ndarray):
        return values
    if hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy(zero_copy_only=False))
    if all(isinstance(v, (int, float)) or v is None for v in values):
        return np.array(values, dtype=np.float64)
    if any(isinstance(v, list) for v in values):
        return np.array(values)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


_SAME = {".txt": ".csv", ".tsv": ".csv", ".pq": ".parquet", ".ndjson": ".jsonl", ".feather": ".arrow", ".ipc": ".arrow"}
_SAME |= {".arrows": ".arrow"}
_READERS: dict[str, Reader] = {".csv": csv_batches, ".npy": _npy, ".npz": _npz, ".jsonl": _jsonl, ".json": _json}
_READERS |= {".parquet": _parquet, ".arrow": _arrow}
_NAMES: dict[str, Callable[[str], list[str]]] = {".csv": _csv_names, ".npz": _npz_names, ".parquet": _parquet_names}
_NAMES |= {".npy": lambda path: []}
