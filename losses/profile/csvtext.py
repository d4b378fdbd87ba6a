"""CSV without pandas: header line first, bounded lines, typed columns, in batches.

The header line also tells the delimiter: a comma, else a tab, else a semicolon.

A column is numbers where everything in it that is not missing spells one; else it is strings.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from losses.errors import EmptyInput, UnknownName, UnreadableFile

MOST_COLUMNS = 10_000
LONGEST_LINE = 1 << 20
BATCH = 1 << 16
ABSENT = frozenset(("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "<NA>", "NaT"))
_PADDED = re.compile(r"0\d")

Array = npt.NDArray[Any]
Text = bytes | IO[bytes]


def csv_batches(source: Text, columns: Sequence[str] | None = None) -> Iterator[dict[str, Array]]:
    """The wanted columns of a CSV file or body, some 65,000 rows at a time.

    >>> [batch["y"].tolist() for batch in csv_batches(b"x,y\\n1,2\\n3,4\\n", ["y"])]
    [[2.0, 4.0]]
    """
    rows = _rows(io.BytesIO(source) if isinstance(source, bytes) else source)
    names = _header(rows)
    places = {name: _place(name, names) for name in (names if columns is None else columns)}
    return _batches(rows, places, len(names))


def csv_columns(source: Text) -> list[str]:
    """The names in the header line."""
    return _header(_rows(io.BytesIO(source) if isinstance(source, bytes) else source))


def read_csv(source: Text, columns: Sequence[str] | None = None) -> dict[str, Array]:
    """A whole CSV file or body as named columns: floats, or objects where some are strings.

    >>> read_csv(b"y,w\\n1,a\\nNA,b\\n")["y"]
    array([ 1., nan])
    """
    batches = list(csv_batches(source, columns))
    return {name: stacked([batch[name] for batch in batches]) for name in (batches[0] if batches else {})}


def stacked(parts: list[Array]) -> Array:
    """Parts of one column as one array; strings if any part holds strings."""
    if len({part.dtype.kind for part in parts}) > 1:
        parts = [_spelled(part) for part in parts]
    return np.concatenate(parts)


def _rows(stream: IO[bytes]) -> Iterator[list[str]]:
    lines = _lines(stream)
    header = next(lines, "")
    delimiter = next((mark for mark in ",\t;" if mark in header), ",")
    reader = csv.reader(chain([header], lines), delimiter=delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UnreadableFile(f"line {reader.line_num + 1} is not CSV: {error}", line=reader.line_num + 1) from error
        if row is None:
            return
        if row:
            yield row


def _lines(stream: IO[bytes]) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise UnreadableFile(
                f"line {number} is longer than {LONGEST_LINE} bytes", line=number, allowed=LONGEST_LINE
            )
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise UnreadableFile(f"line {number} is not UTF-8", line=number) from error


def _header(rows: Iterator[list[str]]) -> list[str]:
    names = [name.strip() for name in next(rows, [])]
    if not names:
        raise EmptyInput("the CSV is empty; a header line with column names is expected", field="target")
    if any(c < " " and not c.isspace() for name in names for c in name):
        raise UnreadableFile("the first line holds control characters: this is no CSV", line=1)
    if len(names) > MOST_COLUMNS:
        raise UnreadableFile(
            f"{len(names)} columns; at most {MOST_COLUMNS} are read", allowed=MOST_COLUMNS, got=len(names)
        )
    if len(set(names)) < len(names):
        raise UnreadableFile("two columns of the CSV have the same name")
    return names


def _place(name: str, names: list[str]) -> int:
    if name not in names:
        raise UnknownName.among("column", name, names)
    return names.index(name)


def _batches(rows: Iterator[list[str]], places: dict[str, int], width: int) -> Iterator[dict[str, Array]]:
    seen = 0
    while batch := list(islice(rows, BATCH)):
        uneven = next((i for i, row in enumerate(batch) if len(row) != width), None)
        if uneven is not None:
            detail = f"data row {seen + uneven + 1} has {len(batch[uneven])} fields where the header has {width}"
            raise UnreadableFile(detail, rows=[seen + uneven], expected=width, got=len(batch[uneven]))
        yield {name: typed([row[place] for row in batch]) for name, place in places.items()}
        seen += len(batch)
    if not seen:
        raise EmptyInput("the CSV has a header and no rows", field="target")


def typed(texts: list[str]) -> Array:
    """Floats where all that is not missing spells numbers, else the strings with None for missing."""
    if not any(_PADDED.match(text) for text in texts):
        try:
            return np.array(texts, dtype=np.str_).astype(np.float64)
        except ValueError:
            pass
    present = [text.strip() for text in texts]
    try:
        return np.array(["nan" if text in ABSENT else _plain(text) for text in present], dtype=np.str_).astype(
            np.float64
        )
    except ValueError:
        return _objects([None if text in ABSENT else text for text in present])


def _plain(text: str) -> str:
    """The text, or a refusal of what spells a number but is a code ("007", "1_000")."""
    if "_" in text or _PADDED.match(text):
        raise ValueError(text)
    return text


def _objects(values: Iterable[Any]) -> Array:
    found = list(values)
    array = np.empty(len(found), dtype=object)
    array[:] = found
    return array


def _spelled(part: Array) -> Array:
    if part.dtype == object:
        return part
    return _objects(None if v != v else f"{v:.17g}" for v in part.tolist())
