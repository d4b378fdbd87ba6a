"""CatBoost: a dictionary of parameters, with a loss of its own as text or an object with ``calc_ders_range``."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Loss
from ._learner import SECOND, SHARES, VALUES, Learner, Reading, alike
from ._objective import Objective
from ._spelling import Call, Framework, Name, Ours, no, unsmoothed
from ._steps import Steps


def _ours(loss: Loss) -> dict[str, Any]:
    return {
        "loss_function": Ours(loss, "catboost", Objective, "loss_function"),
        "eval_metric": "RMSE",
        "leaf_estimation_method": "Newton",
        "l2_leaf_reg": 0.0,
    }


def _own(text: str) -> Any:
    """A row for a loss of its own; braces hold the loss's parameters."""
    return lambda loss: {"loss_function": text.format(loss=loss)}


BY_GRADIENT = {"leaf_estimation_method": "Gradient"}  # the default, Exact, takes no notice of sample weights


def _mae(loss: Any) -> dict[str, Any]:
    return {"loss_function": "MAE", **BY_GRADIENT}


def _smooth_l1(loss: Any) -> dict[str, Any]:
    return {"loss_function": f"Huber:delta={loss.beta}"} if loss.beta else _mae(loss)


def _log_cosh(loss: Any) -> dict[str, Any]:
    return {"loss_function": "LogCosh", "leaf_estimation_method": "Newton"} if loss.scale == 1 else _ours(loss)


def _quantile(loss: Any) -> dict[str, Any]:
    if not isinstance(loss.tau, tuple):
        return {"loss_function": f"Quantile:alpha={loss.tau}", **BY_GRADIENT}
    return {"loss_function": "MultiQuantile:alpha=" + ",".join(map(str, loss.tau))}


def _tweedie(loss: Any) -> dict[str, Any]:
    """Its own range is 1 < power < 2; the ends have names, other powers are ours."""
    if loss.power in _POWERS:
        return {"loss_function": _POWERS[loss.power]}
    return {"loss_function": f"Tweedie:variance_power={loss.power}"} if 1 < loss.power < 2 else _ours(loss)


POISSON = "Poisson"  # begins at exp(0), and overflows where the target is far from 1: it needs a baseline
_POWERS = {0: "RMSE", 1: POISSON}


def _binary(loss: Any) -> dict[str, Any]:
    if getattr(loss, "label_smoothing", 0):
        return _ours(loss)
    weight = getattr(loss, "pos_weight", 1.0)
    return {"loss_function": "Logloss", **({} if weight == 1 else {"scale_pos_weight": weight})}


def _multiclass(loss: Any) -> dict[str, Any]:
    if loss.label_smoothing or loss.ignore_index is not None:
        no("it takes no smoothed or ignored labels", "cross_entropy")
    costs = loss.costs_of_classes
    weights = {} if costs is None else {"class_weights": [float(cost) for cost in costs]}
    return {"loss_function": "MultiClass", **weights}


def _focal(loss: Any) -> dict[str, Any]:
    if loss.alpha is None or not 0 < loss.alpha < 1 or loss.alpha_mode != "alpha_t" or loss.gamma == 0:
        return _ours(loss)
    return {"loss_function": f"Focal:focal_alpha={loss.alpha};focal_gamma={loss.gamma}"}


_EXP = Reading(options={"prediction_type": "Exponent"})
_RAW = Reading(options={"prediction_type": "RawFormulaVal"})
_READ = {
    "CrossEntropy": SECOND,
    "MultiLogloss": SHARES,
    "Logloss": SECOND,
    "MultiClass": SHARES,
    "Focal": SECOND,
    "Tweedie": _EXP,
    "RMSEWithUncertainty": Reading(options={"prediction_type": "RMSEWithUncertainty"}),
}


def _reading(params: Any) -> Reading:
    return _READ.get(str(params["loss_function"]).partition(":")[0], VALUES)


def _kind(reading: Reading) -> str:
    return "CatBoostClassifier" if reading.method == "predict_proba" else "CatBoostRegressor"


def _learn(loss: Loss, params: Any, base: Any) -> Learner:
    objective = params["loss_function"] if isinstance(params["loss_function"], Objective) else None
    reading = VALUES if objective else _reading(params)
    kind = Name(f"catboost:{_kind(reading)}").find()
    model = alike(kind, base, params, verbose=False, allow_writing_files=False)
    if params["loss_function"] == POISSON:
        return Learner(model, _RAW, Objective(loss), _fit_from)
    return Learner(model, reading, objective, _fit_from)


def _fit_from(model: Any, x: Any, y: Any, weight: Any, start: float) -> float:
    model.fit(Name("catboost:Pool").find()(x, y, weight=weight, baseline=np.full(len(y), start)))
    return start


def _write(loss: Loss, params: Any, steps: Steps) -> list[str]:
    objective = params["loss_function"]
    if objective == POISSON:
        return [*steps.before, *_from_mean(params), *steps.after]
    return [*steps.before, *(_with_ours(params) if isinstance(objective, Ours) else _with_own(params)), *steps.after]


def _from_mean(params: dict[str, Any]) -> list[str]:
    model = Call("catboost:CatBoostRegressor", options={**params, "verbose": False})
    return [
        "import catboost",
        "import numpy as np",
        f"model = catboost.{model}",
        "start = np.log(np.mean(y))",
        "model.fit(catboost.Pool(X, y, baseline=np.full(len(y), start)))",
        "predictions = np.exp(start + model.predict(X, prediction_type='RawFormulaVal'))",
    ]


def _with_own(params: dict[str, Any]) -> list[str]:
    reading = _reading(params)
    model = Call(f"catboost:{_kind(reading)}", options={**params, "verbose": False})
    fit = [f"model = catboost.{model}", "model.fit(X, y)", f"predictions = model.{reading}"]
    return ["import catboost", *fit]


def _with_ours(params: dict[str, Any]) -> list[str]:
    others = ", ".join(f"{name}={value!r}" for name, value in params.items() if name != "loss_function")
    return [
        "import catboost",
        "import numpy as np",
        f"objective = {params['loss_function']}",
        f"model = catboost.CatBoostRegressor(loss_function=objective, {others}, verbose=False)",
        "start = objective.start(y)",
        "model.fit(catboost.Pool(X, y, baseline=np.full(len(y), start)))",
        "predictions = objective.predict(start + model.predict(X))",
    ]


FRAMEWORK = Framework(
    place=4,
    family="boosting",
    native={
        "mse": _own("RMSE"),
        "mae": _mae,
        "huber": _own("Huber:delta={loss.delta}"),
        "smooth_l1": _smooth_l1,
        "log_cosh": _log_cosh,
        "quantile": _quantile,
        "expectile": _own("Expectile:alpha={loss.tau}"),
        "poisson_nll": _own("Poisson"),
        "poisson_deviance": _own("Poisson"),
        "tweedie_deviance": _tweedie,
        "gaussian_nll": _own("RMSEWithUncertainty"),
        "bce": _binary,
        "bce_with_logits": _binary,
        "weighted_bce": _binary,
        "cross_entropy": _multiclass,
        "weighted_ce": _multiclass,
        "class_balanced_ce": _multiclass,
        "focal": _focal,
    },
    ours=dict.fromkeys(
        (
            "pseudo_huber", "mape", "smape", "msle", "cauchy", "general_robust", "gamma_deviance",
            "negative_binomial_nll", "hinge", "squared_hinge", "asymmetric", "brier",
        ),
        _ours,
    ),
    refused={
        "student_t_nll": ("it has no such loss", "gaussian_nll"),
        "crps_gaussian": ("it has no such loss", "gaussian_nll"),
        "interval_score": ("it has no such loss; its MultiQuantile has both ends", "quantile:tau=[0.05,0.95]"),
        "label_smoothing_ce": ("it takes no smoothed labels", "cross_entropy"),
        "focal_multiclass": ("it has no such objective", "weighted_ce"),
        "kl_div": ("it takes no rows of probabilities as targets", "bce"),
    },
    lacking="it has no such objective, and ours add up to one number a row",
    otherwise="it trains on rows of a table, and this loss compares other things",
    forms={
        "shares": dict.fromkeys(("bce", "bce_with_logits"), unsmoothed(_own("CrossEntropy"))),
        "labels": dict.fromkeys(("bce", "bce_with_logits"), unsmoothed(_own("MultiLogloss"))),
    },
    write=_write,
    learn=_learn,
)  # fmt: skip
