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


def test_lightning_trains_a_module_with_the_advised_loss_and_metric(tmp_path: Any) -> None:
    lightning, torch = pytest.importorskip("lightning"), pytest.importorskip("torch")
    best = losses.recommend(Y, metric="pinball@0.9", framework="lightning").best.loss
    lightning.seed_everything(0, verbose=False)

    class Model(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = torch.nn.Linear(4, 1)
            self.loss, self.metric = best.to("torch"), best.metric("torch")

        def training_step(self, batch: Any, _: int) -> Any:
            features, target = batch
            predictions = self.net(features).squeeze(-1)
            self.metric.update(predictions, target)
            cost = self.loss(predictions, target)
            self.log("cost", cost)
            return cost

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=0.1)

    features, target = (torch.tensor(part, dtype=torch.float32) for part in (X, Y))
    rows = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(features, target), batch_size=50)
    model = Model()
    trainer = lightning.Trainer(
        max_epochs=40, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(model, rows)
    with torch.no_grad():
        predictions = model.net(features).squeeze(-1).numpy()
    assert np.mean(predictions > Y) == pytest.approx(0.9, abs=0.05)
    assert best(Y, predictions) < best(Y, np.full(200, np.quantile(Y, 0.9)))
    assert float(model.metric.compute()) > best(Y, predictions)
