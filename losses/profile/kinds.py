"""Which kind of target is this? Evidence for and against, added up and turned into shares.

The clues are rows of ``clues.py``; their log-odds are summed by kind, and the sums pass through a softmax. Nothing
else decides.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from losses.profile.clues import CLUES, POSSIBLE, PRIOR, Clue
from losses.profile.counting import ZeroFit
from losses.profile.facts import Facts
from losses.profile.questions import between
from losses.words import filled, plural

if TYPE_CHECKING:
    from losses.profile.readings import Readings


@dataclass(frozen=True)
class Kind:
    """One reading of the target: its share of belief, what speaks for it, and the kind to check it against."""

    id: str
    share: float
    evidence: tuple[str, ...]
    rival: str | None = None

    @property
    def question(self) -> str | None:
        """What to ask who knows the column, to tell this kind from its rival."""
        return between(self.id, self.rival)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return asdict(self) | {"evidence": list(self.evidence), "question": self.question}


@dataclass(frozen=True)
class Told:
    """What the whole column said of its kind and its zeros, kept where its single values are not.

    ``scores`` are log-odds by kind, ``because`` the sentences that spoke for each.
    """

    scores: dict[str, float]
    because: dict[str, tuple[str, ...]]
    zero_fit: ZeroFit | None = None


_LEAST = -7.0  # kinds a thousand times less likely than the first are not named
_SHOWS = {clue.says: clue.shows for clue in CLUES}


def ranked(p: Readings) -> tuple[Kind, ...]:
    """All kinds that are possible for this profile, likeliest first."""
    if p.structure:
        return (Kind(p.structure.form, 1.0, (f"the target is an array read as {p.structure.form}",)),)
    facts = Facts(p)
    found = p.told or _told(facts)
    scores = found.scores
    ids = sorted(scores, key=lambda kind: (-scores[kind], kind))
    odds = np.array([scores[kind] - scores[ids[0]] for kind in ids]) * _confidence(p.n)
    belief = np.exp(odds[odds > _LEAST])
    shares = belief / belief.sum()
    few = (f"only {plural(p.n, 'row')}: low confidence",) if p.n < 30 else ()
    shown = None if p.private else facts
    return tuple(
        Kind(kind, float(share), (*(_sentence(s, shown) for s in found.because.get(kind, ())), *few), _other(kind, ids))
        for kind, share in zip(ids, shares, strict=False)
    )


def told(p: Readings) -> Told:
    """The clues that hold, added up by kind."""
    return _told(Facts(p))


def _told(facts: Facts) -> Told:
    held = [clue for clue in CLUES if clue.when(facts)] if facts.p.n else []
    scores = {kind: PRIOR.get(kind, 0.0) for kind in POSSIBLE if facts.p.n and POSSIBLE[kind](facts)}
    for clue in held:
        for kind in scores.keys() & clue.weights.keys():
            scores[kind] += clue.weights[kind]
    scores = scores or {"constant": 0.0}
    return Told(scores, {kind: _evidence(kind, held) for kind in scores})


def _confidence(n: int) -> float:
    """How far the log-odds are believed: the clues overlap, and at twenty rows they count for half."""
    return n / (n + 20)


def _evidence(kind: str, held: list[Clue]) -> tuple[str, ...]:
    found = sorted((c for c in held if c.weights.get(kind, 0) > 0), key=lambda c: -c.weights[kind])
    return tuple(c.says for c in found)


def _sentence(says: str, facts: Facts | None) -> str:
    """The sentence of a clue, with the numbers it rests on where they may be shown."""
    shows = _SHOWS.get(says, "")
    return f"{says} ({filled(shows, f=facts)})" if shows and facts else says


def _other(kind: str, ids: list[str]) -> str | None:
    return next((other for other in ids if other != kind), None)
