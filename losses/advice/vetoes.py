"""What is out of the question: losses that this target, this framework or a requirement forbids."""

from __future__ import annotations

from losses.advice import sources
from losses.advice.candidates import Candidate
from losses.advice.question import Question
from losses.advice.rule import Rule, labels, unmet


def _outside(q: Question, c: Candidate) -> bool:
    domain = c.domain
    if (
        domain is None
        or domain.rows_sum_to_one
        or domain.index
        or domain.whole
        or ("binary" in c.about.tasks and q.of_classes)
    ):
        return False
    low = q.p.min <= domain.low if domain.open_low else q.p.min < domain.low
    return bool(low or q.p.max > domain.high)


def _below(q: Question, c: Candidate) -> bool:
    """Whether the least step, 0 where steps are words, lies below what a loss of amounts takes."""
    domain = c.domain
    if domain is None or domain.whole or domain.index or domain.rows_sum_to_one:
        return False
    least = 0.0 if q.p.words.distinct else q.p.min
    return bool(least <= domain.low if domain.open_low else least < domain.low)


def _binary_only(c: Candidate) -> bool:
    tasks = set(c.about.tasks)
    return bool({"binary", "multilabel"} & tasks) and "multiclass" not in tasks


def _trainable(q: Question, c: Candidate) -> bool:
    from losses import frameworks

    return all(q.framework in frameworks.supports(name) for name in c.parts)


VETOES = (
    Rule(
        "support", lambda q: q.of_numbers, _outside, None,
        "it needs {c.domain.says}; this target runs from {p.min:.6g} to {p.max:.6g}", source=sources.BY_DEFINITION,
    ),
    Rule(
        "support-of-steps", lambda q: q.task == "ordinal" and bool(q.p.n) and not q.p.structure, _below, None,
        "it needs {c.domain.says}, which the least step is not", source=sources.BY_DEFINITION,
    ),
    Rule(
        "classes-for-numbers", lambda q: q.task == "regression", lambda q, c: labels(c), None,
        "it is for classes; this target is a number", source=sources.BY_DEFINITION,
    ),
    Rule(
        "fractions-for-counts",
        lambda q: q.of_numbers and not q.p.integral,
        lambda q, c: "overdispersed" in c.traits, None,
        "it needs whole-number counts; {fractions:,} of {p.n:,} rows of this target have fractions",
        source=sources.COUNTS,
    ),
    Rule(
        "two-classes-only", lambda q: q.task in ("classification", "ordinal") and q.n_classes != 2,
        lambda q, c: _binary_only(c), None,
        "it reads two classes; this target has {q.n_classes}", source=sources.BY_DEFINITION,
    ),
    Rule(
        "one-class-a-row", lambda q: q.task in ("multilabel", "segmentation"), lambda q, c: labels(c), None,
        "it reads one class a row; here each label stands for itself", source=sources.BY_DEFINITION,
    ),
    Rule(
        "numbers-for-classes", lambda q: q.task in ("classification", "multilabel"),
        lambda q, c: "regression" in c.about.tasks, None,
        "it is for numbers; this target is a class", source=sources.BY_DEFINITION,
    ),
    Rule(
        "classes-for-boxes", lambda q: q.task == "boxes",
        lambda q, c: "boxes" not in c.about.tasks, None, "it does not compare boxes", source=sources.BY_DEFINITION,
    ),
    Rule(
        "framework-refuses", lambda q: q.framework is not None, lambda q, c: not _trainable(q, c), None,
        "{q.framework} cannot train with it", source=sources.BY_DEFINITION,
    ),
    Rule(
        "required", lambda q: bool(q.require), lambda q, c: any(unmet(name, c) for name in q.require), None,
        "it is not {unmet}, which you require", source=sources.BY_DEFINITION,
    ),
)  # fmt: skip
