"""What is answered: first losses by kind, metric, model and task; parameters; errors; the reply as JSON and text."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest

from losses.advice import Advice, recommend
from losses.catalogue import LOSSES, get
from losses.errors import EmptyInput, InvalidParameter, NotSupported, UnknownName
from losses.profile import Profile, profile

RNG = np.random.default_rng(11)
NORMAL = RNG.normal(0, 1, 500)
SKEWED = RNG.gamma(1.0, 3.0, 500)
COUNTS = RNG.negative_binomial(2, 0.2, 500)
ZEROS = np.where(RNG.random(500) < 0.6, 0, np.round(RNG.gamma(2.0, 30.0, 500), 2))
SHARES = RNG.beta(2, 2, 500)
TAILED = RNG.standard_t(2, 800)
EVEN = RNG.permutation([0, 1] * 200)
RARE = RNG.permutation([0] * 360 + [1] * 40)
COLOURS = ["red"] * 200 + ["green"] * 60 + ["blue"] * 30
GRADES = RNG.choice([1, 2, 3, 4, 5], 500, p=[0.1, 0.2, 0.3, 0.25, 0.15])
LABELS = RNG.random((200, 5)) < 0.3
MASKS = RNG.random((20, 8, 8)) < 0.4


@pytest.mark.parametrize(
    ("target", "kind", "first"),
    [
        (NORMAL, "real", "mse"),
        (TAILED, "heavy_tailed", "huber"),
        (SKEWED, "positive_skewed", "gamma_deviance"),
        (COUNTS, "count", "poisson_nll"),
        (ZEROS, "zero_inflated_positive", "tweedie_deviance"),
        (SHARES, "proportion", "bce_with_logits"),
        (EVEN, "binary", "bce_with_logits"),
        (COLOURS, "multiclass", "cross_entropy"),
        (GRADES, "ordinal", "corn"),
        (LABELS, "multilabel", "bce_with_logits"),
        (MASKS, "masks", "dice+bce_with_logits"),
    ],
)
def test_each_kind_has_its_first_answer_where_nothing_is_asked(target: Any, kind: str, first: str) -> None:
    advice = recommend(target)
    assert (advice.question.kind, advice.best.id) == (kind, first)


@pytest.mark.parametrize(
    ("target", "metric", "first"),
    [
        (NORMAL, "rmse", "mse"),
        (NORMAL, "r2", "mse"),
        (SKEWED, "neg_root_mean_squared_error", "mse"),
        (SKEWED, "mae", "mae"),
        (SKEWED, "medae", "mae"),
        (SKEWED, "wape", "mae"),
        (SKEWED, "mase", "mae"),
        (SKEWED, "mape", "mape"),
        (SKEWED, "rmsle", "msle"),
        (SKEWED, "msle", "msle"),
        (SKEWED, "pinball@0.9", "quantile"),
        (COUNTS, "poisson_deviance", "poisson_nll"),
        (SKEWED, "gamma_deviance", "gamma_deviance"),
        (ZEROS, "tweedie_deviance", "tweedie_deviance"),
        (NORMAL, "crps", "gaussian_nll"),
        (COUNTS, "log_score", "negative_binomial_nll"),
        (TAILED, "crps", "student_t_nll"),
        (NORMAL, "interval", "interval_score"),
        (EVEN, "log_loss", "bce_with_logits"),
        (COLOURS, "brier", "cross_entropy"),
        (COLOURS, "ece", "cross_entropy"),
        (RARE, "roc_auc", "bce_with_logits"),
        (RARE, "average_precision", "bce_with_logits"),
        (COLOURS, "accuracy", "cross_entropy"),
        (COLOURS, "balanced_accuracy", "cross_entropy"),
        (RARE, "mcc", "bce_with_logits"),
        (COLOURS, "macro_f1", "class_balanced_ce"),
        (GRADES, "qwk", "corn"),
        (GRADES, "rmse", "mse"),
        (MASKS, "dice", "dice+bce_with_logits"),
        (None, "box_iou", "ciou"),
        (None, "recall@5", "triplet"),
    ],
)
def test_each_metric_is_answered_by_a_loss_of_its_functional(target: Any, metric: str, first: str) -> None:
    assert recommend(target, metric=metric).best.id == first


def test_smape_is_answered_by_absolute_error_of_logs() -> None:
    best = recommend(SKEWED, metric="smape").best
    assert (best.id, best.transform) == ("mae", "log1p")


@pytest.mark.parametrize(
    ("task", "first"),
    [
        ("regression", "mse"),
        ("classification", "cross_entropy"),
        ("ordinal", "corn"),
        ("multilabel", "bce_with_logits"),
        ("segmentation", "dice+bce_with_logits"),
        ("boxes", "ciou"),
        ("metric_learning", "triplet"),
        ("contrastive", "infonce"),
        ("distillation", "kl_div"),
        ("variational", "elbo"),
    ],
)
def test_a_task_alone_is_answered_without_a_target(task: str, first: str) -> None:
    advice = recommend(None, task=task)
    assert advice.best.id == first
    assert "NO_TARGET" in {notice.code for notice in advice.warnings}


BOOSTED: list[tuple[Any, str]] = [
    (SKEWED, "tweedie_deviance"),
    (COUNTS, "poisson_nll"),
    (ZEROS, "tweedie_deviance"),
    (NORMAL, "mse"),
]


@pytest.mark.parametrize(("target", "first"), BOOSTED)
def test_boosting_on_nonnegative_targets_gets_a_log_link_for_rmse(target: Any, first: str) -> None:
    best = recommend(target, metric="rmse", framework="lightgbm").best
    assert best.id == first
    assert best.link == (None if first == "mse" else "log")


def test_a_neural_net_with_no_goal_learns_mean_and_spread() -> None:
    assert recommend(NORMAL, framework="torch").best.id == "gaussian_nll"
    assert recommend(ZEROS, metric="rmse", model="neural").best.id == "gaussian_nll"


ROWS: dict[str, tuple[Any, dict[str, Any]]] = {
    "mse": (NORMAL, {"metric": "rmse"}),
    "mae": (NORMAL, {"metric": "mae"}),
    "huber": (TAILED, {}),
    "smooth_l1": (TAILED, {"require": ["target", "differentiable"]}),
    "log_cosh": (TAILED, {"require": ["twice_differentiable", "robust", "convex"]}),
    "quantile": (NORMAL, {"goal": "quantile@0.9"}),
    "poisson_nll": (COUNTS, {}),
    "gaussian_nll": (NORMAL, {"goal": "distribution"}),
    "bce_with_logits": (EVEN, {}),
    "cross_entropy": (COLOURS, {}),
    "kl_div": (None, {"task": "distillation"}),
    "tversky": (np.arange(20 * 400).reshape(20, 20, 20) % 37 == 0, {"task": "segmentation"}),
    "triplet": (None, {"task": "metric_learning"}),
    "infonce": (None, {"task": "contrastive"}),
    "elbo": (None, {"task": "variational"}),
    "mape": (SKEWED, {"metric": "mape"}),
    "msle": (SKEWED, {"metric": "rmsle"}),
    "class_balanced_ce": (COLOURS, {"metric": "macro_f1"}),
}
LISTED: dict[str, tuple[Any, dict[str, Any]]] = {
    "hinge": (EVEN, {"metric": "accuracy"}),
    "focal": (RNG.permutation([0] * 390 + [1] * 10), {}),
    "dice": (None, {"task": "segmentation"}),
    "iou": (None, {"metric": "iou"}),
    "giou": (None, {"task": "boxes"}),
    "diou": (None, {"task": "boxes"}),
    "contrastive": (None, {"task": "metric_learning"}),
    "nt_xent": (None, {"task": "contrastive"}),
    "bce": (EVEN, {}),
    "weighted_ce": (COLOURS, {"metric": "balanced_accuracy"}),
    "label_smoothing_ce": (COLOURS, {"metric": "log_loss", "model": "neural"}),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_row_of_the_reference_table_is_first_for_some_question(name: str) -> None:
    target, wishes = ROWS[name]
    assert recommend(target, **wishes).best.id == name


@pytest.mark.parametrize("name", LISTED)
def test_the_other_rows_are_listed_with_a_reason(name: str) -> None:
    target, wishes = LISTED[name]
    found = {r.id: r for r in recommend(target, **wishes).ranked}
    assert found[name].reasons


SCALED = ("huber", "smooth_l1", "log_cosh", "pseudo_huber", "cauchy", "general_robust")


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("factor", [0.001, 3.0, 1e6])
def test_parameters_move_with_the_unit_of_the_target(name: str, factor: float) -> None:
    one, other = (_made(target, name) for target in (TAILED, factor * TAILED))
    field = next(key for key, param in one.params().items() if param.in_target_units)
    assert getattr(other, field) == pytest.approx(factor * getattr(one, field), rel=1e-4)


def _made(target: Any, name: str) -> Any:
    return next(r.loss for r in recommend(target, goal="typical", n=99).ranked if r.id == name)


def test_costs_of_missing_low_and_high_become_a_quantile() -> None:
    best = recommend(NORMAL, costs={"under": 9, "over": 1}).best
    assert str(best.loss) == "quantile:tau=0.9"


def test_costs_of_misses_and_false_alarms_become_a_threshold() -> None:
    best = recommend(EVEN, costs={"false_negative": 9, "false_positive": 1}).best
    assert best.id == "bce_with_logits"
    assert best.post["threshold"]["numbers"] == {"threshold": 0.1}


def test_balanced_accuracy_is_decided_by_priors_after_plain_training() -> None:
    best = recommend(RARE, metric="balanced_accuracy").best
    assert best.post["prior_adjusted_decision"]["numbers"] == {"priors": [0.9, 0.1], "threshold": 0.1}


def test_metrics_that_call_for_no_step_get_none() -> None:
    for metric in ("log_loss", "roc_auc", "accuracy"):
        assert not recommend(RARE, metric=metric).best.post
    assert not recommend(NORMAL, metric="rmse").best.post


def test_a_focal_probability_is_mapped_back_to_the_true_one() -> None:
    step = next(r for r in recommend(RARE, metric="log_loss", n=99).ranked if r.id == "focal").post["prior_correction"]
    true, z = 0.01, np.linspace(-8, 8, 160001)
    loss = get("focal")
    cost = true * loss(np.ones_like(z), z, reduction="none") + (1 - true) * loss(np.zeros_like(z), z, reduction="none")
    names: dict[str, Any] = {"predictions": 1 / (1 + np.exp(-z[np.argmin(cost)]))}
    exec(step["code"], names)
    assert names["predictions"] == pytest.approx(true, rel=1e-3)


def test_smearing_makes_the_total_come_out_right() -> None:
    found = next(r for r in recommend(SKEWED, metric="rmse", n=99).ranked if r.transform == "log1p")
    names: dict[str, Any] = {"predictions": np.expm1(np.full(500, np.log1p(SKEWED).mean()))}
    exec(found.post["smearing"]["code"], names)
    assert names["predictions"].sum() == pytest.approx(SKEWED.sum(), rel=1e-4)


def test_zero_rows_are_never_told_to_use_absolute_error_unwarned() -> None:
    assert "MAE_ZEROS" in {notice.code for notice in recommend(ZEROS, metric="mae").best.warnings}
    assert recommend(ZEROS).best.id != "mae"


def test_requirements_hold_of_every_loss_that_is_ranked() -> None:
    ranked = recommend(NORMAL, require=["convex", "robust", "twice_differentiable"], n=99).ranked
    assert ranked
    for found in ranked:
        about = LOSSES[found.id].about
        assert about.convex == "yes"
        assert about.robust in ("yes", "moderate", "controlled")
        assert about.differentiable == "yes"
        assert found.id not in ("huber", "smooth_l1")


def test_a_unit_can_be_required() -> None:
    assert {r.unit for r in recommend(NORMAL, metric="mae", require="target", n=99).ranked} == {"target"}


def test_nothing_left_is_said_and_not_answered() -> None:
    advice = recommend(NORMAL, metric="rmse", require=["fraction"])
    assert advice.ranked == []
    assert "No loss" in str(advice)
    with pytest.raises(NotSupported):
        _ = advice.best


def test_every_loss_is_either_ranked_or_ruled_out_with_a_reason() -> None:
    advice = recommend(SKEWED, metric="mae", n=999)
    ranked, out = {r.id for r in advice.ranked}, dict(advice.ruled_out)
    assert ranked | set(out) == {*LOSSES, "dice+bce_with_logits"}
    assert not ranked & set(out)
    assert all(out.values())


def test_scores_fall_and_lie_between_0_and_1() -> None:
    scores = [r.score for r in recommend(SKEWED, n=99).ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < s < 1 for s in scores)


def test_the_answer_is_the_same_from_a_column_its_profile_and_its_document() -> None:
    seen = profile(SKEWED)
    answers = [recommend(x, metric="mae").to_dict() for x in (SKEWED, seen, json.loads(json.dumps(seen.to_dict())))]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("target", [NORMAL, COUNTS, RARE, COLOURS, LABELS, MASKS, [1.0, None, 2.5] * 20])
def test_the_reply_is_json_and_every_loss_in_it_can_be_made_again(target: Any) -> None:
    advice = recommend(target)
    reply = advice.to_dict()
    assert json.loads(json.dumps(reply, allow_nan=False)) == reply
    assert [get(row["loss"]) for row in reply["ranked"]] == [r.loss for r in advice.ranked]
    assert {"ranked", "ruled_out", "warnings", "profile"} <= set(reply)


def test_code_is_given_for_frameworks_that_can_and_compiles() -> None:
    for advice in (recommend(SKEWED, metric="rmse"), recommend(NORMAL, metric="crps"), recommend(MASKS)):
        for found in advice.ranked:
            assert found.code
            for framework, text in found.code.items():
                compile(text, f"{found.id} for {framework}", "exec")


def test_a_framework_only_gets_losses_that_it_can_train_with() -> None:
    for framework in ("lightgbm", "xgboost", "catboost", "sklearn", "torch", "keras"):
        for metric in ("rmse", "mae", "crps", "rmsle"):
            assert all(framework in r.code for r in recommend(SKEWED, metric=metric, framework=framework).ranked)


def test_the_text_says_answer_reasons_warnings_and_code() -> None:
    text = str(recommend(SKEWED, metric="mae", framework="lightgbm"))
    assert text.startswith("Train with mae: mae rewards the median, and 500 rows read as positive skewed.")
    assert "MAE_NOT_TOTAL" in text
    assert "regression_l1" in text
    assert "What would change this" in text


def test_reasons_carry_the_numbers_of_the_column() -> None:
    reasons = " ".join(recommend(ZEROS).best.reasons)
    assert f"{np.mean(ZEROS == 0):.1%}" in reasons


@pytest.mark.parametrize(
    ("wishes", "near"),
    [
        ({"metric": "rmsee"}, "rmse"),
        ({"goal": "totl"}, "total"),
        ({"task": "regresion"}, "regression"),
        ({"model": "bosting"}, "boosting"),
        ({"framework": "lightgmb"}, "lightgbm"),
        ({"require": ["convexx"]}, "convex"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest_ones(wishes: dict[str, Any], near: str) -> None:
    with pytest.raises(UnknownName, match=near):
        recommend(NORMAL, **wishes)


@pytest.mark.parametrize(
    "wishes",
    [
        {"metric": "rmse", "task": "classification"},
        {"metric": "dice", "task": "regression"},
        {"costs": {"under": 1, "over": 2}, "metric": "log_loss"},
        {"costs": {"false_negative": 1, "false_positive": 2}, "task": "regression"},
    ],
)
def test_wishes_that_contradict_each_other_are_refused(wishes: dict[str, Any]) -> None:
    with pytest.raises(NotSupported):
        recommend(NORMAL, **wishes)


@pytest.mark.parametrize(
    "wishes",
    [
        {"metric": "pinball@1.5"},
        {"metric": "pinball@x"},
        {"metric": "rmse@3"},
        {"goal": "quantile@0"},
        {"costs": {"under": 1}},
        {"costs": {"under": 0, "over": 1}},
        {"costs": {"under": float("nan"), "over": 1}},
        {"n": 0},
        {"n": True},
    ],
)
def test_numbers_out_of_range_are_refused(wishes: dict[str, Any]) -> None:
    with pytest.raises(InvalidParameter):
        recommend(NORMAL, **wishes)


def test_an_empty_target_without_a_wish_is_refused() -> None:
    for target in (None, [], [None, None], Profile()):
        with pytest.raises(EmptyInput):
            recommend(target)


def test_warnings_can_be_silenced_by_code() -> None:
    codes = {n.code for n in recommend(ZEROS, metric="mae", ignore=["MAE_ZEROS"]).best.warnings}
    assert "MAE_ZEROS" not in codes
    assert "MAE_NOT_TOTAL" in codes


def test_columns_that_are_no_targets_are_answered_with_a_warning() -> None:
    for target in (np.ones(50), [f"customer {i}" for i in range(100)]):
        advice = recommend(target)
        assert isinstance(advice, Advice)
        assert {"CONSTANT", "NOT_A_TARGET"} & {n.code for n in advice.warnings}


def test_advice_from_a_profile_takes_a_few_milliseconds() -> None:
    seen = profile(SKEWED)
    recommend(seen)
    times = []
    for _ in range(15):
        start = time.perf_counter()
        recommend(seen, metric="rmse")
        times.append(time.perf_counter() - start)
    assert min(times) < 0.005
