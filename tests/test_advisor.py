"""The advisor is an estimator among estimators, and what it was advised is what it trained with."""

from __future__ import annotations

import pickle
import subprocess
import sys
import warnings
from typing import Any
from unittest import SkipTest

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_diabetes, make_classification
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import f1_score, get_scorer, mean_pinball_loss
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import estimator_checks_generator

from losses import LossAdvisor
from losses.errors import NotSupported
from tests.test_frameworks_contract import wants

X, Y = load_diabetes(return_X_y=True)
RARE = make_classification(800, 8, weights=[0.9], flip_y=0.05, class_sep=0.7, random_state=0)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("metric", ["mae", "log_loss"])
def test_it_passes_the_checks_of_scikit_learn(metric: str) -> None:
    small = HistGradientBoostingRegressor(max_iter=10)
    for advisor, check in estimator_checks_generator(LossAdvisor(metric, small), legacy=True, mark=None):
        name = getattr(check, "func", check).__name__
        try:
            check(advisor)
        except SkipTest:
            continue
        except Exception as error:
            raise AssertionError(f"{name}: {error}") from error


def test_it_is_what_its_task_is() -> None:
    assert is_regressor(LossAdvisor("mae"))
    assert is_classifier(LossAdvisor("f1"))
    assert is_classifier(LossAdvisor(estimator=HistGradientBoostingClassifier()))
    assert not hasattr(LossAdvisor("mae"), "predict_proba")


@pytest.mark.parametrize("estimator", ["hgb", "linear", "lightgbm", "xgboost", "catboost"])
@pytest.mark.parametrize("metric", ["mae", "rmse", "pinball@0.9", "f1", "balanced_accuracy", "log_loss"])
def test_it_sets_up_each_estimator_for_each_metric(metric: str, estimator: str) -> None:
    wants({"hgb": "sklearn", "linear": "sklearn"}.get(estimator, estimator))
    classes = metric in {"f1", "balanced_accuracy", "log_loss"}
    x, y = RARE if classes else (X, Y)
    like = small(estimator)
    advisor = pickle.loads(pickle.dumps(LossAdvisor(metric, like).fit(x, y, np.linspace(1, 2, len(y)))))
    assert advisor.predict(x).shape == y.shape
    if classes:
        np.testing.assert_allclose(advisor.predict_proba(x).sum(axis=1), 1)
    elif metric == "pinball@0.9":
        assert np.mean(y <= advisor.predict(x)) > 0.75
    assert str(advisor.choice_.usage).split(":")[0] in advisor._repr_html_()


def small(estimator: str) -> Any:
    """The estimator with few trees."""
    if estimator == "hgb":
        return HistGradientBoostingRegressor(max_iter=20)
    if estimator == "linear":
        return estimator
    kind, count = {
        "lightgbm": ("LGBMRegressor", "n_estimators"),
        "xgboost": ("XGBRegressor", "n_estimators"),
        "catboost": ("CatBoostRegressor", "iterations"),
    }[estimator]
    return getattr(__import__(estimator), kind)(**{count: 20})


def test_it_works_in_pipelines_searches_and_cross_validation() -> None:
    model = make_pipeline(StandardScaler(), LossAdvisor("mae", HistGradientBoostingRegressor(max_iter=10)))
    assert cross_val_score(model, X, Y, scoring="neg_mean_absolute_error", cv=2).shape == (2,)
    search = GridSearchCV(model, {"lossadvisor__metric": ["mae", "rmse"]}, scoring="neg_mean_absolute_error", cv=2)
    assert search.fit(X, Y).best_params_
    assert clone(model).fit(X, Y).named_steps["lossadvisor"].loss_.about.elicits == "median"


def test_settings_of_the_estimator_are_kept() -> None:
    model = LossAdvisor("mae", HistGradientBoostingRegressor(max_iter=7, loss="poisson")).fit(X, Y).model_
    assert (model.max_iter, model.loss) == (7, "absolute_error")
    counts = np.floor(Y / 50)
    linear = LossAdvisor("poisson_deviance", PoissonRegressor(alpha=3)).fit(X, counts).model_
    assert linear[-1].alpha == 3


def test_a_threshold_is_chosen_for_f1() -> None:
    x, y = RARE
    plain = HistGradientBoostingClassifier(max_iter=30).fit(x[:400], y[:400])
    advised = LossAdvisor("f1", HistGradientBoostingClassifier(max_iter=30)).fit(x[:400], y[:400])
    assert advised.threshold_ < 0.5
    assert f1_score(y[400:], advised.predict(x[400:])) >= f1_score(y[400:], plain.predict(x[400:])) - 0.02


def test_a_threshold_for_macro_f1_may_lie_above_a_half_where_the_second_class_is_the_common_one() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(900, 2))
    y = (x[:, 0] + rng.normal(size=900) > -1.5).astype(int)
    plain = HistGradientBoostingClassifier(max_iter=20).fit(x[:500], y[:500])
    advised = LossAdvisor("macro_f1", HistGradientBoostingClassifier(max_iter=20)).fit(x[:500], y[:500])
    assert advised.threshold_ > 0.5
    score = get_scorer("f1_macro")
    assert score(advised, x[500:], y[500:]) > score(plain, x[500:], y[500:])


def test_a_row_of_zero_does_not_rule_a_relative_error() -> None:
    wants("lightgbm")
    import lightgbm

    advised = LossAdvisor("mape", lightgbm.LGBMRegressor(n_estimators=20, verbose=-1))
    y = np.where(np.arange(len(Y)) % 3 == 0, 0.0, Y)
    assert np.median(advised.fit(X, y).predict(X)) > 0.2 * np.median(Y)


def test_classes_keep_their_names_and_balanced_decisions_favour_the_rare() -> None:
    x, y = RARE
    names = np.where(y == 1, "yes", "no")
    advised = LossAdvisor("balanced_accuracy", HistGradientBoostingClassifier(max_iter=30)).fit(x[:400], names[:400])
    plain = HistGradientBoostingClassifier(max_iter=30).fit(x[:400], names[:400])
    score = get_scorer("balanced_accuracy")
    assert score(advised, x[400:], names[400:]) >= score(plain, x[400:], names[400:])


@pytest.mark.parametrize(("noise", "loss"), [(0.35, "label_smoothing_ce"), (0.0, "cross_entropy")])
def test_labels_are_smoothed_where_a_model_is_surer_than_right(noise: float, loss: str) -> None:
    """By rows held out: labels that are wrong at random make trees too sure, classes that come apart do not."""
    wants("lightgbm")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 4))
    y = np.where(rng.random(500) < noise, rng.integers(0, 3, 500), np.digitize(x[:, 0], [-0.4, 0.4]))
    found = LossAdvisor(metric="log_loss", estimator="lightgbm").fit(x, y)
    assert found.choice_.id == loss
    share = found.predict_proba(x)
    assert share.shape == (500, 3)
    np.testing.assert_allclose(share.sum(axis=1), 1)


def test_costs_make_a_quantile() -> None:
    found = LossAdvisor(costs={"under": 9, "over": 1}, estimator=HistGradientBoostingRegressor(max_iter=30)).fit(X, Y)
    mean = HistGradientBoostingRegressor(max_iter=30).fit(X, Y)
    assert mean_pinball_loss(Y, found.predict(X), alpha=0.9) < mean_pinball_loss(Y, mean.predict(X), alpha=0.9)


def test_an_estimator_it_does_not_know_is_refused() -> None:
    from sklearn.neighbors import KNeighborsRegressor

    with pytest.raises(NotSupported, match="KNeighborsRegressor cannot be set so"):
        LossAdvisor("mae", KNeighborsRegressor()).fit(X, Y)


def test_importing_losses_does_not_import_scikit_learn() -> None:
    script = (
        "import sys, losses; assert 'sklearn' not in sys.modules; losses.LossAdvisor; assert 'sklearn' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize("estimator", ["hgb", "lightgbm", "xgboost", "catboost", "linear"])
@pytest.mark.parametrize("metric", [None, "rmse", "mae"])
def test_shares_are_learned_by_whatever_takes_them(estimator, metric):
    wants("sklearn" if estimator in ("hgb", "linear") else estimator)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3))
    y = 1 / (1 + np.exp(-x[:, 0] - rng.normal(0, 0.3, 150)))
    model = LossAdvisor(metric=metric, estimator=estimator).fit(x, y)
    found = model.predict(x)
    assert estimator == "linear" or ((found > -0.2) & (found < 1.2)).all()
    assert np.corrcoef(found, y)[0, 1] > 0.9


def test_the_lines_of_its_advice_number_the_classes_as_they_came():
    x = np.arange(60.0)[:, None]
    model = LossAdvisor(metric="log_loss", estimator="hgb").fit(x, np.where(x[:, 0] > 30, "yes", "no"))
    assert model.choice_.layout.levels == ("no", "yes")
    assert "['no', 'yes']" in model.choice_.code["sklearn"]
    model = LossAdvisor(metric="log_loss", estimator="hgb").fit(x, (x[:, 0] > 30).astype(int))
    assert model.choice_.layout.levels is None
