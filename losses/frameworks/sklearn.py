"""scikit-learn: an estimator, not yet fitted, whose objective is the loss."""

from __future__ import annotations

from typing import Any

from ..core import Loss
from ..errors import NotSupported
from ._learner import SECOND, SHARES, VALUES, Learner, Reading
from ._spelling import OF_LABELS, Call, Framework, Name, Row, call, made, no
from ._steps import Steps

BOOSTER = "sklearn.ensemble:HistGradientBoostingRegressor"


def _boosted(**options: Any) -> Any:
    return lambda loss: call(BOOSTER, **options)


def _huber(loss: Any) -> Call:
    return call("sklearn.pipeline:make_pipeline", call("sklearn.preprocessing:StandardScaler"), huber(loss))


def huber(loss: Any) -> Call:
    """SGD's epsilon is delta itself; HuberRegressor's is a multiple of a scale it fits, GBR's alpha is a quantile."""
    return call(
        "sklearn.linear_model:SGDRegressor", loss="huber", epsilon=loss.delta, alpha=0.0, max_iter=5000, tol=None,
        learning_rate="adaptive", random_state=0,
    )  # fmt: skip


def _quantile(loss: Any) -> Call:
    return call(BOOSTER, loss="quantile", quantile=_one_level(loss))


def _one_level(loss: Any) -> float:
    if isinstance(loss.tau, tuple):
        no("an estimator predicts one quantile; fit one for each tau")
    return float(loss.tau)


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


_READ = {"soft_labels": SECOND, "distribution": SHARES, "signs": Reading("decision_function")}


def _reading(loss: Loss) -> Reading:
    return _READ.get(loss.inputs["y_true"].name, VALUES)


def _write(loss: Loss, model: Any, steps: Steps) -> list[str]:
    found = OF_LABELS if steps.layout.form == "labels" else [f"predictions = model.{_reading(loss)}"]
    return [*steps.before, f"model = {model}", "model.fit(X, y)", *found, *steps.after]


def _each_label(loss: Any) -> Call:
    return call("sklearn.multioutput:MultiOutputClassifier", _binary(loss))


def _learn(loss: Loss, model: Any, base: Any) -> Learner:
    """Like a histogram booster, with its settings, or linear, for ``"linear"`` and for any linear model."""
    if base is None:
        return Learner(model, _reading(loss))
    kind = type(base)
    if base == "linear" or kind.__module__.startswith("sklearn.linear_model"):
        if loss.about.id not in _LINEAR:
            raise _unknown(loss, "no linear model has this loss")
        return Learner(_scaled(_LINEAR[loss.about.id](loss), base), _reading(loss))
    if not (kind.__name__.startswith(_STEM) and type(model).__name__.startswith(_STEM)):
        raise _unknown(loss, f"{kind.__name__} cannot be set so")
    own = model.get_params()
    kept = {name: value for name, value in base.get_params().items() if name in own and name not in _OF_LOSSES}
    return Learner(model.set_params(**kept), _reading(loss))


def _unknown(loss: Loss, reason: str) -> NotSupported:
    return NotSupported(f"sklearn cannot train with {loss}: {reason}", loss=loss.about.id, field="estimator")


_STEM = "HistGradientBoosting"
_OF_LOSSES = ("loss", "quantile", "class_weight")


def _scaled(found: Call, base: Any) -> Any:
    """The linear model on scaled features, with the settings of ``base`` where it is of the same kind."""
    model = made(found)
    if type(model) is type(base):
        model.set_params(**{**base.get_params(), **found.options})
    return made(call("sklearn.pipeline:make_pipeline", call("sklearn.preprocessing:StandardScaler"), model))


def _linear(kind: str, *same: str, **options: Any) -> Any:
    """A row for a linear model, whose options are the loss's parameters of the same names."""
    path = f"sklearn.linear_model:{kind}"
    return lambda loss: call(path, **options, **{key: getattr(loss, key) for key in same})


def _logistic(loss: Any) -> Call:
    booster = (_binary if loss.inputs["y_true"].name == "soft_labels" else _multiclass)(loss)
    return call("sklearn.linear_model:LogisticRegression", max_iter=1000, **booster.options)


_LINEAR: dict[str, Row] = {
    "mse": _linear("Ridge"),
    "mae": _linear("QuantileRegressor", alpha=0.0, quantile=0.5),
    "quantile": lambda loss: _linear("QuantileRegressor", alpha=0.0, quantile=_one_level(loss))(loss),
    "huber": huber,
    "poisson_nll": _linear("PoissonRegressor", max_iter=1000),
    "poisson_deviance": _linear("PoissonRegressor", max_iter=1000),
    "gamma_deviance": _linear("GammaRegressor", max_iter=1000),
    "tweedie_deviance": _linear("TweedieRegressor", "power", link="log", max_iter=1000),
    "bce": _logistic,
    "bce_with_logits": _logistic,
    "weighted_bce": _logistic,
    "cross_entropy": _logistic,
    "weighted_ce": _logistic,
    "class_balanced_ce": _logistic,
}


FRAMEWORK = Framework(
    place=1,
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
        "interval_score": ("it has no estimator with this loss; fit a quantile for each end", "quantile:tau=0.95"),
        "crps_gaussian": ("no estimator fits a mean and a deviation by it", "quantile"),
        "label_smoothing_ce": ("its classifiers take no smoothed labels", "cross_entropy"),
        "negative_binomial_nll": ("it has no estimator with this loss", "poisson_nll"),
    },
    forms={"labels": dict.fromkeys(("bce", "bce_with_logits", "weighted_bce"), _each_label)},
    otherwise="none of its estimators has this loss",
    write=_write,
    learn=_learn,
)
