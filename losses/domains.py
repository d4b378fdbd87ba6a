"""Where numbers may lie: the domains that losses declare for their inputs, and the check of one block.

Conventions, said once: a NaN is missing everywhere; an infinity is a number only among logits, where it is a
masked class or a certain answer; nothing is clipped or repaired in silence.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import MissingValues, OutsideDomain

Array = NDArray[Any]

FIRST_ROWS = 5
ROW_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class Domain:
    """An interval of numbers, in words and in bounds.

    >>> POSITIVE.bad(np.array([1.0, 0.0, -2.0]))
    array([False,  True,  True])
    """

    name: str
    says: str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    infinite: bool = False
    whole: bool = False
    index: bool = False
    rows_sum_to_one: bool = False
    corners: bool = False
    also: int | None = None
    hint: str = ""

    @property
    def of_elements(self) -> bool:
        """Whether each number is judged by itself, as a number."""
        return not (self.index or self.rows_sum_to_one or self.corners)

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest number inside."""
        low = math.nextafter(self.low, math.inf) if self.open_low else self.low
        return (low, self.high) if self.infinite else (max(low, -_HUGE), min(self.high, _HUGE))

    def checks(self, x: Any) -> list[tuple[Any, float, float]]:
        """What must lie between which bounds, for ``x`` to lie inside: for the array machine, in its terms."""
        low, high = self.bounds
        whole = [(x - np.floor(x), 0.0, 0.0)] if self.whole else []
        if self.also is not None:
            inside = (x >= low) & (x <= high) & (x == np.floor(x))
            return [(inside | (x == float(self.also)), 1.0, 1.0)]
        if self.rows_sum_to_one:
            whole.append((x.sum(axis=-1) - 1, -ROW_SUM_TOLERANCE, ROW_SUM_TOLERANCE))
        if self.corners:
            whole += [(x[:, 0] <= x[:, 2], 1.0, 1.0), (x[:, 1] <= x[:, 3], 1.0, 1.0)]
        return [(x, low, high), *whole]

    def holds(self, x: Array) -> bool:
        """Whether all of ``x`` lies inside; may say no to odd blocks that ``bad`` then clears."""
        if x.size == 0 or self.whole or self.rows_sum_to_one or self.corners:
            return x.size == 0 or not self.bad(x).any()
        if self.low == -math.inf and self.high == math.inf:
            total = np.add.reduce(x, axis=None)
            return bool(not np.isnan(total) if self.infinite else np.isfinite(total))
        low, high = float(x.min()), float(x.max())  # in float32 the bound itself would be infinity
        return bool((low > self.low if self.open_low else low >= self.low) and high <= min(self.high, _HUGE))

    def bad(self, x: Array) -> Array:
        """A mask, shaped as ``x``, of what lies outside."""
        inside = x > self.low if self.open_low else x >= self.low
        inside &= x <= self.high
        if not self.infinite:
            inside &= np.isfinite(x)
        if self.whole:
            inside &= x == np.floor(x)
        if self.also is not None:
            inside |= x == self.also
        if self.rows_sum_to_one:
            inside &= np.abs(x.sum(axis=-1, keepdims=True) - 1) <= ROW_SUM_TOLERANCE
        if self.corners:
            inside &= (x[:, :2] <= x[:, 2:]).all(axis=1, keepdims=True)
        return ~inside

    def absent(self, x: Array) -> Array:
        """A mask, one a row, of rows that hold a NaN, or an infinity where none belongs."""
        lacking = np.isnan(x) if self.infinite else ~np.isfinite(x)
        return np.asarray(lacking.reshape(len(x), -1).any(axis=1))

    def check(self, x: Array, field: str, rows_at: int | Array = 0) -> None:
        """Raise, naming the first rows, unless all of ``x`` lies inside.

        ``rows_at`` is the number of its first row, or the numbers of all.
        """
        if self.holds(x):
            return
        missing = np.isnan(x) if x.dtype.kind == "f" else np.zeros(x.shape, bool)
        if missing.any():
            rows = _rows(missing, rows_at)
            raise MissingValues(f"{field} is missing (NaN) at {_name(rows)}", field=field, rows=rows)
        bad = self.bad(x)
        if bad.any():
            rows, got = _rows(bad, rows_at), self._shown(x, bad)
            hint = f"; {self.hint}" if self.hint and not 0 <= x[bad].flat[0] <= 1 else ""
            detail = f"{field} must be {self.says}, got {got} at {_name(rows)}{hint}"
            raise OutsideDomain(detail, field=field, expected=self.says, got=got, rows=rows)

    def _shown(self, x: Array, bad: Array) -> Any:
        """What came: the first bad number, or its row where the row is at fault and not the number."""
        if self.corners and np.isfinite(x).all():
            return x[bad.any(axis=1)][0].tolist()
        if self.rows_sum_to_one and 0 <= x[bad].flat[0] <= 1:
            return f"a sum of {x[bad.any(axis=-1)][0].sum():.6g}"
        return float(x[bad].flat[0])

    @functools.lru_cache(maxsize=256)  # noqa: B019 - domains live as long as the program
    def classes(self, count: int, also: int | None = None) -> Domain:
        """This domain of class numbers, bounded by ``count`` classes; ``also`` is one more number allowed."""
        return replace(self, high=count - 1, says=f"a class number from 0 to {count - 1}", also=also)


_HUGE = float(np.finfo(np.float64).max)


def _rows(mask: Array, rows_at: int | Array) -> list[int]:
    hit = np.flatnonzero(mask.reshape(len(mask), -1).any(axis=1))[:FIRST_ROWS]
    return [int(i) for i in (rows_at[hit] if isinstance(rows_at, np.ndarray) else rows_at + hit)]


def _name(rows: list[int]) -> str:
    return f"row{'s' if len(rows) > 1 else ''} {', '.join(map(str, rows))}"


REALS = Domain("reals", "a finite number")
LOGITS = Domain("logits", "a logit (any number, infinities included)", infinite=True)
POSITIVE = Domain("positive", "a number above 0", low=0, open_low=True)
NONNEGATIVE = Domain("nonnegative", "a number of at least 0", low=0)
ABOVE_MINUS_ONE = Domain("above_minus_one", "a number above -1", low=-1, open_low=True)
LOG_PROBABILITIES = Domain("log_probabilities", "a log-probability (at most 0)", high=1e-6, infinite=True)
PROBABILITIES = Domain("probabilities", "a probability in [0, 1]", low=0, high=1, hint="these look like logits")
DISTRIBUTION = Domain(
    "distribution", "a row of probabilities that sums to 1", 0, 1, rows_sum_to_one=True, hint="these look like logits"
)
SOFT_LABELS = Domain("soft_labels", "a label in [0, 1]", low=0, high=1)
BITS = Domain("bits", "0 or 1", low=0, high=1, whole=True)
SIGNS = Domain("signs", "-1 or +1 (or 0 or 1) throughout", low=-1, high=1, whole=True)
CLASSES = Domain("classes", "a class number (0, 1, 2, …)", low=0, whole=True, index=True)
BOXES = Domain("boxes", "a box of finite corners x1 <= x2, y1 <= y2", corners=True)
