"""The shape of a rule, and the words in which rules pick questions and candidates.

``when`` looks at the question, ``which`` at the candidate; a rule without a weight is a veto. Rules speak of traits,
domains and columns of the catalogue. Their rows are in ``vetoes``, ``for_means``, ``for_numbers``, ``for_classes`` and
``for_structures``; the fold that reads them is in ``recommend``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from losses.advice import vocabulary as v
from losses.advice.candidates import Candidate
from losses.advice.question import Question
from losses.words import filled

ODD_SHAPES = ("positive_skewed", "zero_inflated_positive", "proportion")  # no location-scale family has them


@dataclass(frozen=True)
class Rule:
    """If ``when`` holds of the question, every candidate ``which`` picks gains ``weight`` (None: is ruled out)."""

    id: str
    when: Callable[[Question], bool]
    which: Callable[[Question, Candidate], bool]
    weight: float | None
    because: str
    source: str

    def fires(self, q: Question, c: Candidate) -> bool:
        """Whether this rule speaks about this candidate."""
        return self.when(q) and self.which(q, c)


def always(q: Question) -> bool:
    """Of every question."""
    return True


def power(low: float, high: float | None = None) -> Callable[[Question, Candidate], bool]:
    """Candidates whose variance grows with the mean to a power from ``low`` to ``high``."""
    top = low if high is None else high
    return lambda q, c: c.power is not None and low <= c.power <= top


def trait(*names: str) -> Callable[[Question, Candidate], bool]:
    """Candidates with one of these traits."""
    return lambda q, c: not c.traits.isdisjoint(names)


def elicits(*names: str) -> Callable[[Question, Candidate], bool]:
    """Candidates that elicit one of these."""
    return lambda q, c: not c.elicits.isdisjoint(names)


def wants(*functionals: str) -> Callable[[Question], bool]:
    """Questions that want one of these."""
    return lambda q: q.functional in functionals


def labels(c: Candidate) -> bool:
    """Whether it reads class numbers only."""
    return bool({"multiclass", "imbalanced_classification"} & set(c.about.tasks)) and "binary" not in c.about.tasks


def unmet(name: str, c: Candidate) -> bool:
    """Whether a candidate lacks a property that was required."""
    row = {r.id: r for r in v.REQUIREMENTS}.get(name)
    if row is None:
        return c.about.unit != name
    return not row.met(c.about) or (name == "twice_differentiable" and c.corners)


def sentence(template: str, q: Question, c: Candidate) -> str:
    """A reason with this column's numbers in it."""
    lacking = next((name for name in q.require if unmet(name, c)), "")
    words = {row.id: row.id.replace("_", " ") for row in v.REQUIREMENTS}.get(lacking, f"in the unit {lacking}")
    return filled(template, q=q, p=q.p, c=c, unmet=words, fractions=round(q.p.moments.total - q.p.integers))


def spoken(text: str) -> str:
    """A reason as a sentence.

    >>> spoken("it reads logits")
    'It reads logits.'
    """
    return text[:1].upper() + text[1:] + "."
