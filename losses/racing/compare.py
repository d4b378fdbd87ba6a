"""Means and paired differences over folds, with intervals that know that training sets overlap.

The variance of a mean over J folds is taken as (1/J + test/train) times that of the folds: the usual 1/J forgets that
folds share most of their training rows. Source: Nadeau & Bengio 2003, doi:10.1023/A:1024068626366.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

SURE = 0.95


def standard_error(values: Sequence[float], cv: int) -> float | None:
    """Of the mean over folds of ``cv``-fold cross-validation, repeated or not; None below two folds.

    >>> standard_error([1.0, 2.0, 3.0, 4.0, 5.0], cv=5)  # sqrt((1/5 + 1/4) * 2.5)
    1.0606...
    """
    if len(values) < 2:
        return None
    return math.sqrt((1 / len(values) + 1 / (cv - 1)) * float(np.var(values, ddof=1)))


def of_folds(values: Sequence[float]) -> float:
    """The usual standard error, as if folds were independent: the yardstick of Breiman's rule to take what is close.

    Source: Breiman et al. 1984, Classification and Regression Trees, ISBN 978-0-412-04841-8.

    >>> of_folds([1.0, 2.0, 3.0, 4.0])
    0.6454...
    """
    return float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else 0.0


def interval(differences: Sequence[float], cv: int, sure: float = SURE) -> tuple[float, float] | None:
    """Where the mean difference lies, with a Student-t of J − 1 degrees; None below two folds.

    >>> interval([0.0, 0.0, 0.0], cv=3)
    (0.0, 0.0)
    """
    error = standard_error(differences, cv)
    if error is None:
        return None
    from scipy.special import stdtrit

    middle, reach = float(np.mean(differences)), float(stdtrit(len(differences) - 1, (1 + sure) / 2)) * error
    return middle - reach, middle + reach
