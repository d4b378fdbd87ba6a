"""What a loss is for: nothing at perfection, the functional it names at the optimum, one float type throughout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from losses.core import Loss
from losses.domains import BITS, DISTRIBUTION, LOGITS, REALS, SIGNS, SOFT_LABELS
from losses.layouts import Classes, Elementwise, Heads
from losses.ordinal import Tasks

from .instances import ALL, DEFAULTS, Sample, parts_of, rng_of, sample, weights_for

pytestmark = pytest.mark.filterwarnings("ignore::losses.LossWarning")

SURE = 1000.0


def elicit(*functionals: str, kind: type[Loss] = Loss, among: list[Loss] = DEFAULTS) -> Any:
    """The losses whose best prediction is one of these, as the parameter of a test."""
    found = [loss for loss in among if loss.about.elicits in functionals and isinstance(loss, kind)]
    return pytest.mark.parametrize("loss", found, ids=repr)


# ── perfection ──────────────────────────────────────────────────────────────────────────────────────────────────────


def perfect(loss: Loss) -> Sample:
    """A target of sure things, and the prediction that has it right."""
    y, z = sample(loss, rng_of(str(loss)))
    if isinstance(z, dict):
        return y, dict.fromkeys(z, y)
    if loss.inputs["y_true"] in (BITS, SIGNS, SOFT_LABELS):
        y = (y > 0.5).astype(float)
        return y, (2 * y - 1) * SURE if loss.inputs["y_pred"] in (LOGITS, REALS) else y
    if isinstance(loss, Classes):
        right = y[:, None] > np.arange(z.shape[1]) if isinstance(loss, Tasks) else np.eye(z.shape[1])[y]
        return y, right.astype(float) if loss.inputs["y_pred"] is DISTRIBUTION else SURE * (2.0 * right - 1)
    return y, y


@pytest.mark.parametrize("loss", [loss for loss in DEFAULTS if loss.about.zero], ids=repr)
def test_perfection_costs_nothing(loss):
    np.testing.assert_allclose(loss(*perfect(loss)), 0, atol=1e-6 if loss.about.unit == "unitless" else 1e-12)


@pytest.mark.parametrize("loss", [loss for loss in ALL if loss.about.zero], ids=repr)
def test_nothing_costs_less_than_perfection(loss):
    y, z = sample(loss, rng_of("worse", str(loss)), 50)
    assert loss(y, z) >= 0


# ── the best constant prediction ────────────────────────────────────────────────────────────────────────────────────

AMOUNTS = np.exp(rng_of("amounts").normal(0, 0.8, 101))


def expectile(y: Any, tau: float) -> float:
    found = y.mean()
    for _ in range(200):
        found = np.average(y, weights=np.where(y > found, tau, 1 - tau))
    return found


def weighted_median(y: Any, weights: Any) -> float:
    order = np.argsort(y)
    share = weights[order].cumsum() / weights.sum()
    return y[order][np.searchsorted(share, 0.5)]


FUNCTIONALS = {
    "mean": lambda y, loss: y.mean(),
    "median": lambda y, loss: np.median(y),
    "quantile": lambda y, loss: np.quantile(y, loss.tau, method="inverted_cdf"),
    "expectile": lambda y, loss: expectile(y, loss.tau),
    "geometric_mean": lambda y, loss: np.expm1(np.log1p(y).mean()),
    "relative_median": lambda y, loss: weighted_median(y, 1 / y),
}


def mean_costs(loss: Loss, y: Any, constants: Any) -> Any:
    """What each constant prediction costs on average."""
    y, z = np.broadcast_arrays(y[:, None], constants)
    return loss(y, z, None, "none").mean(axis=0)


@elicit(*FUNCTIONALS, among=[loss for loss in ALL if loss in DEFAULTS or isinstance(getattr(loss, "tau", None), float)])
def test_the_best_constant_is_the_functional_that_the_loss_names(loss):
    best = FUNCTIONALS[loss.about.elicits](AMOUNTS, loss)
    others = np.concatenate([np.linspace(AMOUNTS.min(), AMOUNTS.max(), 500), best + np.array([-0.01, 0.01])])
    (cost,), rest = mean_costs(loss, AMOUNTS, np.array([best])), mean_costs(loss, AMOUNTS, others)
    assert cost <= rest.min() + 1e-12
    assert (rest[np.abs(others - best) > 0.2] > cost).all()


@elicit("centre", "near_median")
def test_the_best_constant_of_a_symmetric_target_is_its_centre(loss):
    y = 20 + np.concatenate([-AMOUNTS, AMOUNTS]) / 4
    grid = 20 + np.linspace(-1, 1, 401)
    assert grid[mean_costs(loss, y, grid).argmin()] == pytest.approx(20, abs=0.05)


SCORES = np.linspace(-6, 6, 2401)
SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)


def best_scores(loss: Loss) -> tuple[Any, list[float]]:
    """Candidates for the prediction of class 1 of two, and the best of them for each share of that class."""
    if isinstance(loss, Classes) and loss.inputs["y_pred"] in (LOGITS, REALS):
        candidates, z = SCORES, np.stack([np.zeros_like(SCORES), SCORES], axis=1)
        labels = np.zeros(len(z), int), np.ones(len(z), int)
    else:
        candidates = SCORES if loss.inputs["y_pred"] in (LOGITS, REALS) else np.linspace(0.005, 0.995, 1981)
        z, labels = candidates, (np.zeros(len(candidates)), np.ones(len(candidates)))
    no, yes = (loss(label, z, None, "none") for label in labels)
    return candidates, [candidates[(share * yes + (1 - share) * no).argmin()] for share in SHARES]


@elicit("probability")
def test_the_best_forecast_of_a_class_is_its_probability(loss):
    candidates, best = best_scores(loss)
    found = best if candidates is not SCORES else 1 / (1 + np.exp(-np.array(best)))
    np.testing.assert_allclose(found, SHARES, atol=0.002)


@elicit("distorted_probability")
def test_the_best_score_of_a_class_rises_with_its_probability(loss):
    _, best = best_scores(loss)
    assert best == sorted(best)
    assert best[0] < best[-1]


@elicit("decision")
def test_the_best_score_of_a_class_tells_whether_it_is_the_likelier(loss):
    _, best = best_scores(loss)
    assert [np.sign(score) for score, share in zip(best, SHARES, strict=True) if share != 0.5] == [-1, -1, 1, 1]


ORDERED = np.array([0.2, 0.3, 0.4, 0.1])


def logit(p: Any) -> Any:
    return np.log(p) - np.log1p(-p)


@elicit("ordered_probability")
def test_the_best_scores_of_ordered_classes_are_their_probabilities(loss):
    y, at_least, above = np.arange(4), ORDERED[::-1].cumsum()[::-1][:-1], ORDERED[::-1].cumsum()[::-1][1:]
    if isinstance(loss, Tasks):
        z = np.tile(logit(above / at_least if loss.about.reductions == ("mean",) else above), (4, 1))
    else:
        z = {"score": np.zeros(4), "thresholds": logit(1 - above)}
    for slopes in parts_of(loss.gradient(y, z, ORDERED, "mean")).values():
        whole = slopes if slopes.ndim == 1 and len(slopes) == 3 else slopes.sum(axis=0)
        np.testing.assert_allclose(whole, 0, atol=1e-12)


@elicit("distribution")
def test_the_best_forecast_of_a_distribution_is_that_distribution(loss):
    centre, width = 3.0, 1.7
    law = stats.t(loss.df, centre, width) if hasattr(loss, "df") else stats.norm(centre, width)
    y = law.ppf((np.arange(20_000) + 0.5) / 20_000)
    _, name = (name for name in loss.inputs if name != "y_true")
    spread = np.full_like(y, width**2 if name == "var" else width)
    for slopes in loss.gradient(y, {"mean": np.full_like(y, centre), name: spread}, None, "mean").values():
        assert slopes.sum() == pytest.approx(0, abs=1e-3)
    nearby = [loss(y, {"mean": np.full_like(y, m), name: k * spread}) for m in (2.9, 3.1) for k in (0.9, 1.1)]
    assert loss(y, {"mean": np.full_like(y, centre), name: spread}) < min(nearby)


@elicit("interval")
def test_the_best_interval_ends_at_the_quantiles(loss):
    y = np.arange(1001.0)
    ends = np.quantile(y, [loss.alpha / 2, 1 - loss.alpha / 2])

    def cost(low: float, high: float) -> float:
        return loss(y, {"lower": np.full_like(y, low), "upper": np.full_like(y, high)})

    assert cost(*ends) < min(cost(ends[0] + a, ends[1] + b) for a in (-5, 0, 5) for b in (-5, 0, 5) if a or b)


# ── types and shapes ────────────────────────────────────────────────────────────────────────────────────────────────


def typed(source: Any, dtype: type) -> Any:
    """Labels as they are, numbers in ``dtype``."""
    if isinstance(source, dict):
        return {name: typed(part, dtype) for name, part in source.items()}
    return source.astype(dtype) if source is not None and source.dtype.kind == "f" else source


@pytest.mark.parametrize("loss", ALL, ids=repr)
def test_float32_stays_float32(loss):
    rng = rng_of("single", str(loss))
    y, z = (typed(part, np.float32) for part in sample(loss, rng))
    weights = weights_for(loss, y, z, rng)
    assert type(loss(y, z)) is float
    assert loss(y, z, weights) == pytest.approx(loss(typed(y, float), typed(z, float), weights), rel=1e-4, abs=1e-5)
    found = {**parts_of(loss.gradient(y, z, weights)), **parts_of(loss.gradient(y, z, None, "mean"))}
    if "none" in loss.about.reductions:
        found |= {"value": loss(y, z, None, "none"), "weighted": loss(y, z, weights, "none")}
    if type(loss).curvature is not Loss.curvature:
        found |= {f"hessian {name}": part for name, part in parts_of(loss.hessian(y, z)).items()}
    assert {part.dtype for part in found.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("loss", [k for k in DEFAULTS if isinstance(k, Elementwise | Heads)], ids=repr)
def test_columns_are_so_many_targets(loss):
    columns = [sample(loss, rng_of(k, str(loss))) for k in range(3)]
    y = np.stack([column[0] for column in columns], axis=1)
    whole = {name: np.stack([parts_of(z)[name] for _, z in columns], axis=1) for name in parts_of(columns[0][1])}
    z = whole if isinstance(columns[0][1], dict) else whole["y_pred"]
    found = loss(y, z, None, "none")
    assert found.shape == (6, 3)
    for k, column in enumerate(columns):
        np.testing.assert_allclose(found[:, k], loss(*column, None, "none"), rtol=1e-14)
    weights = np.arange(1.0, 7)
    assert loss(y, z, weights) == pytest.approx(np.average(found.mean(axis=1), weights=weights), rel=1e-12)
    for name, slopes in parts_of(loss.gradient(y, z)).items():
        assert slopes.shape == np.shape(parts_of(z)[name])
