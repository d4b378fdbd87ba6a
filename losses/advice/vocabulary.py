"""The words a question may use: metrics, goals, tasks, kinds of model, requirements, and what each asks for.

Rows of data. A metric or goal asks for a *functional*: the number (or distribution, or order) that scores best on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from losses.core import About
from losses.errors import InvalidParameter, UnknownName


@dataclass(frozen=True)
class Metric:
    """A score that a user is judged by; ``losses`` are those that are this metric, up to a constant."""

    id: str
    functional: str
    tasks: tuple[str, ...]
    says: str
    losses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    level: str = ""


@dataclass(frozen=True)
class Goal:
    """What the predictions are for, where no metric is named; ``for_classes`` is empty where only numbers have it."""

    id: str
    functional: str
    for_classes: str
    says: str
    aliases: tuple[str, ...] = ()
    level: str = ""

    def of(self, task: str) -> str:
        """The functional that this goal asks for in a task."""
        return self.for_classes if self.for_classes and task in ANY_CLASSES else self.functional


@dataclass(frozen=True)
class Task:
    """What is predicted; ``kind`` stands in where there is no target, ``catalogue`` holds its names there."""

    id: str
    functional: str
    kind: str
    aliases: tuple[str, ...] = ()
    catalogue: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """What each kind of target can be asked for, and what is answered when nothing is asked."""

    id: str
    tasks: tuple[str, ...]
    functional: str
    says: str


@dataclass(frozen=True)
class Model:
    """A family of models; where none is named, the framework tells."""

    id: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Requirement:
    """A property that every answer must have; ``column`` of the catalogue must hold one of ``values``."""

    id: str
    column: str
    values: tuple[str, ...]

    def met(self, about: About) -> bool:
        """Whether a loss has the property."""
        return getattr(about, self.column) in self.values


REGRESSION, CLASSES, ORDERED = ("regression",), ("classification", "multilabel"), ("ordinal", "classification")
ANY_CLASSES = (*CLASSES, "ordinal")

METRICS = (
    Metric("rmse", "mean", REGRESSION, "the root of squared error", ("mse",), ("root_mean_squared_error",)),
    Metric("mse", "mean", REGRESSION, "squared error", ("mse",), ("mean_squared_error", "squared_error", "l2")),
    Metric("r2", "mean", REGRESSION, "variance explained", ("mse",), ("r2_score", "explained_variance", "r_squared")),
    Metric("mae", "median", REGRESSION, "absolute error", ("mae",), ("mean_absolute_error", "absolute_error", "l1")),
    Metric("medae", "median", REGRESSION, "the middle absolute error", ("mae",), ("median_absolute_error",)),
    Metric("wape", "median", REGRESSION, "absolute error over the total", ("mae",), ("wmape", "weighted_mape")),
    Metric("mase", "median", REGRESSION, "scaled absolute error", ("mae",), ("mean_absolute_scaled_error",)),
    Metric("mape", "relative_median", REGRESSION, "relative error", ("mape",), ("mean_absolute_percentage_error",)),
    Metric("smape", "near_median", REGRESSION, "symmetric relative error", (), ("symmetric_mape",)),
    Metric(
        "rmsle", "geometric_mean", REGRESSION, "the root of squared error of logs", ("msle",),
        ("root_mean_squared_log_error",),
    ),
    Metric("msle", "geometric_mean", REGRESSION, "squared error of logs", ("msle",), ("mean_squared_log_error",)),
    Metric(
        "pinball", "quantile", REGRESSION, "tilted absolute error", ("quantile",),
        ("quantile", "mean_pinball_loss", "d2_pinball_score", "quantile_loss"), level="quantile",
    ),
    Metric(
        "poisson_deviance", "mean", REGRESSION, "the Poisson deviance", ("poisson_nll", "poisson_deviance"),
        ("mean_poisson_deviance", "poisson", "poisson_dev"),
    ),
    Metric(
        "gamma_deviance", "mean", REGRESSION, "the gamma deviance", ("gamma_deviance",),
        ("mean_gamma_deviance", "gamma", "gamma_dev"),
    ),
    Metric(
        "tweedie_deviance", "mean", REGRESSION, "a Tweedie deviance", ("tweedie_deviance",),
        ("mean_tweedie_deviance", "d2_tweedie_score", "tweedie"),
    ),
    Metric("crps", "distribution", REGRESSION, "a whole forecast distribution", (), ("continuous_ranked_probability",)),
    Metric(
        "log_score", "distribution", REGRESSION, "the likelihood of a forecast distribution",
        ("gaussian_nll", "student_t_nll", "negative_binomial_nll"), ("nll", "nlpd"),
    ),
    Metric(
        "interval", "interval", REGRESSION, "an interval", ("interval_score",),
        ("interval_score", "winkler", "winkler_score", "coverage"),
    ),
    Metric("log_loss", "probability", ANY_CLASSES, "the log of probabilities", (), ("logloss", "cross_entropy", "bce")),
    Metric(
        "brier", "probability", ANY_CLASSES, "squared error of probabilities", (), ("brier_score", "brier_score_loss"),
    ),
    Metric("ece", "probability", ANY_CLASSES, "calibration", (), ("expected_calibration_error", "calibration")),
    Metric(
        "accuracy", "decision", ANY_CLASSES, "the share of right decisions", (),
        ("accuracy_score", "error_rate", "acc", "f1_micro", "recall_micro", "recall_weighted", "precision_micro"),
    ),
    Metric(
        "balanced_accuracy", "balanced_decision", ANY_CLASSES, "right decisions, each class counting alike", (),
        ("balanced_accuracy_score", "bacc", "recall_macro", "macro_recall", "uar", "g_mean"),
    ),
    Metric(
        "mcc", "balanced_decision", ANY_CLASSES, "correlation of decisions and classes", (),
        ("matthews_corrcoef", "matthews"),
    ),
    Metric(
        "f1", "f_decision", ANY_CLASSES, "the F1 of decisions", (),
        ("f1_score", "f1_binary", "f1_weighted", "f1_samples"),
    ),
    Metric("macro_f1", "f_decision", ANY_CLASSES, "the F1 of each class, averaged", (), ("f1_macro",)),
    Metric(
        "jaccard", "f_decision", ANY_CLASSES, "the overlap of decided and true labels, which rises with F1", (),
        ("jaccard_score", "jaccard_macro", "jaccard_micro", "jaccard_weighted", "jaccard_samples"),
    ),
    Metric(
        "recall", "decision", ANY_CLASSES, "the share of positives that are found", (),
        ("recall_score", "sensitivity", "recall_samples"),
    ),
    Metric(
        "precision", "decision", ANY_CLASSES, "the share of alarms that are right", (),
        ("precision_score", "precision_macro", "precision_weighted", "precision_samples"),
    ),
    Metric(
        "cohen_kappa", "decision", ANY_CLASSES, "agreement beyond chance, whatever the order", (),
        ("kappa", "cohen_kappa_score"),
    ),
    Metric(
        "roc_auc", "ranking", ANY_CLASSES, "the order of scores", (),
        ("auc", "auroc", "roc_auc_ovr", "roc_auc_ovo", "roc_auc_ovr_weighted", "roc_auc_ovo_weighted", "gini"),
    ),
    Metric(
        "average_precision", "ranking", ANY_CLASSES, "the order of scores", (),
        ("ap", "pr_auc", "auprc", "average_precision_score"),
    ),
    Metric(
        "qwk", "ordered", ORDERED, "agreement of ordered grades", (),
        ("quadratic_weighted_kappa", "quadratic_kappa", "weighted_kappa"),
    ),
    Metric(
        "dice", "overlap", ("segmentation",), "overlap of masks", ("dice",), ("dice_score", "dice_coefficient", "dsc"),
    ),
    Metric(
        "iou", "overlap", ("segmentation",), "overlap of masks", ("lovasz_hinge", "iou"),
        ("miou", "mean_iou"),
    ),
    Metric("box_iou", "box", ("boxes",), "overlap of boxes", ("ciou",), ("map", "mean_average_precision", "giou")),
    Metric(
        "recall@k", "similarity", ("metric_learning", "contrastive"), "whether a match is among the nearest", (),
        ("retrieval", "precision@k", "ndcg@k", "map@k", "precision_at_k", "recall_at_k", "ndcg", "map_at_r"),
        level="rank",
    ),
)  # fmt: skip

GOALS = (
    Goal("total", "mean", "probability", "sums and averages that come out right", ("mean", "sum", "expected_value")),
    Goal("typical", "median", "decision", "the typical value", ("median",)),
    Goal("quantile", "quantile", "", "a level exceeded with a given chance", ("pinball",), level="quantile"),
    Goal("probability", "distribution", "probability", "a probability to act on", ("calibration", "probabilities")),
    Goal("ranking", "mean", "ranking", "the right order", ("order", "rank")),
    Goal("decision", "mean", "decision", "the right decision", ("label", "class")),
    Goal("distribution", "distribution", "probability", "the whole range of what may come", ("risk", "uncertainty")),
)

NUMBERS = ("regression", "forecasting", "count_regression", "uncertainty")
LABELS = ("binary", "multiclass", "imbalanced_classification")
MASKS = ("segmentation", "imbalanced_segmentation")

TASKS = (
    Task("regression", "mean", "real", aliases=NUMBERS[1:], catalogue=NUMBERS),
    Task("classification", "probability", "multiclass", aliases=LABELS[:2], catalogue=LABELS),
    Task("ordinal", "ordered", "ordinal", aliases=("ordinal_regression",), catalogue=("ordinal",)),
    Task("multilabel", "probability", "multilabel", ("multi_label",), ("multilabel",)),
    Task("segmentation", "overlap", "masks", ("masks", "semantic_segmentation"), MASKS),
    Task("boxes", "box", "boxes", ("detection", "box_regression", "object_detection"), ("boxes",)),
    Task("metric_learning", "similarity", "vectors", ("embedding", "retrieval"), ("metric_learning",)),
    Task("contrastive", "similarity", "vectors", ("contrastive_learning", "self_supervised"), ("contrastive",)),
    Task("distillation", "match", "distribution", ("soft_labels",), ("distillation",)),
    Task("variational", "bound", "real", ("vae",), ("variational",)),
)

CATALOGUE_TASKS = {row.id: row.catalogue for row in TASKS}
"""The tasks of the catalogue that each task of a question stands for: classification is binary, multiclass …"""

KINDS = (
    Kind("binary", ("classification",), "probability", "two classes: their probability serves any later decision"),
    Kind("multiclass", ("classification",), "probability", "classes without order: their probabilities"),
    Kind("ordinal", ("ordinal", "classification", "regression"), "ordered", "ordered levels: a near miss is better"),
    Kind("count", REGRESSION, "mean", "counts: their expected number"),
    Kind("zero_inflated_count", REGRESSION, "mean", "counts with extra zeros: their expected number"),
    Kind("zero_inflated_positive", REGRESSION, "mean", "amounts that are often exactly 0: their expected size"),
    Kind("positive_skewed", REGRESSION, "mean", "skewed positive amounts: their expected size"),
    Kind("heavy_tailed", REGRESSION, "centre", "heavy tails: the centre, taking far values for errors"),
    Kind("real", REGRESSION, "mean", "a continuous number: its mean"),
    Kind("proportion", REGRESSION, "mean", "a share: its mean"),
    Kind("multilabel", ("multilabel",), "probability", "several labels a row: the probability of each"),
    Kind("masks", ("segmentation",), "overlap", "masks: their overlap"),
    Kind("boxes", ("boxes",), "box", "boxes: their overlap"),
    Kind("vectors", ("metric_learning", "contrastive", "variational"), "similarity", "vectors: which are close"),
    Kind("distribution", ("distillation",), "match", "distributions: how well they are matched"),
    Kind("constant", (), "mean", "one value only: not a target"),
    Kind("identifier", (), "mean", "codes that name things: not a target"),
    Kind("datetime", (), "mean", "dates or times: not a target as they stand"),
)

MODELS = (
    Model("boosting", ("gbdt", "trees", "tree", "gradient_boosting")),
    Model("linear", ("glm",)),
    Model("neural", ("mlp", "net", "neural_net", "neural_network", "nn", "deep")),
)

REQUIREMENTS = (
    Requirement("convex", "convex", ("yes",)),
    Requirement("differentiable", "differentiable", ("yes", "almost", "piecewise")),
    Requirement("twice_differentiable", "differentiable", ("yes",)),
    Requirement("robust", "robust", ("yes", "moderate", "controlled")),
    Requirement(
        "probabilistic", "elicits", ("distribution", "probability", "ordered_probability", "interval", "match", "bound")
    ),
)


class _Row(Protocol):
    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=_Row)


def lookup(what: str, name: object, rows: Iterable[R]) -> R:
    """The row with this id or alias; hyphens, spaces, case and a leading ``neg_`` are forgiven.

    >>> lookup("metric", "neg_mean_absolute_error", METRICS).id
    'mae'
    """
    known = {key: row for row in rows for key in (row.id, *getattr(row, "aliases", ()))}
    key = _key(name)
    for form in (key, key.removeprefix("neg_"), key.removeprefix("mean_"), key.removesuffix("_score")):
        if form in known:
            return known[form]
    raise UnknownName.among(what, name, known)


def levelled(what: str, name: object, rows: Sequence[R]) -> tuple[R, float | None]:
    """A row with the number behind its ``@``: ``pinball@0.9``, ``recall@5``, ``quantile@0.5``.

    >>> row, level = levelled("metric", "pinball@0.9", METRICS)
    >>> row.id, level
    ('pinball', 0.9)
    """
    head, at, tail = str(name).partition("@")
    ranked = {key for row in rows for key in (row.id, *getattr(row, "aliases", ())) if key.endswith("@k")}
    row = lookup(what, f"{head}@k" if at and f"{_key(head)}@k" in ranked else head, rows)
    kind: str = getattr(row, "level", "")
    if at and not kind:
        raise InvalidParameter(f"{row.id} takes no level, got {str(name)[:40]!r}", field=what, got=str(name)[:40])
    return row, _level(what, row.id, kind, tail) if kind else None


def _level(what: str, name: str, kind: str, text: str) -> float | None:
    if kind == "rank":
        return float(text) if text.isdecimal() else None
    try:
        level = float(text) if text else 0.5
    except ValueError:
        level = -1.0
    if not 0 < level < 1:
        detail = f"the level of {name} must lie in (0, 1), as in {name}@0.9; got {text[:40]!r}"
        raise InvalidParameter(detail, field=what, got=text[:40], allowed="(0, 1)")
    return level


def _key(name: Any) -> str:
    return re.sub(r"[\s\-]+", "_", str(name).strip()).lower()
