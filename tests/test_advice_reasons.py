"""Reasons state true numbers of the column; metrics that cannot go with it are refused; each notice stands once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from losses.advice import recommend
from losses.advice import vocabulary as v
from losses.advice.candidates import candidates
from losses.advice.facts import FACTS, fact
from losses.advice.question import ask
from losses.advice.readable import READINGS, tasks_of
from losses.errors import NotSupported
from losses.profile import profile
from losses.words import filled

RNG = np.random.default_rng(3)
TARGETS: dict[str, Any] = {
    "normal": RNG.normal(10, 3, 600),
    "below zero": RNG.normal(-5, 1, 300),
    "prices": np.exp(RNG.normal(3, 1, 600)).round(2),
    "counts": RNG.negative_binomial(2, 0.2, 500),
    "zeros": np.where(RNG.random(500) < 0.6, 0, RNG.gamma(2.0, 30.0, 500)),
    "shares": RNG.beta(2, 2, 500),
    "tailed": RNG.standard_t(2, 800),
    "constant": np.ones(50),
    "rare": RNG.permutation([0] * 360 + [1] * 40),
    "colours": ["red"] * 200 + ["green"] * 60 + ["blue"] * 30,
    "grades": RNG.choice([1, 2, 3, 4, 5], 500, p=[0.1, 0.2, 0.3, 0.25, 0.15]),
    "labels": RNG.random((200, 5)) < 0.3,
    "masks": RNG.random((40, 8, 8)) < 0.4,
    "vectors": RNG.normal(0, 1, (50, 8)),
    "boxes": np.array([[0, 0, 2, 2], [1, 1, 4, 3]] * 20, float),
    "soft": RNG.dirichlet([1, 1, 1], 50),
}
WISHES = [None, *(f"{row.id}@0.9" if row.level == "quantile" else row.id for row in v.METRICS)]


@pytest.mark.parametrize("name", TARGETS)
def test_every_ranked_loss_has_a_reason_with_a_number_for_every_metric_that_fits(name: str) -> None:
    seen = profile(TARGETS[name])
    for wish in WISHES:
        try:
            advice = recommend(seen, metric=wish)
        except NotSupported:
            continue
        assert advice.ranked
        for found in advice.ranked:
            assert any(re.search(r"\d", reason) for reason in found.reasons), (wish, found.id)
            assert not any(re.search(r"\bnan\b|[{}]", reason) for reason in found.reasons), (wish, found.reasons)


NUMBERS: list[tuple[str, dict[str, Any], Callable[[Any], float], str]] = [
    ("normal", {"metric": "rmse"}, np.mean, "the mean"),
    ("prices", {"metric": "mae"}, np.median, "the median"),
    ("prices", {"metric": "pinball@0.9"}, lambda y: float(np.quantile(y, 0.9)), "the 0.9 quantile"),
    ("prices", {"metric": "rmsle"}, lambda y: float(np.expm1(np.log1p(y).mean())), "exp of the mean"),
]


@pytest.mark.parametrize(("name", "wishes", "constant", "words"), NUMBERS)
def test_the_best_constant_that_is_told_is_that_of_the_column(
    name: str, wishes: dict[str, Any], constant: Callable[[Any], float], words: str
) -> None:
    told = next(r for r in recommend(TARGETS[name], **wishes).best.reasons if words in r and "best constant" in r)
    number = re.search(r"column is (\S+) ", told)
    assert number
    assert float(number[1]) == pytest.approx(constant(TARGETS[name]), rel=0.01)


def test_facts_have_ids_of_their_own_and_all_but_the_last_are_told_somewhere() -> None:
    questions = [ask(profile(y), metric=w) for name, y in TARGETS.items() for w in WISHES if _fits(name, w)]
    elicited = {e for c in candidates() for e in c.elicits}
    told = {text for q in questions for e in elicited for text in fact(q, e)}
    assert len({row.id for row in FACTS}) == len(FACTS)
    for row in FACTS[:-1]:
        spoken = {filled(row.says, q=q, p=q.p, **row.data(q)) for q in questions if row.when(q)}
        assert spoken & told, row.id


def _fits(name: str, wish: str | None) -> bool:
    try:
        recommend(TARGETS[name], metric=wish)
    except NotSupported:
        return False
    return True


def test_the_sentence_about_delta_names_the_factor_that_was_used() -> None:
    for y in (RNG.normal(0, 1, 500), np.append(RNG.normal(0, 1, 400), RNG.normal(0, 1, 40) + 50)):
        seen = profile(y)
        found = next(r for r in recommend(seen, goal="typical", n=99).ranked if r.id == "huber")
        told = next(reason for reason in found.reasons if reason.startswith("Delta is"))
        factor = re.match(r"Delta is (\S+) × the robust sigma (\S+) ", told)
        assert factor
        assert float(factor[1]) * float(factor[2]) == pytest.approx(getattr(found.loss, "delta", 0.0), rel=1e-3)
        assert float(factor[1]) == (1.0 if seen.outlier_share > 0.05 else 1.345)


def test_a_quantile_from_costs_says_which_costs() -> None:
    reasons = recommend(TARGETS["normal"], costs={"under": 3, "over": 1}).best.reasons
    assert any("3/(3 + 1) = 0.75" in reason for reason in reasons)
    assert not any("asked for" in reason for reason in reasons)


def test_a_metric_with_a_level_is_named_with_it() -> None:
    advice = recommend(TARGETS["normal"], metric="pinball@0.9")
    assert "It is what pinball@0.9 measures." in advice.best.reasons
    assert "pinball@0.9 rewards" in advice.answer
    assert ask(profile(TARGETS["vectors"]), metric="recall@5").wanted == "recall@5"


@pytest.mark.parametrize("metric", ["rmse", "mae", "poisson_deviance", "crps", "log_score"])
def test_fractions_are_never_told_to_use_a_distribution_of_counts(metric: str) -> None:
    for name in ("normal", "prices"):
        advice = recommend(TARGETS[name], metric=metric, n=99)
        assert "negative_binomial_nll" not in {r.id for r in advice.ranked}
    reason = dict(recommend(TARGETS["prices"]).ruled_out)["negative_binomial_nll"]
    assert "whole-number counts" in reason


@pytest.mark.parametrize("model", [None, "boosting", "linear", "neural"])
@pytest.mark.parametrize("name", ["normal", "prices", "counts", "zeros", "shares", "tailed"])
def test_the_log_score_is_answered_by_a_likelihood(name: str, model: str | None) -> None:
    assert recommend(TARGETS[name], metric="log_score", model=model).best.id.endswith("_nll")


@pytest.mark.parametrize(
    ("name", "metric", "first", "warned"),
    [
        ("normal", "crps", "gaussian_nll", False),
        ("counts", "crps", "negative_binomial_nll", False),
        ("tailed", "log_score", "student_t_nll", False),
        ("prices", "log_score", "student_t_nll", True),
        ("prices", "crps", "quantile", True),
        ("zeros", "crps", "quantile", True),
        ("zeros", "log_score", "gaussian_nll", True),
    ],
)
def test_a_gaussian_is_first_only_where_no_better_family_is_known_and_then_it_is_said(
    name: str, metric: str, first: str, warned: bool
) -> None:
    advice = recommend(TARGETS[name], metric=metric)
    assert advice.best.id == first
    assert ("NO_FAMILY" in {notice.code for notice in advice.warnings}) == warned


@pytest.mark.parametrize("metric", ["f1", "macro_f1", "jaccard"])
def test_weights_for_f1_come_with_their_inverse_map(metric: str) -> None:
    best = recommend(TARGETS["colours"], metric=metric).best
    step = best.post["prior_correction"]
    weights = np.array(step["numbers"]["weights"])
    assert best.id == "class_balanced_ce"
    assert weights.sum() == pytest.approx(3, rel=1e-5)
    true = np.array([[0.2, 0.3, 0.5], [0.05, 0.9, 0.05]])
    bent = true * weights / (true * weights).sum(axis=1, keepdims=True)
    names: dict[str, Any] = {"predictions": bent}
    exec(step["code"], names)
    assert names["probabilities"] == pytest.approx(true)
    assert (names["decisions"] == bent.argmax(axis=1)).all()


def test_the_warning_about_weights_holds_the_classes() -> None:
    notices = {n.code: n for n in recommend(TARGETS["rare"], metric="f1").best.warnings}
    assert notices["WEIGHTS_MISCALIBRATE"].data == {"class_counts": [360, 40], "imbalance_ratio": 9.0}


@pytest.mark.parametrize("metric", ["recall", "precision", "f1_micro", "cohen_kappa", "accuracy"])
def test_scorers_of_decisions_on_two_classes_are_answered_by_a_probability(metric: str) -> None:
    assert recommend(TARGETS["rare"], metric=metric).best.id == "bce_with_logits"


@pytest.mark.parametrize(
    ("name", "wishes", "kind"),
    [
        ("colours", {"metric": "rmse"}, "multiclass"),
        ("colours", {"task": "regression"}, "multiclass"),
        ("colours", {"metric": "rmse", "task": "regression"}, "multiclass"),
        ("colours", {"costs": {"under": 1, "over": 2}}, "multiclass"),
        ("colours", {"goal": "quantile@0.9"}, "multiclass"),
        ("colours", {"metric": "dice"}, "multiclass"),
        ("prices", {"metric": "dice"}, "positive skewed"),
        ("prices", {"metric": "log_loss"}, "positive skewed"),
        ("prices", {"metric": "recall@5"}, "positive skewed"),
        ("prices", {"costs": {"false_negative": 1, "false_positive": 2}}, "positive skewed"),
        ("prices", {"metric": "accuracy", "task": "classification"}, "positive skewed"),
        ("prices", {"metric": "dice", "task": "segmentation"}, "positive skewed"),
        ("masks", {"metric": "rmse"}, "masks"),
        ("masks", {"metric": "jaccard"}, "masks"),
        ("labels", {"metric": "box_iou"}, "multilabel"),
    ],
)
def test_a_metric_that_cannot_go_with_the_column_is_refused_naming_what_it_is(
    name: str, wishes: dict[str, Any], kind: str
) -> None:
    with pytest.raises(NotSupported, match=f"reads as {kind}") as refused:
        recommend(TARGETS[name], **wishes)
    allowed = refused.value.data["allowed"]
    assert allowed
    for metric in allowed:
        assert recommend(TARGETS[name], metric=metric).ranked


@pytest.mark.parametrize(
    ("name", "metric", "task"),
    [
        ("grades", "rmse", "regression"),
        ("rare", "rmse", "regression"),
        ("counts", "accuracy", "classification"),
        ("rare", "dice", "segmentation"),
        ("labels", "iou", "segmentation"),
        ("soft", "log_loss", "classification"),
        ("colours", "recall@5", "metric_learning"),
    ],
)
def test_a_metric_is_evidence_of_the_task_where_the_column_can_be_read_so(name: str, metric: str, task: str) -> None:
    assert recommend(TARGETS[name], metric=metric).question.task == task


def test_each_task_can_be_read_from_some_column_and_not_from_another() -> None:
    read = [tasks_of(profile(target)) for target in TARGETS.values()]
    for row in READINGS:
        assert any(row.task in tasks for tasks in read)
        assert not all(row.task in tasks for tasks in read) or row.task == "variational"


def test_rows_without_a_label_are_no_empty_masks() -> None:
    assert not (np.asarray(TARGETS["labels"]).sum(axis=1) > 0).all()
    assert "EMPTY_MASKS" not in {n.code for n in recommend(TARGETS["labels"], metric="log_loss").warnings}


@pytest.mark.parametrize("name", TARGETS)
def test_advice_says_each_notice_of_its_first_answer_once_and_leaves_units_to_evaluation(name: str) -> None:
    seen = profile(TARGETS[name])
    for wish in WISHES:
        if _fits(name, wish):
            advice = recommend(seen, metric=wish)
            codes = [n.code for n in advice.warnings]
            assert len(set(codes)) == len(codes), (wish, codes)
            assert {n.code for n in advice.best.warnings} <= set(codes)
            assert "NOT_COMPARABLE" not in codes
