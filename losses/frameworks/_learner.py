"""A loss at work in a framework's estimator: fitted with weights, and read on the scale of the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ._objective import Array, Objective


@dataclass(frozen=True)
class Reading:
    """How predictions are read off a fitted model; printed as the call.

    >>> print(Reading("predict_proba", column=1))
    predict_proba(X)[:, 1]
    """

    method: str = "predict"
    options: Mapping[str, Any] = field(default_factory=dict)
    column: int | None = None

    def of(self, model: Any, x: Any) -> Array:
        """The predictions themselves."""
        found = np.asarray(getattr(model, self.method)(x, **self.options), dtype=np.float64)
        return found if self.column is None else found[:, self.column]

    def __str__(self) -> str:
        given = ", ".join(["X", *(f"{name}={value!r}" for name, value in self.options.items())])
        return f"{self.method}({given})" + ("" if self.column is None else f"[:, {self.column}]")


VALUES, SHARES, SECOND = Reading(), Reading("predict_proba"), Reading("predict_proba", column=1)


@dataclass
class Learner:
    """An estimator set up for a loss: probabilities for labels, values on the scale of y for numbers.

    ``fit_from`` fits the model of our objective from a start, and returns what its predictions then lack.
    ``weigh``, where the loss is another one with weights, finds them in the target.
    """

    model: Any
    reading: Reading = VALUES
    objective: Objective | None = None
    fit_from: Callable[..., Any] | None = None
    lacks: Any = 0.0
    weigh: Callable[[Array], Array] | None = None

    def fit(self, x: Any, y: Any, weight: Any = None) -> Learner:
        """Train; ``weight`` is one number a row."""
        if self.weigh is not None:
            weight = self.weigh(np.asarray(y, dtype=np.float64)) * (1.0 if weight is None else np.asarray(weight))
        if self.objective is None or self.fit_from is None:
            fit_weighted(self.model, x, y, weight)
        else:
            self.lacks = self.fit_from(self.model, x, y, weight, self.objective.start(y, weight))
        return self

    def predict(self, x: Any) -> Array:
        """The predictions."""
        found = self.reading.of(self.model, x)
        return found if self.objective is None else self.objective.predict(self.lacks + found)


def by_size(y: Array) -> Array:
    """Weights that make absolute errors relative ones, 1 on the average; a row of 0 has no relative error."""
    size = np.abs(y)
    found = np.divide(1.0, size, out=np.zeros_like(size), where=size > 0)
    return found / found.mean() if found.any() else np.ones_like(size)


WEIGHTED = {"mape": ("mae", by_size)}  # losses that are another one with weights, which is what to train with


def fit_weighted(model: Any, x: Any, y: Any, weight: Any) -> None:
    """Fit; the weights of a pipeline go to its last step."""
    last = f"{model.steps[-1][0]}__" if hasattr(model, "steps") else ""
    model.fit(x, y, **({} if weight is None else {f"{last}sample_weight": weight}))


def alike(kind: Any, base: Any, params: Mapping[str, Any], **defaults: Any) -> Any:
    """An estimator of this kind with the settings of ``base`` and these parameters."""
    return kind(**{**defaults, **({} if base is None else base.get_params(deep=False)), **params})
