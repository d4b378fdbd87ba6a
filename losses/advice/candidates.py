"""What may be recommended: every loss of the catalogue, and a few ways of using one that deserve a row of their own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

from losses.core import About, Loss
from losses.domains import ABOVE_MINUS_ONE, Domain
from losses.sums import Sum


@dataclass(frozen=True)
class Candidate:
    """A loss as it may be used: alone, on a transformed target, or in a sum; ``elicits`` is what that yields."""

    id: str
    makes: type[Loss] | str
    about: About
    elicits: frozenset[str]
    transform: str | None = None
    traits: frozenset[str] = frozenset()

    @property
    def summed(self) -> bool:
        """Whether it is a sum of losses."""
        return isinstance(self.makes, str)

    @property
    def parts(self) -> tuple[str, ...]:
        """The ids of the losses that it is made of."""
        return tuple(self.makes.split("+")) if isinstance(self.makes, str) else (self.about.id,)

    @property
    def title(self) -> str:
        """Its name in a sentence."""
        return f"{self.about.title} on {self.transform}(y)" if self.transform else self.about.title

    @property
    def usage(self) -> str:
        """Its id, and on which scale of the target it is used."""
        return f"{self.about.id} on {self.transform}(y)" if self.transform else self.id

    @cached_property
    def power(self) -> float | None:
        """The power of the mean with which it lets the variance grow, for losses of a mean."""
        return next((float(t.removeprefix("variance:")) for t in self.traits if t.startswith("variance:")), None)

    @property
    def domain(self) -> Domain | None:
        """Where the target may lie."""
        return ABOVE_MINUS_ONE if self.transform == "log1p" else self.about.domain

    @cached_property
    def corners(self) -> bool:
        """Whether its slope has corners: differentiable once, not twice."""
        return "corners" in self.traits

    @cached_property
    def scaled(self) -> bool:
        """Whether a parameter of it is measured in the target's unit."""
        return not isinstance(self.makes, str) and any(p.in_target_units for p in self.makes.params().values())


@dataclass(frozen=True)
class Variant:
    """A way of using a loss of the catalogue: on a transformed target, or summed with others."""

    id: str
    loss: str
    elicits: tuple[str, ...]
    transform: str | None = None
    traits: tuple[str, ...] = ()


VARIANTS = (
    Variant("mse|log1p", "mse", ("geometric_mean", "smeared_mean"), "log1p"),
    Variant("mae|log1p", "mae", ("median_of_logs",), "log1p"),
    Variant("dice+bce_with_logits", "dice+bce_with_logits", ("overlap",), traits=("combined",)),
)


@cache
def candidates() -> tuple[Candidate, ...]:
    """All of them, in the order of the catalogue.

    >>> next(c.title for c in candidates() if c.transform)
    'MSE on log1p(y)'
    """
    from losses.catalogue import LOSSES, get

    plain = [
        Candidate(i, loss, loss.about, _elicited(loss.about), None, frozenset(loss.about.traits))
        for i, loss in LOSSES.items()
    ]
    used = []
    for row in VARIANTS:
        loss = get(row.loss)
        first = loss.terms[0][1] if isinstance(loss, Sum) else loss
        makes = row.loss if isinstance(loss, Sum) else type(loss)
        used.append(Candidate(row.id, makes, first.about, frozenset(row.elicits), row.transform, frozenset(row.traits)))
    return (*plain, *used)


def _elicited(about: About) -> frozenset[str]:
    """A likelihood with parameters of its own yields a distribution as well as its mean."""
    return frozenset({about.elicits, "distribution"} if "uncertainty" in about.tasks else {about.elicits})
