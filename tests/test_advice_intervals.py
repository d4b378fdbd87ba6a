"""Where an estimate is weak, its interval is told, and holds the truth about as often as it should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import losses
from losses.advice.candidates import candidates
from losses.advice.parameters import ESTIMATES, INTERVAL, estimates
from losses.advice.question import ask

RNG = np.random.default_rng(8)
SAMPLES = 150


def _tweedie(n: int) -> Any:
    """Compound Poisson-gamma rows of power 1.5 and mean 4 with unit dispersion: mean 4 jumps of shape 1."""
    return np.array([RNG.gamma(k, 1.0) if k else 0.0 for k in RNG.poisson(1.0, n)])


DRAWN: dict[str, tuple[Callable[[], Any], float, dict[str, Any]]] = {  # rows, the true parameter, the wish
    "log-cosh-scale": (lambda: RNG.normal(size=150), 1.0, {"goal": "typical"}),
    "huber-delta": (lambda: RNG.normal(size=150), 1.345, {"goal": "typical"}),
    "nb-alpha": (lambda: RNG.negative_binomial(2, 0.25, 400), 0.5, {"metric": "log_score"}),
    "tweedie-power": (lambda: _tweedie(250), 1.5, {"goal": "total", "model": "neural"}),
    "pos-weight": (lambda: np.append(np.arange(2), RNG.random(400) < 0.1), 9.0, {"metric": "balanced_accuracy"}),
}


@pytest.mark.parametrize("name", DRAWN)
def test_an_interval_holds_the_truth(name: str) -> None:
    drawn, truth, wishes = DRAWN[name]
    row = next(row for row in ESTIMATES if row.id == name)
    held = []
    for _ in range(SAMPLES):
        q = ask(losses.profile(drawn()), **wishes)
        value = row.value(q)
        held.append(abs(value - truth) <= INTERVAL * row.error(q) * value)
    assert 0.85 <= np.mean(held) <= 1.0


def test_an_interval_is_told_on_few_rows_only() -> None:
    huber = next(c for c in candidates() if c.id == "huber")
    (few,), (many,) = (
        estimates(ask(losses.profile(RNG.normal(size=n)), goal="typical"), huber)[1] for n in (100, 10_000)
    )
    assert "100 rows leave it anywhere from" in few
    assert "anywhere" not in many


def test_costs_are_exact() -> None:
    weighted = next(c for c in candidates() if c.id == "weighted_bce")
    q = ask(losses.profile([0, 1] * 10), costs={"false_negative": 5, "false_positive": 1})
    assert "anywhere" not in estimates(q, weighted)[1][0]
