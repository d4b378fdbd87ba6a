"""scikit-learn: an estimator, not yet fitted, whose objective is the loss."""

from __future__ import annotations

from typing import Any

from ..core import Loss
from ._spelling import Call, Framework, Name, Steps, call, no

BOOSTER = "sklearn.ensemble:HistGradientBoostingRegressor"


def _boosted(**options: Any) -> Any:
    return lambda loss: call(BOOSTER, **options)


def _huber(loss: Any) -> Call:
    """SGD's epsilon is delta itself; HuberRegressor's is a multiple of a scale it fits, GBR's alpha is a quantile."""
    model = call(
        "sklearn.linear_model:SGDRegressor", loss="huber", epsilon=loss.delta, alpha=0.0, max_iter=5000, tol=None,
        learning_rate="adaptive", random_state=0,
    )  # fmt: skip
    return call("sklearn.pipeline:make_pipeline", call("sklearn.preprocessing:StandardScaler"), model)


def _quantile(loss: Any) -> Call:
    if isinstance(loss.tau, tuple):
        no("an estimator predicts one quantile; fit one for each tau")
    return call(BOOSTER, loss="quantile", quantile=loss.tau)


def _msle(loss: Any) -> Call:
    return call(
        "sklearn.compose:TransformedTargetRegressor", call(BOOSTER, loss="squared_error"), func=Name("numpy:log1p"),
        inverse_func=Name("numpy:expm1"),
    )  # fmt: skip


def _tweedie(loss: Any) -> Call:
    if loss.power < 0:
        no("TweedieRegressor with a log link needs a power of 0 or at least 1", "mse")
    return call("sklearn.linear_model:TweedieRegressor", power=loss.power, link="log", alpha=0.0, max_iter=1000)


def _binary(loss: Any) -> Call:
    if getattr(loss, "label_smoothing", 0):
        no("its classifiers take no smoothed labels", "bce_with_logits")
    weight = getattr(loss, "pos_weight", 1.0)
    return _classifier(None if weight == 1 else {0: 1.0, 1: weight})


def _multiclass(loss: Any) -> Call:
    if loss.label_smoothing or loss.ignore_index is not None:
        no("its classifiers take no smoothed or ignored labels", "cross_entropy")
    costs = loss.costs_of_classes
    return _classifier(None if costs is None else {k: float(cost) for k, cost in enumerate(costs)})


def _classifier(class_weight: dict[int, float] | None) -> Call:
    options = {} if class_weight is None else {"class_weight": class_weight}
    return call("sklearn.ensemble:HistGradientBoostingClassifier", **options)


def _separator(kind: str) -> Any:
    return lambda loss: call("sklearn.svm:LinearSVC", loss=kind, max_iter=10000)


_PREDICT = {
    "soft_labels": "predict_proba(X)[:, 1]",
    "distribution": "predict_proba(X)",
    "signs": "decision_function(X)",
}


def _write(loss: Loss, model: Any, steps: Steps) -> list[str]:
    predict = _PREDICT.get(loss.inputs["y_true"].name, "predict(X)")
    fit = [f"model = {model}", "model.fit(X, y)", f"predictions = model.{predict}"]
    return [*steps.before, *fit, *steps.after]


FRAMEWORK = Framework(
    aliases=("scikit_learn",),
    family=None,
    native={
        "mse": _boosted(loss="squared_error"),
        "mae": _boosted(loss="absolute_error"),
        "huber": _huber,
        "quantile": _quantile,
        "msle": _msle,
        "poisson_nll": _boosted(loss="poisson"),
        "poisson_deviance": _boosted(loss="poisson"),
        "gamma_deviance": _boosted(loss="gamma"),
        "tweedie_deviance": _tweedie,
        "bce": _binary,
        "bce_with_logits": _binary,
        "weighted_bce": _binary,
        "cross_entropy": _multiclass,
        "weighted_ce": _multiclass,
        "class_balanced_ce": _multiclass,
        "hinge": _separator("hinge"),
        "squared_hinge": _separator("squared_hinge"),
    },
    refused={
        "mape": ("fit HistGradientBoostingRegressor(loss='absolute_error') with sample_weight=1/abs(y) instead", "mae"),
        "smooth_l1": ("it has no estimator with this loss", "huber"),
        "log_cosh": ("it has no estimator with this loss", "huber"),
        "pseudo_huber": ("it has no estimator with this loss", "huber"),
        "expectile": ("it has no estimator with this loss", "quantile"),
        "focal": ("it has no estimator with this loss", "weighted_bce"),
        "brier": ("it has no estimator with this loss", "bce"),
        "gaussian_nll": ("no estimator fits a mean and a variance by it", "quantile"),
        "label_smoothing_ce": ("its classifiers take no smoothed labels", "cross_entropy"),
        "negative_binomial_nll": ("it has no estimator with this loss", "poisson_nll"),
    },
    otherwise="none of its estimators has this loss",
    write=_write,
)
