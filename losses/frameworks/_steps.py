"""What the lines of code must do beside training: how the target stands before, the ways back and out after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..core import Loss
from ..errors import UnknownName
from ._objective import LABELS
from ._structures import OF_BOXES


class Layout(NamedTuple):
    """How a target stands: its form, its classes by number where it holds others, and how many classes there are.

    Forms are one value a row (None), ``shares`` from 0 to 1 for a loss of labels, or several values a row: 0/1
    ``labels``, a ``distribution`` over classes, ``boxes`` and ``masks``. Classes () are those there are, sorted.
    """

    form: str | None = None
    levels: tuple[Any, ...] | None = None
    classes: int = 0


COLUMN = Layout()
USUAL = {
    **dict.fromkeys(("kl_div", "js_div"), "distribution"),
    **dict.fromkeys(("dice", "iou", "tversky", "focal_tversky", "lovasz_hinge"), "masks"),
}
OF_ANY = ("brier",)  # losses of one probability, or of one for each of more classes
WIDE = ("labels", "distribution", "boxes")  # as many numbers a row as the target has
TRANSFORMS = {"log": ("np.log({})", "np.exp({})"), "log1p": ("np.log1p({})", "np.expm1({})")}


@dataclass(frozen=True)
class Steps:
    """What else the code must do: a link on the model's output, a transform of the target, steps after training."""

    link: str | None = None
    transform: str | None = None
    post: Mapping[str, Any] | None = None
    layout: Layout = COLUMN

    @property
    def wide(self) -> bool:
        """Whether the model puts out a number for each column of the target."""
        return self.layout.form in WIDE

    @property
    def before(self) -> list[str]:
        """Lines that transform the target, or number its classes."""
        if self.transform is not None:
            return ["import numpy as np", f"y = {self._transform()[0].format('y')}"]
        if self.layout.form == "masks":
            return ["# X holds images, their channels last; y a mask for each"]
        return [] if self.layout.levels is None else ["import numpy as np", *self._numbered(list(self.layout.levels))]

    def _numbered(self, levels: list[Any]) -> list[str]:
        if not levels:
            return ["levels, y = np.unique(y, return_inverse=True)"]
        return [f"levels = {levels}  # the first is 0", "y = np.array([levels.index(label) for label in y])"]

    @property
    def after(self) -> list[str]:
        """Lines that turn what the model predicts into what was asked for."""
        back = [] if self.transform is None else [f"predictions = {self._transform()[1].format('predictions')}"]
        return back + [line for step, what in (self.post or {}).items() for line in _post(step, what)]

    def _transform(self) -> tuple[str, str]:
        if self.transform not in TRANSFORMS:
            raise UnknownName.among("transform", self.transform, TRANSFORMS)
        return TRANSFORMS[self.transform]


def _post(step: str, what: Any) -> list[str]:
    source = what.get("code") if isinstance(what, Mapping) else None
    return [f"# {step}", *source.splitlines()] if isinstance(source, str) else [f"# {step}: {what}"]


_SHARES = {"distribution": "softmax", "probabilities": "softmax", "log_probabilities": "log_softmax"}
LINKS = {"log": "exp", "log1p": "expm1", "logit": "sigmoid"}
_DOMAINS = {"positive": "exp", "nonnegative": "exp", "above_minus_one": "expm1", "probabilities": "sigmoid"}


def way_back(loss: Loss, steps: Steps) -> str | None:
    """The function that turns the output of a model into what the loss reads: by domain, or the link asked for."""
    if by_class(loss, steps):
        return _SHARES.get(loss.inputs["y_pred"].name)
    if loss.inputs["y_pred"].name != "reals" or getattr(loss, "log_input", False):
        return _DOMAINS.get(loss.inputs["y_pred"].name)
    return LINKS.get(steps.link or "")


def by_class(loss: Loss, steps: Steps) -> bool:
    """Whether the loss reads one number a class."""
    several = loss.about.id in OF_ANY and steps.layout.form is None and steps.layout.classes > 2
    return several or loss.inputs["y_true"].name == "distribution"


def heads(loss: Loss, exp: str) -> str:
    """The parts of a forecast as columns of ``raw``, a dictionary in source text; empty where there is one part."""
    names = [name for name in loss.inputs if name != "y_true"]
    if loss.about.elicits not in ("distribution", "interval") or len(names) < 2:
        return ""
    columns = [(name, f"raw[:, {i}]") for i, name in enumerate(names)]
    parts = [f"'{n}': {c if loss.inputs[n].name == 'reals' else f'{exp}({c})'}" for n, c in columns]
    return f"{{{', '.join(parts)}}}"


def way_out(loss: Loss) -> str | None:
    """The function that turns what the loss reads into what a user wants: softmax or sigmoid of logits, exp of logs."""
    truth, prediction = loss.inputs["y_true"].name, loss.inputs["y_pred"].name
    if truth == "distribution":
        return None if prediction in ("probabilities", "distribution", "log_probabilities") else "softmax"
    if getattr(loss, "log_input", False):
        return "exp"
    return "sigmoid" if truth in LABELS and prediction == "logits" else None


def width(loss: Any) -> int:
    """How many numbers a row the loss reads, where it does not read one a class."""
    return len(loss.tau) if isinstance(getattr(loss, "tau", None), tuple) else 1


def outputs(loss: Loss, steps: Steps, columns: str, classes: str) -> str:
    """How many numbers a row a model puts out, given the source text for columns of the target and for its classes."""
    if loss.about.id in OF_BOXES:
        return "4"
    if heads(loss, ""):
        return str(len(loss.inputs) - 1)
    return columns if steps.wide else classes if by_class(loss, steps) else str(width(loss))
