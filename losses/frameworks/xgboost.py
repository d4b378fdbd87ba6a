"""XGBoost: a dictionary of parameters; a callable objective goes to ``XGBRegressor``, or to ``train`` as ``obj``."""

from __future__ import annotations

from typing import Any

from ..core import Loss
from ._classes import CLASSES, OfClasses, objective_of
from ._learner import SECOND, SHARES, VALUES, Learner, Reading, alike
from ._objective import Objective
from ._spelling import Call, Expression, Framework, Name, Ours, no, unsmoothed
from ._steps import Steps


def _ours(loss: Loss) -> dict[str, Any]:
    """Curvatures have a unit (1/target for an absolute error), so no least sum and no penalty on it.

    msle is ours too: after 100 rounds on amounts reg:squaredlogerror is still far from its optimum.
    """
    return {"objective": Ours(loss, "xgboost", objective_of, "objective"), "min_child_weight": 0.0, "reg_lambda": 0.0}


def _named(objective: str) -> Any:
    return lambda loss: {"objective": objective}


def _quantile(loss: Any) -> dict[str, Any]:
    alpha = list(loss.tau) if isinstance(loss.tau, tuple) else loss.tau
    return {"objective": "reg:quantileerror", "quantile_alpha": alpha}


def _tweedie(loss: Any) -> dict[str, Any]:
    """Its own range is 1 < power < 2; the ends have names, other powers are ours."""
    if loss.power in _POWERS:
        return {"objective": _POWERS[loss.power]}
    if 1 < loss.power < 2:
        return {"objective": "reg:tweedie", "tweedie_variance_power": loss.power}
    return _ours(loss)


_POWERS = {0: "reg:squarederror", 1: "count:poisson", 2: "reg:gamma"}


def _binary(loss: Any) -> dict[str, Any]:
    if getattr(loss, "label_smoothing", 0):
        return _ours(loss)
    weight = getattr(loss, "pos_weight", 1.0)
    return {"objective": "binary:logistic", **({} if weight == 1 else {"scale_pos_weight": weight})}


def _multiclass(loss: Any) -> dict[str, Any]:
    if loss.ignore_index is not None or not loss.from_logits:
        no("it ignores no labels, and its trees add up to logits", "cross_entropy")
    return _ours(loss) if loss.label_smoothing else {"objective": "multi:softprob"}


_READ = {"binary:logistic": SECOND, "multi:softprob": SHARES}


def _learn(loss: Loss, params: Any, base: Any) -> Learner:
    objective = params["objective"] if isinstance(params["objective"], Objective) else None
    if isinstance(objective, OfClasses):  # its classifier makes shares of any sums
        return Learner(alike(Name("xgboost:XGBClassifier").find(), base, params), SHARES)
    reading = VALUES if objective else _READ.get(params["objective"], VALUES)
    kind = "XGBRegressor" if reading is VALUES else "XGBClassifier"
    return Learner(alike(Name(f"xgboost:{kind}").find(), base, params), reading, objective, _fit_from)


def _fit_from(model: Any, x: Any, y: Any, weight: Any, start: float) -> float:
    model.set_params(base_score=start).fit(x, y, sample_weight=weight)
    return 0.0


def _write(loss: Loss, params: Any, steps: Steps) -> list[str]:
    if isinstance(params["objective"], Ours):
        return [*steps.before, *_with_ours(params), *steps.after]
    return [*steps.before, *_with_own(params, SHARES if steps.layout.form == "labels" else None), *steps.after]


def _with_own(params: dict[str, Any], reading: Reading | None = None) -> list[str]:
    reading = reading or _READ.get(params["objective"], VALUES)
    many = {"num_class": Expression("len(set(y))")} if params["objective"] == "multi:softprob" else {}
    model = Call("xgboost:XGBRegressor" if reading is VALUES else "xgboost:XGBClassifier", options=params | many)
    fit = [f"model = xgboost.{model}", "model.fit(X, y)", f"predictions = model.{reading}"]
    return ["import xgboost", *fit]


def _with_ours(params: dict[str, Any]) -> list[str]:
    if isinstance(objective_of(params["objective"].loss), OfClasses):
        return _with_own(params, SHARES)
    others = ", ".join(f"{name}={value!r}" for name, value in params.items() if name != "objective")
    return [
        "import xgboost",
        f"objective = {params['objective']}",
        f"model = xgboost.XGBRegressor(objective=objective, base_score=objective.start(y), {others})",
        "model.fit(X, y)",
        "predictions = objective.predict(model.predict(X))",
    ]


FRAMEWORK = Framework(
    place=3,
    aliases=("xgb",),
    family="boosting",
    native={
        "mse": _named("reg:squarederror"),
        "mae": _named("reg:absoluteerror"),
        "pseudo_huber": lambda loss: {"objective": "reg:pseudohubererror", "huber_slope": loss.delta},
        "quantile": _quantile,
        "poisson_nll": _named("count:poisson"),
        "poisson_deviance": _named("count:poisson"),
        "gamma_deviance": _named("reg:gamma"),
        "tweedie_deviance": _tweedie,
        "bce": _binary,
        "bce_with_logits": _binary,
        "weighted_bce": _binary,
        "cross_entropy": _multiclass,
    },
    ours=dict.fromkeys(
        (
            "huber", "smooth_l1", "log_cosh", "msle", "expectile", "mape", "smape", "cauchy", "general_robust",
            "negative_binomial_nll", "hinge", "squared_hinge", "focal", "asymmetric", "brier",
            "weighted_ce", "class_balanced_ce", *CLASSES,
        ),
        _ours,
    ),
    refused={
        "gaussian_nll": ("its trees predict one number a row", "quantile"),
        "student_t_nll": ("its trees predict one number a row", "cauchy"),
        "crps_gaussian": ("its trees predict one number a row", "quantile"),
        "interval_score": ("its trees predict one number a row; train two quantiles", "quantile:tau=[0.05,0.95]"),
        "kl_div": ("it takes no rows of probabilities as targets", "bce"),
    },
    lacking="it has no such objective, and ours add up to one number a row",
    otherwise="it trains on rows of a table, and this loss compares other things",
    forms={
        "shares": dict.fromkeys(("bce", "bce_with_logits"), unsmoothed(_named("reg:logistic"))),
        "labels": dict.fromkeys(("bce", "bce_with_logits"), unsmoothed(_named("binary:logistic"))),
    },
    write=_write,
    learn=_learn,
)  # fmt: skip
