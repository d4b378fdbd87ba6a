"""Who races: the first of the advice's losses that the model can be trained with, or those that were named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from losses.advice.answer import Recommendation
from losses.advice.candidates import candidates
from losses.advice.constants import constant
from losses.advice.layout import layout
from losses.advice.post import steps
from losses.advice.question import Question
from losses.advice.recommend import advise, link
from losses.advice.vocabulary import CATALOGUE_TASKS
from losses.catalogue import get
from losses.core import Loss
from losses.errors import InvalidParameter, NotSupported
from losses.racing.models import Kind, Recipe
from losses.racing.outsiders import outsiders
from losses.racing.scores import DECISIONS, PROBABILITIES, VALUES

ALL = 1000  # more losses than there are
USUAL = 6  # losses of the advice, where no number is given


@dataclass
class Entrant:
    """A loss in the race, its place in the advice, and what it cost on each fold, a list for each round."""

    advised: Recommendation
    place: int
    recipe: Recipe
    costs: list[list[float]] = field(default_factory=list)
    seconds: list[list[float]] = field(default_factory=list)
    out: int | None = None  # the round after which it was dropped
    failed: str = ""

    @property
    def running(self) -> bool:
        """Whether it is neither dropped nor failed."""
        return self.out is None and not self.failed


Refusals = list[tuple[str, str]]


def entrants(
    q: Question, wanted: int | Sequence[Any] | None, kind: Kind, reads: str, classes: int
) -> tuple[list[Entrant], Refusals]:
    """Those that race, in the order of the advice, outsiders last; and those that cannot, with the reason."""
    advice = advise(q, ALL)
    starters = _Field(q, kind, reads, classes)
    if isinstance(wanted, Sequence):
        named = [_named(spec, advice.ranked, q, dict(advice.ruled_out)) for spec in wanted]
        starters.enter(_in_order(named, advice.ranked), twins=True)
    else:
        starters.enter(advice.ranked, at_most=wanted or USUAL)
    if wanted is None:
        starters.enter(outsiders(q))
    return starters.racing, [*starters.refused, *advice.ruled_out]


@dataclass
class _Field:
    """Those that race so far, and who was refused."""

    q: Question
    kind: Kind
    reads: str
    classes: int
    racing: list[Entrant] = field(default_factory=list)
    refused: Refusals = field(default_factory=list)

    def enter(self, advised: Iterable[Recommendation], at_most: int = ALL, twins: bool = False) -> None:
        """Let them race as far as they can; without ``twins`` no model is trained twice."""
        for found in advised:
            if len(self.racing) == at_most:
                break
            try:
                recipe = _recipe(found, self.kind, self.reads, self.classes)
            except NotSupported as refusal:
                self.refused.append((found.usage, refusal.detail))
                continue
            twin = next((e for e in self.racing if _key(e.advised, e.recipe) == _key(found, recipe)), None)
            if twin and not twins:
                self.refused.append((found.usage, f"it trains the very model that {twin.advised.usage} trains"))
            else:
                self.racing.append(Entrant(found, len(self.racing), recipe))


def _key(advised: Recommendation, recipe: Recipe) -> tuple[str, str | None, str]:
    return recipe.key, advised.transform, repr(advised.post)


def _recipe(advised: Recommendation, kind: Kind, reads: str, classes: int) -> Recipe:
    """How it is trained; raises NotSupported where it cannot be, or predicts what the metric cannot read."""
    loss = advised.loss
    if not isinstance(loss, Loss):
        raise NotSupported(f"{loss} is a sum of losses, and models of tables take none")
    shares = advised.layout.form == "shares"
    tasks = CATALOGUE_TASKS["regression" if reads == VALUES else "classification"]
    if not shares and not set(tasks) & set(loss.about.tasks):
        raise NotSupported(f"{loss} is not for {'numbers' if reads == VALUES else 'classes'}")
    recipe = kind.trained(loss, classes, shares)
    if not recipe.probabilities and (reads == PROBABILITIES or (reads != DECISIONS and classes > 2)):
        raise NotSupported(f"{loss} gives scores that are no probabilities, which the metric needs")
    return recipe


def _in_order(named: list[Recommendation], ranked: list[Recommendation]) -> list[Recommendation]:
    """As the advice ranks them; what it does not rank comes last."""
    order = {advised.id + str(advised.transform): place for place, advised in enumerate(ranked)}
    return sorted(named, key=lambda advised: order.get(advised.id + str(advised.transform), ALL))


def _named(spec: Any, ranked: list[Recommendation], q: Question, ruled_out: dict[str, str]) -> Recommendation:
    """What the advice says of this loss: by its bare name with the advice's parameters, else with those given."""
    if isinstance(spec, str):
        own = [a for a in ranked if spec in (a.usage, a.id if a.transform is None else f"{a.id}|{a.transform}")]
        if own:
            return own[0]
    loss = get(spec) if not isinstance(spec, Loss) else spec
    if not isinstance(loss, Loss):
        raise NotSupported(f"a race takes single losses, got the sum {spec}", field="candidates", got=str(spec))
    own = [a for a in ranked if a.id == loss.about.id and a.transform is None]
    c = next(c for c in candidates() if c.id == loss.about.id)
    reason = (f"You named it; the advice rules it out: {ruled_out[c.id]}.",) if c.id in ruled_out else ()
    return Recommendation(
        loss=loss,
        score=own[0].score if own else 0.0,
        reasons=own[0].reasons if own and own[0].loss == loss else ("You named it, with its parameters.", *reason),
        warnings=own[0].warnings if own else (),
        evidence=c.about.source,
        transform=None,
        link=link(loss),
        post=steps(q, c, loss),
        framework=q.framework,
        model=q.model,
        unit=c.about.unit,
        predicts=partial(constant, q, loss, c.about.elicits),
        layout=layout(q, loss),
    )


def checked(wanted: Any) -> int | Sequence[Any] | None:
    """A number of candidates, a list of losses, or None for the usual ones."""
    if wanted is None:
        return None
    if isinstance(wanted, int) and not isinstance(wanted, bool) and wanted >= 1:
        return wanted
    if isinstance(wanted, Sequence) and not isinstance(wanted, str) and len(wanted):
        return wanted
    detail = f"candidates is a number of at least 1 or a list of losses, got {str(wanted)[:60]}"
    raise InvalidParameter(detail, field="candidates", got=str(wanted)[:60])
