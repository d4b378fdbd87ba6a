"""Whom to ask for a loss: one policy, one row. A policy names a loss for a cell, in the names of the corpus."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import losses
from benchmarks.regret.corpus import Cell, Task
from losses.advice.answer import Recommendation
from losses.profile import Profile

MATCHED = {
    "rmse": "mse",
    "mae": "mae",
    "medae": "mae",
    "mape": "mape",
    "rmsle": "msle",
    "pinball@0.9": "quantile90",
    "poisson_deviance": "poisson",
    "balanced_accuracy": "wce",
    "macro_f1": "wce",
}
SAME = {  # our losses, where a corpus has other names for them
    **dict.fromkeys(("huber", "pseudo_huber", "smooth_l1", "cauchy", "student_t_nll", "general_robust"), "huber"),
    **dict.fromkeys(("poisson_nll", "poisson_deviance", "negative_binomial_nll"), "poisson"),
    "gamma_deviance": "gamma",
    "tweedie_deviance": "tweedie15",
    **dict.fromkeys(("bce_with_logits", "bce", "cross_entropy"), "ce"),
    **dict.fromkeys(("weighted_bce", "weighted_ce"), "wce"),
    "class_balanced_ce": "cb",
    **dict.fromkeys(("focal", "focal_multiclass"), "focal2"),
    "label_smoothing_ce": "ls01",
    "multiclass_hinge": "hinge",
    "logit_adjusted_ce": "ce_ladj",
}
QUANTILES = {"quantile": "mae", "quantile:tau=0.9": "quantile90"}
FAR = 0.01  # the share of far values at which folk wisdom reaches for Huber
RARE, UNEVEN = 10.0, 1.5  # rows of the largest class to one of the smallest


@dataclass(frozen=True)
class Policy:
    """``loss`` names the loss to train with in a cell."""

    id: str
    loss: Callable[[Cell], str]


def default(cell: Cell) -> str:
    """What H2O, FLAML, LightAutoML, fastai and AutoKeras train unless told otherwise."""
    return cell.task.default


def autogluon(cell: Cell) -> str:
    """AutoGluon: squared error for trees whatever the metric, absolute error for its torch net."""
    return "mae" if cell.task.kind == "regression" and cell.model == "neural" else cell.task.default


def mljar(cell: Cell) -> str:
    """mljar: the log of the target where that looks more like a normal one, and no smearing."""
    task = cell.task
    if task.kind == "classification" or min(task.y) < 0:
        return task.default
    return "msle" if abs(_skewness(np.log1p(task.y))) < abs(_skewness(np.asarray(task.y))) else "mse"


def folk(cell: Cell) -> str:
    """What forums say: Tweedie for zeros, Huber for outliers; weights for uneven classes, focal for rare ones."""
    p = profile(cell.task)
    if cell.task.kind == "classification":
        return "focal2" if p.imbalance_ratio > RARE else "wce" if p.imbalance_ratio > UNEVEN else "ce"
    if p.zeros.share and p.min >= 0:
        return "tweedie15"
    return "smooth_l1" if p.outlier_share > FAR else "mse"


def matched(cell: Cell) -> str:
    """The loss that is the metric, and nothing else."""
    return MATCHED.get(cell.metric, cell.task.default)


def ours(cell: Cell) -> str:
    """Ours, told the metric and the model."""
    return named(_advice(cell.task, cell.metric, cell.model), cell.regrets) or cell.task.default


def ours_blind(cell: Cell) -> str:
    """Ours, told the model alone."""
    return named(_advice(cell.task, None, cell.model), cell.regrets) or cell.task.default


def hindsight(cells: Iterable[Cell]) -> Policy:
    """For each task type, model and metric the one loss that was best on the average of these very cells."""
    found: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    together = list(cells)
    for cell in together:
        for loss in cell.regrets:
            found.setdefault(_sort(cell), {}).setdefault(loss, [])
    for cell in together:
        for loss, seen in found[_sort(cell)].items():
            seen.append(cell.regret(loss))
    means = {sort: {loss: float(np.mean(seen)) for loss, seen in all_seen.items()} for sort, all_seen in found.items()}
    best = {sort: min(of_sort, key=of_sort.__getitem__) for sort, of_sort in means.items()}
    return Policy("the best fixed loss, in hindsight", lambda cell: best[_sort(cell)])


ALWAYS = Policy("always MSE or CE", default)
OURS = Policy("ours: metric and model told", ours)
BLIND = Policy("ours: model told, no metric", ours_blind)
POLICIES = (
    ALWAYS,
    Policy("AutoGluon", autogluon),
    Policy("mljar", mljar),
    Policy("folk wisdom", folk),
    Policy("the metric's own loss", matched),
    OURS,
    BLIND,
)


def named(ranked: Sequence[Recommendation], trained: Iterable[str]) -> str | None:
    """The first recommendation that was trained here, by the name of the corpus."""
    known = set(trained)
    return next((name for found in ranked for name in names(found) if name in known), None)


def names(found: Recommendation) -> tuple[str, ...]:
    """What a recommendation may be called in a corpus, the most exact name first."""
    if "prior_adjusted_decision" in found.post:
        return ("ce_ladj",)
    if found.transform:
        return found.usage, "msle" if found.id == "mse" else found.id
    if found.id == "focal" and "prior_correction" in found.post:
        return ("ce",)  # what is left when its bend is undone
    if found.id == "quantile":
        return str(found.loss), QUANTILES.get(str(found.loss), "")
    return str(found.loss), SAME.get(found.id, found.id)


@functools.cache
def _advice(task: Task, metric: str | None, model: str) -> list[Recommendation]:
    return losses.recommend(profile(task), metric=metric, model=model).ranked


@functools.cache
def profile(task: Task) -> Profile:
    """What our profiler sees of a task."""
    return losses.profile(task.y, name=task.column)


def _sort(cell: Cell) -> tuple[str, str, str]:
    return cell.task.kind, cell.model, cell.metric


def _skewness(y: Any) -> float:
    z = (y - y.mean()) / (y.std() or 1.0)
    return float((z**3).mean())
