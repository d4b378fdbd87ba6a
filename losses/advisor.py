"""An estimator that reads the target, chooses the loss, trains with it, and does what is due after training.

Imported on first use of ``losses.LossAdvisor``: it is the one room that needs scikit-learn to be read.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import accuracy_score, f1_score, log_loss, r2_score
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from . import frameworks
from .advice import Advice, recommend
from .advice.answer import Recommendation
from .advice.vocabulary import ANY_CLASSES, METRICS, levelled
from .core import Loss
from .errors import NotSupported
from .frameworks._learner import Learner

FEW = 50  # rows of the rarer class below which no threshold can be chosen on parts of them
FOLDS = 3
SMOOTHED = ("label_smoothing_ce",)
RANKED = 60  # all of the catalogue: the first that the estimator can be set to is taken
NAMED = {"hgb": "sklearn", "linear": "sklearn"}
_LIKE = {"hgb": HistGradientBoostingRegressor(), "linear": "linear"}
BACK: dict[str | None, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    None: (np.asarray, np.asarray),
    "log": (np.log, np.exp),
    "log1p": (np.log1p, np.expm1),
}


def _classifies(advisor: LossAdvisor) -> bool:
    return advisor._of_classes


class LossAdvisor(BaseEstimator):  # type: ignore[misc]
    """A regressor or classifier, by its task, that trains with the loss advised for this target and metric.

    ``estimator`` is "hgb" (scikit-learn's histogram boosting), "linear", "lightgbm", "xgboost", "catboost", or an
    estimator of these, whose settings are kept. ``metric``, ``goal``, ``costs``, ``task`` are those of ``recommend``;
    without any the task is regression, unless the estimator is a classifier. After ``fit``: ``advice_`` (why),
    ``loss_``, ``model_`` (the estimator as fitted), ``classes_``.
    """

    def __init__(
        self,
        metric: str | None = None,
        estimator: Any = "hgb",
        *,
        goal: str | None = None,
        costs: Mapping[str, float] | None = None,
        task: str | None = None,
    ) -> None:
        self.metric = metric
        self.estimator = estimator
        self.goal = goal
        self.costs = costs
        self.task = task

    # ── what scikit-learn asks ──────────────────────────────────────────────────────────────────────────────────

    @property
    def _of_classes(self) -> bool:
        if self.task is not None:
            return self.task in ANY_CLASSES
        if self.metric is not None:
            return any(task in ANY_CLASSES for task in levelled("metric", self.metric, METRICS)[0].tasks)
        if self.costs is not None:
            return "false_negative" in self.costs
        return self.goal in ("probability", "ranking", "decision") or type(self.estimator).__name__.endswith(
            "Classifier"
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier" if self._of_classes else "regressor"
        tags.classifier_tags = ClassifierTags() if self._of_classes else None
        tags.regressor_tags = None if self._of_classes else RegressorTags()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = self.estimator != "linear"
        return tags

    # ── training ────────────────────────────────────────────────────────────────────────────────────────────────

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LossAdvisor:  # noqa: N803 (scikit-learn's name)
        """Read the target, choose, train, and settle what follows training."""
        x, target, weight = self._read(X, y, sample_weight)
        self.advice_: Advice = self._advised(target, weight)
        self.choice_, learner = self._chosen(x, target, weight)
        there, _ = BACK[self.choice_.transform]
        self._learner = learner.fit(x, there(target), weight)
        self.loss_, self.model_ = self.choice_.loss, learner.model
        self.factor_ = self._smearing(x, target, weight)
        self.threshold_ = self._threshold(x, target, weight)
        return self

    def _read(self, x: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
        known = {"ensure_all_finite": self.estimator == "linear" or "allow-nan", "dtype": np.float64}
        if self._of_classes:
            x, y = validate_data(self, x, y, multi_output=False, **known)
            check_classification_targets(y)
            self.classes_, y = np.unique(y, return_inverse=True)
            if len(self.classes_) < 2:
                raise ValueError(f"classifiers need at least two classes, got one class: {self.classes_[0]!r}")
        else:
            x, y = validate_data(self, x, y, y_numeric=True, **known)
            y = np.asarray(y, dtype=np.float64)
        found = None if weight is None else _check_sample_weight(weight, x)
        if self._of_classes and found is not None and len(np.unique(y[found > 0])) < 2:
            raise ValueError("classifiers need at least two classes, all rows that weigh anything are of one class")
        return x, y, found

    def _advised(self, y: Any, weight: Any) -> Advice:
        task = self.task or ("classification" if self._of_classes else "regression")
        found = recommend(
            [f"{c:06d}" for c in y] if self._of_classes else y,
            metric=self.metric, goal=self.goal, costs=self.costs, task=task, framework=self._framework,
            sample_weight=weight, n=RANKED, ignore=("ORDER_UNKNOWN",),  # the classes go by number here
        )  # fmt: skip
        return replace(found, ranked=[self._of_its_own(row) for row in found.ranked]) if self._of_classes else found

    def _of_its_own(self, row: Recommendation) -> Recommendation:
        """The recommendation with the classes as they came, where lines of code must number them."""
        own = self.classes_.tolist()
        numbered = own == list(range(len(own)))
        return replace(row, layout=row.layout._replace(levels=None if numbered else tuple(own)))

    @property
    def _framework(self) -> str:
        named = self.estimator if isinstance(self.estimator, str) else type(self.estimator).__module__.partition(".")[0]
        return frameworks.find(NAMED.get(named, named))

    def _chosen(self, x: Any, y: Any, weight: Any) -> tuple[Recommendation, Learner]:
        """The first that the estimator can be set to; smoothed labels only if they do better on rows held out.

        They are for models that are surer than right, and where classes come apart cleanly none is.
        """
        first = self._first()
        if first[0].id not in SMOOTHED:
            return first
        plain = self._first(besides=SMOOTHED)
        if min(np.bincount(y)) < FOLDS:
            return plain
        smoothed, unsmoothed = (
            log_loss(y, self._held_out(choice, x, y, weight), sample_weight=weight) for choice, _ in (first, plain)
        )
        return first if smoothed <= unsmoothed else plain

    def _held_out(self, choice: Recommendation, x: Any, y: Any, weight: Any) -> Any:
        """Predictions of rows by models that have not seen them."""
        rows, found = [], []
        for part, rest in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(x, y):
            learner = self._learner_of(choice).fit(x[part], y[part], None if weight is None else weight[part])
            rows.append(rest)
            found.append(learner.predict(x[rest]))
        return np.concatenate(found)[np.argsort(np.concatenate(rows))]

    def _first(self, besides: Sequence[str] = ()) -> tuple[Recommendation, Learner]:
        """The best recommendation that the estimator can be set to, one number (or a row of classes) a row."""
        refusals = []
        for choice in self.advice_.ranked:
            if choice.id in besides or (isinstance(choice.loss, Loss) and not self._readable(choice.loss)):
                continue
            try:
                return choice, self._learner_of(choice)
            except NotSupported as refusal:
                refusals.append(str(refusal))
        raise NotSupported(f"no advised loss can be set: {'; '.join(refusals[:3])}", field="estimator")

    def _learner_of(self, choice: Recommendation) -> Learner:
        like = clone(self.estimator) if not isinstance(self.estimator, str) else _LIKE.get(self.estimator)
        if not isinstance(choice.loss, Loss):
            raise NotSupported(f"{choice.loss} is a sum of losses, and estimators take none", field="estimator")
        return frameworks.learner(choice.loss, self._framework, like, choice.layout.form)

    def _readable(self, loss: Loss) -> bool:
        truth = loss.inputs["y_true"].name if "y_pred" in loss.inputs else ""
        if isinstance(getattr(loss, "tau", None), tuple):
            return False
        if not self._of_classes:
            return truth not in ("distribution", "signs", "bits", "classes", "")
        return truth in (("soft_labels", "bits") if len(self.classes_) == 2 else ("distribution",))

    # ── after training ──────────────────────────────────────────────────────────────────────────────────────────

    def _smearing(self, x: Any, y: Any, weight: Any) -> float:
        """What brings the mean back that a transformed target lost."""
        if "smearing" not in self.choice_.post:
            return 1.0
        return float(np.average(y, weights=weight) / np.average(self._values(x), weights=weight))

    def _values(self, x: Any) -> Any:
        _, back = BACK[self.choice_.transform]
        return back(self._learner.predict(x))

    def _threshold(self, x: Any, y: Any, weight: Any) -> float | None:
        """From which probability the second class is decided for: told, or found on rows held out."""
        if not self._of_classes or len(self.classes_) != 2:
            return None
        post = self.choice_.post
        numbers = {**post.get("prior_adjusted_decision", {}), **post.get("threshold", {})}.get("numbers", {})
        if "start" not in numbers:
            return float(numbers.get("threshold", 0.5))
        if min(np.bincount(y)) < FEW:
            return float(numbers["start"])
        return self._best_threshold(x, y, weight, numbers["at_most"], numbers["average"])

    def _best_threshold(self, x: Any, y: Any, weight: Any, at_most: float, average: str) -> float:
        shares = self._held_out(self.choice_, x, y, weight)
        grid = np.unique(np.append(np.quantile(shares, np.linspace(0, 1, 201)), min(at_most, 0.5)))

        def f1(threshold: float) -> float:
            decisions = shares >= threshold
            return float(f1_score(y, decisions, average=average, sample_weight=weight, zero_division=0.0))

        return float(max(grid[grid <= at_most], key=f1))

    # ── predictions ─────────────────────────────────────────────────────────────────────────────────────────────

    def _given(self, x: Any) -> Any:
        check_is_fitted(self)
        finite = self.estimator == "linear" or "allow-nan"
        return validate_data(self, x, reset=False, ensure_all_finite=finite, dtype=np.float64)

    def predict(self, X: Any) -> Any:  # noqa: N803
        """Values, or the classes decided for."""
        x = self._given(X)
        if not self._of_classes:
            return self.factor_ * self._values(x)
        return self.classes_[self._decided(self._learner.predict(x))]

    def _decided(self, shares: Any) -> Any:
        if shares.ndim == 1:
            return (shares >= self.threshold_).astype(int)
        priors = self.choice_.post.get("prior_adjusted_decision", {}).get("numbers", {}).get("priors")
        return np.argmax(shares if priors is None else shares / np.asarray(priors), axis=1)

    @available_if(_classifies)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        """A probability for each class, with the weights of training undone."""
        x = self._given(X)
        found = self._corrected(self._learner.predict(x))
        return np.stack([1 - found, found], axis=1) if found.ndim == 1 else found

    def _corrected(self, shares: Any) -> Any:
        """Probabilities with the weights of training undone, as the advice has it in code."""
        step = self.choice_.post.get("prior_correction")
        if step is None:
            return shares
        space: dict[str, Any] = {"predictions": shares}
        exec(step["code"], space)
        return space.get("probabilities", space["predictions"])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        """Accuracy of classes, R² of numbers."""
        of = accuracy_score if self._of_classes else r2_score
        return float(of(y, self.predict(X), sample_weight=sample_weight))

    # ── why ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _repr_html_(self) -> str:
        if not hasattr(self, "advice_"):
            return f"<pre>{html.escape(repr(self))}</pre>"
        reasons = "".join(f"<li>{html.escape(reason)}</li>" for reason in self.choice_.reasons)
        return f"<p><b>{html.escape(self.choice_.usage)}</b> in {html.escape(repr(self.model_))}</p><ul>{reasons}</ul>"
