"""What the advice may say of each loss: the summary that ``losses/advice/evidence.json`` holds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.regret.corpus import Cell
from benchmarks.regret.policies import profile
from losses.advice.evidence import FEWEST, FILE, conditions, key

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
            for name in OURS.keys() & cell.regrets.keys():
                of_cell.setdefault(OURS[name], []).append(cell.regrets[name])
    told = {
        where: {loss: _figure(np.array(found)) for loss, found in sorted(losses.items()) if len(found) >= FEWEST}
        for where, losses in sorted(seen.items())
    }
    return {where: losses for where, losses in told.items() if losses}


def write(cells: Iterable[Cell], file: Path = FILE) -> None:
    """The file, one line for each metric, model and condition."""
    lines = [f"{json.dumps(where)}: {json.dumps(losses)}" for where, losses in summary(cells).items()]
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _figure(regrets: Any) -> list[float]:
    error = regrets.std(ddof=1) / len(regrets) ** 0.5
    return [len(regrets), round(float((regrets <= CLOSE).mean()), 3), round(float(regrets.mean()), 4), round(error, 4)]
