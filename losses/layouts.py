"""How the inputs of a family of losses lie: each layout turns what users pass into columns of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .arrays import numbers
from .blocks import Column
from .core import Loss
from .domains import CLASSES, SIGNS, Array
from .errors import InvalidInput, InvalidShape, OutsideDomain


def heads_of(loss: Loss, y_pred: Any, names: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Array]:
    """The named parts of a prediction; missing and unknown ones are refused."""
    wanted = ", ".join(names)
    if not isinstance(y_pred, Mapping):
        raise InvalidInput(
            f"{loss.about.id} needs y_pred as named arrays: {wanted}",
            loss=loss.about.id, field="y_pred", expected=list(names),
        )  # fmt: skip
    missing = [name for name in names if name not in y_pred and name not in optional]
    unknown = [str(name)[:40] for name in y_pred if name not in names]
    if missing or unknown:
        fault = f"{', '.join(missing)} missing" if missing else f"{', '.join(unknown)} not among them"
        raise InvalidInput(
            f"{loss.about.id} needs y_pred as named arrays {wanted}: {fault}",
            loss=loss.about.id, field="y_pred", expected=list(names), got=[str(name)[:40] for name in y_pred],
        )  # fmt: skip
    return {name: numbers(y_pred[name], f"y_pred.{name}") for name in names if name in y_pred}


def same_shape(first: str, a: Array, second: str, b: Array) -> None:
    """Raise unless the two have one shape."""
    if a.shape != b.shape:
        expected, got = list(a.shape), list(b.shape)
        if a.ndim == b.ndim and a.shape[1:] == b.shape[1:]:
            detail = f"inputs differ in length: {first} has {expected[0]} rows, {second} has {got[0]}"
        else:
            detail = f"{second} must be shaped as {first}, {expected}, got {got}"
        raise InvalidShape(detail, field=second, expected=expected, got=got)


class Elementwise(Loss):
    """A loss of each element: ``y_true`` and ``y_pred`` of one shape, (n,) or (n, k)."""

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        y, z = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        same_shape("y_true", y, "y_pred", z)
        return Column("y_true", y, self.inputs["y_true"]), Column("y_pred", z, self.inputs["y_pred"])


class Signed(Elementwise):
    """A loss of scores for labels -1 and +1, or 0 and 1, one coding throughout."""

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        labels, scores = super().arrange(y_true, y_pred)
        assert labels is not None
        if labels.domain is SIGNS and (labels.array == 0).any() and (labels.array == -1).any():
            rows = np.flatnonzero((labels.array == 0).reshape(len(labels.array), -1).any(axis=1))[:5].tolist()
            raise OutsideDomain(
                f"y_true must be coded -1 and +1, or 0 and 1, not both: 0 at rows {rows}", field="y_true", rows=rows
            )
        return labels, scores


class Heads(Loss):
    """A loss of a distribution or interval for each element: the prediction is named arrays shaped as ``y_true``."""

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        names = [name for name in self.inputs if name != "y_true"]
        y, parts = numbers(y_true, "y_true"), heads_of(self, y_pred, names)
        for name, part in parts.items():
            same_shape("y_true", y, f"y_pred.{name}", part)
        heads = [Column(f"y_pred.{name}", part, self.inputs[name]) for name, part in parts.items()]
        return Column("y_true", y, self.inputs["y_true"]), *heads


class Classes(Loss):
    """A loss of each row of class scores, classes on the last axis; labels are class numbers or soft rows."""

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        y, z = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        if z.ndim < 2 or not z.shape[-1]:
            raise InvalidShape(
                f"y_pred must have rows of class scores, (n, classes), got shape {list(z.shape)}",
                field="y_pred", expected=["n", "classes"], got=list(z.shape),
            )  # fmt: skip
        for name, value in self.set_params().items():
            if isinstance(value, tuple) and len(value) != z.shape[-1]:
                raise InvalidShape(
                    f"{name} must have a number for each of the {z.shape[-1]} columns, got {len(value)}",
                    field=name, expected=z.shape[-1], got=len(value),
                )  # fmt: skip
        return self._labels(y, z), Column("y_pred", z, self.inputs["y_pred"])

    def _labels(self, y: Array, z: Array) -> Column:
        if y.shape == z.shape and self.accepts_soft_labels:
            return Column("y_true", y, self.inputs["y_true"])
        same_shape("y_pred without its class axis", z[..., 0], "y_true", y)
        return Column("y_true", y, CLASSES.classes(self.class_count(z), self.ignored))

    @property
    def accepts_soft_labels(self) -> bool:
        """Whether a row of class probabilities may stand for a label."""
        return False

    @property
    def ignored(self) -> int | None:
        """A label that takes a row out of the loss."""
        return None

    def class_count(self, z: Array) -> int:
        """How many classes the scores speak of."""
        return z.shape[-1]


class Distributions(Loss):
    """A loss between two distributions a row, their classes on the last axis; one distribution may come flat."""

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        p, q = numbers(y_true, "y_true"), numbers(y_pred, "y_pred")
        same_shape("y_true", p, "y_pred", q)
        p, q = np.atleast_2d(p), np.atleast_2d(q)
        return Column("y_true", p, self.inputs["y_true"]), Column("y_pred", q, self.inputs["y_pred"])


class Rows(Loss):
    """A loss of rows of embeddings: named (n, d) arrays, and a label a row where the loss has a target."""

    def arrange(self, y_true: Any, y_pred: Any) -> Sequence[Column | None]:
        names = [name for name in self.inputs if name != "y_true"]
        parts = heads_of(self, y_pred, names)
        first = names[0]
        for name, part in parts.items():
            if part.ndim != 2:
                raise InvalidShape(
                    f"y_pred.{name} must be rows of embeddings, (n, d), got shape {list(part.shape)}",
                    field=f"y_pred.{name}", expected=["n", "d"], got=list(part.shape),
                )  # fmt: skip
            same_shape(f"y_pred.{first}", parts[first], f"y_pred.{name}", part)
        heads = [Column(f"y_pred.{name}", part, self.inputs[name]) for name, part in parts.items()]
        return *no_target_or_labels(self, y_true), *heads


def no_target_or_labels(loss: Loss, y_true: Any) -> tuple[Column | None, ...]:
    """The label column of a loss that has one; a loss without refuses a target."""
    if "y_true" in loss.inputs:
        labels = numbers(y_true, "y_true")
        if labels.ndim != 1:
            raise InvalidShape(
                f"y_true must be one label a row, got shape {list(labels.shape)}",
                field="y_true",
                got=list(labels.shape),
            )
        return (Column("y_true", labels, loss.inputs["y_true"]),)
    if y_true is not None:
        raise InvalidInput(
            f"{loss.about.id} has no target: y_true must be left out", loss=loss.about.id, field="y_true"
        )
    return ()
