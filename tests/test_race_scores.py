"""The metrics of the race are those of scikit-learn, lower is better for all, and what they cannot read is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from losses.advice.question import ask
from losses.errors import NotSupported
from losses.profile import profile
from losses.racing.scores import DECISIONS, ORDER, PROBABILITIES, SCORERS, VALUES, scorer

RNG = np.random.default_rng(0)
N = 200
Y = RNG.gamma(2.0, 3.0, N) + 0.05
Z = Y * RNG.uniform(0.5, 1.6, N)
W = RNG.uniform(0.2, 3.0, N)
BITS = RNG.integers(0, 2, N)
P = np.clip(0.3 * BITS + RNG.uniform(0, 0.7, N), 0.01, 0.99)
GRADES = RNG.integers(0, 3, N)
ROWS = RNG.dirichlet(np.ones(3), N) / 2 + np.eye(3)[GRADES] / 2


def smape(y, z, sample_weight):
    return np.average(2 * np.abs(y - z) / (np.abs(y) + np.abs(z)), weights=sample_weight)


def wape(y, z, sample_weight):
    return (sample_weight * np.abs(y - z)).sum() / (sample_weight * np.abs(y)).sum()


NUMBERS = {
    "rmse": metrics.root_mean_squared_error,
    "mse": metrics.mean_squared_error,
    "r2": metrics.r2_score,
    "mae": metrics.mean_absolute_error,
    "medae": metrics.median_absolute_error,
    "wape": wape,
    "mape": metrics.mean_absolute_percentage_error,
    "smape": smape,
    "rmsle": metrics.root_mean_squared_log_error,
    "msle": metrics.mean_squared_log_error,
    "pinball@0.8": lambda y, z, sample_weight: metrics.mean_pinball_loss(y, z, sample_weight=sample_weight, alpha=0.8),
    "poisson_deviance": metrics.mean_poisson_deviance,
    "gamma_deviance": metrics.mean_gamma_deviance,
    "tweedie_deviance": lambda y, z, sample_weight: metrics.mean_tweedie_deviance(
        y, z, sample_weight=sample_weight, power=1.5
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("weight", [None, W], ids=["plain", "weighted"])
def test_scores_of_numbers_are_those_of_scikit_learn(name, weight):
    q = ask(profile(Y), metric=name)
    row = scorer(q)
    expected = NUMBERS[name](Y, Z, sample_weight=np.ones(N) if weight is None else weight)
    assert row.score(row.cost(Y, Z, weight, q)) == pytest.approx(expected)


def ap(y, p, sample_weight):
    return metrics.average_precision_score(y if p.ndim == 1 else np.eye(3)[y], p, sample_weight=sample_weight)


def f1(y, z, sample_weight):
    return metrics.f1_score(y, z, sample_weight=sample_weight, average="binary" if y.max() == 1 else "weighted")


CLASSES = {
    "log_loss": metrics.log_loss,
    "brier": lambda y, p, sample_weight: metrics.brier_score_loss(y, p, sample_weight=sample_weight),
    "roc_auc": lambda y, p, sample_weight: metrics.roc_auc_score(y, p, sample_weight=sample_weight, multi_class="ovr"),
    "average_precision": ap,
    "accuracy": metrics.accuracy_score,
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "mcc": metrics.matthews_corrcoef,
    "f1": f1,
    "macro_f1": lambda y, z, sample_weight: metrics.f1_score(y, z, sample_weight=sample_weight, average="macro"),
}


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("weight", [None, W], ids=["plain", "weighted"])
@pytest.mark.parametrize(("y", "p"), [(BITS, P), (GRADES, ROWS)], ids=["two", "three"])
def test_scores_of_classes_are_those_of_scikit_learn(name, y, p, weight):
    q = ask(profile(y.astype(str), task="classification"), metric=name)
    row = scorer(q)
    z = p if row.reads != DECISIONS else (p >= 0.5).astype(int) if p.ndim == 1 else p.argmax(axis=1)
    assert row.score(row.cost(y, z, weight, q)) == pytest.approx(CLASSES[name](y, z, sample_weight=weight))


def test_the_calibration_error_is_the_gap_between_confidence_and_hits():
    q = ask(profile(BITS, task="classification"), metric="ece")
    p = np.where(np.arange(N) < N // 2, 0.25, 0.75)
    gaps = [abs(BITS[: N // 2].mean() - 0.25), abs(BITS[N // 2 :].mean() - 0.75)]
    assert scorer(q).cost(BITS, p, None, q) == pytest.approx(np.mean(gaps))


def test_every_metric_that_is_raced_is_tested_here():
    told = {name.partition("@")[0] for name in {**NUMBERS, **CLASSES}} | {"ece", "cost"}
    assert {row.id for row in SCORERS} == told


@pytest.mark.parametrize("row", SCORERS, ids=lambda row: row.id)
def test_a_perfect_prediction_costs_nothing_and_others_more(row):
    if row.reads == VALUES:
        q = ask(profile(Y), metric=row.id)
        y, right, wrong = Y, Y, Z
    else:
        y = BITS
        wish = {"costs": {"false_negative": 3, "false_positive": 1}} if row.id == "cost" else {"metric": row.id}
        q = ask(profile(y, task="classification"), **wish)
        right = y if row.reads == DECISIONS else y.astype(float)
        wrong = 1 - right if row.reads in (PROBABILITIES, ORDER) else np.ones_like(y)
    assert row.cost(y, right, None, q) == pytest.approx(0, abs=1e-12)
    assert row.cost(y, wrong, None, q) > 0.01


@pytest.mark.parametrize("name", ["poisson_deviance", "gamma_deviance", "tweedie_deviance", "msle"])
def test_predictions_that_a_metric_has_no_value_for_are_dear_and_finite(name):
    q = ask(profile(Y), metric=name)
    bad = Z.copy()
    bad[:20] = -5.0
    assert scorer(q).cost(Y, Z, None, q) < scorer(q).cost(Y, bad, None, q) < 100


@pytest.mark.parametrize("name", ["crps", "interval", "log_score", "mase"])
def test_what_cannot_be_raced_is_refused_with_what_can(name):
    with pytest.raises(NotSupported, match="possible: rmse, mse, r2") as caught:
        scorer(ask(profile(Y), metric=name))
    assert "pinball" in caught.value.data["allowed"]


def test_without_a_metric_the_score_is_the_one_of_what_is_wanted():
    assert scorer(ask(profile(Y), goal="typical")).id == "mae"
    assert scorer(ask(profile(Y), costs={"under": 3, "over": 1})).id == "pinball"
    assert scorer(ask(profile(BITS))).id == "log_loss"
    assert scorer(ask(profile(BITS), goal="decision")).id == "accuracy"
    with pytest.raises(NotSupported, match="with no metric"):
        scorer(ask(profile(Y), goal="distribution"))
