"""How finely the numbers of a column were written: the step between them, and the round ones among them."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

DECIMALS = 9
_EXACT = 2.0**40  # beyond this any double is near a whole number of its smallest steps
_WHOLE = 2.0**53  # beyond this any double is a whole number


def coarsest_step(x: Floats) -> float:
    """The largest step that all numbers are multiples of; NaN where they have more than nine decimals.

    >>> coarsest_step(np.array([0.5, 1.25, 3.0])), coarsest_step(np.array([20.0, 50.0]))
    (0.25, 10.0)
    """
    for scale in (10.0**decimals for decimals in range(DECIMALS + 1)):
        near = np.rint(x * scale)
        if not np.abs(near).max(initial=0.0) < (_WHOLE if scale == 1 else _EXACT):
            return math.nan
        room = 0.0 if scale == 1 else 4 * np.spacing(np.abs(near))
        if (np.abs(x * scale - near) <= room).all():
            return float(np.gcd.reduce(near.astype(np.int64)) / scale) or math.nan
    return math.nan


def heaped(x: Floats, mass: Floats, base: int, step: float) -> dict[str, float]:
    """The share of rows on multiples of ``base``, and the share that a smooth law of this step has there.

    Zero is left out, and with it all that lies nearer to it than to any other multiple.

    >>> heaped(np.arange(1.0, 101.0), np.ones(100), 10, 1.0)["expected"]
    0.1
    """
    far = np.abs(x) >= base / 2
    share = float(mass[far & (x % base == 0)].sum() / mass[far].sum())
    unit = Fraction(str(step))
    return {"share": share, "expected": math.gcd(unit.numerator, base * unit.denominator) / (base * unit.denominator)}
