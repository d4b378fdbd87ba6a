"""Weighted sums of losses, as ``0.5*dice + 0.5*bce_with_logits``: trained together, told apart."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from .arrays import inputs
from .core import Loss, Reduction
from .domains import LOGITS
from .errors import InvalidParameter, InvalidShape, NotSupported
from .fused import Order
from .params import text_of

Term = tuple[float, Loss]


class Sum:
    """A weighted sum of losses of the same inputs.

    Where one term reads logits, terms that can (``from_logits``) read them too: ``dice + bce_with_logits`` is Dice on
    the sigmoid of the logits that the cross-entropy sees. Each term is reduced as it is on its own.
    """

    def __init__(self, terms: Iterable[tuple[Any, Loss]]) -> None:
        given = tuple(terms)
        if not given or not all(isinstance(x, Real) and 0 < x < math.inf for x, _ in given):  # type: ignore[operator]
            raise InvalidParameter("a sum needs losses with finite factors above 0", field="loss")
        terms = tuple((float(factor), loss) for factor, loss in given)
        logits = any(loss.inputs.get("y_pred") is LOGITS for _, loss in terms)
        self.terms = tuple((factor, _reading_logits(loss) if logits else loss) for factor, loss in terms)
        self._spoken = terms

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None, reduction: Reduction = "mean") -> Any:
        """The weighted sum of the reduced losses; ``none`` needs terms of one shape."""
        y_true, y_pred = inputs(y_true, y_pred)
        return self.together([loss(y_true, y_pred, sample_weight, reduction) for _, loss in self.terms])

    def together(self, values: Sequence[Any]) -> Any:
        """The values of the terms as that of the sum."""
        shapes = [list(np.shape(value)) for value in values]
        if any(shape != shapes[0] for shape in shapes):
            raise InvalidShape(f"{self} has no reduction 'none': its terms have shapes {shapes}", got=shapes)
        parts = [factor * value for (factor, _), value in zip(self.terms, values, strict=True)]
        return sum(parts[1:], parts[0])

    def gradient(self, y_true: Any, y_pred: Any, sample_weight: Any = None, reduction: Reduction = "none") -> Any:
        """The slope of the reduced sum in ``y_pred``."""
        return self.differentiated(["pull"], y_true, y_pred, sample_weight, reduction)[0]

    def hessian(self, y_true: Any, y_pred: Any, sample_weight: Any = None, reduction: Reduction = "none") -> Any:
        """The diagonal of its second derivative."""
        return self.differentiated(["bend"], y_true, y_pred, sample_weight, reduction)[0]

    def derivatives(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None, reduction: Reduction = "none"
    ) -> tuple[Any, Any]:
        """Gradient and hessian in one pass."""
        slope, bend = self.differentiated(["pull", "bend"], y_true, y_pred, sample_weight, reduction)
        return slope, bend

    def differentiated(self, orders: Sequence[Order], y_true: Any, y_pred: Any, *options: Any) -> list[Any]:
        """As ``Loss.differentiated``, of the sum."""
        y_true, y_pred = inputs(y_true, y_pred)
        found = [loss.differentiated(orders, y_true, y_pred, *options) for _, loss in self.terms]
        return [self._added(parts) for parts in zip(*found, strict=True)]

    def _added(self, parts: Sequence[Any]) -> Any:
        if isinstance(parts[0], Mapping):
            return {name: self._added([part[name] for part in parts]) for name in parts[0]}
        return sum(factor * part for (factor, _), part in zip(self.terms, parts, strict=True))

    @property
    def unit(self) -> str:
        """The unit, where the terms share one."""
        units = list(dict.fromkeys(loss.about.unit for _, loss in self.terms))
        return units[0] if len(units) == 1 else "mixed"

    def to_json(self) -> str:
        """The text form: a sum has no other."""
        return str(self)

    def to(self, framework: str) -> Any:
        """Refused: frameworks take the terms one by one."""
        raise NotSupported(f"{self} cannot be exported to {framework} as one loss; export its terms", loss=str(self))

    def __str__(self) -> str:
        return "+".join(str(loss) if factor == 1 else f"{text_of(factor)}*{loss}" for factor, loss in self._spoken)

    def __repr__(self) -> str:
        return " + ".join(
            repr(loss) if factor == 1 else f"{text_of(factor)} * {loss!r}" for factor, loss in self._spoken
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and self.terms == other.terms

    def __hash__(self) -> int:
        return hash(self.terms)

    def __add__(self, other: Sum | Loss) -> Sum:
        return Sum(self._spoken + terms_of(other)) if isinstance(other, Loss | Sum) else NotImplemented

    def __rmul__(self, factor: float) -> Sum:
        return Sum((factor * own, loss) for own, loss in self._spoken)


def terms_of(loss: Sum | Loss) -> tuple[Term, ...]:
    """A loss as the terms of a sum."""
    return loss._spoken if isinstance(loss, Sum) else ((1.0, loss),)


def _reading_logits(loss: Loss) -> Loss:
    return replace(loss, from_logits=True) if "from_logits" in loss.params() else loss  # type: ignore[type-var]
