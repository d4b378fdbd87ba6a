"""How firm the answer is: the lead of the first loss over the second, and what, tried out, puts another one first."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from losses.advice import vocabulary as v
from losses.advice.of_questions import QUESTION
from losses.advice.question import Question, ask
from losses.errors import LossesError
from losses.profile import Profile
from losses.words import filled, listed, number, plural

Level = Literal["firm", "close", "tie", "open", "weak", "default"]

FEW = 30  # rows below which what is read may change with the next
SURE = 0.7  # the share from which a kind is no longer in doubt
TIE, CLOSE = 0.15, 0.75  # points of weight
SCALE = 1.5  # how many points of weight multiply the odds by e
MIDDLE = 3.0  # the points at which a loss scores one half
MANY = 50_000  # rows with which a column is tried again
FAR = 5.0  # robust sigmas


@dataclass(frozen=True)
class Confidence:
    """How firmly the first loss stands: a word, its lead over the second in points of weight, and a sentence."""

    level: Level
    lead: float | None
    says: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return asdict(self)


@dataclass(frozen=True)
class Flip:
    """Something that would put another loss first, tried out on this column."""

    id: str
    loss: str
    says: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return asdict(self)


def score(total: float) -> float:
    """Points as a number between 0 and 1.

    >>> score(MIDDLE)
    0.5
    """
    return round(1 / (1 + math.exp((MIDDLE - total) / SCALE)), 4)


def confidence(q: Question, points: Sequence[float], names: Sequence[str]) -> Confidence:
    """The firmness of a ranking, from the points and names of its losses, best first."""
    lead = points[0] - points[1] if len(points) > 1 else None
    margin = math.inf if lead is None else lead
    level, says = next((level, says) for level, when, says in LEVELS if when(q, margin))
    tied = [name for name, own in zip(names[1:], points[1:], strict=True) if points[0] - own < TIE]
    first, second = (f"{score(own):.2f}" for own in (*points[:2], 0.0, 0.0)[:2])
    data = {"name": names[1] if len(names) > 1 else "", "first": first, "second": second}
    told = filled(says, q=q, tied=listed(tied), doubt=next(_doubts(q), ""), **data)
    return Confidence(level, None if lead is None else round(lead, 3), told)


def _doubts(q: Question) -> Iterator[str]:
    """What makes the question itself doubtful, in the words of its warnings."""
    return (row.warn(q).message for row in QUESTION if row.doubts and row.code not in q.ignore and row.when(q))


LEVELS: tuple[tuple[Level, Callable[[Question, float], bool], str], ...] = (
    ("default", lambda q, lead: not q.p.n, "no target was seen: this is the default for {q.task}"),
    ("open", lambda q, lead: any(_doubts(q)), "open: {doubt}"),
    ("weak", lambda q, lead: q.p.n < FEW, "weak: {q.p.n:row} can tell little"),
    (
        "open", lambda q, lead: not q.stated and not q.p.structure and q.p.kinds[0].share < SURE,
        "open: what this column is stands at {q.p.kinds[0].share:.0%}; name a metric or the task",
    ),
    ("tie", lambda q, lead: lead < TIE, "a tie with {tied}: take whichever your model trains better with"),
    ("close", lambda q, lead: lead < CLOSE, "close: {name} is nearly as good, with a score of {second} to {first}"),
    ("firm", lambda q, lead: lead < math.inf, "firm: {name} comes next, with a score of {second} to {first}"),
    ("firm", lambda q, lead: True, "firm: nothing else serves"),
)  # fmt: skip


# ── what would put another loss first ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Trial:
    """A question asked again, of a column that is changed or read in another way."""

    id: str
    when: Callable[[Question], bool]
    again: Callable[[Question], Question]
    says: str
    data: Callable[[Question], dict[str, Any]] = lambda q: {}


def flips(q: Question, first: str | None, best: Callable[[Question], str | None]) -> Iterator[Flip]:
    """The trials that end with another loss than ``first``, where ``best`` names the first of a question."""
    for trial in TRIALS:
        if first is None or not trial.when(q):
            continue
        try:
            found = best(trial.again(q))
        except LossesError:  # what is left cannot be asked this
            continue
        if found is not None and found != first:
            yield Flip(trial.id, found, f"{filled(trial.says, q=q, p=q.p, **trial.data(q))}: {found}")


def _fences(q: Question) -> tuple[float, float]:
    reach = FAR * q.p.robust_sigma
    return q.p.median - reach, q.p.median + reach


def _where(q: Question, kept: Callable[[Any], Any]) -> Question:
    """The same question of the rows whose values are kept."""
    y, rows = q.p.sketch.weighted()
    y, rows = y[kept(y)], rows[kept(y)]
    fewer = min(1.0, MANY / max(rows.sum(), 1))
    column = np.repeat(y, np.maximum(rows * fewer, 1).astype(int))
    return ask(Profile.of(column, name=q.p.name), **q.wishes)


def _far(q: Question) -> dict[str, Any]:
    low, high = _fences(q)
    ends = [f"below {number(low)}"] * (q.p.min < low) + [f"above {number(high)}"] * (q.p.max > high)
    rows = q.p.outliers.rows
    return {"rows": plural(rows, "row"), "ends": " and ".join(ends)}


def _rival(q: Question) -> str | None:
    """The task of the second kind, where it is another one."""
    kinds = [k for k in q.p.kinds[1:2] if k.share >= 1 - SURE - 0.2] if q.p.n and not q.p.structure else []
    tasks = next((row.tasks for k in kinds for row in v.KINDS if row.id == k.id), ())
    return tasks[0] if tasks and tasks[0] != q.task else None


TRIALS = (
    Trial(
        "far-rows", lambda q: q.of_numbers and 0 < q.p.outliers.rows < q.p.n / 10 and 0 < q.p.robust_sigma < math.inf,
        lambda q: _where(q, lambda y: (y >= _fences(q)[0]) & (y <= _fences(q)[1])),
        "without the {rows} {ends}", _far,
    ),
    Trial(
        "zeros", lambda q: q.of_numbers and 0.02 < q.p.zero_share < 0.98, lambda q: _where(q, lambda y: y != 0),
        "if the {p.zero_rows:,} zeros stood for missing values",
    ),
    Trial(
        "rival", lambda q: "task" not in q.wishes and _rival(q) is not None,
        lambda q: ask(q.p, **{**q.wishes, "task": _rival(q)}),
        "read as {rival}", lambda q: {"rival": q.p.kinds[1].id.replace("_", " ")},
    ),
)  # fmt: skip
