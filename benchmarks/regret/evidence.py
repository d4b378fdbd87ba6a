"""What the advice may say of each loss: the summary that ``losses/advice/evidence.json`` holds."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

import losses
from benchmarks.regret.corpus import Cell
from benchmarks.regret.policies import profile
from losses.advice.candidates import candidates
from losses.advice.evidence import FEWEST, FILE, conditions, key
from losses.advice.fits import best_fit
from losses.advice.vocabulary import METRICS, levelled

CLOSE = 0.01
OURS = {  # the names of a corpus, where our advice would set the parameters alike
    **{name: name for name in ("mse", "mae", "huber", "mape", "msle", "gaussian_nll")},
    "quantile90": "quantile:tau=0.9",
    "poisson": "poisson_nll",
    "gamma": "gamma_deviance",
    "tweedie15": "tweedie_deviance",
    "ce": "cross_entropy",
    "wce": "weighted_ce",
    "cb": "class_balanced_ce",
    "focal2": "focal_multiclass",
    "ls01": "label_smoothing_ce",
    "hinge": "multiclass_hinge",
    "ce_ladj": "cross_entropy with prior_adjusted_decision",
}


def summary(cells: Iterable[Cell]) -> dict[str, dict[str, list[float]]]:
    """ "metric, model, condition" -> loss -> tasks, share close to the best, mean regret, its standard error."""
    seen: dict[str, dict[str, list[float]]] = {}
    for cell in cells:
        for where in conditions(profile(cell.task), cell.task.kind == "classification"):
            of_cell = seen.setdefault(key(cell.metric, cell.model, where.id), {})
            for name in (name for name in OURS.keys() & cell.regrets.keys() if _serves(cell.metric, OURS[name])):
                of_cell.setdefault(OURS[name], []).append(cell.regrets[name])
    told = {
        kept: {loss: _figure(np.array(found)) for loss, found in sorted(of_losses.items()) if len(found) >= FEWEST}
        for kept, of_losses in sorted(seen.items())
    }
    for kept, of_losses in told.items():
        closer = told.get(kept.replace(", any", ", nonnegative"), {}) if kept.endswith(", any") else {}
        told[kept] = {loss: figure for loss, figure in of_losses.items() if closer.get(loss) != figure}
    return {kept: of_losses for kept, of_losses in told.items() if of_losses}


def write(cells: Iterable[Cell], file: Path = FILE) -> None:
    """The file, one line for each metric, model and condition."""
    lines = [f"{json.dumps(where)}: {json.dumps(of_losses)}" for where, of_losses in summary(cells).items()]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _figure(regrets: Any) -> list[float]:
    close, mean, spread = (regrets <= CLOSE).mean(), regrets.mean(), regrets.std(ddof=1)
    return [len(regrets), *(round(float(x), 3) for x in (close, mean, spread / len(regrets) ** 0.5))]


@functools.cache
def _serves(metric: str, loss: str) -> bool:
    """Whether our advice ever names a loss, so used, under a metric."""
    functional, (name, _, step) = levelled("metric", metric, METRICS)[0].functional, loss.partition(" with ")
    if (step or ":" in name) and functional not in ("balanced_decision", "quantile"):
        return False
    return any(best_fit(functional, c.elicits) for c in candidates() if c.id == losses.get(name).about.id)
