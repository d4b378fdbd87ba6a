"""Which loss function to train with, why, with which parameters, and what the one you chose really did.

``profile`` reads a target column, ``recommend`` ranks losses for it, ``check`` judges one, ``race`` trains with them,
``evaluate`` computes losses on predictions, ``compare`` two models by them, ``audit`` shows models side by side,
``get`` makes one loss, ``catalogue`` lists them all.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .advice import Advice, Check, check, recommend
from .audit import Audit, audit
from .catalogue import LOSSES, catalogue, get
from .compare import Comparison, compare
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
    from .racing import Race, race
    from .regression import *
    from .segmentation import *
    from .uncertainty import *


LATE = {"LossAdvisor": "advisor", "Race": "racing", "race": "racing"}  # read in when asked for: they bring models along


def __getattr__(name: str) -> Any:
    if name not in LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{LATE[name]}", __name__), name)


globals().update({loss.__name__: loss for loss in LOSSES.values()})

__all__ = [
    "Advice",
    "Audit",
    "Check",
    "Comparison",
    "Drift",
    "Evaluation",
    "Evaluator",
    "Loss",
    "LossAdvisor",
    "LossWarning",
    "LossesError",
    "Profile",
    "Race",
    "Result",
    "Sum",
    "audit",
    "catalogue",
    "check",
    "class_weights",
    "compare",
    "drift",
    "evaluate",
    "get",
    "profile",
    "profile_table",
    "race",
    "recommend",
]
