"""Each rule, warning, estimate and step has a case in which it speaks and one in which it is silent."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

import losses
from losses.advice.candidates import Candidate, candidates
from losses.advice.changes import TURNS, would_change
from losses.advice.fits import FITS, NAMES
from losses.advice.of_losses import LOSS
from losses.advice.of_questions import QUESTION
from losses.advice.parameters import ESTIMATES, estimates
from losses.advice.post import STEPS, steps
from losses.advice.question import Question, ask
from losses.advice.recommend import made
from losses.advice.rule import sentence
from losses.advice.rules import RULES
from losses.advice.vocabulary import GOALS, KINDS, METRICS, TASKS
from losses.advice.warnings import of_loss, of_question
from losses.profile import Profile, profile
from losses.profile.marks import doubted

RNG = np.random.default_rng(7)
TARGETS: dict[str, Any] = {
    "none": None,
    "normal": RNG.normal(0, 1, 400),
    "large": RNG.normal(0, 1000, 400),
    "far_from_zero": RNG.normal(100, 10, 400),
    "skewed": RNG.gamma(1.0, 3.0, 400),
    "tiny": [*(RNG.gamma(1.0, 3.0, 380) + 1), *np.full(20, 1e-4)],
    "very_skewed": np.exp(RNG.normal(0, 2, 400)),
    "tailed": RNG.standard_t(2, 600),
    "counts": RNG.negative_binomial(2, 0.2, 400),
    "even_counts": RNG.poisson(8, 400),
    "zeros": np.where(RNG.random(400) < 0.6, 0, np.round(RNG.gamma(2.0, 30.0, 400), 2)),
    "shares": RNG.beta(2, 2, 400),
    "small": RNG.uniform(0.2, 0.4, 400),
    "few": RNG.normal(0, 1, 12),
    "missing": [*RNG.normal(0, 1, 100), None, None],
    "constant": np.ones(50),
    "ids": [f"customer {i}" for i in range(100)],
    "levels": [1, 2, 3, 2, 1, 4, 2, 3] * 3,
    "sentinel": [*np.full(10, -999.0), *RNG.normal(50, 5, 300)],
    "doubted": doubted(np.round(RNG.uniform(1, 9, 300), 3)),
    "capped": np.minimum(RNG.normal(50, 9, 400), 55),
    "even": RNG.permutation([0] * 200 + [1] * 200),
    "rare": RNG.permutation([0] * 390 + [1] * 10),
    "very_rare": RNG.permutation([0] * 1990 + [1] * 10),
    "uneven": RNG.permutation([0] * 300 + [1] * 100),
    "colours": ["red"] * 200 + ["green"] * 60 + ["blue"] * 30,
    "steps": ["low"] * 90 + ["medium"] * 60 + ["high"] * 40,
    "grades": RNG.choice([1, 2, 3, 4, 5], 400, p=[0.1, 0.2, 0.3, 0.25, 0.15]),
    "labels": RNG.random((200, 4)) < 0.3,
    "one_hot": np.eye(4)[RNG.integers(0, 4, 200)],
    "masks": RNG.random((20, 8, 8)) < 0.4,
    "specks": np.concatenate([RNG.random((40, 30, 30)) < 0.005, np.zeros((5, 30, 30), bool)]),
    "rings": RNG.random((40, 30, 30)) < 0.03,
    "boxes": np.array([[0, 0, 2, 2], [1, 1, 4, 3]], float),
    "flat_boxes": np.array([[0, 0, 2, 2], [1, 1, 1, 3]], float),
    "soft": RNG.dirichlet([1, 1, 1], 50),
    "logits": RNG.normal(0, 3, (50, 3)),
    "prices": np.round(np.exp(RNG.normal(12, 0.3, 400)), -2),
}


@cache
def seen(name: str, task: str | None) -> Profile:
    target = TARGETS[name]
    return Profile() if target is None else profile(target, task=task)


def asked(name: str, **wishes: Any) -> Question:
    return ask(seen(name, wishes.get("task")), **wishes)


def candidate(name: str) -> Candidate:
    return next(c for c in candidates() if c.id == name)


Case = tuple[str, dict[str, Any], str]
RMSE, BOOST, NEURAL = {"metric": "rmse"}, {"model": "boosting"}, {"model": "neural"}

SPOKEN: dict[str, tuple[Case, Case]] = {
    "support": (("normal", RMSE, "gamma_deviance"), ("skewed", RMSE, "gamma_deviance")),
    "support-of-steps": (("steps", {}, "gamma_deviance"), ("grades", {}, "gamma_deviance")),
    "classes-for-numbers": (("normal", RMSE, "cross_entropy"), ("colours", {}, "cross_entropy")),
    "two-classes-only": (("colours", {}, "bce"), ("even", {}, "bce")),
    "one-class-a-row": (("labels", {}, "cross_entropy"), ("labels", {}, "bce_with_logits")),
    "numbers-for-classes": (("even", {}, "crps_gaussian"), ("normal", {}, "crps_gaussian")),
    "classes-for-boxes": (("none", {"task": "boxes"}, "huber"), ("none", {"task": "boxes"}, "smooth_l1")),
    "framework-refuses": (
        ("none", {"task": "segmentation", "framework": "lightgbm"}, "dice"),
        ("normal", {"framework": "lightgbm"}, "mse"),
    ),
    "required": (("normal", {"require": ["robust"]}, "mse"), ("normal", {"require": ["robust"]}, "huber")),
    "plain-mean": (("normal", RMSE, "mse"), ("skewed", RMSE | BOOST, "mse")),
    "log-link-for-trees": (("skewed", RMSE | BOOST, "tweedie_deviance"), ("normal", RMSE | BOOST, "tweedie_deviance")),
    "middle-power-for-trees": (
        ("skewed", RMSE | BOOST, "tweedie_deviance"), ("counts", RMSE | BOOST, "tweedie_deviance"),
    ),
    "poisson-for-counts": (("counts", {}, "poisson_nll"), ("counts", RMSE, "poisson_nll")),
    "tweedie-for-zeros": (("zeros", {}, "tweedie_deviance"), ("skewed", {}, "tweedie_deviance")),
    "gamma-for-skew": (("skewed", {}, "gamma_deviance"), ("skewed", BOOST, "gamma_deviance")),
    "poisson-for-skew": (("skewed", {}, "poisson_nll"), ("normal", {}, "poisson_nll")),
    "soft-labels-for-shares": (("shares", {}, "bce_with_logits"), ("normal", {}, "bce_with_logits")),
    "no-labels-for-amounts": (("small", RMSE, "bce"), ("shares", RMSE, "bce")),
    "log-scale-for-skew": (("skewed", RMSE, "mse|log1p"), ("far_from_zero", RMSE, "mse|log1p")),
    "log-link-hurts-nets": (("skewed", RMSE | NEURAL, "poisson_nll"), ("skewed", RMSE | BOOST, "poisson_nll")),
    "spread-for-nets": (("normal", NEURAL, "gaussian_nll"), ("normal", NEURAL | RMSE, "gaussian_nll")),
    "spread-for-zeros": (("zeros", NEURAL | RMSE, "gaussian_nll"), ("normal", NEURAL | RMSE, "gaussian_nll")),
    "bounded-pull-for-nets": (("very_skewed", NEURAL | RMSE, "huber"), ("normal", NEURAL | RMSE, "huber")),
    "overdispersed": (("counts", {}, "negative_binomial_nll"), ("even_counts", {}, "negative_binomial_nll")),
    "no-counts": (("prices", {}, "negative_binomial_nll"), ("counts", {}, "negative_binomial_nll")),
    "the-metric-itself": (("normal", {"metric": "mae"}, "mae"), ("normal", {"metric": "mae"}, "quantile")),
    "own-deviance": (("counts", {"metric": "poisson_deviance"}, "poisson_nll"), ("counts", RMSE, "poisson_nll")),
    "twins": (("counts", {}, "poisson_deviance"), ("counts", {}, "poisson_nll")),
    "far-rows-bend": (("skewed", {"metric": "mae"}, "huber"), ("normal", {"metric": "mae"}, "huber")),
    "kinks-slow-nets": (
        ("normal", {"metric": "pinball@0.9"} | NEURAL, "gaussian_nll"),
        ("normal", {"metric": "pinball@0.9"}, "gaussian_nll"),
    ),
    "outliers": (("tailed", {}, "huber"), ("normal", {}, "huber")),
    "no-scale-to-set": (("tailed", BOOST, "mae"), ("tailed", {}, "mae")),
    "set-by-delta": (("tailed", {}, "huber"), ("tailed", {}, "log_cosh")),
    "redescending": (("tailed", {}, "cauchy"), ("tailed", {}, "huber")),
    "heavy-tails": (("tailed", {"metric": "crps"}, "student_t_nll"), ("normal", {"metric": "crps"}, "student_t_nll")),
    "heavier-than-needed": (
        ("normal", {"metric": "crps"}, "student_t_nll"), ("tailed", {"metric": "crps"}, "student_t_nll"),
    ),
    "counts-spread": (
        ("counts", {"goal": "distribution"}, "negative_binomial_nll"),
        ("normal", {"goal": "distribution"}, "negative_binomial_nll"),
    ),
    "normal-spread": (("normal", {"metric": "crps"}, "gaussian_nll"), ("counts", {"metric": "crps"}, "gaussian_nll")),
    "fractions-for-counts": (
        ("normal", RMSE, "negative_binomial_nll"),
        ("counts", {"metric": "crps"}, "negative_binomial_nll"),
    ),
    "quantiles-for-trees": (
        ("normal", {"metric": "crps"} | BOOST, "quantile"), ("normal", {"metric": "crps"}, "quantile"),
    ),
    "log-score": (("even", {}, "bce"), ("even", {}, "brier")),
    "stable-logits": (("even", {}, "bce_with_logits"), ("even", {}, "bce")),
    "one-output-for-two": (("even", {}, "cross_entropy"), ("colours", {}, "cross_entropy")),
    "effective-numbers": (
        ("rare", {"metric": "macro_f1"}, "class_balanced_ce"), ("rare", {"metric": "macro_f1"}, "weighted_ce"),
    ),
    "weights-for-balance": (
        ("rare", {"metric": "balanced_accuracy"}, "weighted_bce"),
        ("even", {"metric": "balanced_accuracy"}, "weighted_bce"),
    ),
    "overconfident-on-few-rows": (
        ("even", {"metric": "log_loss"} | NEURAL, "label_smoothing_ce"),
        ("rare", {"metric": "log_loss"} | NEURAL, "label_smoothing_ce"),
    ),
    "weights-spoil": (("rare", {"metric": "log_loss"}, "weighted_bce"), ("rare", {"metric": "mcc"}, "weighted_bce")),
    "rare-positives": (("rare", {}, "focal"), ("uneven", {}, "focal")),
    "many-negatives": (("labels", {}, "asymmetric"), ("even", {}, "asymmetric")),
    "corn-for-nets": (("grades", {}, "corn"), ("grades", {}, "coral")),
    "thresholds-for-linear": (("grades", {"model": "linear"}, "cumulative_link"), ("grades", {}, "cumulative_link")),
    "cut-points-for-trees": (("grades", BOOST, "mse"), ("grades", {}, "mse")),
    "plain-levels": (("grades", {}, "poisson_nll"), ("grades", {}, "mse")),
    "overlap-and-pixels": (("masks", {}, "dice+bce_with_logits"), ("masks", {}, "dice")),
    "plain-overlap": (("masks", {}, "dice"), ("masks", {}, "focal_tversky")),
    "small-foreground": (("rings", {}, "tversky"), ("masks", {}, "tversky")),
    "pixels-drown": (("specks", {}, "bce_with_logits"), ("masks", {}, "bce_with_logits")),
    "complete-boxes": (("none", {"task": "boxes"}, "giou"), ("none", {"task": "boxes"}, "box_iou")),
    "centres-and-shapes": (("none", {"task": "boxes"}, "ciou"), ("none", {"task": "boxes"}, "diou")),
    "centres": (("none", {"task": "boxes"}, "diou"), ("none", {"task": "boxes"}, "giou")),
    "labels-make-triplets": (
        ("none", {"task": "metric_learning"}, "supcon"), ("none", {"task": "contrastive"}, "supcon"),
    ),
    "anchors": (("none", {"task": "metric_learning"}, "triplet"), ("none", {"task": "contrastive"}, "triplet")),
    "pairs-in-batch": (("none", {"task": "contrastive"}, "nt_xent"), ("none", {"task": "metric_learning"}, "nt_xent")),
    "teacher-first": (("soft", {}, "kl_div"), ("soft", {}, "js_div")),
    "effective-numbers-unseen": (
        ("none", {"metric": "macro_f1"}, "class_balanced_ce"), ("rare", {"metric": "macro_f1"}, "class_balanced_ce"),
    ),
    "quantiles-for-odd-shapes": (
        ("skewed", {"metric": "crps"}, "quantile"), ("normal", {"metric": "crps"}, "quantile"),
    ),
    "no-density": (
        ("skewed", {"metric": "log_score"}, "quantile"), ("skewed", {"metric": "log_score"}, "gaussian_nll"),
    ),
    "native": (("normal", {"framework": "lightgbm"}, "huber"), ("normal", {"framework": "lightgbm"}, "log_cosh")),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_speaks_where_it_should_and_is_silent_elsewhere(rule: Any) -> None:
    (name, wishes, loss), (other, others, other_loss) = SPOKEN[rule.id]
    q, c = asked(name, **wishes), candidate(loss)
    assert rule.fires(q, c)
    assert not rule.fires(asked(other, **others), candidate(other_loss))
    text = sentence(rule.because, q, c)
    assert text
    assert "nan" not in text
    assert "{" not in text


def test_rules_have_ids_of_their_own_and_no_case_is_left_over() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert set(SPOKEN) == set(ids)


Ask = tuple[str, dict[str, Any]]
MAPE = {"metric": "mape"}
WARNED: dict[str, tuple[Ask, Ask]] = {
    "CONSTANT": (("constant", {}), ("normal", {})),
    "NOT_A_TARGET": (("ids", {}), ("normal", {})),
    "LOW_CONFIDENCE": (("few", {}), ("normal", {})),
    "NO_TARGET": (("none", {"task": "boxes"}), ("boxes", {"task": "boxes"})),
    "AMBIGUOUS_TARGET": (("levels", {}), ("normal", {})),
    "MISSING": (("missing", {}), ("normal", {})),
    "GOAL_UNSTATED": (("normal", {}), ("normal", RMSE)),
    "GOAL_CONFLICT": (("normal", RMSE | {"goal": "typical"}), ("normal", RMSE | {"goal": "total"})),
    "TASK_MISFIT": (("normal", {"task": "classification"}), ("colours", {"task": "classification"})),
    "NO_FAMILY": (("zeros", {"metric": "log_score"}), ("normal", {"metric": "log_score"})),
    "ONE_SIDED": (("rare", {"metric": "recall"}), ("rare", {"metric": "f1"})),
    "SUPPORT": (("zeros", {"metric": "gamma_deviance"}), ("skewed", {"metric": "gamma_deviance"})),
    "MAPE_ZERO": (("zeros", MAPE), ("skewed", MAPE)),
    "MAPE_NEAR_ZERO": (("tiny", MAPE), ("far_from_zero", MAPE)),
    "MAPE_LOW_BIAS": (("skewed", MAPE), ("far_from_zero", MAPE)),
    "MSLE_GEOMETRIC": (("skewed", {"metric": "rmsle"}), ("far_from_zero", {"metric": "rmsle"})),
    "QUANTILE_TAIL": (("normal", {"metric": "pinball@0.99"}), ("normal", {"metric": "pinball@0.9"})),
    "QUANTILE_ZEROS": (("zeros", {"metric": "pinball@0.4"}), ("zeros", {"metric": "pinball@0.9"})),
    "IMBALANCE_HARMLESS": (("rare", {"metric": "log_loss"}), ("even", {"metric": "log_loss"})),
    "ACCURACY_TRIVIAL": (("rare", {"metric": "accuracy"}), ("even", {"metric": "accuracy"})),
    "RARE_CLASS": (("rare", {}), ("even", {})),
    "SENTINEL": (("sentinel", {}), ("normal", {})),
    "DOUBTED_DECIMALS": (("doubted", {}), ("normal", {})),
    "CENSORED": (("capped", {}), ("normal", {})),
    "ORDINAL_AS_NOMINAL": (("grades", {"metric": "accuracy"}), ("colours", {"metric": "accuracy"})),
    "ORDER_UNKNOWN": (("colours", {"task": "ordinal"}), ("steps", {})),
    "EMPTY_MASKS": (("specks", {}), ("labels", {})),
    "DEGENERATE_BOXES": (("flat_boxes", {"task": "boxes"}), ("boxes", {"task": "boxes"})),
    "ONE_HOT_OR_INDEX": (("one_hot", {}), ("labels", {})),
    "LOGITS_AS_PROBABILITIES": (("logits", {"task": "distillation"}), ("soft", {"task": "distillation"})),
}


@pytest.mark.parametrize("pitfall", QUESTION, ids=lambda row: row.code)
def test_each_warning_about_a_question_fires_and_is_silent(pitfall: Any) -> None:
    (name, wishes), (other, others) = WARNED[pitfall.code]
    noticed = {notice.code: notice for notice in of_question(asked(name, **wishes))}
    assert pitfall.code in noticed
    assert "nan" not in noticed[pitfall.code].message
    assert pitfall.code not in {notice.code for notice in of_question(asked(other, **others))}
    assert pitfall.code not in {notice.code for notice in of_question(asked(name, **wishes, ignore=[pitfall.code]))}


LOSS_WARNED: dict[str, tuple[Case, Case]] = {
    "MAE_ZEROS": (("zeros", {}, "mae"), ("skewed", {}, "mae")),
    "MAE_NOT_TOTAL": (("skewed", {}, "mae"), ("normal", {}, "mae")),
    "HUBER_SHIFT": (("skewed", {}, "huber"), ("normal", {}, "huber")),
    "MSLE_GEOMETRIC": (("skewed", RMSE, "mse|log1p"), ("skewed", {"metric": "rmsle"}, "mse|log1p")),
    "MSE_DOMINATED": (("very_skewed", RMSE, "mse"), ("normal", RMSE, "mse")),
    "POISSON_SCALE": (("skewed", {}, "poisson_nll"), ("counts", {}, "poisson_nll")),
    "DELTA_SCALE": (("large", {}, "huber"), ("normal", {}, "huber")),
    "WEIGHTS_MISCALIBRATE": (("rare", {}, "weighted_bce"), ("rare", {}, "bce")),
    "FOCAL_MISCALIBRATES": (("rare", {}, "focal"), ("rare", {}, "bce")),
    "HINGE_NO_PROBABILITY": (("rare", {}, "hinge"), ("rare", {}, "bce")),
    "WEIGHT_OR_POS_WEIGHT": (("rare", {}, "weighted_bce"), ("rare", {}, "bce")),
    "WEIGHTS_EXPLODE": (("very_rare", {}, "weighted_bce"), ("rare", {}, "weighted_bce")),
    "OVER_SMOOTHED": (
        ("colours", {"metric": "ece"}, "label_smoothing_ce"), ("colours", {"metric": "accuracy"}, "label_smoothing_ce"),
    ),
    "EASY_TRIPLETS": (
        ("none", {"task": "metric_learning"}, "triplet"), ("none", {"task": "metric_learning"}, "supcon"),
    ),
    "BATCH_BOUND": (("none", {"task": "contrastive"}, "infonce"), ("none", {"task": "contrastive"}, "triplet")),
    "KL_REDUCTION": (("soft", {}, "kl_div"), ("soft", {}, "js_div")),
    "DISJOINT_BOXES": (("none", {"task": "boxes"}, "box_iou"), ("none", {"task": "boxes"}, "giou")),
    "REDUCTION_MISMATCH": (("colours", {}, "weighted_ce"), ("colours", {}, "cross_entropy")),
    "SCALE_MISMATCH": (("masks", {}, "dice+bce_with_logits"), ("masks", {}, "dice")),
}  # fmt: skip


@pytest.mark.parametrize("pitfall", LOSS, ids=lambda row: row.code)
def test_each_warning_about_a_loss_fires_and_is_silent(pitfall: Any) -> None:
    (name, wishes, loss), (other, others, other_loss) = LOSS_WARNED[pitfall.code]
    noticed = {notice.code: notice for notice in of_loss(asked(name, **wishes), candidate(loss))}
    assert pitfall.code in noticed
    assert "nan" not in noticed[pitfall.code].message
    assert pitfall.code not in {n.code for n in of_loss(asked(other, **others), candidate(other_loss))}


COSTS = {"costs": {"false_negative": 9, "false_positive": 1}}
ESTIMATED: dict[str, tuple[Case, Any, Case]] = {
    "huber-delta": (("normal", {}, "huber"), None, ("none", {"task": "regression"}, "huber")),
    "smooth-l1-beta": (("normal", {}, "smooth_l1"), None, ("none", {"task": "boxes"}, "smooth_l1")),
    "log-cosh-scale": (("normal", {}, "log_cosh"), None, ("none", {"task": "regression"}, "log_cosh")),
    "cauchy-c": (("normal", {}, "cauchy"), None, ("none", {"task": "regression"}, "cauchy")),
    "barron-c": (("normal", {}, "general_robust"), None, ("none", {"task": "regression"}, "general_robust")),
    "tau": (
        ("normal", {"costs": {"under": 3, "over": 1}}, "quantile"), 0.75, ("normal", {"metric": "mae"}, "quantile"),
    ),
    "expectile-tau": (("normal", {"goal": "quantile@0.9"}, "expectile"), 0.9, ("normal", {}, "expectile")),
    "tau-list": (
        ("normal", {"metric": "crps"}, "quantile"), [0.05, 0.5, 0.95], ("normal", {"metric": "mae"}, "quantile"),
    ),
    "nb-alpha": (("counts", {}, "negative_binomial_nll"), None, ("even_counts", {}, "negative_binomial_nll")),
    "tweedie-power": (("zeros", {}, "tweedie_deviance"), None, ("zeros", BOOST, "tweedie_deviance")),
    "student-df": (
        ("tailed", {"metric": "crps"}, "student_t_nll"), None, ("none", {"metric": "crps"}, "student_t_nll"),
    ),
    "pos-weight": (("rare", {}, "weighted_bce"), 39.0, ("none", {"task": "multilabel"}, "weighted_bce")),
    "balanced-weights": (
        ("uneven", {}, "weighted_ce"), [0.666667, 2.0], ("none", {"task": "classification"}, "weighted_ce"),
    ),
    "class-counts": (
        ("uneven", {}, "class_balanced_ce"), [300, 100], ("none", {"task": "classification"}, "class_balanced_ce"),
    ),
    "effective-beta": (
        ("uneven", {}, "class_balanced_ce"), 1 - 1 / 400, ("none", {"task": "classification"}, "class_balanced_ce"),
    ),
    "class-prior": (
        ("uneven", {}, "logit_adjusted_ce"), [0.75, 0.25], ("none", {"task": "classification"}, "logit_adjusted_ce"),
    ),
    "smoothing": (
        ("colours", {"metric": "log_loss"} | NEURAL, "label_smoothing_ce"), 0.1, ("colours", {}, "label_smoothing_ce"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ESTIMATES, ids=lambda row: row.id)
def test_each_estimate_is_made_where_its_guard_holds_and_not_elsewhere(row: Any) -> None:
    (name, wishes, loss), value, (other, others, other_loss) = ESTIMATED[row.id]
    found, told = estimates(asked(name, **wishes), candidate(loss))
    assert row.name in found
    assert value is None or found[row.name] == value
    assert all("nan" not in text for text in told)
    assert row.name in str(made(candidate(loss), found)) or found[row.name] == getattr(
        made(candidate(loss), {}), row.name
    )
    assert row.name not in estimates(asked(other, **others), candidate(other_loss))[0]


STEPPED: dict[str, tuple[Case, Case]] = {
    "balanced-two": (("rare", {"metric": "balanced_accuracy"}, "bce"), ("rare", {"metric": "accuracy"}, "bce")),
    "balanced-many": (
        ("colours", {"metric": "balanced_accuracy"}, "cross_entropy"),
        ("colours", {"metric": "log_loss"}, "cross_entropy"),
    ),
    "cost-threshold": (("rare", COSTS, "bce"), ("rare", {"metric": "accuracy"}, "bce")),
    "f1-threshold": (("rare", {"metric": "f1"}, "bce"), ("colours", {"metric": "f1"}, "cross_entropy")),
    "smearing": (("skewed", RMSE, "mse|log1p"), ("skewed", {"metric": "rmsle"}, "mse|log1p")),
    "undo-pos-weight": (("rare", {"metric": "log_loss"}, "weighted_bce"), ("rare", {"metric": "log_loss"}, "bce")),
    "undo-class-weights": (("rare", {"metric": "log_loss"}, "weighted_ce"), ("rare", {"metric": "f1"}, "weighted_ce")),
    "decide-then-undo-pos-weight": (
        ("rare", {"metric": "f1"}, "weighted_bce"), ("rare", {"metric": "log_loss"}, "weighted_bce"),
    ),
    "decide-then-undo-class-weights": (
        ("colours", {"metric": "macro_f1"}, "class_balanced_ce"),
        ("colours", {"metric": "log_loss"}, "class_balanced_ce"),
    ),
    "undo-logit-adjustment": (
        ("rare", {"metric": "log_loss"}, "logit_adjusted_ce"), ("rare", {"metric": "mcc"}, "logit_adjusted_ce"),
    ),
    "cut-points": (("steps", BOOST, "mse"), ("normal", RMSE, "mse")),
    "undo-focal": (("rare", {"metric": "log_loss"}, "focal"), ("rare", {"metric": "accuracy"}, "focal")),
}  # fmt: skip


@pytest.mark.parametrize("row", STEPS, ids=lambda row: row.id)
def test_each_step_after_training_is_called_for_where_it_should_be(row: Any) -> None:
    (name, wishes, loss), (other, others, other_loss) = STEPPED[row.id]
    q, c = asked(name, **wishes), candidate(loss)
    found = steps(q, c, made(c, estimates(q, c)[0]))
    assert row.when(q, c)
    assert list(found) == [row.name]
    assert set(found[row.name]) == {"numbers", "code"}
    compile(found[row.name]["code"], row.id, "exec")
    assert not row.when(asked(other, **others), candidate(other_loss))


TURNED: dict[str, tuple[Ask, Ask]] = {
    "metric": (("normal", {}), ("normal", RMSE)),
    "totals": (("normal", {"metric": "mae"}), ("normal", RMSE)),
    "costs": (("normal", {}), ("normal", {"costs": {"under": 2, "over": 1}})),
    "model": (("skewed", {}), ("skewed", BOOST)),
    "outliers": (("very_skewed", RMSE), ("shares", RMSE)),
    "true-tails": (("tailed", {}), ("normal", {})),
    "class-costs": (("even", {}), ("even", COSTS)),
    "early-stopping": (("even", {"metric": "log_loss"} | NEURAL), ("even", {"metric": "log_loss"})),
    "each-class-alike": (("even", {}), ("even", {"metric": "balanced_accuracy"})),
    "rival": (("levels", {}), ("constant", {})),
    "misses": (("masks", {}), ("rings", {})),
}


@pytest.mark.parametrize("row", TURNS, ids=lambda row: row.id)
def test_each_turn_is_named_where_it_would_change_the_answer(row: Any) -> None:
    (name, wishes), (other, others) = TURNED[row.id]
    assert row.when(asked(name, **wishes))
    assert all("{" not in text for text in would_change(asked(name, **wishes)))
    assert not row.when(asked(other, **others))


def test_every_functional_that_can_be_asked_for_has_a_loss_that_fits_it_exactly() -> None:
    asked_for = {row.functional for rows in (METRICS, GOALS, TASKS, KINDS) for row in rows} | {"cost_decision"}
    assert asked_for == {fit.functional for fit in FITS}
    assert asked_for == {fit.functional for fit in FITS if fit.weight == 4}
    assert asked_for <= set(NAMES)


def test_every_loss_of_the_catalogue_fits_some_wish() -> None:
    elicited = {fit.elicits for fit in FITS}
    assert all(c.elicits & elicited for c in candidates())


def test_an_unknown_order_is_told_of_levels_that_cannot_be_listed_in_code_too():
    for levels in (["low", "high", "mid", 3], ["a" * 80, "b", "c"]):
        assert "ORDER_UNKNOWN" in {w.code for w in losses.recommend(levels * 20, task="ordinal").warnings}
