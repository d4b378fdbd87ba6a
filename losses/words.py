"""Numbers in sentences: as people write them, without a power of ten where the digits can be read."""

from __future__ import annotations

from collections.abc import Sequence
from string import Formatter
from typing import Any

LONG, LONGEST = 1e3, 1e15  # between these thousands are set apart


class _Plain(Formatter):
    """``{x:.4g}`` as ``str.format`` has it, up to the thousands; and ``{n:row}``, so many rows."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        if counted(format_spec):
            return plural(value, format_spec)
        told = super().format_field(value, format_spec)
        if not format_spec.endswith("g") or not abs(value) < LONGEST:
            return told
        return _apart(told) if abs(value) >= LONG or "e+" in told else told


def _apart(told: str) -> str:
    return f"{float(told):,}".removesuffix(".0")


_PLAIN = _Plain()


def filled(template: str, /, **values: Any) -> str:
    """A sentence with its numbers.

    >>> filled("from {low:.4g} to {high:.6g}, {rows:row}", low=43812.0, high=304612.25, rows=1460)
    'from 43,810 to 304,612, 1,460 rows'
    """
    return _PLAIN.vformat(template, (), values)


def counted(format_spec: str) -> bool:
    """Whether a field is a number of things: its format is their name."""
    return len(format_spec) > 1 and format_spec.isalpha()


def number(x: float, digits: int = 4) -> str:
    """A number to so many digits.

    >>> number(115206.3), number(0.123456), number(2e20), number(2345.6, 2)
    ('115,200', '0.1235', '2e+20', '2,300')
    """
    return _PLAIN.format_field(x, f".{digits}g")


def plural(n: int, word: str) -> str:
    """So many things.

    >>> plural(1, "class"), plural(1200, "class"), plural(2, "row")
    ('1 class', '1,200 classes', '2 rows')
    """
    return f"{n:,} {word}" + ("" if n == 1 else "es" if word.endswith("s") else "s")


def listed(names: Sequence[str], most: int = 3) -> str:
    """Some names as a sentence has them.

    >>> listed(["mae", "huber"]), listed(["a", "b", "c", "d", "e"])
    ('mae and huber', 'a, b, c and 2 more')
    """
    shown = [*names[:most], *([f"{len(names) - most:,} more"] if len(names) > most else [])]
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


def an(word: str) -> str:
    """The word with its article.

    >>> an("identifier"), an("date or time")
    ('an identifier', 'a date or time')
    """
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"
