"""LightGBM: a dictionary of parameters, with an objective of its own or a callable built on our formulas."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Loss
from ._classes import CLASSES, OfClasses, objective_of
from ._learner import SECOND, SHARES, VALUES, Learner, Reading, alike
from ._objective import LABELS, Objective
from ._spelling import OF_LABELS, Call, Expression, Framework, Name, Ours, no, unsmoothed
from ._steps import Steps


def _ours(loss: Loss) -> dict[str, Any]:
    return {"objective": Ours(loss, "lightgbm", objective_of, "objective"), "min_child_weight": _least(loss)}


def _least(loss: Loss) -> float:
    """The least curvature of a leaf: none where curvatures have a unit (1/target for an absolute error).

    Those of classes have none. There LightGBM takes what rounding leaves in a sum for a leaf, unless it is told not to,
    and stops: "Check failed: (best_split_info.left_count) > (0)".
    """
    return 1e-9 if loss.inputs["y_true"].name in (*LABELS, "distribution", "signs") else 0.0


def _named(objective: str) -> Any:
    return lambda loss: {"objective": objective}


def _smooth_l1(loss: Any) -> dict[str, Any]:
    return {"objective": "huber", "alpha": loss.beta} if loss.beta else {"objective": "regression_l1"}


def _quantile(loss: Any) -> dict[str, Any]:
    if isinstance(loss.tau, tuple):
        no("it predicts one quantile a model; train one for each tau")
    return {"objective": "quantile", "alpha": loss.tau}


def _tweedie(loss: Any) -> dict[str, Any]:
    """Its own range is 1 <= power < 2; the ends have names, other powers are ours."""
    if loss.power in _POWERS:
        return {"objective": _POWERS[loss.power]}
    if 1 < loss.power < 2:
        return {"objective": "tweedie", "tweedie_variance_power": loss.power}
    return _ours(loss)


_POWERS = {0: "regression", 1: "poisson", 2: "gamma"}


def _binary(loss: Any) -> dict[str, Any]:
    if getattr(loss, "label_smoothing", 0):
        return _ours(loss)
    weight = getattr(loss, "pos_weight", 1.0)
    return {"objective": "binary"} if weight == 1 else {"objective": "binary", "scale_pos_weight": weight}


def _multiclass(loss: Any) -> dict[str, Any]:
    if loss.ignore_index is not None or not loss.from_logits:
        no("it ignores no labels, and its trees add up to logits", "cross_entropy")
    if loss.label_smoothing:
        return _ours(loss)
    costs = loss.costs_of_classes
    weights = {} if costs is None else {"class_weight": {k: float(cost) for k, cost in enumerate(costs)}}
    two = costs is not None and len(costs) == 2
    return {"objective": "binary" if two else "multiclass", **weights}


def _reading(loss: Loss, params: Any) -> Reading:
    """Of classes, even of two, the share of each; of our objective the sums."""
    objective = params["objective"]
    if isinstance(objective, Ours | Objective):
        return SUMS if isinstance(objective_of(loss), OfClasses) else VALUES
    if objective not in ("binary", "multiclass"):
        return VALUES
    return SHARES if loss.inputs["y_true"].name == "distribution" else SECOND


def _learn(loss: Loss, params: Any, base: Any) -> Learner:
    objective = params["objective"] if isinstance(params["objective"], Objective) else None
    reading = _reading(loss, params)
    kind = "LGBMRegressor" if reading is VALUES else "LGBMClassifier"
    model = alike(Name(f"lightgbm:{kind}").find(), base, params, verbose=-1)
    return Learner(model, reading, objective, _fit_from)


def _fit_from(model: Any, x: Any, y: Any, weight: Any, start: Any) -> Any:
    model.fit(x, y, sample_weight=weight, init_score=np.repeat(start, len(y)))
    return start


def _write(loss: Loss, params: Any, steps: Steps) -> list[str]:
    if steps.layout.form == "labels":
        return [*steps.before, *_each_label(params), *steps.after]
    write = _with_ours if isinstance(params["objective"], Ours) else _with_own
    return [*steps.before, *write(loss, params), *steps.after]


def _with_own(loss: Loss, params: dict[str, Any]) -> list[str]:
    reading = _reading(loss, params)
    many = {"num_class": Expression("len(set(y))")} if params["objective"] == "multiclass" else {}
    model = Call("lightgbm:LGBMRegressor" if reading is VALUES else "lightgbm:LGBMClassifier", options=params | many)
    fit = [f"model = lightgbm.{model}", "model.fit(X, y)", f"predictions = model.{reading}"]
    return ["import lightgbm", *fit]


def _each_label(params: dict[str, Any]) -> list[str]:
    model = Call("lightgbm:LGBMClassifier", options=params)
    return [
        "import lightgbm",
        "from sklearn.multioutput import MultiOutputClassifier",
        f"model = MultiOutputClassifier(lightgbm.{model})",
        "model.fit(X, y)",
        *OF_LABELS,
    ]


def _with_ours(loss: Loss, params: dict[str, Any]) -> list[str]:
    reading = _reading(loss, params)
    kind = "LGBMRegressor" if reading is VALUES else "LGBMClassifier"
    return [
        "import lightgbm",
        "import numpy as np",
        f"objective = {params['objective']}",
        "start = objective.start(y)",
        f"model = lightgbm.{kind}(objective=objective, min_child_weight={params['min_child_weight']})",
        "model.fit(X, y, init_score=np.repeat(start, len(y)))",
        f"predictions = objective.predict(start + model.{reading})",
    ]


SUMS = Reading("predict_proba", {"raw_score": True})


FRAMEWORK = Framework(
    place=2,
    aliases=("lgbm", "lgb"),
    family="boosting",
    native={
        "mse": _named("regression"),
        "mae": _named("regression_l1"),
        "huber": lambda loss: {"objective": "huber", "alpha": loss.delta},
        "smooth_l1": _smooth_l1,
        "quantile": _quantile,
        "poisson_nll": _named("poisson"),
        "poisson_deviance": _named("poisson"),
        "gamma_deviance": _named("gamma"),
        "tweedie_deviance": _tweedie,
        "bce": _binary,
        "bce_with_logits": _binary,
        "weighted_bce": _binary,
        "cross_entropy": _multiclass,
        "weighted_ce": _multiclass,
        "class_balanced_ce": _multiclass,
    },
    ours=dict.fromkeys(
        (
            "log_cosh", "pseudo_huber", "expectile", "mape", "smape", "msle", "cauchy", "general_robust",
            "negative_binomial_nll", "hinge", "squared_hinge", "focal", "asymmetric", "brier", *CLASSES,
        ),
        _ours,
    ),
    refused={
        "gaussian_nll": ("its trees predict one number a row", "quantile"),
        "student_t_nll": ("its trees predict one number a row", "cauchy"),
        "crps_gaussian": ("its trees predict one number a row", "quantile"),
        "interval_score": ("its trees predict one number a row; train two quantiles", "quantile"),
        "kl_div": ("it takes no rows of probabilities as targets", "bce"),
    },
    lacking="it has no such objective, and ours add up to one number a row",
    otherwise="it trains on rows of a table, and this loss compares other things",
    forms={
        "shares": dict.fromkeys(("bce", "bce_with_logits"), unsmoothed(_named("cross_entropy"))),
        "labels": dict.fromkeys(("bce", "bce_with_logits"), unsmoothed(_named("binary"))),
    },
    write=_write,
    learn=_learn,
)  # fmt: skip
