"""The words that a question may use are those of the public contract, and the usual other names for them."""

from __future__ import annotations

import pytest

from losses.advice import vocabulary as v
from losses.advice.question import ask
from losses.catalogue import LOSSES
from losses.errors import UnknownName
from losses.profile import Profile

METRICS = [
    "rmse", "mse", "r2", "mae", "medae", "wape", "mape", "smape", "rmsle", "msle", "pinball@0.9",
    "poisson_deviance", "gamma_deviance", "tweedie_deviance", "crps", "interval", "log_loss", "brier", "ece",
    "accuracy", "balanced_accuracy", "mcc", "f1", "macro_f1", "roc_auc", "average_precision", "mase",
    "log_score", "qwk", "dice", "iou", "box_iou",
]  # fmt: skip
GOALS = [
    "total", "typical", "quantile@0.9", "probability", "ranking", "decision", "distribution",
]  # fmt: skip
TASKS = [
    "regression", "classification", "ordinal", "multilabel", "segmentation", "boxes", "metric_learning",
    "contrastive", "distillation", "variational",
]  # fmt: skip
KINDS = [
    "binary", "multiclass", "ordinal", "count", "zero_inflated_count", "zero_inflated_positive",
    "positive_skewed", "heavy_tailed", "real", "proportion", "multilabel", "constant", "identifier",
    "datetime",
]  # fmt: skip


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_of_the_contract_is_known(name: str) -> None:
    assert v.levelled("metric", name, v.METRICS)[0].id == name.partition("@")[0]


def test_recall_at_a_rank_is_of_retrieval_and_plain_recall_of_decisions() -> None:
    retrieval, rank = v.levelled("metric", "recall@5", v.METRICS)
    assert (retrieval.functional, rank) == ("similarity", 5)
    assert v.levelled("metric", "recall@k", v.METRICS)[0] is retrieval
    for name in ("recall", "precision", "precision_macro"):
        assert v.levelled("metric", name, v.METRICS)[0].functional == "decision"


@pytest.mark.parametrize(
    ("scorer", "metric"),
    [("f1_micro", "accuracy"), ("cohen_kappa", "cohen_kappa"), ("jaccard", "jaccard"), ("iou", "iou"), ("qwk", "qwk")],
)
def test_scorers_of_decisions_are_no_metrics_of_grades_or_masks(scorer: str, metric: str) -> None:
    assert v.lookup("metric", scorer, v.METRICS).id == metric


def test_each_task_stands_for_tasks_of_the_catalogue_and_none_is_left_over() -> None:
    listed = [name for names in v.CATALOGUE_TASKS.values() for name in names]
    assert list(v.CATALOGUE_TASKS) == TASKS
    assert len(set(listed)) == len(listed)
    assert set(listed) == {name for loss in LOSSES.values() for name in loss.about.tasks}


@pytest.mark.parametrize("name", GOALS)
def test_every_goal_of_the_contract_is_known(name: str) -> None:
    assert v.levelled("goal", name, v.GOALS)[0].id == name.partition("@")[0]


def test_tasks_models_kinds_and_requirements_are_those_of_the_contract() -> None:
    assert [row.id for row in v.TASKS] == TASKS
    assert [row.id for row in v.MODELS] == ["boosting", "linear", "neural"]
    assert set(KINDS) <= {row.id for row in v.KINDS}
    required = ["convex", "differentiable", "twice_differentiable", "robust", "probabilistic"]
    assert [row.id for row in v.REQUIREMENTS] == required


@pytest.mark.parametrize(
    ("scorer", "metric"),
    [
        ("neg_mean_absolute_error", "mae"),
        ("neg_mean_squared_error", "mse"),
        ("neg_root_mean_squared_error", "rmse"),
        ("neg_mean_squared_log_error", "msle"),
        ("neg_root_mean_squared_log_error", "rmsle"),
        ("neg_median_absolute_error", "medae"),
        ("neg_mean_absolute_percentage_error", "mape"),
        ("neg_mean_poisson_deviance", "poisson_deviance"),
        ("neg_mean_gamma_deviance", "gamma_deviance"),
        ("neg_log_loss", "log_loss"),
        ("neg_brier_score", "brier"),
        ("r2", "r2"),
        ("explained_variance", "r2"),
        ("accuracy", "accuracy"),
        ("balanced_accuracy", "balanced_accuracy"),
        ("matthews_corrcoef", "mcc"),
        ("f1", "f1"),
        ("f1_macro", "macro_f1"),
        ("roc_auc", "roc_auc"),
        ("roc_auc_ovr", "roc_auc"),
        ("average_precision", "average_precision"),
        ("RMSE", "rmse"),
        ("Log-Loss", "log_loss"),
        ("AUC", "roc_auc"),
        ("logloss", "log_loss"),
    ],
)
def test_scorer_names_and_usual_aliases_are_understood(scorer: str, metric: str) -> None:
    assert v.lookup("metric", scorer, v.METRICS).id == metric


@pytest.mark.parametrize("rows", [v.METRICS, v.GOALS, v.TASKS, v.KINDS, v.MODELS, v.REQUIREMENTS])
def test_no_name_stands_for_two_things(rows: tuple[v.Metric, ...]) -> None:
    names = [name for row in rows for name in (row.id, *getattr(row, "aliases", ()))]
    assert len(set(names)) == len(names)


def test_the_losses_and_tasks_that_metrics_name_exist() -> None:
    assert {name for row in v.METRICS for name in row.losses} <= set(LOSSES)
    assert {task for row in v.METRICS for task in row.tasks} <= set(TASKS)
    assert {task for row in v.KINDS for task in row.tasks} <= set(TASKS)
    assert {row.kind for row in v.TASKS} <= {row.id for row in v.KINDS}


@pytest.mark.parametrize(
    ("framework", "model"),
    [
        ("lightgbm", "boosting"),
        ("xgboost", "boosting"),
        ("catboost", "boosting"),
        ("torch", "neural"),
        ("sklearn", None),
    ],
)
def test_the_model_is_inferred_from_the_framework(framework: str, model: str | None) -> None:
    seen = Profile.of([1.5, 2.5, 0.5] * 20)
    assert ask(seen, framework=framework).model == model
    assert ask(seen, framework=framework, model="linear").model == "linear"


def test_units_of_the_catalogue_can_be_required_and_nothing_else() -> None:
    seen = Profile.of([1.5, 2.5, 0.5] * 20)
    for unit in {loss.about.unit for loss in LOSSES.values()}:
        assert ask(seen, require=[unit]).require == (unit,)
    with pytest.raises(UnknownName):
        ask(seen, require=["parsecs"])
