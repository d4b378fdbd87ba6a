"""Every warning there is, by its code: who gives it, and its sentence with the numbers left open."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Any

from .advice.of_losses import LOSS
from .advice.of_questions import QUESTION
from .catalogue import LOSSES
from .evaluate import SAYS
from .remedies import REMEDIES
from .words import counted, plural


def warned() -> list[dict[str, Any]]:
    """A row for each code: its severity, where it comes up, what it says, and what to do.

    >>> next(row for row in warned() if row["code"] == "DEGENERATE_BOXES")["says"]
    ['… of boxes have no area']
    """
    found: dict[str, dict[str, Any]] = {}
    for code, severity, place, text in _declared():
        row = found.setdefault(
            code, {"code": code, "severity": severity, "places": [], "says": [], "remedy": REMEDIES[code]}
        )
        row["places"] = list(dict.fromkeys([*row["places"], place]))
        row["says"] = list(dict.fromkeys([*row["says"], opened(text)]))
    return [found[code] for code in sorted(found)]


def _declared() -> Iterator[tuple[str, str, str, str]]:
    for row in QUESTION:
        yield row.code, row.severity, "a target and what is asked of it", row.message
    for row in LOSS:
        yield row.code, row.severity, "a loss on this target", row.message
    for loss in LOSSES.values():
        for caution in loss().cautions:
            yield caution.code, "warning", "an evaluation", caution.says
    for code, says in SAYS.items():
        yield code, "warning", "an evaluation", says


def opened(text: str) -> str:
    """A sentence with its numbers left open.

    >>> opened("only {p.n:row} of {p.name}")
    'only … rows of …'
    """
    return "".join(plain + _open(field, spec or "") for plain, field, spec, _ in Formatter().parse(text))


def _open(field: str | None, spec: str) -> str:
    if field is None:
        return ""
    return "…" + plural(2, spec).removeprefix("2") if counted(spec) else "…"
