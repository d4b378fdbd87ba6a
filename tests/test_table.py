"""The columns of the comparison table are facts about the formulas: each is checked on numbers, for every loss."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from losses.catalogue import catalogue
from losses.core import Answer, Loss
from losses.domains import BOXES, NONNEGATIVE, POSITIVE, REALS
from losses.errors import UnknownName
from losses.layouts import Heads

from .instances import ALL, DEFAULTS, KINDS, SHARED, Sample, parts_of, rng_of, sample, with_part

pytestmark = pytest.mark.filterwarnings("ignore::losses.LossWarning")

ROWS = list(csv.DictReader((Path(__file__).parent / "data/comparison.csv").read_text().splitlines()))
COLUMNS = ("convex", "differentiable", "robust", "unit")


def among(losses: list[Loss], column: str, *answers: Answer) -> Any:
    """The losses that give one of these answers, as the parameter of a test."""
    return pytest.mark.parametrize("loss", [k for k in losses if getattr(k.about, column) in answers], ids=repr)


# ── the reference table ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_the_catalogue_states_the_reference_table_with_its_corrections(row):
    (kind,) = [kind for kind in KINDS if kind.about.id == row["id"]]
    assert {name: getattr(kind.about, name) for name in COLUMNS} == {name: row[name] for name in COLUMNS}
    assert kind.about.note or not row["corrected"]


# ── lines through predictions ───────────────────────────────────────────────────────────────────────────────────────


class Lines:
    """A loss along straight lines between predictions of one target: one line a row, or one for a whole batch.

    A line moves the centre of a forecast where it has one, else all of it.
    """

    def __init__(self, loss: Loss, n: int = 60, seed: int = 0) -> None:
        rng = rng_of("lines", str(loss), seed)
        names = [name for name in loss.inputs if name != "y_true"]
        moving = ["mean"] if isinstance(loss, Heads) and "mean" in names else names
        (self.y, self.start), (_, end) = sample(loss, rng, n), sample(loss, rng, n)
        self.loss, self.whole = loss, not loss.per_row or bool(set(moving) & set(SHARED))
        self.way = {name: parts_of(end)[name] - part for name, part in parts_of(self.start).items() if name in moving}
        self.count = 1 if self.whole or "none" not in loss.about.reductions else self.slope(np.zeros(n)).size

    def at(self, t: Any) -> Any:
        """The prediction at ``t`` of the way, a number a line."""
        z = self.start
        for name, step in self.way.items():
            there = t if t.size == 1 else t.reshape(-1, *(1,) * (step.ndim - 1))
            z = with_part(z, name, parts_of(z)[name] + there * step)
        return z

    def value(self, t: Any) -> Any:
        z = self.at(t)
        return np.array([self.loss(self.y, z)]) if self.count == 1 else self.loss(self.y, z, None, "none")

    def slope(self, t: Any) -> Any:
        found = parts_of(self.loss.gradient(self.y, self.at(t)))
        by_row = [(found[name] * step).sum(axis=tuple(range(1, step.ndim))) for name, step in self.way.items()]
        return np.array([sum(part.sum() for part in by_row)]) if self.whole else sum(by_row)

    def bulge(self) -> float:
        """By how much the middle of a line costs more than its ends do on average, at most."""
        none, half, one = (np.full(self.count, t) for t in (0.0, 0.5, 1.0))
        return float((self.value(half) - (self.value(none) + self.value(one)) / 2).max())


def many(loss: Loss) -> list[Lines]:
    """Thousands of lines, or hundreds where a line takes a batch."""
    return [Lines(loss, 4, seed) for seed in range(200)] if not loss.per_row else [Lines(loss, 4000)]


# ── convexity ───────────────────────────────────────────────────────────────────────────────────────────────────────

CLIPPED = [loss for loss in ALL if "eps" in loss.set_params()]  # what is cut off at eps is flat there


@among([loss for loss in ALL if loss not in CLIPPED], "convex", "yes")
def test_a_convex_loss_never_bulges(loss):
    assert Lines(loss).bulge() <= 1e-12


@among(DEFAULTS, "convex", "no")
def test_a_loss_that_is_not_convex_bulges_somewhere(loss):
    assert max(lines.bulge() for lines in many(loss)) > 1e-3


# ── smoothness ──────────────────────────────────────────────────────────────────────────────────────────────────────


def jump(f: Callable[[Any], Any], count: int, closest: float, grid: int = 300) -> float:
    """The largest change of ``f`` along each line that stays when the two points are drawn together."""
    steps = np.linspace(0, 1, grid + 1)
    found = np.array([f(np.full(count, t)) for t in steps])
    worst = np.abs(np.diff(found, axis=0)).argmax(axis=0)
    low, high = steps[worst], steps[worst + 1]
    while (high - low).max() > closest:
        middle = (low + high) / 2
        left = np.abs(f(middle) - f(low)) > np.abs(f(high) - f(middle))
        low, high = np.where(left, low, middle), np.where(left, middle, high)
    return float((np.abs(f(high) - f(low)) / (1 + np.abs(found).max(axis=0))).max())


def bend(lines: Lines) -> Callable[[Any], Any]:
    """The slope of the slope."""
    return lambda t: (lines.slope(t + 1e-7) - lines.slope(t)) / 1e-7


@among(DEFAULTS, "differentiable", "yes", "almost")
def test_the_gradient_of_a_smooth_loss_does_not_jump(loss):
    lines = Lines(loss)
    assert jump(lines.slope, lines.count, 1e-12) < 1e-6


@among(DEFAULTS, "differentiable", "kink")
def test_the_gradient_jumps_at_a_kink(loss):
    lines = Lines(loss)
    assert jump(lines.slope, lines.count, 1e-12) > 0.1


@among(DEFAULTS, "differentiable", "piecewise")
def test_the_gradient_of_a_piecewise_loss_jumps_or_bends_sharply(loss):
    lines = Lines(loss, 400)
    assert jump(lines.slope, lines.count, 1e-12) > 0.01 or jump(bend(lines), lines.count, 1e-5) > 0.01


# ── robustness ──────────────────────────────────────────────────────────────────────────────────────────────────────


def influence(loss: Loss, size: float) -> float:
    """How hard the gradient pulls when the target of each row lies ``size`` away."""
    y, z = sample(loss, rng_of("influence", str(loss)), 50)
    far = size * (1 if loss.inputs["y_true"].low > -np.inf else np.where(np.arange(50) % 2, 1, -1))
    return max(float(np.abs(part).max()) for part in parts_of(loss.gradient(y + far, z)).values())


DIALLED = [
    loss for loss in ALL if loss.about.robust != "controlled" or getattr(loss, "alpha", 0) <= 1
]  # beyond, it is squared


@among(DIALLED, "robust", "yes", "controlled", "moderate")
def test_a_robust_loss_bounds_the_pull_of_a_far_row(loss):
    limit = 2.2 if loss.about.unit == "log²" else 1.01  # a logarithm may grow as one
    assert influence(loss, 1e12) <= limit * influence(loss, 1e6)


@among(ALL, "robust", "no")
def test_a_loss_that_is_not_robust_lets_a_far_row_pull_without_bound(loss):
    assert influence(loss, 1e12) > 1e5 * influence(loss, 1e6)


# ── units ───────────────────────────────────────────────────────────────────────────────────────────────────────────

DEGREES = {"target": 1, "target²": 2, "fraction": 0, "unitless": 0, "target^(2 − power)": None}
AMOUNTS = (REALS, NONNEGATIVE, POSITIVE, BOXES)


def in_another_currency(loss: Loss, c: float) -> Loss:
    """The loss with those parameters multiplied by ``c`` that are amounts of the target."""
    params = {name: getattr(loss, name) for name in loss.params()}
    amounts = {name: c * params[name] for name, param in loss.params().items() if param.in_target_units}
    return type(loss)(**{**params, **amounts})


MEASURED = [
    k for k in ALL if k.about.unit in DEGREES and k.inputs.get("y_true") in AMOUNTS and k.per_row and k not in CLIPPED
]


def told_in(sample: Sample, c: float) -> Sample:
    y, z = sample
    return c * y, {name: c * part for name, part in z.items()} if isinstance(z, dict) else c * z


@pytest.mark.parametrize("loss", MEASURED, ids=repr)
def test_a_unit_is_the_power_by_which_a_loss_grows_with_the_unit_of_its_target(loss):
    degree = DEGREES[loss.about.unit]
    c = 1e3 if degree is None else 1e100
    if loss.about.inputs["y_true"] is BOXES:
        loss = type(loss)(eps=0)  # an area of its own
    inputs = sample(loss, rng_of("units", str(loss)), 20)
    degree = 2 - loss.power if degree is None else degree
    other, told = in_another_currency(loss, c), told_in(inputs, c)
    assert other(*told) == pytest.approx(c**degree * loss(*inputs), rel=1e-9)
    for order, (scaled, plain) in enumerate(zip(other.derivatives(*told), loss.derivatives(*inputs), strict=True), 1):
        for name, part in parts_of(plain).items():
            c_part = c ** (degree - order)
            np.testing.assert_allclose(parts_of(scaled)[name], c_part * part, rtol=1e-9, atol=1e-12 * c_part)


@pytest.mark.parametrize("name", ["convex", "differentiable", "robust"])
def test_a_filter_understands_true_and_false_however_they_are_written(name):
    for answer in (True, False):
        found = catalogue(**{name: answer})
        assert found
        assert found == catalogue(**{name: str(answer).lower()})


def test_a_filter_by_a_group_of_tasks_finds_all_of_them():
    found = {row["id"] for row in catalogue(task="classification")}
    assert {"bce_with_logits", "cross_entropy", "focal", "asymmetric"} <= found
    assert "mse" not in found


@pytest.mark.parametrize("asked", [{"task": "chess"}, {"framework": "excel"}, {"convex": "maybe"}, {"colour": "red"}])
def test_a_filter_that_no_loss_could_pass_is_refused(asked):
    with pytest.raises(UnknownName):
        catalogue(**asked)
