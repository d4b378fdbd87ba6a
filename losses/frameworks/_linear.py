"""Which linear model of scikit-learn minimises a loss: one row each, on standardised columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import Loss
from ..errors import NotSupported
from ._spelling import Call, call


def _quantile(tau: float) -> Call:
    return call("sklearn.linear_model:QuantileRegressor", quantile=tau, alpha=0.0)


def _tilted(loss: Any) -> Call:
    if isinstance(loss.tau, tuple):
        raise NotSupported("a linear model predicts one quantile; race each tau alone", loss=str(loss))
    return _quantile(loss.tau)


def _power(power: float) -> Call:
    return call("sklearn.linear_model:TweedieRegressor", power=power, link="log", alpha=0.0, max_iter=1000)


def _logistic(loss: Any) -> Call:
    if getattr(loss, "label_smoothing", 0):
        raise NotSupported("a linear classifier takes no smoothed labels", loss=str(loss))
    costs, factor = getattr(loss, "costs_of_classes", None), getattr(loss, "pos_weight", 1.0)
    weights = {k: float(cost) for k, cost in enumerate((1.0, factor) if costs is None and factor != 1 else costs or ())}
    options = {"class_weight": weights} if weights else {}
    return call("sklearn.linear_model:LogisticRegression", max_iter=1000, **options)


def _separator(loss: Any) -> Call:
    return call("sklearn.svm:LinearSVC", loss=loss.about.id, max_iter=10000, random_state=0)


def _descent(loss: Any) -> Call:
    from .sklearn import huber

    return huber(loss)


LINEAR: dict[str, Callable[[Any], Call]] = {
    "mse": lambda loss: call("sklearn.linear_model:LinearRegression"),
    "mae": lambda loss: _quantile(0.5),
    "quantile": _tilted,
    "huber": _descent,
    "poisson_nll": lambda loss: _power(1),
    "poisson_deviance": lambda loss: _power(1),
    "gamma_deviance": lambda loss: _power(2),
    "tweedie_deviance": lambda loss: _power(loss.power),
    "bce": _logistic,
    "bce_with_logits": _logistic,
    "weighted_bce": _logistic,
    "cross_entropy": _logistic,
    "weighted_ce": _logistic,
    "class_balanced_ce": _logistic,
    "hinge": _separator,
    "squared_hinge": _separator,
}


def estimator(loss: Loss) -> Call:
    """The model, as a call that makes it; raises NotSupported where no linear model has this loss."""
    row = LINEAR.get(loss.about.id)
    if row is None:
        raise NotSupported(
            f"scikit-learn has no linear model trained with {loss}", loss=str(loss), allowed=list(LINEAR)
        )
    return call("sklearn.pipeline:make_pipeline", call("sklearn.preprocessing:StandardScaler"), row(loss))
