"""Any losses on the same predictions, in one pass: values, standard errors, units, and what to beware of."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from . import engine
from .arrays import inputs
from .blocks import job
from .catalogue import get as loss_of
from .core import Loss, Reduction
from .domains import Array
from .errors import EmptyInput, InvalidInput, InvalidShape, InvalidType, LossesError, NotSupported, UnknownName
from .remote import engine_of
from .sums import Sum, terms_of
from .tally import Tally, read_weights
from .words import filled

Missing = Literal["error", "drop"]
MOST_GROUPS = 1000


class Note(NamedTuple):
    """Something to beware of: a stable code and a sentence with this evaluation's numbers."""

    code: str
    message: str

    @classmethod
    def of(cls, code: str, **numbers: Any) -> Note:
        """A note with the numbers in its sentence."""
        return cls(code, filled(SAYS[code], **numbers))


SAYS = {
    "NOT_COMPARABLE": "these losses differ in unit ({units}): do not rank one by another",
    "MISSING_DROPPED": "{dropped:,} of {total:row} had something missing and were left out",
    "NON_FINITE": "{what} is {value}: at least one row costs infinity",
}


@dataclass(frozen=True)
class Result:
    """One loss, evaluated.

    ``value`` is a float, or an array for ``reduction="none"``; ``standard_error`` treats rows as independent and is
    None where they are not, or where there is none to give.
    """

    loss: Loss | Sum
    reduction: str
    value: Any
    standard_error: float | None
    unit: str
    n: int
    warnings: tuple[Note, ...] = ()
    gradient: Any = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it: a number it cannot hold is null, and a warning says which."""
        row = {
            "loss": self.loss.to_json(),
            "reduction": self.reduction,
            "value": plain(self.value),
            "standard_error": plain(self.standard_error),
            "unit": self.unit,
            "n": self.n,
            "warnings": [note._asdict() for note in self.warnings],
        }
        return row if self.gradient is None else {**row, "gradient": plain(self.gradient)}


class Evaluation(Mapping[str, Result]):
    """The results, in the order asked for; look one up by loss, spec, or id where that is unique.

    ``groups`` holds an evaluation for each group of rows, where those were asked for.
    """

    def __init__(self, results: Sequence[Result], groups: Mapping[Any, Evaluation] | None = None) -> None:
        self.results = tuple(results)
        self.groups = dict(groups or {})
        self._by_spec = {str(result.loss): result for result in results}

    def __getitem__(self, key: str | Loss | Sum) -> Result:
        if str(key) in self._by_spec:
            return self._by_spec[str(key)]
        named = [r for r in self.results if isinstance(r.loss, Loss) and r.loss.about.id == str(key)]
        if len(named) == 1:
            return named[0]
        if isinstance(key, str) and (spec := str(loss_of(key))) in self._by_spec:
            return self._by_spec[spec]
        raise UnknownName.among("result", key, self._by_spec)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str | Loss | Sum) and self.get(key) is not None

    def get(self, key: Any, default: Any = None) -> Any:
        """The result of a loss, or ``default`` where it was not asked for."""
        try:
            return self[key]
        except LossesError:
            return default

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_spec)

    def __len__(self) -> int:
        return len(self._by_spec)

    @property
    def n(self) -> int:
        """The rows that were evaluated."""
        return self.results[0].n if self.results else 0

    @property
    def warnings(self) -> tuple[Note, ...]:
        """What to beware of when results are read side by side."""
        units = dict.fromkeys(r.unit for r in self.results)
        if len(units) < 2:
            return ()
        return (Note.of("NOT_COMPARABLE", units=", ".join(units)),)

    def to_dict(self) -> dict[str, Any]:
        """The reply of ``POST /v1/evaluations``."""
        told = {
            "n": self.n,
            "results": [r.to_dict() for r in self.results],
            "warnings": [note._asdict() for note in self.warnings],
        }
        groups = [{"group": _key(key), **part.to_dict()} for key, part in self.groups.items()]
        return {**told, "groups": groups} if groups else told

    def _repr_html_(self) -> str:
        from .report import evaluated

        return evaluated(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {_told(result)}" for name, result in self._by_spec.items())


def _key(key: Any) -> Any:
    return plain(key) if isinstance(key, str | int | float | None) else str(key)


def _told(result: Result) -> str:
    if not isinstance(result.value, float):
        return f"{result.value!r}"
    error = "" if result.standard_error is None else f" ± {result.standard_error:.2g}"
    return f"{result.value:.6g}{error} {result.unit}"


class Evaluator:
    """Losses being evaluated: feed it batches with ``update``, add two of them, ask for the ``result``.

    >>> first, second = Evaluator(["mse", "mae"]), Evaluator(["mse", "mae"])
    >>> first.update([3, -0.5], [2.5, 0]).rows, second.update([2, 7], [2, 8]).rows
    (2, 2)
    >>> (first + second).result()["mse"].value
    0.375
    """

    def __init__(self, losses: Iterable[Any], reduction: Reduction = "mean", missing: Missing = "error") -> None:
        specs = list(losses) if isinstance(losses, Iterable) and not isinstance(losses, str | Mapping) else [losses]
        if not specs:
            raise EmptyInput("name at least one loss", field="losses")
        if missing not in ("error", "drop"):
            raise UnknownName.among("missing", missing, ("error", "drop"))
        self.losses = [loss_of(spec) for spec in specs]
        self.reduction, self.missing = reduction, missing
        self._terms = [loss for whole in self.losses for _, loss in terms_of_read(whole)]
        for loss in self._terms:
            loss.check_reduction(reduction)
        self._tallies = [Tally()] * len(self._terms)
        self._widths = [1] * len(self._terms)

    @property
    def _asked(self) -> tuple[Any, ...]:
        return self.losses, self.reduction, self.missing

    @property
    def per_row(self) -> bool:
        """Whether rows may come in any batches: where a loss is of a batch, its batches are what they are."""
        return all(loss.per_row for loss in self._terms)

    @property
    def rows(self) -> int:
        """The rows seen so far."""
        return self._tallies[0].rows

    def update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Evaluator:
        """Take in a batch; rows, sums and errors add up. Returns itself."""
        return self._take(y_true, y_pred, sample_weight, part=True)

    def _take(self, y_true: Any, y_pred: Any, sample_weight: Any, part: bool = False) -> Evaluator:
        y_true, y_pred = inputs(y_true, y_pred)
        seen = self.rows + self._tallies[0].dropped
        jobs = [job(loss, loss.arrange(y_true, y_pred), seen) for loss in self._terms]
        found = engine.tallies(jobs, sample_weight, self.missing == "drop", part)
        self._tallies = [a + b for a, b in zip(self._tallies, found, strict=True)]
        self._widths = [work.width for work in jobs]
        return self

    def __add__(self, other: Evaluator) -> Evaluator:
        if not isinstance(other, Evaluator):
            return NotImplemented
        if self._asked != other._asked:
            raise InvalidInput("only evaluations of the same losses, reduction and missing add up", field="losses")
        both = Evaluator(self.losses, self.reduction, self.missing)
        both._tallies = [a + b for a, b in zip(self._tallies, other._tallies, strict=True)]
        both._widths = [max(a, b) for a, b in zip(self._widths, other._widths, strict=True)]
        return both

    def result(self) -> Evaluation:
        """The losses over all rows seen; raises EmptyInput when there were none."""
        if not self.rows:
            dropped = self._tallies[0].dropped
            raise EmptyInput(f"no rows to evaluate ({dropped} dropped as missing)", got=0)
        tallies = iter(zip(self._tallies, self._widths, strict=True))
        return Evaluation([self._result(whole, tallies) for whole in self.losses])

    def _result(self, whole: Loss | Sum, tallies: Iterator[tuple[Tally, int]]) -> Result:
        parts = [self._term(loss, *next(tallies)) for _, loss in terms_of_read(whole)]
        if isinstance(whole, Loss):
            return parts[0]
        pairs = zip(whole.terms, parts, strict=True)
        value = None if self.reduction == "none" else sum(factor * part.value for (factor, _), part in pairs)
        notes = tuple(note for part in parts for note in part.warnings)
        return Result(whole, self.reduction, value, None, whole.unit, parts[0].n, notes)

    def _term(self, loss: Loss, tally: Tally, width: int) -> Result:
        if self.reduction == "none":
            return Result(loss, "none", None, None, loss.about.unit, tally.rows, self._notes(loss, tally, tally.total))
        value = loss.reduce(tally, self.reduction, width)
        error = tally.standard_error if loss.per_row else None
        if error is not None:
            error *= tally.weight / loss.divisor(tally, self.reduction, width)
        return Result(loss, self.reduction, value, error, loss.about.unit, tally.rows, self._notes(loss, tally, value))

    def _notes(self, loss: Loss, tally: Tally, value: float) -> tuple[Note, ...]:
        notes = [Note(*note) for note in loss.notes(tally)]
        if tally.dropped:
            total = tally.rows + tally.dropped
            notes.append(Note.of("MISSING_DROPPED", dropped=tally.dropped, total=total))
        if not math.isfinite(value):
            what = "a loss" if self.reduction == "none" else f"the {self.reduction}"
            notes.append(Note.of("NON_FINITE", what=what, value=value))
        return tuple(notes)


def terms_of_read(loss: Loss | Sum) -> Sequence[tuple[float, Loss]]:
    """The terms as they are computed."""
    return loss.terms if isinstance(loss, Sum) else terms_of(loss)


def evaluate(
    losses: Iterable[Any],
    y_true: Any,
    y_pred: Any,
    sample_weight: Any = None,
    reduction: Reduction = "mean",
    missing: Missing = "error",
    include: Sequence[str] = (),
    groups: Any = None,
) -> Evaluation:
    """Evaluate any losses on the same predictions, in one pass.

    ``losses`` are specs or Loss objects. ``y_true`` and ``y_pred`` hold n rows (``y_pred`` named arrays for losses
    that need more than one; ``y_true`` None for those without a target). ``missing="drop"`` leaves out rows with NaN
    and counts them. ``include=["gradient"]`` adds the slope of the reduced loss, which is 0 in rows that were left out.
    ``groups``, a value a row, adds ``.groups``: an evaluation of the rows of each value.

    Raises a LossesError that says what was expected, what came, and in which rows.

    >>> r = evaluate(["mse", "huber:delta=1.35"], [3, -0.5, 2, 7], [2.5, 0, 2, 8])
    >>> r["mse"].value, r["huber"].unit
    (0.375, 'target²')
    """
    wanted = list(include) if isinstance(include, Iterable) and not isinstance(include, str) else [include]
    for what in wanted:
        if what != "gradient":
            raise UnknownName.among("include", what, ("gradient",))
    run = Evaluator(losses, reduction, missing)
    if engine := engine_of(y_true, y_pred, sample_weight):
        if wanted or groups is not None or reduction == "none":
            raise NotSupported("rows of an engine stay there: ask for their mean or sum", field="reduction")
        return engine.evaluate(run, y_true, y_pred, sample_weight).result()
    (y_true, y_pred), weights = inputs(y_true, y_pred), read_weights(sample_weight)
    found = run._take(y_true, y_pred, weights).result()
    if reduction == "none":
        found = _with_rows(run, found, y_true, y_pred, weights)
    if wanted:
        options = y_true, y_pred, weights, reduction, missing == "drop"
        found = Evaluation([_sloped(r, *r.loss.differentiated(["pull"], *options)) for r in found.results])
    if groups is None:
        return found
    parts = grouped(run.losses, y_true, y_pred, weights, groups, reduction=reduction, missing=missing, include=wanted)
    return Evaluation(found.results, parts)


def grouped(
    losses: Any, y_true: Any, y_pred: Any, sample_weight: Any, groups: Any, **options: Any
) -> dict[Any, Evaluation]:
    """The evaluation of the rows of each group, in the order in which groups first come; none where none are left."""
    keys = groups.tolist() if hasattr(groups, "tolist") else list(groups)
    if not all(isinstance(key, Hashable) for key in keys):
        raise InvalidType("groups must be one value a row", field="groups", got="rows of several")
    rows = len(next(iter(y_pred.values())) if isinstance(y_pred, Mapping) else y_pred)
    if len(keys) != rows:
        raise InvalidShape(
            f"groups must have {rows} rows, got {len(keys)}", field="groups", expected=rows, got=len(keys)
        )
    places: dict[Any, list[int]] = {}
    for place, key in enumerate(keys):
        places.setdefault(None if key != key else key, []).append(place)
    if len(places) > MOST_GROUPS:
        raise InvalidInput(f"groups must be at most {MOST_GROUPS}, got {len(places)}", field="groups", got=len(places))

    def some(array: Any, at: list[int]) -> Any:
        if isinstance(array, Mapping):
            return {name: some(part, at) for name, part in array.items()}
        return array if array is None or not array.ndim else array[at]

    found = {}
    for key, at in places.items():
        with contextlib.suppress(EmptyInput):
            found[key] = evaluate(losses, some(y_true, at), some(y_pred, at), some(sample_weight, at), **options)
    return found


def _sloped(result: Result, slope: Any) -> Result:
    parts = slope.values() if isinstance(slope, Mapping) else [slope]
    steep = sum(int((~np.isfinite(part)).sum()) for part in parts)
    note = Note("NON_FINITE", f"{steep} numbers of the gradient are infinite: the loss rises without bound there")
    return replace(result, gradient=slope, warnings=(*result.warnings, note) if steep else result.warnings)


def _with_rows(run: Evaluator, found: Evaluation, y_true: Any, y_pred: Any, sample_weight: Any) -> Evaluation:
    drop = run.missing == "drop"

    def rows(loss: Loss) -> Array:
        work = job(loss, loss.arrange(y_true, y_pred))
        return engine.each_row(work, sample_weight, drop)

    def whole(loss: Loss | Sum) -> Any:
        return loss.together([rows(term) for _, term in loss.terms]) if isinstance(loss, Sum) else rows(loss)

    return Evaluation([replace(r, value=whole(r.loss)) for r in found.results])


def plain(value: Any) -> Any:
    """Numbers and arrays as JSON holds them; what it cannot hold is null."""
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
