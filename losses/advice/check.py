"""Is this the loss to train with? A linter: the loss, the wish, the column; what is wrong, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from losses.advice import warnings
from losses.advice.answer import Recommendation
from losses.advice.candidates import Candidate, candidates
from losses.advice.constants import constant, one_number
from losses.advice.fits import NAMES, Fit, best_fit
from losses.advice.parameters import estimates
from losses.advice.pitfall import Notice
from losses.advice.question import Question, ask
from losses.advice.recommend import advise, read, unique
from losses.advice.rule import sentence, spoken
from losses.advice.vetoes import VETOES
from losses.core import Loss
from losses.sums import Sum, terms_of
from losses.words import number

Verdict = Literal["fine", "wrong_task", "wrong_support", "wrong_functional", "miscalibrating", "wrong_scale"]

NEAR = 2.0  # a fit below this serves the wish only where the column happens to be kind
SMALL = 0.01  # an excess of the metric that is no matter
OFF = 5.0  # times the advised parameter from which a loss is another loss
ROOTS = ("rmse", "rmsle")
UNPRICED = ("support", "numbers-for-classes", "classes-for-numbers")
OF_PROBABILITIES = {"log_loss": "bce", "brier": "mse"}


@dataclass(frozen=True)
class Price:
    """What the loss costs in the metric, for a model that knows nothing but this column.

    ``best`` is the metric of the best constant, ``here`` that of the constant which the loss rewards, ``excess`` the
    relative difference; a model with features pays as much where they tell it nothing.
    """

    metric: str
    best: float
    here: float

    @property
    def excess(self) -> float:
        """How much worse, relatively."""
        return self.here / self.best - 1 if self.best > 0 else 0.0 if self.here <= self.best else math.inf

    def __str__(self) -> str:
        more = f"{self.excess:.0%} more" if self.excess < 10 else f"{self.here / self.best:.3g} times as much"
        return (
            f"{self.metric} {number(self.here)} instead of {number(self.best)} ({more}) for a constant on this column"
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return asdict(self) | {"excess": self.excess if math.isfinite(self.excess) else None}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    verdict: Verdict
    says: str


@dataclass(frozen=True)
class Check:
    """What is to be said of a loss for a wish and a column: the gravest verdict first."""

    loss: Loss | Sum
    question: Question
    findings: tuple[Finding, ...]
    price: Price | None
    warnings: tuple[Notice, ...]
    instead: Recommendation | None

    @property
    def verdict(self) -> Verdict:
        """``fine``, or the gravest finding."""
        return self.findings[0].verdict if self.findings else "fine"

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    @property
    def answer(self) -> str:
        """The answer in one or two sentences."""
        if self.fine:
            return f"{self.loss} is fine for {self.question.wanted}."
        better = (
            f" Train with {self.instead.usage}." if self.instead and str(self.instead.loss) != str(self.loss) else ""
        )
        return f"{self.loss}: {self.verdict.replace('_', ' ')}. {spoken(self.findings[0].says)}{better}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return {
            "loss": self.loss.to_json(),
            "verdict": self.verdict,
            "answer": self.answer,
            "findings": [asdict(found) for found in self.findings],
            "price": self.price.to_dict() if self.price else None,
            "warnings": [warning.to_dict() for warning in self.warnings],
            "instead": self.instead.to_dict() if self.instead else None,
            "functional": self.question.functional,
            "kind": self.question.kind,
        }

    def __str__(self) -> str:
        lines = [self.answer, *(f"  · {spoken(found.says)}" for found in self.findings[1:])]
        lines += [f"  price: {self.price}"] if self.price and self.price.excess > SMALL else []
        return "\n".join([*lines, *(f"  {w.code}: {w.message}" for w in self.warnings if w.severity != "info")])


def check(
    loss: Any,
    metric: str | None = None,
    target: Any = None,
    goal: str | None = None,
    costs: Mapping[str, float] | None = None,
    task: str | None = None,
    model: str | None = None,
    framework: str | None = None,
    name: str | None = None,
    sample_weight: Any = None,
) -> Check:
    """Whether a loss serves a wish on a column: fine, or what is wrong, with its price in the metric.

    ``loss`` is a spec or a Loss with the parameters that will be used; ``target`` a column, a profile, or the
    dictionary of one. Raises UnknownName for unknown losses and wishes, NotSupported where a metric is not for such a
    column.

    >>> found = check("mse", "mae", [1.0, 1.5, 2.0, 2.5, 40.0] * 40)
    >>> found.verdict, round(found.price.excess, 2), found.instead.id
    ('wrong_functional', 0.53, 'mae')
    """
    from losses.catalogue import get

    made: Loss | Sum = get(loss)
    q = ask(
        read(target, task, name, sample_weight),
        metric=metric, goal=goal, costs=costs, task=task, model=model, framework=framework,
    )  # fmt: skip
    ranked = advise(q, 1).ranked
    case = _case(q, made, ranked[0] if ranked else None)
    findings = [Finding(row.verdict, says) for row in ROWS if (says := row.says(case))]
    noted = [notice for part in case.parts for notice in warnings.of_loss(q, part)]
    return Check(made, q, tuple(findings), case.price, unique(noted), case.instead)


def _case(q: Question, loss: Loss | Sum, instead: Recommendation | None) -> Case:
    """A sum that is known as one serves as that; another serves as its worst term does."""
    plain = {c.makes: c for c in candidates() if c.transform is None}
    parts = [plain[type(term)] for _, term in terms_of(loss)]
    whole = [plain[str(loss)]] if str(loss) in plain else parts
    fits = [(c, best_fit(q.functional, c.elicits)) for c in whole]
    c, fit = min(fits, key=lambda pair: pair[1].weight if pair[1] else -1.0)
    return Case(q, loss, c, parts, fit, _price(q, loss, c), instead)


# ── what may be wrong: one row each, the gravest first ──────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Case:
    """A loss under suspicion: the candidate, all that it is made of, its fit, its price, and what we would train."""

    q: Question
    loss: Loss | Sum
    c: Candidate
    parts: list[Candidate]
    fit: Fit | None
    price: Price | None
    instead: Recommendation | None

    @property
    def advised(self) -> bool:
        """Whether it is what we would train with, parameters aside."""
        first = self.instead
        return first is not None and not first.transform and first.id.partition(":")[0] == self.c.id

    @property
    def priced(self) -> str:
        """The price in words, where there is one that matters."""
        return f": {self.price}" if self.price and self.price.excess > SMALL else ""


@dataclass(frozen=True)
class Row:
    """A verdict, and what it says of a case; nothing where it does not apply."""

    verdict: Verdict
    says: Callable[[Case], str]


def _vetoed(*ids: str, seen: tuple[str, ...] = ()) -> Callable[[Case], str]:
    """What a veto of the recommender says of any part; those in ``seen`` where a column was seen."""

    def says(case: Case) -> str:
        q = case.q
        rules = [rule for rule in VETOES if rule.id in (ids + seen if q.p.n else ids) and rule.when(q)]
        found = ((rule, c) for rule in rules for c in case.parts if rule.which(q, c))
        return next((f"{c.title}: {sentence(rule.because, q, c)}" for rule, c in found), "")

    return says


def _functional(case: Case) -> str:
    q, serves = case.q, case.fit.weight if case.fit else 0.0
    level = getattr(case.loss, "tau", q.tau)
    if "quantile" in case.c.elicits and q.functional in ("quantile", "median") and isinstance(level, float):
        return "" if math.isclose(level, q.tau) else _level(q, level) + case.priced
    dear = case.price is not None and case.price.excess > SMALL
    if serves >= NEAR or (serves and not dear) or _bent(case) or case.advised:
        return ""
    found = " and ".join(NAMES.get(e, e) for e in sorted(case.c.elicits))
    return f"it yields {found}, {q.wanted} rewards {NAMES.get(q.functional, q.functional)}{case.priced}"


def _level(q: Question, level: float) -> str:
    turned = " (over- and underestimates are taken for each other)" if math.isclose(level, 1 - q.tau) else ""
    return f"it yields the {level:g} quantile, {q.wanted} rewards the {q.tau:g} quantile{turned}"


def _bent(case: Case) -> bool:
    calibrated = case.q.functional in ("probability", "cost_decision", "distribution")
    return calibrated and case.q.of_classes and "distorted_probability" in case.c.elicits


def _miscalibrating(case: Case) -> str:
    if not _bent(case) or case.advised:
        return ""
    return f"it bends probabilities, which {case.q.wanted} reads{case.priced}"


def _scale(case: Case) -> str:
    """A bend so far from the spread of this column that the loss is another one."""
    q, c = case.q, case.c
    if not isinstance(case.loss, Loss) or not c.scaled or not q.of_numbers:
        return ""
    advised, _ = estimates(q, c)
    for name, wanted in advised.items():
        ratio = getattr(case.loss, name) / wanted
        far = "squared" if ratio > OFF else "absolute" if ratio < 1 / OFF else ""
        if far and not (far == "absolute" and q.functional == "median"):
            return (
                f"{name} {number(getattr(case.loss, name))} is {ratio:.3g} times what this column's spread asks for "
                f"({number(wanted)}): it acts as the {far} error"
            )
    return ""


ROWS = (
    Row(
        "wrong_task",
        _vetoed(
            *("classes-for-numbers", "numbers-for-classes", "one-class-a-row", "classes-for-boxes"),
            seen=("two-classes-only",),
        ),
    ),
    Row("wrong_support", _vetoed("support", "fractions-for-counts")),
    Row("wrong_functional", _functional),
    Row("miscalibrating", _miscalibrating),
    Row("wrong_scale", _scale),
)


# ── the price ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _price(q: Question, loss: Loss | Sum, c: Candidate) -> Price | None:
    """The metric of the constant that the loss rewards, beside that of the best constant."""
    from losses.catalogue import get

    own = q.own[0] if q.of_numbers and q.own else OF_PROBABILITIES.get(q.metric.id if q.metric else "")
    if own is None or any(rule.when(q) and rule.which(q, c) for rule in VETOES if rule.id in UNPRICED):
        return None
    judge = get(own, tau=q.tau) if own == "quantile" else get(own)
    if not one_number(judge) or (q.of_numbers and _beyond(q, judge)):
        return None
    here = constant(q, loss, c.about.elicits)
    best = constant(q, judge if q.of_numbers else get("bce"), judge.about.elicits)
    if here is None or best is None:
        return None
    y, rows = q.p.sketch.weighted() if q.of_numbers else (np.array([0.0, 1.0]), np.array(q.class_counts, dtype=float))
    with np.errstate(all="ignore"):
        costs = [float(rows @ judge.value(y, np.full_like(y, x)) / rows.sum()) for x in (best.value, here.value)]
    least, most = (math.sqrt(x) if q.metric and q.metric.id in ROOTS else x for x in costs)
    return Price(q.named, least, max(least, most)) if math.isfinite(most) else None


def _beyond(q: Question, judge: Loss) -> bool:
    """Whether the metric itself is not defined on this column."""
    domain = judge.about.domain
    return domain is not None and not (domain.bounds[0] <= q.p.min and q.p.max <= domain.bounds[1])
