"""CSV without pandas: header line first, bounded lines, typed columns, in batches.

The header line also tells the delimiter: a comma, else a tab, else a semicolon. The first rows tell the marks of
decimals and thousands.

A column is numbers where everything in it that is not missing spells one, and points in time where all are dates as
ISO 8601 has them; else it is strings.

Rows in which nothing is quoted, as most are, are split in blocks of some megabytes; from the first block with anything
else in it on, the standard library's reader reads on line by line.
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
from losses.pool import proceed
from losses.profile.marks import ENGLISH, LOOK, Marks, decimal_commas, doubted, marks
from losses.words import plural

MOST_COLUMNS = 10_000
LONGEST_LINE = 1 << 20
BATCH = 1 << 16
BLOCK = 1 << 22  # bytes
LONGEST_FIELD = 1 << 17  # what the standard library's reader takes at most
SAVE = "save it as CSV with UTF-8 (in a spreadsheet: 'CSV UTF-8')"
_OTHERS = {
    b"PK\x03\x04": "a spreadsheet or a zip file",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
    b"\x1f\x8b": "a compressed file",
    b"PAR1": "a Parquet file",
}
ABSENT = frozenset(("", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "<NA>", "NaT"))
_PADDED = re.compile(r"\n[^\S\n]*0\d")
_DIGITS = str.maketrans("123456789", "0" * 9)
_CLOCKS = ("00:00", "00:00:00", *("00:00:00." + "0" * digits for digits in range(1, 7)))
_TIMES = {"0000-00-00", *(f"0000-00-00{mark}{clock}" for mark in "T " for clock in _CLOCKS)}  # every digit as a zero

Array = npt.NDArray[Any]
Text = bytes | IO[bytes]


def csv_batches(source: Text, columns: Sequence[str] | None = None) -> Iterator[dict[str, Array]]:
    """The wanted columns of a CSV file or body, some ten thousand rows at a time.

    >>> [batch["y"].tolist() for batch in csv_batches(b"x,y\\n1,2\\n3,4\\n", ["y"])]
    [[2.0, 4.0]]
    """
    lines = Lines(io.BytesIO(source) if isinstance(source, bytes) else source)
    rows = _rows(lines)
    names = _header(rows)
    places = {name: _place(name, names) for name in (names if columns is None else columns)}
    return _batches(lines, rows, places, len(names))


def csv_columns(source: Text) -> list[str]:
    """The names in the header line."""
    return _header(_rows(Lines(io.BytesIO(source) if isinstance(source, bytes) else source)))


def read_csv(source: Text, columns: Sequence[str] | None = None) -> dict[str, Array]:
    """A whole CSV file or body as named columns: floats, points in time, or objects where some are strings.

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


class Lines:
    """The lines of a stream, decoded; or blocks of them as they are, which can be put back."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.streams = [stream]
        self.number = 0
        self.delimiter = ","

    def __iter__(self) -> Iterator[str]:
        while line := self._bytes():
            self.number += 1
            if self.number == 1:
                _known(line)
            if len(line) > LONGEST_LINE:
                detail = f"line {self.number} is longer than {LONGEST_LINE} bytes"
                raise UnreadableFile(detail, line=self.number, allowed=LONGEST_LINE)
            try:
                yield line.decode("utf-8-sig" if self.number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise UnreadableFile(f"line {self.number} is not UTF-8: {SAVE}", line=self.number) from error

    def _bytes(self) -> bytes:
        while not (found := self.streams[0].readline(LONGEST_LINE + 1)) and len(self.streams) > 1:
            self.streams.pop(0)
        return found

    def block(self, size: int) -> bytes:
        """Some whole lines: so many bytes, and what is left of the last line."""
        while not (found := self.streams[0].read(size)) and len(self.streams) > 1:
            self.streams.pop(0)
        return found + self.streams[0].readline(LONGEST_LINE + 1)

    def put_back(self, block: bytes) -> None:
        """To be read again."""
        self.streams.insert(0, io.BytesIO(block))

    def look(self) -> str:
        """The first lines that are still to be read."""
        block = self.block(LOOK)
        self.put_back(block)
        return block.decode("utf-8", "replace")


def _known(start: bytes) -> None:
    """Refuse a file of another kind, by its first bytes."""
    other = next((other for mark, other in _OTHERS.items() if start.startswith(mark)), None)
    if other:
        raise UnreadableFile(f"this is {other} and no CSV: {SAVE}", line=1)


def _rows(lines: Lines) -> Iterator[list[str]]:
    texts = iter(lines)
    header = next(texts, "")
    lines.delimiter = next((mark for mark in ",\t;" if mark in header), None) or (
        ";" if decimal_commas(lines.look().splitlines()) else ","
    )
    reader = csv.reader(chain([header], texts), delimiter=lines.delimiter, strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise UnreadableFile(f"line {lines.number} is not CSV: {error}", line=lines.number) from error
        if row is None:
            return
        if row:
            yield row


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
    if _numbers_only(names):
        raise UnreadableFile("the first line holds numbers; the names of the columns are expected in it", line=1)
    if len(set(names)) < len(names):
        raise UnreadableFile("two columns of the CSV have the same name")
    return names


def _numbers_only(names: list[str]) -> bool:
    """No names but numbers, and not those of the columns or of years in a row."""
    if not all(name.lstrip("+-").replace(".", "", 1).isdecimal() for name in names if name) or not any(names):
        return False
    numbers = [float(name) for name in names if name]
    row = numbers == [numbers[0] + i for i in range(len(numbers))] and numbers[0].is_integer()
    return not row or (len(numbers) == 1 and numbers[0] > 1)


def _place(name: str, names: list[str]) -> int:
    if name not in names:
        raise UnknownName.among("column", name, names)
    return names.index(name)


def _batches(lines: Lines, rows: Iterator[list[str]], places: dict[str, int], width: int) -> Iterator[dict[str, Array]]:
    seen = 0
    written = _marks(lines, width)
    while block := lines.block(BLOCK):
        proceed()
        fields = _fields(block, lines.delimiter, width)
        if fields is None:
            lines.put_back(block)
            break
        yield {name: typed(fields[place::width], written[place]) for name, place in places.items()}
        seen += len(fields) // width
        lines.number += len(fields) // width
    while batch := list(islice(rows, BATCH)):
        proceed()
        uneven = next((i for i, row in enumerate(batch) if len(row) != width), None)
        if uneven is not None:
            detail = (
                f"data row {seen + uneven + 1} has {plural(len(batch[uneven]), 'field')} where the header has {width}"
                + ("; is the first line that of the names?" if seen + uneven == 0 else "")
            )
            raise UnreadableFile(detail, rows=[seen + uneven], expected=width, got=len(batch[uneven]))
        yield {name: typed([row[place] for row in batch], written[place]) for name, place in places.items()}
        seen += len(batch)
    if not seen:
        raise EmptyInput("the CSV has a header and no rows", field="target")


def _marks(lines: Lines, width: int) -> list[Marks]:
    look = lines.look()
    plain = lines.delimiter == "," and '"' not in look  # no number has a comma in it
    return [ENGLISH] * width if plain else marks(look, lines.delimiter, width)


def _fields(block: bytes, delimiter: str, width: int) -> list[str] | None:
    """All fields of a block, row after row; None unless nothing is quoted, no line empty, and all are of this width."""
    block = block.replace(b"\r\n", b"\n").removesuffix(b"\n") + b"\n"
    if b'"' in block or b"\r" in block or b"\n\n" in block or block[0] == 10:
        return None
    signs = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(signs == 10)
    marks = np.flatnonzero(signs == ord(delimiter))
    if marks.size != ends.size * (width - 1) or np.diff(ends, prepend=-1).max() > LONGEST_FIELD:
        return None
    between = marks.reshape(ends.size, width - 1)
    if (between >= ends[:, None]).any() or (between[1:] <= ends[:-1, None]).any():
        return None
    try:
        return block[:-1].decode().replace("\n", delimiter).split(delimiter)
    except UnicodeDecodeError:
        return None


def typed(texts: list[str], written: Marks = ENGLISH) -> Array:
    """Floats where all that is not missing spells numbers, points in time where all are ISO 8601; else strings.

    What is missing is NaN, NaT or None. What spells a number but is a code ("007", "1_000") is a string. Marks of
    thousands, signs of money and percent signs are passed over.

    >>> typed(["1.210,5", "NA", "-2 €"], Marks(",")).tolist()
    [1210.5, nan, -2.0]
    """
    whole = "\n".join(("", *texts))
    if "_" not in whole and not _PADDED.search(whole):
        for spelled in _spellings(texts, whole, written):
            try:
                numbers = np.fromiter(map(float, spelled), np.float64, len(texts))
            except ValueError:
                continue
            return doubted(numbers) if written.doubted else numbers
    present = [None if text in ABSENT else text for text in map(str.strip, texts)]
    times = _times(present)
    return _objects(present) if times is None else times


def _spellings(texts: list[str], whole: str, written: Marks) -> Iterator[Iterable[float | str]]:
    """The texts as ``float`` may read them, the fastest way first."""
    if written.decimal == "." or "." not in whole:
        plain = texts if written.decimal == "." else [text.replace(",", ".") for text in texts]
        yield plain
        yield ("nan" if text in ABSENT else text for text in map(str.strip, plain))
    yield ("nan" if text in ABSENT else written.value(text) for text in map(str.strip, texts))


def _times(present: list[str | None]) -> Array | None:
    """ISO 8601 dates, or dates with times of day, in UTC or in no zone that is said; None where any is not."""
    if _shape(next(filter(None, present), "")) not in _TIMES:
        return None
    whole = "\n".join([text or "" for text in (*present, None)])
    zoneless = whole.replace("+00:00\n", "\n").replace("Z\n", "\n")
    texts = zoneless.split("\n")[:-1]
    if len(texts) != len(present) or not _TIMES.issuperset(filter(None, _shape(zoneless).split("\n"))):
        return None
    try:
        return np.array(texts, dtype="datetime64[us]")
    except ValueError:  # the thirtieth of February
        return None


def _shape(text: str) -> str:
    """The text with every digit as a zero, and without a zone where that is UTC."""
    return text.translate(_DIGITS).removesuffix("Z").removesuffix("+00:00")


def _objects(values: Iterable[Any]) -> Array:
    found = list(values)
    array = np.empty(len(found), dtype=object)
    array[:] = found
    return array


def _spelled(part: Array) -> Array:
    if part.dtype == object:
        return part
    if part.dtype.kind == "M":
        return _objects(None if v == "NaT" else v for v in np.datetime_as_string(part, unit="auto").tolist())
    return _objects(None if v != v else f"{v:.17g}" for v in part.tolist())
