"""A loss as the metric of a tool, in its argument order and direction: the less, the better, rows weighted.

Boosters hand over probabilities or values where they trained with a loss of their own, and the trees' sums where they
trained with ours (``raw``); CatBoost always hands over sums. All can be pickled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core import Loss
from ..errors import NotSupported
from ._classes import objective_of
from ._objective import LABELS, Array, Objective
from ._spelling import Name

LEAST = 1e-15  # the probability that a certain mistake is taken for
HEADS = {"mean", "var"}


def _named(loss: Loss) -> str:
    """The loss as text without colons, at which XGBoost splits what it reports."""
    return str(loss).replace(":", "@")


@dataclass(frozen=True)
class Measure:
    """The mean loss of what a model predicts: probabilities of labels, values of numbers."""

    loss: Loss
    raw: bool = False

    @property
    def __name__(self) -> str:
        return _named(self.loss)

    def of(self, y: Any, found: Any, weight: Any = None) -> float:
        """The mean, over the weights where there are any."""
        given = None if weight is None or len(weight) == 0 else np.asarray(weight, dtype=np.float64)
        return float(self.loss(np.asarray(y), self._read(np.asarray(found, dtype=np.float64)), given))

    def _read(self, found: Array) -> Any:
        if self.raw:
            return objective_of(self.loss).read(found)
        kind = self.loss.inputs["y_pred"].name
        if kind == "logits" and self.loss.inputs["y_true"].name in LABELS:
            found = np.clip(found, LEAST, 1 - LEAST)
            return np.log(found) - np.log1p(-found)
        logarithmic = kind == "logits" or getattr(self.loss, "log_input", False)
        return np.log(np.maximum(found, LEAST)) if logarithmic else found


class ForLightGBM(Measure):
    """``feval(predictions, dataset)`` of ``train``, or ``eval_metric(y_true, y_pred, weight)`` of its estimators."""

    def __call__(self, y_true: Any, y_pred: Any, weight: Any = None) -> tuple[str, float, bool]:
        if hasattr(y_pred, "get_label"):
            return _named(self.loss), self.of(y_pred.get_label(), y_true, y_pred.get_weight()), False
        return _named(self.loss), self.of(y_true, y_pred, weight), False


class ForXGBoost(Measure):
    """``custom_metric(predictions, matrix)`` of ``train``, or ``eval_metric`` of its estimators, which pass weights."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if hasattr(y_pred, "get_label"):
            return _named(self.loss), self.of(y_pred.get_label(), y_true, y_pred.get_weight())
        return self.of(y_true, y_pred, sample_weight)


class ForCatBoost(Measure):
    """An ``eval_metric``: sums of errors and of weights come apart, and are divided at the end."""

    def is_max_optimal(self) -> bool:
        """The less, the better."""
        return False

    def evaluate(self, approxes: Any, target: Any, weight: Any) -> tuple[float, float]:
        """The sum of the errors and of the weights."""
        sums = np.asarray(approxes, dtype=np.float64)
        weights = np.ones(len(target)) if weight is None else np.asarray(weight, dtype=np.float64)
        heads = set(self.loss.inputs) - {"y_true"}
        if heads == HEADS:
            found: Any = {"mean": sums[0], "var": np.exp(2 * sums[1])}
        else:
            found = objective_of(self.loss).read(sums[0] if len(sums) == 1 else sums.T)
        total = float(weights.sum())
        return float(self.loss(np.asarray(target), found, weights)) * total, total

    def get_final_error(self, error: float, weight: float) -> float:
        """The mean."""
        return error / weight if weight else 0.0


class ForFlaml(Measure):
    """``metric`` of ``AutoML.fit``: what is minimised, and what is logged."""

    def __call__(
        self,
        x_val: Any,
        y_val: Any,
        estimator: Any,
        labels: Any,
        x_train: Any,
        y_train: Any,
        weight_val: Any = None,
        weight_train: Any = None,
        *args: Any,
        **others: Any,
    ) -> tuple[float, dict[str, float]]:
        found = _answer(self.loss, estimator, x_val)
        value = self.of(y_val, found, weight_val)
        return value, {_named(self.loss): value}


def _answer(loss: Loss, model: Any, x: Any) -> Any:
    if loss.inputs["y_true"].name in LABELS:
        return np.asarray(model.predict_proba(x))[:, 1]
    return model.predict_proba(x) if loss.inputs["y_true"].name == "distribution" else model.predict(x)


class Score(Measure):
    """``f(y_true, y_pred, sample_weight)``, for scikit-learn's and AutoGluon's ``make_scorer``."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> float:
        return self.of(y_true, y_pred, sample_weight)


_METHODS = {"distribution": "predict_proba", "signs": "decision_function", **dict.fromkeys(LABELS, "predict_proba")}


def scorer(loss: Loss) -> Any:
    """A scorer of scikit-learn: minus the loss, since there the more is the better; sample weights are asked for."""
    method = _METHODS.get(loss.inputs["y_true"].name, "predict")
    made = Name("sklearn.metrics:make_scorer").find()(Score(loss), greater_is_better=False, response_method=method)
    with Name("sklearn:config_context").find()(enable_metadata_routing=True):
        return made.set_score_request(sample_weight=True)


def _for_autogluon(loss: Loss) -> Any:
    shares = loss.inputs["y_true"].name in (*LABELS, "distribution")
    return Name("autogluon.core.metrics:make_scorer").find()(
        name=_named(loss), score_func=Score(loss), optimum=0, greater_is_better=False, needs_proba=shares
    )


class ForTorch:
    """A running mean, as torchmetrics has it: ``update(predictions, target, weight)``, ``compute()``, ``reset()``."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss
        self.reset()

    def reset(self) -> None:
        """Forget all batches."""
        self.total = self.weight = 0.0

    def update(self, preds: Any, target: Any, weight: Any = None) -> None:
        """Add a batch; predictions are as the loss reads them."""
        y, w = _array(target), None if weight is None else _array(weight)
        z = {k: _array(v) for k, v in preds.items()} if isinstance(preds, Mapping) else _array(preds)
        rows = float(len(y) if w is None else w.sum())
        self.total += rows * float(self.loss(y, z, w))
        self.weight += rows

    def compute(self) -> float:
        """The mean over all batches."""
        return self.total / self.weight


def _array(tensor: Any) -> Array:
    plain = tensor.detach().cpu() if hasattr(tensor, "detach") else tensor
    return np.asarray(plain.double() if hasattr(plain, "double") and plain.is_floating_point() else plain)


def _for_keras(loss: Loss) -> Any:
    return Name("keras:metrics.MeanMetricWrapper").find()(loss.to("keras").call, name=loss.about.id)


def _boosted(kind: Callable[[Loss, bool], Measure], framework: str, key: str) -> Callable[[Loss], Measure]:
    def made(loss: Loss) -> Measure:
        try:
            return kind(loss, isinstance(loss.to(framework)[key], Objective))
        except NotSupported:
            return kind(loss, False)

    return made


METRICS: dict[str, Callable[[Loss], Any]] = {
    "sklearn": scorer,
    "lightgbm": _boosted(ForLightGBM, "lightgbm", "objective"),
    "xgboost": _boosted(ForXGBoost, "xgboost", "objective"),
    "catboost": ForCatBoost,
    "torch": ForTorch,
    "keras": _for_keras,
    "flaml": ForFlaml,
    "autogluon": _for_autogluon,
}
