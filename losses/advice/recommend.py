"""Which loss to train with: a short fold over the rows of this folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from losses.advice import vocabulary, warnings
from losses.advice.answer import Advice, Recommendation
from losses.advice.candidates import Candidate, candidates
from losses.advice.constants import constant
from losses.advice.evidence import evidence
from losses.advice.facts import fact
from losses.advice.firmness import confidence, flips, score
from losses.advice.fits import NAMES, Fit, best_fit
from losses.advice.layout import layout
from losses.advice.parameters import estimates
from losses.advice.pitfall import Notice
from losses.advice.post import Made, steps
from losses.advice.question import Question, ask
from losses.advice.rule import Rule, sentence, spoken
from losses.advice.rules import RULES
from losses.core import Loss
from losses.errors import InvalidParameter
from losses.profile import Profile, profile


def recommend(
    target: Any,
    metric: str | None = None,
    goal: str | None = None,
    costs: Mapping[str, float] | None = None,
    task: str | None = None,
    model: str | None = None,
    framework: str | None = None,
    require: Sequence[str] = (),
    n: int = 5,
    name: str | None = None,
    sample_weight: Any = None,
    ignore: Sequence[str] = (),
) -> Advice:
    """The losses to train with for this target, best first, with parameters, reasons, warnings and code.

    ``target`` is a column, a profile, or the dictionary of one; None will do where a task says enough. Name the
    ``metric`` that you will be judged by, or a ``goal``, or what misses cost; ``ignore`` silences warnings by code.

    >>> recommend([1.2, 0.7, 3.1, 0.4, 2.2, 1.9] * 20, metric="mae").best.id
    'mae'
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InvalidParameter(f"n must be a whole number of at least 1, got {str(n)[:40]}", field="n", got=str(n)[:40])
    found = read(target, task, name, sample_weight)
    q = ask(
        found, metric=metric, goal=goal, costs=costs, task=task,
        model=model, framework=framework, require=require, ignore=ignore,
    )  # fmt: skip
    return advise(q, n)


def read(target: Any, task: str | None, name: str | None, sample_weight: Any) -> Profile:
    """The profile of whatever stands for a target."""
    if target is None:
        return Profile()
    if isinstance(target, Profile):
        return target
    if isinstance(target, Mapping):
        return Profile.from_dict(target)
    wanted = vocabulary.lookup("task", task, vocabulary.TASKS).id if task is not None else None
    return profile(target, name=name, sample_weight=sample_weight, task=wanted)


def advise(q: Question, n: int) -> Advice:
    """Fit, veto, rank, set parameters, warn: in this order."""
    order, ruled_out = admitted(q)
    ranked = [recommendation(q, *found) for found in order[:n]]
    first = ranked[0].warnings if ranked else ()
    names, weights = [c.title for c, _, _ in order], [points(fit, rules) for _, fit, rules in order]
    best = order[0][0].usage if order else None
    return Advice(
        q, ranked, ruled_out, unique([*warnings.of_question(q), *first]),
        confidence(q, weights, names), partial(flips, q, best, foremost),
    )  # fmt: skip


Admitted = tuple[Candidate, Fit, list[Rule]]


def admitted(q: Question) -> tuple[list[Admitted], list[tuple[str, str]]]:
    """The candidates that serve, best first, with the rules that speak of each; and why others do not."""
    found, ruled_out = [], []
    for c, fit, veto, rules in _judged(q):
        if fit and not veto:
            found.append((c, fit, rules))
        elif c.transform is None:
            ruled_out.append((c.id, refusal(q, c, veto)))
    return sorted(found, key=_place), ruled_out


def foremost(q: Question) -> str | None:
    """What comes first, in words; None where nothing serves."""
    serving = ((c, fit, rules) for c, fit, veto, rules in _judged(q) if fit and not veto)
    first = min(serving, key=_place, default=None)
    return first and first[0].usage


def _judged(q: Question) -> Iterator[tuple[Candidate, Fit | None, Rule | None, list[Rule]]]:
    """Each candidate: how it fits the question, the rule that rules it out, and else the rules that speak of it."""
    live = [rule for rule in RULES if rule.when(q)]
    vetoes = [rule for rule in live if rule.weight is None]
    for c in candidates():
        fit = best_fit(q.functional, c.elicits)
        veto = next((rule for rule in vetoes if fit and rule.which(q, c)), None)
        yield c, fit, veto, [rule for rule in live if fit and not veto and rule.which(q, c)]


def _place(found: Admitted) -> tuple[float, str]:
    c, fit, rules = found
    return -points(fit, rules), c.id


def refusal(q: Question, c: Candidate, veto: Rule | None) -> str:
    """Why a candidate is out of the question: a rule, or what it yields."""
    if veto:
        return f"{c.title}: {sentence(veto.because, q, c)}"
    found = " and ".join(NAMES.get(e, e) for e in sorted(c.elicits))
    return f"{c.title} yields {found}; {q.wanted} asks for {NAMES.get(q.functional, q.functional)}"


def points(fit: Fit, rules: Iterable[Rule]) -> float:
    """The sum of all that speaks for and against."""
    return fit.weight + sum(rule.weight or 0.0 for rule in rules)


def recommendation(q: Question, c: Candidate, fit: Fit, rules: list[Rule]) -> Recommendation:
    """A candidate with its parameters set and its reasons told, strongest first."""
    chosen, told = estimates(q, c)
    loss = made(c, chosen)
    post = steps(q, c, loss)
    heard = sorted((r for r in rules if r.weight), key=lambda r: -abs(r.weight or 0))
    pro = [sentence(r.because, q, c) for r in heard if (r.weight or 0) > 0]
    con = [sentence(r.because, q, c) for r in heard if (r.weight or 0) < 0]
    told = [sentence(fit.because, q, c), *pro, *fact(q, fit.elicits), *told, *(f"but {reason}" for reason in con)]
    return Recommendation(
        loss=loss,
        score=score(points(fit, rules)),
        reasons=tuple(spoken(reason) for reason in told),
        warnings=unique(warnings.of_loss(q, c)),
        evidence=evidence(q, loss, c.transform, post, c.about.source),
        transform=c.transform,
        link=link(loss),
        post=post,
        framework=q.framework,
        model=q.model,
        unit="mixed" if c.summed else c.about.unit,
        predicts=partial(constant, q, loss, fit.elicits),
        layout=layout(q, loss),
    )


def made(c: Candidate, chosen: Mapping[str, Any]) -> Made:
    """The loss itself."""
    from losses.catalogue import get

    found: Made = get(c.makes) if isinstance(c.makes, str) else c.makes(**chosen)
    return found


def link(loss: Made) -> str | None:
    """How a raw score becomes the prediction: by exp, by the logistic function, by softmax, or as it is (None)."""
    if not isinstance(loss, Loss):
        return "logit"
    if loss.about.elicits == "ordered_probability":
        return "logit"  # each of its numbers tells whether a level is passed
    truth, prediction = loss.inputs.get("y_true"), loss.inputs.get("y_pred")
    domain = prediction.name if prediction else ""
    if (domain == "logits" and truth is not None and truth.rows_sum_to_one) or (
        domain == "logits" and truth and truth.index
    ):
        return "softmax"
    return {"logits": "logit", "probabilities": "logit", "positive": "log", "nonnegative": "log"}.get(domain)


def unique(noted: Iterable[Notice]) -> tuple[Notice, ...]:
    """Each code once, the gravest first."""
    order = {"error": 0, "warning": 1, "info": 2}
    found = {warning.code: warning for warning in reversed(list(noted))}
    return tuple(sorted(found.values(), key=lambda w: (order[w.severity], w.code)))
