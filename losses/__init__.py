"""Which loss function to train with, why, with which parameters, and what the one you chose really did.

``profile`` reads a target column, ``recommend`` ranks losses for it, ``check`` judges one, ``evaluate`` computes losses
on predictions, ``get`` makes one loss, ``catalogue`` lists them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .advice import Advice, Check, check, recommend
from .catalogue import LOSSES, catalogue, get
from .core import Loss
from .drift import Drift, drift
from .errors import LossesError, LossWarning
from .evaluate import Evaluation, Evaluator, Result, evaluate
from .imbalance import class_weights
from .profile import Profile, profile, profile_table
from .sums import Sum

__version__ = "0.1.0"

if TYPE_CHECKING:  # at run time the classes come from the catalogue, below
    from .advisor import LossAdvisor
    from .boxes import *
    from .classification import *
    from .counts import *
    from .divergence import *
    from .embedding import *
    from .imbalance import *
    from .ordinal import *
    from .regression import *
    from .segmentation import *
    from .uncertainty import *

globals().update({loss.__name__: loss for loss in LOSSES.values()})


def __getattr__(name: str) -> Any:
    """The estimator, which brings scikit-learn along, on first use."""
    if name == "LossAdvisor":
        from .advisor import LossAdvisor

        return LossAdvisor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Advice",
    "Check",
    "Drift",
    "Evaluation",
    "Evaluator",
    "Loss",
    "LossAdvisor",
    "LossWarning",
    "LossesError",
    "Profile",
    "Result",
    "Sum",
    "catalogue",
    "check",
    "class_weights",
    "drift",
    "evaluate",
    "get",
    "profile",
    "profile_table",
    "recommend",
]
