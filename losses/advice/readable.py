"""Which tasks a column can be read for: one task, one row. A metric is evidence of the task, but words are no numbers.

>>> tasks_of(Profile.of([1.5 * i + 0.25 for i in range(60)]))
('regression', 'variational')
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from losses.advice import vocabulary as v
from losses.errors import NotSupported
from losses.profile import Profile
from losses.words import plural

FEW = 20  # different values that may be classes though they have fractions
MANY = 1000  # classes beyond which whole numbers are amounts
LIKELY = 0.1  # the share from which a kind counts as a reading
SMALL = 30  # rows below which repeats are no evidence


@dataclass(frozen=True)
class Reading:
    """A task for which a column can be read, where ``when`` holds, whatever kind it looks like."""

    task: str
    when: Callable[[Profile], bool]


def _form(p: Profile) -> str:
    return p.structure.form if p.structure else ""


def _numbers(p: Profile) -> bool:
    return p.moments.total > 0 and not p.words.counts.size


def _classes(p: Profile) -> bool:
    """Words; or values that repeat, whole or few."""
    if p.structure:
        return False
    repeated = p.n_classes <= min(MANY, p.n / 2) and (p.integral or p.n_classes <= FEW)
    return bool(p.words.counts.size) or repeated or (p.integral and p.n < SMALL)


READINGS = (
    Reading("regression", lambda p: _numbers(p) or _form(p) == "vectors"),
    Reading("classification", lambda p: _classes(p) or _form(p) == "distribution"),
    Reading("ordinal", lambda p: _classes(p) and not p.words.counts.size),
    Reading("multilabel", lambda p: _form(p) == "multilabel"),
    Reading("segmentation", lambda p: _form(p) in ("masks", "multilabel") or (_numbers(p) and p.n_classes <= 2)),
    Reading("boxes", lambda p: _form(p) == "vectors" and p.structure is not None and p.structure.width == 4),
    Reading("metric_learning", lambda p: _classes(p) or _form(p) == "vectors"),
    Reading("contrastive", lambda p: _classes(p) or _form(p) == "vectors"),
    Reading("distillation", lambda p: _form(p) in ("distribution", "vectors")),
    Reading("variational", lambda p: _numbers(p) or bool(p.structure)),
)


def tasks_of(p: Profile) -> tuple[str, ...]:
    """The tasks that this column can be read for: those of its kinds, and those that a metric may make of it."""
    kinds = {kind.id for kind in p.kinds if kind.share >= LIKELY}
    own = {task for row in v.KINDS if row.id in kinds for task in row.tasks if task != "regression" or _numbers(p)}
    return tuple(row.task for row in READINGS if row.task in own or row.when(p))


def check(p: Profile, tasks: Sequence[str], wish: str, field: str, got: Any) -> None:
    """Refuse a wish for tasks that this column cannot be read for; say what it is, and which metrics fit."""
    able = tasks_of(p)
    if set(able) & set(tasks):
        return
    wanted = [t.replace("_", " ") for t in tasks if t != "ordinal" or "regression" not in tasks]
    fitting = [m.id for m in v.METRICS if set(m.tasks) & set(able)]
    kind = p.kind.replace("_", " ")
    rows = plural(p.n, "row")
    seen = f"{rows}, {plural(p.n_classes, 'different value')}" if not p.structure else rows
    detail = (
        f"{wish} is for {' or '.join(wanted)}, but this column reads as {kind}, with "
        f"{seen}; metrics that fit: {', '.join(fitting) or 'none'}"
    )
    raise NotSupported(detail, field=field, got=got, allowed=fitting)
