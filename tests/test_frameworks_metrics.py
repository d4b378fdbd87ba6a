"""What a tool reports while it trains is the loss of its predictions, with weights, in the direction it reads it."""

from __future__ import annotations

import pickle
import sys
import types
import warnings
from typing import Any

import numpy as np
import pytest

import losses
from losses.errors import NotSupported
from tests.test_frameworks_contract import wants

RNG = np.random.default_rng(5)
X = RNG.normal(size=(160, 3))
WEIGHT = RNG.uniform(0.5, 3, size=160)
REAL = X[:, 0] * 3 + RNG.normal(size=160)
TARGETS = {
    "mae": REAL,
    "log_cosh:scale=2": REAL,
    "poisson_nll": np.floor(np.exp(X[:, 0] / 2) * 2),
    "gamma_deviance": np.exp(REAL / 3),
    "bce_with_logits": (REAL > 0).astype(int),
    "focal": (REAL > 0).astype(int),
    "cross_entropy": np.digitize(REAL, [-1, 1]),
}


@pytest.fixture(autouse=True)
def quiet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def small(name: str, loss: Any, **options: Any) -> Any:
    """An estimator of a booster for this loss, with few trees."""
    package = __import__(name)
    spelled = loss.to(name)
    native = {"binary", "multiclass", "binary:logistic", "multi:softprob", "Logloss", "MultiClass"}
    objective = spelled.get("objective", spelled.get("loss_function"))
    stem = {"lightgbm": "LGBM", "xgboost": "XGB", "catboost": "CatBoost"}[name]
    kind = "Classifier" if isinstance(objective, str) and objective.partition("=")[0] in native else "Regressor"
    return getattr(package, stem + kind)(**{**spelled, **options})


def agrees(reported: float, loss: Any, y: Any, z: Any) -> None:
    assert reported == pytest.approx(loss(y, z, WEIGHT), rel=1e-4)


def as_read(spec: str, model: Any) -> Any:
    if spec == "bce_with_logits":
        p = model.predict_proba(X)[:, 1]
        return np.log(p) - np.log1p(-p)
    return np.log(model.predict_proba(X)) if spec == "cross_entropy" else model.predict(X)


@pytest.mark.parametrize("spec", TARGETS)
def test_lightgbm_reports_the_loss(spec: str) -> None:
    wants("lightgbm")
    loss, y = losses.get(spec), TARGETS[spec]
    metric = pickle.loads(pickle.dumps(loss.metric("lightgbm")))
    model = small("lightgbm", loss, n_estimators=5, verbose=-1, metric="None")
    model.fit(X, y, sample_weight=WEIGHT, eval_set=[(X, y)], eval_sample_weight=[WEIGHT], eval_metric=metric)
    (reported,) = model.evals_result_.values()
    agrees(reported[spec.replace(":", "@")][-1], loss, y, as_read(spec, model))


@pytest.mark.parametrize("spec", ["mae", "log_cosh:scale=2"])
def test_the_train_functions_of_lightgbm_and_xgboost_report_it_too(spec: str) -> None:
    wants("lightgbm")
    wants("xgboost")
    import lightgbm
    import xgboost

    loss, seen = losses.get(spec), {}
    data = lightgbm.Dataset(X, REAL, weight=WEIGHT)
    params = {**loss.to("lightgbm"), "verbose": -1, "metric": "None"}
    booster = lightgbm.train(
        params, data, 5, valid_sets=[data], feval=loss.metric("lightgbm"), callbacks=[lightgbm.record_evaluation(seen)]
    )
    agrees(seen["training"][spec.replace(":", "@")][-1], loss, REAL, booster.predict(X))
    matrix, heard = xgboost.DMatrix(X, REAL, weight=WEIGHT), {}
    spelled = loss.to("xgboost")
    ours = {} if isinstance(spelled["objective"], str) else {"obj": spelled.pop("objective")}
    trained = xgboost.train(
        {**spelled, "disable_default_eval_metric": True}, matrix, 5, **ours,
        custom_metric=loss.metric("xgboost"), evals=[(matrix, "seen")], evals_result=heard, verbose_eval=False,
    )  # fmt: skip
    agrees(next(iter(heard["seen"].values()))[-1], loss, REAL, trained.predict(matrix))


@pytest.mark.parametrize("spec", TARGETS)
def test_xgboost_reports_the_loss(spec: str) -> None:
    wants("xgboost")
    loss, y = losses.get(spec), TARGETS[spec]
    model = small("xgboost", loss, n_estimators=5, eval_metric=loss.metric("xgboost"))
    model.fit(X, y, sample_weight=WEIGHT, eval_set=[(X, y)], sample_weight_eval_set=[WEIGHT], verbose=False)
    agrees(model.evals_result()["validation_0"][spec.replace(":", "@")][-1], loss, y, as_read(spec, model))


@pytest.mark.parametrize("spec", ["mae", "log_cosh:scale=2", "poisson_nll", "bce_with_logits", "cross_entropy"])
def test_catboost_reports_the_loss(spec: str) -> None:
    wants("catboost")
    import catboost

    loss, y = losses.get(spec), TARGETS[spec]
    options = {"iterations": 5, "verbose": False, "allow_writing_files": False, "eval_metric": loss.metric("catboost")}
    model = small("catboost", loss, **options)
    pool = catboost.Pool(X, y, weight=WEIGHT)
    model.fit(pool, eval_set=pool, use_best_model=False)
    reported = next(v for k, v in model.get_evals_result()["validation"].items() if "ForCatBoost" in k or k == spec)
    raw = model.predict(X, prediction_type="RawFormulaVal")
    agrees(reported[-1], loss, y, np.exp(raw) if spec == "poisson_nll" else raw)


@pytest.mark.parametrize("spec", ["mae", "bce_with_logits", "cross_entropy", "hinge"])
def test_a_scorer_is_minus_the_loss_and_gets_the_weights(spec: str) -> None:
    import sklearn
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.model_selection import cross_validate
    from sklearn.svm import LinearSVC

    loss, y = losses.get(spec), TARGETS.get(spec, TARGETS["focal"])
    model = {"mae": LinearRegression(), "hinge": LinearSVC()}.get(spec, LogisticRegression()).fit(X, y)
    scorer = pickle.loads(pickle.dumps(loss.scorer()))
    z = model.decision_function(X) if spec == "hinge" else as_read(spec, model)
    agrees(-scorer(model, X, y, sample_weight=WEIGHT), loss, y, z)
    with sklearn.config_context(enable_metadata_routing=True):
        model.set_fit_request(sample_weight=True)
        found = cross_validate(model, X, y, scoring=loss.scorer(), params={"sample_weight": WEIGHT})["test_score"]
    assert (found <= 0).all()
    assert not np.allclose(found, cross_validate(model, X, y, scoring=loss.scorer())["test_score"])


def test_flaml_gets_what_it_minimises_and_what_it_logs() -> None:
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit(X, REAL)
    found, logged = losses.get("mae").metric("flaml")(X, REAL, model, None, X, REAL, WEIGHT)
    agrees(found, losses.get("mae"), REAL, model.predict(X))
    assert logged == {"mae": found}


def test_autogluon_is_told_that_less_is_better(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = types.ModuleType("autogluon.core.metrics")
    metrics.make_scorer = lambda **given: given  # type: ignore[attr-defined]
    for name, module in {"autogluon": metrics, "autogluon.core": metrics, "autogluon.core.metrics": metrics}.items():
        monkeypatch.setitem(sys.modules, name, module)
    made = losses.get("bce_with_logits").metric("autogluon")
    assert (made["name"], made["optimum"], made["greater_is_better"]) == ("bce_with_logits", 0, False)
    assert made["needs_proba"]
    assert made["score_func"]([0, 1], [0.5, 0.5]) == pytest.approx(np.log(2))


def test_a_running_metric_of_torch_is_the_mean_over_all_batches() -> None:
    wants("torch")
    import torch

    loss, metric = losses.get("huber"), losses.get("huber").metric("torch")
    z = REAL + RNG.normal(size=160)
    for part in (slice(0, 50), slice(50, 160)):
        metric.update(torch.tensor(z[part]), torch.tensor(REAL[part]), torch.tensor(WEIGHT[part]))
    agrees(metric.compute(), loss, REAL, z)
    metric.reset()
    metric.update(torch.tensor([1.0], dtype=torch.bfloat16), torch.tensor([1.0]))
    assert metric.compute() == 0


def test_a_metric_of_keras_is_the_mean_over_all_batches() -> None:
    wants("keras")
    loss, metric = losses.get("quantile:tau=0.9"), losses.get("quantile:tau=0.9").metric("keras")
    z = REAL + RNG.normal(size=160)
    for part in (slice(0, 50), slice(50, 160)):
        metric.update_state(REAL[part], z[part], sample_weight=WEIGHT[part])
    agrees(float(metric.result()), loss, REAL, z)


def test_what_has_no_metric_is_refused() -> None:
    with pytest.raises(NotSupported, match="no metric"):
        losses.get("triplet").metric("lightgbm")
    with pytest.raises(NotSupported, match="no metric"):
        losses.get("mae").metric("optax")
