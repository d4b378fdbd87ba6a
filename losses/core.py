"""One loss is one block: a frozen dataclass whose fields are its parameters, with a record of what it is.

Conventions, said once:

* Arguments come as ``y_true, y_pred`` (scikit-learn's order). Rows are the first axis, classes the last.
* A residual is ``y_true - y_pred``; a gradient is the slope in ``y_pred``, shaped as ``y_pred``.
* ``mean`` is the sum of weighted losses over the sum of weights; ``sum`` and ``none`` multiply weights in.
* Formulas (``value``, ``slope``, ``curvature``) see plain arrays of rows, already checked: ``y`` and then the
  prediction's parts, in the order of ``inputs``. They return one loss a row (or element), and its derivatives.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import FrozenInstanceError, dataclass
from typing import Any, ClassVar, Literal, dataclass_transform

import numpy as np

from . import engine
from .arrays import inputs
from .blocks import Caution, Column, job
from .domains import Array, Domain
from .errors import EmptyInput, InvalidParameter, InvalidWeights, LossWarning, NotSupported, UnknownName
from .fused import Order
from .params import Param, params_of, text_of
from .special import times
from .tally import Tally, spread

Answer = Literal[
    "yes", "no", "kink", "almost", "piecewise", "moderate", "controlled", "not_applicable", "not_focus", "context"
]
Functional = Literal[
    "mean",
    "median",
    "quantile",
    "expectile",
    "centre",  # between mean and median
    "geometric_mean",
    "relative_median",  # the median weighted by 1/|y|
    "near_median",
    "distribution",
    "interval",
    "probability",  # of a class, properly
    "distorted_probability",  # a monotone map of it
    "decision",  # the likelier class, no probability
    "ordered_probability",
    "overlap",
    "box",
    "similarity",
    "match",  # of one distribution to another
    "bound",  # of a likelihood
]
YES: Answer = "yes"
NO: Answer = "no"
KINK: Answer = "kink"
ALMOST: Answer = "almost"
PIECEWISE: Answer = "piecewise"
MODERATE: Answer = "moderate"
CONTROLLED: Answer = "controlled"
NOT_APPLICABLE: Answer = "not_applicable"
NOT_FOCUS: Answer = "not_focus"
CONTEXT: Answer = "context"

Reduction = Literal["mean", "sum", "none", "batchmean", "elementmean"]
REDUCTIONS: tuple[Reduction, ...] = ("mean", "sum", "none")


@dataclass(frozen=True, kw_only=True)
class About:
    """What is known of a loss; every column is needed, a loss without one of them cannot be declared.

    ``elicits`` names what the prediction with the least expected loss is; ``zero`` says whether a perfect
    prediction costs nothing; ``note`` holds what the usual table of losses gets wrong or leaves out; ``differs`` says
    who has another convention under this name;
    ``traits`` are what rules of advice need to know beyond these columns.
    """

    id: str
    title: str
    tasks: tuple[str, ...]
    elicits: Functional
    convex: Answer
    differentiable: Answer
    robust: Answer
    unit: str
    inputs: Mapping[str, Domain]
    formula: str
    source: str
    aliases: tuple[str, ...] = ()
    note: str = ""
    differs: str = ""
    zero: bool = True
    reductions: tuple[Reduction, ...] = REDUCTIONS
    traits: tuple[str, ...] = ()

    @property
    def domain(self) -> Domain | None:
        """Where the target may lie (None where there is no target)."""
        return self.inputs.get("y_true")


@dataclass_transform(frozen_default=True)
class Loss:
    """A loss with its parameters set: call it, take its ``gradient`` and ``hessian``, write it as text.

    Subclasses declare ``about``, parameters and formulas; equal losses are equal objects and hash alike.
    """

    about: ClassVar[About]
    _params: ClassVar[dict[str, Param]]
    per_row: ClassVar[bool] = True
    of_elements: ClassVar[bool] = True  # each row is summed and weighed as it comes: the array machine may do it

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What may have to be said of an evaluation."""
        return ()

    def __init_subclass__(cls) -> None:
        # The methods that dataclass would write are below, once for all: sixty sets of them cost as much as NumPy.
        dataclass(init=False, repr=False, eq=False)(cls)
        cls.of_elements = cls.per_row and (cls.weigh, cls.pull) == (Loss.weigh, Loss.pull)

    def __init__(self, *values: Any, **params: Any) -> None:
        known = self.params()
        if len(values) > len(known):
            raise InvalidParameter(f"{self.about.id} has {len(known)} parameters, got {len(values)} values")
        given = dict(zip(known, values, strict=False))
        if twice := given.keys() & params.keys():
            raise InvalidParameter(f"{self.about.id} got {min(twice)} twice", loss=self.about.id, field=min(twice))
        given |= params
        for name in given:
            if name not in known:
                raise UnknownName.among(f"parameter of {self.about.id}", name, known, loss=self.about.id, field=name)
        for name, param in known.items():
            object.__setattr__(self, name, self._read(param, given[name]) if name in given else param.default)
        self.__post_init__()

    def _read(self, param: Param, value: Any) -> Any:
        try:
            return param.read(value)
        except InvalidParameter as error:
            error.data["loss"] = self.about.id
            raise

    def __post_init__(self) -> None:
        """Refuse parameters that do not go together."""

    def __setattr__(self, name: str, value: Any) -> None:
        raise FrozenInstanceError(f"{self!r} does not change; make another one")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"{self!r} does not change; make another one")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    # ── what a family or a loss says ────────────────────────────────────────────────────────────────────────────

    @property
    def inputs(self) -> Mapping[str, Domain]:
        """The inputs and their domains, where parameters have a say in them."""
        return self.about.inputs

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        """The inputs as columns of rows; a family of losses says how its inputs are laid out."""
        raise NotImplementedError

    def value(self, *arrays: Any) -> Array:
        """The loss of each row."""
        raise NotImplementedError

    def slope(self, *arrays: Any) -> Any:
        """Its slope in each part of the prediction."""
        raise NotImplementedError

    def curvature(self, *arrays: Any) -> Any:
        """The diagonal of its second derivative."""
        raise NotSupported(f"{self.about.id} offers no second derivative", loss=self.about.id)

    def mass(self, *arrays: Any) -> Array | None:
        """What each row counts for in a mean (None: 1)."""
        return None

    def weigh(self, weights: Array) -> Array:
        """Sample weights as the losses need them."""
        return weights

    def pull(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        """The slope of the weighted sum of losses in each part of the prediction."""
        return _weighed(weights, self.slope(*arrays))

    def bend(self, weights: Array, *arrays: Any) -> Sequence[Array]:
        """The diagonal of its second derivative."""
        return _weighed(weights, self.curvature(*arrays))

    # ── what users call ─────────────────────────────────────────────────────────────────────────────────────────

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, reduction: Reduction = "mean") -> Any:
        """The loss of ``y_pred`` for ``y_true``: a float, or an array for ``reduction="none"``.

        ``y_true`` is None for losses without a target. Raises a ``LossesError`` that names the first rows at fault.
        """
        self.check_reduction(reduction)
        work = job(self, self.arrange(y_true, y_pred))
        tally = None if reduction == "none" and not self.cautions else engine.tallies([work], sample_weight)[0]
        for _, message in self.notes(tally) if tally else ():
            warnings.warn(f"{self}: {message}", LossWarning, stacklevel=2)
        if tally is None or reduction == "none":
            value: Any = engine.each_row(work, sample_weight)
        else:
            value = self.reduce(tally, reduction, work.width)
        if not (math.isfinite(value) if isinstance(value, float) else np.isfinite(value).all()):
            warnings.warn(f"{self}: infinite, at least one row costs infinity", LossWarning, stacklevel=2)
        return value

    def notes(self, tally: Tally) -> list[tuple[str, str]]:
        """What is to be said of an evaluation: code and sentence."""
        counts = zip(self.cautions, tally.cautions, strict=True)
        return [
            (caution.code, caution.says.format(count=count, n=tally.rows))
            for caution, count in counts
            if (count == tally.rows if caution.every else count)
        ]

    def gradient(self, y_true: Any, y_pred: Any, sample_weight: Any = None, reduction: Reduction = "none") -> Any:
        """The slope of the reduced loss (of the sum, for ``none``) in ``y_pred``, shaped as ``y_pred``."""
        return self.differentiated(["pull"], y_true, y_pred, sample_weight, reduction)[0]

    def hessian(self, y_true: Any, y_pred: Any, sample_weight: Any = None, reduction: Reduction = "none") -> Any:
        """The diagonal of the second derivative of the reduced loss, shaped as ``y_pred``."""
        return self.differentiated(["bend"], y_true, y_pred, sample_weight, reduction)[0]

    def derivatives(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, reduction: Reduction = "none"
    ) -> tuple[Any, Any]:
        """Gradient and hessian in one pass, as boosters want them.

        >>> from losses import BCEWithLogits
        >>> BCEWithLogits().derivatives([1.0], [0.0])
        (array([-0.5]), array([0.25]))
        """
        slope, bend = self.differentiated(["pull", "bend"], y_true, y_pred, sample_weight, reduction)
        return slope, bend

    def differentiated(
        self,
        orders: Sequence[Order],
        y_true: Any,
        y_pred: Any,
        sample_weight: Any,
        reduction: Reduction,
        drop: bool = False,
    ) -> list[Any]:
        """The derivatives of these orders; with ``drop`` those of rows that lack a number are 0."""
        y_true, y_pred = inputs(y_true, y_pred)
        if reduction != "none":
            self.check_reduction(reduction)
        work = job(self, self.arrange(y_true, y_pred))
        scale = 1.0
        if reduction not in ("none", "sum"):
            scale = 1 / self.divisor(engine.tallies([work], sample_weight, drop)[0], reduction, work.width)
        found = engine.derivatives(work, orders, sample_weight, scale, drop)
        names = [c.field.removeprefix("y_pred.") for c in work.columns if c is not None and c.field != "y_true"]
        parts = [found[i : i + len(names)] for i in range(0, len(found), len(names))]
        if not isinstance(y_pred, Mapping):
            return [part.reshape(y_pred.shape) for (part,) in parts]
        return [
            {name: part.reshape(y_pred[name].shape) for name, part in zip(names, heads, strict=True)} for heads in parts
        ]

    def check_reduction(self, reduction: str) -> None:
        """Raise unless this loss can be reduced so."""
        if reduction not in self.about.reductions:
            allowed = list(self.about.reductions)
            raise NotSupported(
                f"{self.about.id} has no reduction {str(reduction)[:40]!r}; it has {', '.join(allowed)}",
                loss=self.about.id, field="reduction", got=str(reduction)[:40], allowed=allowed,
            )  # fmt: skip

    def divisor(self, tally: Tally, reduction: str, width: int) -> float:
        """What the sum of losses is divided by; ``width`` is the numbers in a row of the prediction."""
        if reduction == "sum":
            return 1.0
        if not tally.weight:
            raise EmptyInput("no row counts: the weights of all rows are 0, or all are ignored", loss=self.about.id)
        if math.isinf(tally.weight):
            raise InvalidWeights("sample_weight sums to infinity", loss=self.about.id, field="sample_weight")
        return tally.weight * (width if reduction == "elementmean" else 1)

    def reduce(self, tally: Tally, reduction: str, width: int) -> float:
        """The reduced loss."""
        return tally.over(self.divisor(tally, reduction, width))

    # ── how a loss is written ───────────────────────────────────────────────────────────────────────────────────

    @classmethod
    def params(cls) -> dict[str, Param]:
        """The parameters: name to range, default and sentence."""
        if "_params" not in vars(cls):
            cls._params = params_of(cls)
        return cls._params

    def set_params(self) -> dict[str, Any]:
        """The parameters that differ from their defaults."""
        return {name: getattr(self, name) for name, p in self.params().items() if getattr(self, name) != p.default}

    def to_json(self) -> str | dict[str, Any]:
        """``"huber"`` or ``{"loss": "huber", "delta": 1.35}``."""
        chosen = {name: _plain(value) for name, value in self.set_params().items()}
        return {"loss": self.about.id, **chosen} if chosen else self.about.id

    def __str__(self) -> str:
        chosen = ",".join(f"{name}={text_of(value)}" for name, value in self.set_params().items())
        return f"{self.about.id}:{chosen}" if chosen else self.about.id

    def __repr__(self) -> str:
        chosen = ", ".join(f"{name}={value!r}" for name, value in self.set_params().items())
        return f"{type(self).__name__}({chosen})"

    def __add__(self, other: Any) -> Any:
        from .sums import Sum, terms_of

        return Sum(terms_of(self) + terms_of(other)) if isinstance(other, Loss | Sum) else NotImplemented

    def __rmul__(self, factor: float) -> Any:
        from .sums import Sum

        return Sum(((factor, self),))

    def to(self, framework: str) -> Any:
        """This loss as ``framework`` takes it, ready to use; raises NotSupported with the reason where it cannot."""
        from . import frameworks

        return frameworks.export(self, framework)

    def metric(self, tool: str) -> Any:
        """This loss as ``tool`` takes a metric, in its argument order and direction."""
        from . import frameworks

        return frameworks.metric(self, tool)

    def scorer(self) -> Any:
        """A scorer for scikit-learn: minus this loss, with sample weights."""
        return self.metric("sklearn")


def _weighed(weights: Array, slopes: Any) -> list[Array]:
    parts = slopes if isinstance(slopes, tuple) else (slopes,)
    return [times(spread(weights, part), part) for part in parts]


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
