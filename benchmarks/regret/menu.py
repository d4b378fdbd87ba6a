"""Which losses are trained for a target: those that people choose among, and what our advice names beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import losses
from losses.errors import NotSupported
from losses.profile import Profile

FRAMEWORK = {"boosting": "lightgbm", "neural": "torch"}
ABOVE_ZERO = {"msle": "msle", "poisson": "poisson_nll", "tweedie15": "tweedie_deviance:power=1.5"}
NORMAL = 1.345  # robust sigmas at which a Huber loss keeps 95% efficiency on normal errors


class Plan(NamedTuple):
    """A loss by its name in a corpus."""

    name: str
    loss: losses.Loss

    @property
    def relative(self) -> bool:
        """Whether rows that are 0 say nothing to it."""
        return self.loss.about.id == "mape"


def for_numbers(p: Profile, model: str, metrics: Iterable[str]) -> list[Plan]:
    """The losses for a target of numbers that is judged by these metrics."""
    specs = {
        "mse": "mse",
        "mae": "mae",
        "huber": f"huber:delta={NORMAL * p.robust_sigma:.6g}",
        "smooth_l1": "smooth_l1:beta=1",
        "log_cosh": "log_cosh",
        "quantile90": "quantile:tau=0.9",
        "mape": "mape",
        **(ABOVE_ZERO if p.nonnegative else {}),
        **({"gamma": "gamma_deviance"} if p.min > 0 else {}),
        **({"gaussian_nll": "gaussian_nll"} if model == "neural" else {}),
    }
    usual = [Plan(name, _made(spec)) for name, spec in specs.items()]
    ours = {plan.name: plan for plan in _advised(p, model, metrics)}
    return [*usual, *(plan for plan in ours.values() if all(plan.loss != other.loss for other in usual))]


def for_classes(counts: list[int]) -> list[Plan]:
    """The losses for a target of classes with so many rows each."""
    n, k = sum(counts), len(counts)
    return [
        Plan("ce", losses.CrossEntropy()),
        Plan("wce", losses.WeightedCE(class_weight=tuple(n / (k * count) for count in counts))),
        Plan("cb", losses.ClassBalancedCE(class_counts=tuple(counts), beta=1 - 1 / n)),
        Plan("focal2", _made("focal_multiclass:gamma=2")),
        Plan("ls01", _made("label_smoothing_ce:label_smoothing=0.1")),
        Plan("hinge", _made("multiclass_hinge")),
    ]


def _advised(p: Profile, model: str, metrics: Iterable[str]) -> Iterator[Plan]:
    """What our advice puts first for each metric, where it is more than a name for one of the usual losses."""
    for metric in metrics:
        best = losses.recommend(p, metric=metric, model=model).best
        if best.transform or not isinstance(best.loss, losses.Loss):
            continue
        try:
            best.loss.to(FRAMEWORK[model])
        except NotSupported:
            continue
        yield Plan(str(best.loss), best.loss)


def _made(spec: str) -> losses.Loss:
    found = losses.get(spec)
    assert isinstance(found, losses.Loss)
    return found
