"""The shape of a framework's file, and the fold from a loss to the thing that framework takes.

A row says once how a loss is spelled: as a ``Call`` (made for ``export``, printed for ``code``), or as a mapping of
parameters. Rows of a framework's own losses stand in ``native``, rows that need our formulas in ``ours``.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from ..core import Loss
from ..errors import MissingDependency, NotSupported, UnknownName
from ._learner import Learner
from ._nearest import nearest
from ._objective import LABELS

Row = Callable[[Any], Any]


@dataclass(frozen=True)
class Name:
    """Something to import: ``"torch:nn.L1Loss"`` is imported up to the colon and printed as ``torch.nn.L1Loss``.

    >>> print(Name("numpy:log1p").find(), Name("numpy:log1p").line)
    <ufunc 'log1p'> from numpy import log1p
    """

    path: str

    def find(self) -> Any:
        """The thing itself; raises MissingDependency where its package is not installed."""
        module, _, inner = self.path.partition(":")
        try:
            return functools.reduce(getattr, inner.split("."), importlib.import_module(module))
        except ModuleNotFoundError as error:
            raise missing(module.partition(".")[0]) from error

    @property
    def line(self) -> str:
        """The import that makes it known."""
        module, _, inner = self.path.partition(":")
        return f"import {module}" if "." in inner else f"from {module} import {inner}"

    def __str__(self) -> str:
        module, _, inner = self.path.partition(":")
        return f"{module}.{inner}" if "." in inner else inner


@dataclass(frozen=True)
class Call:
    """A call, to be made and to be printed.

    >>> print(Call("sklearn.ensemble:HistGradientBoostingRegressor", options={"loss": "absolute_error"}))
    HistGradientBoostingRegressor(loss='absolute_error')
    """

    path: str
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def make(self) -> Any:
        """The object that this call returns."""
        return Name(self.path).find()(*map(made, self.args), **{key: made(item) for key, item in self.options.items()})

    def __str__(self) -> str:
        given = [text(item) for item in self.args] + [f"{key}={text(item)}" for key, item in self.options.items()]
        return f"{Name(self.path)}({', '.join(given)})"


def call(path: str, *args: Any, **options: Any) -> Call:
    """A ``Call``, written as one writes a call."""
    return Call(path, args, options)


@dataclass(frozen=True)
class Ours:
    """A loss that the framework lacks, built from our formulas; printed as the call of ``to`` that builds it."""

    loss: Loss
    framework: str
    build: Callable[[Loss], Any]
    key: str = ""

    def make(self) -> Any:
        """The object."""
        return self.build(self.loss)

    def __str__(self) -> str:
        return f"losses.{self.loss!r}.to({self.framework!r})" + (f"[{self.key!r}]" if self.key else "")


class Expression(str):
    """Source text that stands as it is."""

    __repr__ = str.__str__


def made(item: Any) -> Any:
    """A spelled thing, with its calls made and its names found."""
    if isinstance(item, Call | Ours):
        return item.make()
    if isinstance(item, Name):
        return item.find()
    return {key: made(part) for key, part in item.items()} if isinstance(item, dict) else item


def text(item: Any) -> str:
    """A spelled thing as source text."""
    if isinstance(item, dict):
        return "{" + ", ".join(f"{key!r}: {text(part)}" for key, part in item.items()) + "}"
    return str(item) if isinstance(item, Call | Name | Ours) else repr(item)


def lines(item: Any) -> set[str]:
    """The imports that a spelled thing needs."""
    if isinstance(item, Name):
        return {item.line}
    if isinstance(item, Ours):
        return {"import losses"}
    if isinstance(item, Call):
        return {Name(item.path).line}.union(*map(lines, item.args), *map(lines, item.options.values()))
    return set().union(*map(lines, item.values())) if isinstance(item, dict) else set()


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


@dataclass(frozen=True)
class Framework:
    """One framework: what is installed, which models it trains, and a row for each loss it can take.

    ``refused`` holds, for losses without a row, the reason and the nearest loss that has one; the rest are refused
    for ``otherwise``, or for ``lacking`` where it has other losses of their tasks, and the catalogue tells the nearest.
    ``forms`` are rows for targets that are no column of single values; a framework whose models are ``wide`` takes the
    others too. ``place`` is where it stands when all are shown. ``write`` turns a spelled loss into lines that train
    with it; ``learn``, where the framework has estimators, sets up one for it, like the one given.
    """

    native: Mapping[str, Row]
    write: Callable[[Loss, Any, Steps], list[str]]
    family: str | None
    otherwise: str
    lacking: str = ""
    ours: Mapping[str, Row] = field(default_factory=dict)
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    learn: Callable[[Loss, Any, Any], Learner] | None = None
    forms: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)
    wide: bool = False
    place: int = 99
    aliases: tuple[str, ...] = ()

    def spell(self, loss: Loss, name: str, form: str | None = None) -> Any:
        """The loss as this framework writes it; raises NotSupported with the reason and the nearest loss."""
        rows = self.forms.get(form or "", {})
        row = rows.get(loss.about.id) or self.native.get(loss.about.id) or self.ours.get(loss.about.id)
        if row is None:
            raise self._refusal(loss, name, *self.refused.get(loss.about.id, ("", "")))
        try:
            return row(loss)
        except _NoRowError as error:
            raise self._refusal(loss, name, *error.args) from None

    def _refusal(self, loss: Loss, name: str, reason: str, known: str) -> NotSupported:
        near = known or nearest(loss, [*self.native, *self.ours])
        reason = reason or (self.lacking if near else "") or self.otherwise
        return NotSupported(
            f"{name} cannot train with {loss}: {reason}; {f'nearest: {near}' if near else 'it has no loss near it'}",
            loss=loss.about.id, field="framework", got=name, nearest=near or None,
        )  # fmt: skip


class _NoRowError(Exception):
    """A row that has nothing for these parameters."""


def no(reason: str, known: str = "") -> NoReturn:
    """Said by a row that cannot spell a loss with these parameters."""
    raise _NoRowError(reason, known)


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


def unsmoothed(row: Row) -> Row:
    """The row for targets as they are: what smooths its labels has none."""
    return lambda loss: no("it smooths no such target") if getattr(loss, "label_smoothing", 0) else row(loss)


_PACKAGES = {"sklearn": "scikit-learn", "jax": "jax optax"}


def missing(module: str) -> MissingDependency:
    """The error for a package that is not installed, saying what to install."""
    package = _PACKAGES.get(module, module)
    return MissingDependency(f"{module} is not installed: pip install {package}", field="framework", got=module)
