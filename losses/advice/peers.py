"""How other tools would read the same target: a second opinion, from the rules in their code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from losses.profile import Profile


@dataclass(frozen=True)
class Peer:
    """A tool, and when it takes a target for classes rather than for a number."""

    id: str
    classes: Callable[[Profile], bool]


def _few_for_autogluon(p: Profile) -> bool:
    share = 0.05 if p.n > 1000 else 0.10
    return p.n_classes <= 2 or (p.integral and p.n_classes <= min(1000, share * p.n))


PEERS = (
    Peer("scikit-learn type_of_target", lambda p: p.integral),
    Peer("AutoGluon", _few_for_autogluon),
    Peer("mljar", lambda p: p.n_classes <= 20),
    Peer("EvalML", lambda p: p.n_classes <= 10),
    Peer("H2O", lambda p: False),
)


def readings(p: Profile) -> dict[str, str]:
    """``classes`` or ``number`` for each tool; words are classes to all of them.

    >>> readings(Profile.of([1.0, 2.0, 3.0, 2.0] * 5))["H2O"]
    'number'
    """
    words = bool(p.words.counts.size)
    return {peer.id: "classes" if words or peer.classes(p) else "number" for peer in PEERS}
