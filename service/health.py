"""Whether this process can do its work: a small piece of it, done at the start."""

from __future__ import annotations

from losses import evaluate
from losses.advice import recommend


def self_test() -> None:
    """Evaluate and recommend on four rows; raises where the answer is not the known one."""
    truth, guess = [3, -0.5, 2, 7], [2.5, 0.0, 2, 8]
    if evaluate(["mse"], truth, guess)["mse"].value != 0.375:
        raise RuntimeError("the self test found a wrong value: this installation is broken")
    if not recommend(truth, metric="rmse").to_dict()["ranked"]:
        raise RuntimeError("the self test found no loss to recommend: this installation is broken")
