"""The advisor chooses objective and metric; a tool of automatic machine learning searches."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import cross_val_score

import losses
from losses import LossAdvisor

RNG = np.random.default_rng(8)
X = RNG.normal(size=(200, 4))
Y = np.exp(X[:, 0] + RNG.normal(size=200) / 2)


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def test_optuna_searches_the_settings_and_the_advisor_brings_the_loss() -> None:
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    scorer = losses.get("mae").scorer()

    def objective(trial: Any) -> float:
        rate = trial.suggest_float("learning_rate", 0.02, 0.5, log=True)
        model = LossAdvisor("mae", HistGradientBoostingRegressor(max_iter=10, learning_rate=rate))
        return float(-cross_val_score(model, X, Y, scoring=scorer, cv=2).mean())

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=3)
    assert 0 < study.best_value < np.abs(Y - np.median(Y)).mean()


def test_flaml_searches_with_the_advised_objective_and_metric() -> None:
    flaml, model = pytest.importorskip("flaml"), pytest.importorskip("flaml.automl.model")
    best = losses.recommend(Y, metric="mae", framework="lightgbm").best.loss

    class Advised(model.LGBMEstimator):  # type: ignore[misc]
        def __init__(self, task: str = "regression", **config: Any) -> None:
            super().__init__(task, **config)
            self.params.update(best.to("lightgbm"))

    search = flaml.AutoML()
    search.add_learner("advised", Advised)
    search.fit(
        X, Y, task="regression", metric=losses.get("mae").metric("flaml"), estimator_list=["advised"], max_iter=2,
        time_budget=60, eval_method="holdout", verbose=0,
    )  # fmt: skip
    assert search.model.estimator.objective == best.to("lightgbm")["objective"]
