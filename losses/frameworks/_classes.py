"""A loss of class scores as boosters take it: one sum of trees for each class, of two classes one for the second."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Loss
from ._objective import FAR, LEAST, Array, Objective

CLASSES = (  # of class scores, with a curvature
    "label_smoothing_ce", "focal_multiclass", "generalized_cross_entropy", "symmetric_cross_entropy",
    "logit_adjusted_ce",
)  # fmt: skip


class OfClasses(Objective):
    """An objective for the classifiers of LightGBM and XGBoost, called as ``Objective`` is; sums are (n, k) or (n,).

    A booster moves all sums of a row at once, and the curvature of each alone says too little of that: it is taken
    k / (k − 1) times, as both do for their own.
    """

    def derivatives(self, y_true: Any, raw: Any, weight: Any = None) -> tuple[Array, Array]:
        """Slope and curvature in the trees' sums, each row times its weight."""
        sums = np.asarray(raw, dtype=np.float64)
        scores = self.read(sums)
        slope, bend = self.loss.derivatives(np.asarray(y_true).astype(np.int64), scores)
        k = scores.shape[1]
        bend = np.maximum(np.maximum(bend, 0) * k / (k - 1), np.maximum(np.abs(slope) / FAR, LEAST))
        if weight is not None and len(weight):
            slope, bend = slope * np.asarray(weight)[:, None], bend * np.asarray(weight)[:, None]
        return (slope, bend) if sums.ndim == 2 else (slope[:, 1], bend[:, 1])

    def read(self, raw: Any) -> Array:
        """The scores of all classes, as the loss reads them."""
        sums = np.asarray(raw, dtype=np.float64)
        return sums if sums.ndim == 2 else np.column_stack([np.zeros_like(sums), sums])

    def start(self, y_true: Any, sample_weight: Any = None) -> Any:
        """The logs of the classes' shares, one for each sum."""
        labels, codes = np.unique(y_true, return_inverse=True)
        shares = np.log(np.bincount(codes, sample_weight, len(labels)))
        return shares[1:] - shares[0] if len(labels) == 2 else shares - shares.mean()

    def predict(self, raw: Any) -> Array:
        """Probabilities of all classes, (n, k)."""
        scores = self.read(raw)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def objective_of(loss: Loss) -> Objective:
    """The objective for a loss."""
    return OfClasses(loss) if loss.inputs["y_true"].name == "distribution" else Objective(loss)
