"""Rules, parameters and pitfalls of the advice as data: when each speaks, what it reads and says, on what ground."""

from __future__ import annotations

from functools import cache
from typing import Any

from .advice.fits import FITS, NAMES
from .advice.of_losses import LOSS
from .advice.of_questions import QUESTION
from .advice.parameters import ESTIMATES
from .advice.rules import RULES
from .conditions import condition, reads
from .warned import opened


@cache
def ruled() -> tuple[dict[str, Any], ...]:
    """A row for each rule: it gives losses points, or (None) rules them out.

    >>> ruled()[0]["id"], ruled()[0]["points"]
    ('support', None)
    """
    return tuple(
        {
            "id": row.id,
            "points": row.weight,
            "when": condition(row.when),
            "of": condition(row.which),
            "reads": reads(row.when),
            "says": opened(row.because),
            "source": row.source,
        }
        for row in RULES
    )


@cache
def fitting() -> tuple[dict[str, Any], ...]:
    """A row for each prediction that is wanted and each that a loss rewards, where one serves the other.

    >>> fitting()[0]["wanted"], fitting()[0]["elicited"], fitting()[0]["points"]
    ('the mean', 'the mean', 4.0)
    """
    return tuple(
        {
            "wanted": spelled(row.functional),
            "elicited": spelled(row.elicits),
            "points": row.weight,
            "says": opened(row.because),
            "source": row.source,
        }
        for row in FITS
    )


def spelled(functional: str) -> str:
    """A functional in words."""
    return NAMES.get(functional, functional.replace("_", " "))


@cache
def estimated() -> tuple[dict[str, Any], ...]:
    """A row for each parameter that is set from the data.

    >>> estimated()[0]["id"], estimated()[0]["parameter"], estimated()[0]["losses"]
    ('huber-delta', 'delta', ('huber', 'pseudo_huber'))
    """
    return tuple(
        {
            "id": row.id,
            "parameter": row.name,
            "losses": row.of,
            "when": condition(row.when),
            "reads": tuple(sorted({*reads(row.when), *reads(row.value)})),
            "says": opened(row.because),
            "source": row.source,
        }
        for row in ESTIMATES
    )


@cache
def pitfalls() -> dict[str, tuple[dict[str, str], ...]]:
    """For each warning of the advice when it is given, of which losses, and on what ground.

    >>> pitfalls()["MAE_ZEROS"][0]["when"]
    'of_numbers and zero_share >= 0.5'
    """
    found: dict[str, tuple[dict[str, str], ...]] = {}
    for row in (*QUESTION, *LOSS):
        of = condition(row.which) if row.which else "always"
        told = {"when": condition(row.when), "of": of, "source": row.source}
        found[row.code] = (*found.get(row.code, ()), told)
    return found
