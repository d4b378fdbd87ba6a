"""The shape of a framework's file, and the fold from a loss to the thing that framework takes.

A row says once how a loss is spelled: as a ``Call`` (made for ``export``, printed for ``code``), or as a mapping of
parameters. Rows of a framework's own losses stand in ``native``, rows that need our formulas in ``ours``.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ..core import Loss
from ..errors import MissingDependency, NotSupported
from ._learner import Learner
from ._nearest import nearest
from ._steps import Steps

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


OF_LABELS = [  # the second class of each label, from models of one label each
    "import numpy as np",
    "predictions = np.column_stack([each[:, 1] for each in model.predict_proba(X)])",
]


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


def unsmoothed(row: Row) -> Row:
    """The row for targets as they are: what smooths its labels has none."""
    return lambda loss: no("it smooths no such target") if getattr(loss, "label_smoothing", 0) else row(loss)


_PACKAGES = {"sklearn": "scikit-learn", "jax": "jax optax"}


def missing(module: str) -> MissingDependency:
    """The error for a package that is not installed, saying what to install."""
    package = _PACKAGES.get(module, module)
    return MissingDependency(f"{module} is not installed: pip install {package}", field="framework", got=module)
