"""The reply: ranked losses with what to know of each, as an object, as text, as JSON."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from losses.advice.changes import would_change
from losses.advice.constants import Constant
from losses.advice.firmness import Confidence, Flip
from losses.advice.fits import NAMES
from losses.advice.pitfall import Notice
from losses.advice.question import Question
from losses.advice.rule import spoken
from losses.advice.vocabulary import KINDS
from losses.core import Loss
from losses.errors import NotSupported
from losses.frameworks import COLUMN, Layout
from losses.profile import Profile
from losses.sums import Sum
from losses.words import plural


@dataclass(frozen=True)
class Recommendation:
    """One loss, its parameters set, with why, what to watch, and what to do after training."""

    loss: Loss | Sum
    score: float
    reasons: tuple[str, ...]
    warnings: tuple[Notice, ...]
    evidence: str
    transform: str | None
    link: str | None
    post: Mapping[str, dict[str, Any]]
    framework: str | None
    model: str | None
    unit: str
    layout: Layout
    predicts: Callable[[], Constant | None] = field(repr=False, compare=False)

    @property
    def id(self) -> str:
        """The loss by name, without parameters."""
        return self.loss.about.id if isinstance(self.loss, Loss) else str(self.loss)

    @property
    def usage(self) -> str:
        """The loss as it is used: with its parameters, and on which scale."""
        return f"{self.loss} on {self.transform}(y)" if self.transform else str(self.loss)

    @cached_property
    def constant(self) -> Constant | None:
        """What it would predict if it knew nothing but this column; None where one number is no prediction."""
        return self.predicts()

    @cached_property
    def code(self) -> dict[str, str]:
        """Lines that run, for each framework that can train with this loss."""
        return code_of(self.loss, self.link, self.transform, self.post, self.model, self.layout)

    def to(self, framework: str) -> Any:
        """The thing that ``framework`` takes, ready to use."""
        from losses import frameworks

        if not isinstance(self.loss, Loss):
            return self.loss.to(framework)
        return frameworks.export(self.loss, framework, self.layout.form)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return {
            "loss": self.loss.to_json(),
            "id": self.id,
            "spec": str(self.loss),
            "score": self.score,
            "reasons": list(self.reasons),
            "warnings": [warning.to_dict() for warning in self.warnings],
            "evidence": self.evidence,
            "transform": self.transform,
            "link": self.link,
            "layout": json_safe(self.layout._asdict()),
            "post": json_safe(self.post),
            "constant": json_safe(self.constant.to_dict()) if self.constant else None,
            "code": self.code,
        }


@dataclass(frozen=True)
class Advice:
    """The answer to one question: the best loss first, what was ruled out and why, what to watch."""

    question: Question
    ranked: list[Recommendation]
    ruled_out: list[tuple[str, str]]
    warnings: tuple[Notice, ...]
    confidence: Confidence
    tried: Callable[[], Iterable[Flip]] = field(repr=False, compare=False)

    @property
    def best(self) -> Recommendation:
        """The first of the ranked; raises NotSupported, with the nearest refusals, where nothing is left."""
        if not self.ranked:
            reasons = "; ".join(reason for _, reason in self.ruled_out[:3])
            raise NotSupported(f"no loss meets all that is asked for: {reasons}", allowed=[])
        return self.ranked[0]

    @property
    def profile(self) -> Profile:
        """The profile that all was read from."""
        return self.question.profile

    @property
    def functional(self) -> str:
        """The prediction that is asked for: mean, median, quantile, probability …"""
        return self.question.functional

    @property
    def answer(self) -> str:
        """The answer in one plain sentence."""
        if not self.ranked:
            return "No loss meets all that is asked for."
        q, seen = self.question, f"{plural(self.profile.n, 'row')} {self._reading()}"
        why = f"{q.wanted} rewards {NAMES.get(q.functional, q.functional)}" if q.stated else "no metric was named"
        return f"Train with {self.best.usage}: {why}" + (f", and {seen}." if self.profile.n else ".")

    def _reading(self) -> str:
        """As what the column was read, and as what it is treated where that is no target."""
        kind = self.question.kind.replace("_", " ")
        no_target = self.profile.n and any(row.id == self.profile.kind and not row.tasks for row in KINDS)
        return f"read as {self.profile.kind} are treated as {kind}" if no_target else f"read as {kind}"

    @cached_property
    def flips(self) -> tuple[Flip, ...]:
        """What, tried out on this column, would put another loss first."""
        return tuple(self.tried())

    @property
    def would_change(self) -> tuple[str, ...]:
        """What would change the answer."""
        return would_change(self.question)

    def to_dict(self) -> dict[str, Any]:
        """The reply of the service, JSON-safe."""
        return {
            "ranked": [found.to_dict() for found in self.ranked],
            "ruled_out": [{"loss": name, "reason": reason} for name, reason in self.ruled_out],
            "warnings": [warning.to_dict() for warning in self.warnings],
            "profile": self.profile.to_dict(),
            "answer": self.answer,
            "functional": self.functional,
            "kind": self.question.kind,
            "task": self.question.task,
            "confidence": self.confidence.to_dict(),
            "flips": [flip.to_dict() for flip in self.flips],
            "would_change": list(self.would_change),
        }

    def _repr_html_(self) -> str:
        from losses.report import advised

        return advised(self)

    def __str__(self) -> str:
        return "\n".join(line for part in (self._head(), self._others(), self._watch(), self._code()) for line in part)

    def _head(self) -> list[str]:
        why = [f"  · {reason}" for reason in self.ranked[0].reasons] if self.ranked else []
        return [self.answer, f"  ({self.confidence.says})", *why]

    def _others(self) -> list[str]:
        rows = [
            f"  {i}. {found.usage}  ({found.score:.2f}){_alone(found.constant)}"
            for i, found in enumerate(self.ranked[1:], 2)
        ]
        return ["", "Then", *rows] if rows else []

    def _watch(self) -> list[str]:
        rows = [f"  {w.code}: {w.message}" for w in self.warnings if w.severity != "info"]
        tried = [spoken(flip.says) for flip in self.flips]
        change = [f"  · {sentence}" for sentence in (*tried, *self.would_change)]
        return [*(["", "Watch", *rows] if rows else []), *(["", "What would change this", *change] if change else [])]

    def _code(self) -> list[str]:
        code = self.ranked[0].code if self.ranked else {}
        name = self.question.framework or next(iter(code), "")
        after = [
            line for step in (self.ranked[0].post.values() if self.ranked else ()) for line in _indent(step["code"])
        ]
        shown = ["", f"Code ({name})", *_indent(code[name])] if name in code else []
        return shown or (["", "After training", *after] if after else [])


def code_of(
    loss: Loss | Sum,
    link: str | None = None,
    transform: str | None = None,
    post: Mapping[str, Any] | None = None,
    model: str | None = None,
    layout: Layout = COLUMN,
) -> dict[str, str]:
    """Lines that run, for each framework that can train with a loss, those for the kind of ``model`` first.

    ``layout`` is how the target stands.
    """
    from losses import frameworks

    def spelled(one: Loss, framework: str) -> str:
        other = frameworks.linear(one) if (framework, model) == ("sklearn", "linear") else None
        return frameworks.code(one, framework, link=link, transform=transform, post=post, model=other, layout=layout)

    found: dict[str, str] = {}
    for name in frameworks.in_order(model):
        with contextlib.suppress(NotSupported):
            found[name] = _code(loss, name, spelled) if isinstance(loss, Loss) else code_of_sum(loss, name, layout)
    return found


def _code(loss: Loss, framework: str, spelled: Callable[[Loss, str], str]) -> str:
    """The lines for one framework: one model, or one a quantile where it has no loss of several."""
    taus = getattr(loss, "tau", None)
    try:
        return spelled(loss, framework)
    except NotSupported:
        if not isinstance(taus, tuple):
            raise
    each = [spelled(type(loss)(tau=tau), framework) for tau in taus]
    kept = [f"{text}quantile_{round(100 * tau):02d} = predictions\n" for tau, text in zip(taus, each, strict=True)]
    return "\n".join(kept)


def code_of_sum(loss: Sum, framework: str, layout: Layout = COLUMN) -> str:
    """A sum spelled term by term, for the frameworks whose losses are functions of predictions.

    The lines are those of its first term, with the sum in the place of its loss.
    """
    from losses import frameworks

    if framework not in ("torch", "keras") or not all(
        framework in frameworks.supports(t.about.id) for _, t in loss.terms
    ):
        raise NotSupported(f"{framework} takes no sum of losses", loss=str(loss))
    order = {"torch": "prediction, truth", "keras": "truth, prediction"}[framework]
    terms = ", ".join(f"({factor:g}, losses.get({str(term)!r}).to({framework!r}))" for factor, term in loss.terms)
    whole = f"loss_fn = lambda {order}: sum(factor * term({order}) for factor, term in terms)"
    lines = frameworks.code(loss.terms[0][1], framework, layout=layout).splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("loss_fn ="))
    return "\n".join([*lines[:place], f"terms = [{terms}]", whole, *lines[place + 1 :]]) + "\n"


def _alone(found: Constant | None) -> str:
    return f"  {found}" if found else ""


def _indent(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def json_safe(value: Any) -> Any:
    """Plain containers and finite numbers; what is no number is None."""
    if isinstance(value, Mapping):
        return {str(key): json_safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
