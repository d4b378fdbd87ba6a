"""Which mark parts the decimals in each column of a CSV, told from how the numbers in its first rows are written.

What is written 1,5 or 0.123 tells by itself; 1.234 may be a thousand or little more than one. A column that does not
tell is read as the others of its file are, and where none tells, as its own mark has it, with a doubt.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

LOOK = 1 << 18  # bytes of a file that are looked at
SURE = 20  # numbers that a writer who leaves out zeros at the end would hardly give three decimals each
OTHER = {".": ",", ",": "."}
_HEAD, _TAIL = r"([+-]?)[$€£]?\s?", r"\s?[%€]?"
_WHOLE = re.compile(_HEAD + r"[0-9]{1,3}" + _TAIL)
_EITHER = {mark: re.compile(rf"{_HEAD}[1-9][0-9]{{0,2}}[{mark}][0-9]{{3}}{_TAIL}") for mark in OTHER}


def _number(decimal: str) -> re.Pattern[str]:
    """A number with this mark of decimals: the sign, the digits before it with marks of thousands, and the rest."""
    thousands = rf"[0-9]{{1,3}}(?:[{OTHER[decimal]}\s'’][0-9]{{3}})+|[0-9]+"
    return re.compile(rf"{_HEAD}({thousands})(?:[{decimal}]([0-9]+))?((?:[eE][+-]?[0-9]{{1,3}})?){_TAIL}")


_NUMBERS = {mark: _number(mark) for mark in OTHER}


class Marks(NamedTuple):
    """How the numbers of a column are written; ``doubted`` where thousands may have been taken for decimals."""

    decimal: str = "."
    doubted: bool = False

    def value(self, text: str) -> float:
        """The number that is written; ``ValueError`` where it is none.

        >>> Marks(",").value("1.210,97"), Marks(",").value("-1 200,5 €"), Marks().value("1'234.5")
        (1210.97, -1200.5, 1234.5)
        """
        found = _NUMBERS[self.decimal].fullmatch(text)
        if not found:
            raise ValueError(text)
        sign, whole, decimals, power = found.groups()
        number = float(f"{sign}{re.sub('[^0-9]', '', whole)}.{decimals or 0}{power}")
        if math.isinf(number):
            raise ValueError(text)
        return number


ENGLISH = Marks()


class Doubted(np.ndarray[Any, Any]):
    """Numbers that may be a thousand times larger than they were read."""


def doubted(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same numbers, with the doubt."""
    return numbers.view(Doubted)


def marks(look: str, delimiter: str, width: int) -> list[Marks]:
    """The marks of each column, from some first rows.

    >>> marks("1;2,5;1.234\\n2;3,25;5.678\\n", ";", 3)
    [Marks(decimal=',', doubted=False), Marks(decimal=',', doubted=False), Marks(decimal=',', doubted=False)]
    """
    try:
        rows = [row for row in csv.reader(look.splitlines(), delimiter=delimiter) if len(row) == width]
    except csv.Error:
        return [Marks()] * width
    columns = [{text.strip() for text in column} for column in zip(*rows, strict=True)] or [set()] * width
    told = [decimal_mark(column) for column in columns]
    known = {mark for mark in told if mark}
    common = known.pop() if len(known) == 1 else None
    found = [(mark or common, column) for mark, column in zip(told, columns, strict=True)]
    return [Marks(mark) if mark else _guessed(column, delimiter) for mark, column in found]


def decimal_commas(lines: Sequence[str]) -> bool:
    """Lines of one number each, whose commas part decimals.

    >>> decimal_commas(["1,5", "2"]), decimal_commas(["1,2,3"]), decimal_commas(["a,b"])
    (True, False, False)
    """
    return decimal_mark(set(lines)) == "," and all(not line or _NUMBERS[","].fullmatch(line) for line in lines)


def decimal_mark(texts: set[str]) -> str | None:
    """The mark of decimals that a column tells by itself."""
    certain = {mark for mark in OTHER if any(_certain(text, mark) for text in texts)}
    if len(certain) == 1:
        return certain.pop()
    if certain:
        return None
    either = {mark: sum(1 for text in texts if pattern.fullmatch(text)) for mark, pattern in _EITHER.items()}
    mark = max(either, key=lambda m: either[m])
    grouped = min(either.values()) == 0 and either[mark] >= SURE and any(map(_WHOLE.fullmatch, texts))
    return OTHER[mark] if grouped else None


def _certain(text: str, mark: str) -> bool:
    """A number with this mark of decimals that is none, or another one, with the other mark."""
    if mark not in text and text.count(OTHER[mark]) < 2:
        return False
    return bool(_NUMBERS[mark].fullmatch(text) and not _EITHER[mark].fullmatch(text))


def _guessed(texts: set[str], delimiter: str) -> Marks:
    """Between semicolons both marks are used; a comma elsewhere parts thousands."""
    if delimiter != ";":
        return Marks()
    either = [mark for mark, pattern in _EITHER.items() if any(map(pattern.fullmatch, texts))]
    return Marks(either[0] if len(either) == 1 else ",", bool(either))
