"""Numbers in sentences: as people write them, without a power of ten where the digits can be read."""

from __future__ import annotations

from string import Formatter
from typing import Any

LONG, LONGEST = 1e4, 1e15  # between these thousands are set apart


class _Plain(Formatter):
    """``{x:.4g}`` as ``str.format`` has it, up to the thousands."""

    def format_field(self, value: Any, format_spec: str) -> Any:
        told = super().format_field(value, format_spec)
        if not format_spec.endswith("g") or not abs(value) < LONGEST:
            return told
        return _apart(told) if abs(value) >= LONG or "e+" in told else told


def _apart(told: str) -> str:
    return f"{float(told):,}".removesuffix(".0")


_PLAIN = _Plain()


def filled(template: str, /, **values: Any) -> str:
    """A sentence with its numbers.

    >>> filled("from {low:.4g} to {high:.6g}, {rows:,} rows", low=43812.0, high=304612.25, rows=1460)
    'from 43,810 to 304,612, 1,460 rows'
    """
    return _PLAIN.vformat(template, (), values)


def number(x: float, digits: int = 4) -> str:
    """A number to so many digits.

    >>> number(115206.3), number(0.123456), number(2e20), number(2345.6, 2)
    ('115,200', '0.1235', '2e+20', '2,300')
    """
    return _PLAIN.format_field(x, f".{digits}g")
