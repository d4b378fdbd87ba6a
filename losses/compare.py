"""Two models on the same rows: the mean difference of their losses, with the error that pairing leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from . import engine
from .arrays import inputs
from .blocks import Caution, Job, job
from .core import Loss
from .domains import Array
from .errors import InvalidInput, NotSupported
from .evaluate import Evaluator, Missing, plain
from .sums import Sum
from .tally import Tally, read_weights

Z = 1.959963984540054  # 95% of a normal distribution lies within so many standard errors


@dataclass(frozen=True)
class Contrast:
    """One loss of two models: ``difference`` is the first's mean less the second's, below 0 where the first is better.

    ``low`` to ``high`` is the interval that holds the true difference in 95 of 100 samples of independent rows; it, and
    the error, are None where a single row says nothing of them.
    """

    loss: Loss
    values: Mapping[str, float]
    difference: float
    standard_error: float | None
    unit: str
    n: int

    @property
    def low(self) -> float | None:
        """The lower end of the 95% interval."""
        return None if self.standard_error is None else self.difference - Z * self.standard_error

    @property
    def high(self) -> float | None:
        """The upper end of the 95% interval."""
        return None if self.standard_error is None else self.difference + Z * self.standard_error

    @property
    def better(self) -> str | None:
        """The model with the lower loss, where the interval leaves no room for the other."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return None
        return list(self.values)[self.difference > 0]

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        names = ("values", "difference", "standard_error", "low", "high", "better", "unit", "n")
        return {"loss": self.loss.to_json()} | {name: plain(getattr(self, name)) for name in names}

    def __str__(self) -> str:
        first, second = self.values
        error = "" if self.low is None else f" [{self.low:.6g}, {self.high:.6g}]"
        return f"{first} - {second}: {self.difference:.6g}{error} {self.unit}"


class Comparison(Mapping[str, Contrast]):
    """The contrasts, in the order of the losses asked for, by their text."""

    def __init__(self, results: Iterable[Contrast]) -> None:
        self.results = tuple(results)
        self._by_spec = {str(found.loss): found for found in self.results}

    def __getitem__(self, key: str | Loss) -> Contrast:
        return self._by_spec[str(key)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_spec)

    def __len__(self) -> int:
        return len(self._by_spec)

    def to_dict(self) -> dict[str, Any]:
        """The reply of ``POST /v1/comparisons``."""
        return {"results": [found.to_dict() for found in self.results]}

    def __repr__(self) -> str:
        return "\n".join(f"{name}: {found}" for name, found in self._by_spec.items())


@dataclass(frozen=True)
class Paired:
    """A loss of the first of two predictions, of the second, or of one less the other: a formula of both, row by row.

    All three look at the same rows, and what makes a row hard for both falls out of their difference.
    """

    loss: Loss
    heads: int
    side: int | None = None

    per_row: ClassVar[bool] = True
    cautions: ClassVar[tuple[Caution, ...]] = ()

    @property
    def of_elements(self) -> bool:
        """As the loss."""
        return self.loss.of_elements

    def _sides(self, arrays: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        y, *heads = arrays
        return [(y, *heads[: self.heads]), (y, *heads[self.heads :])]

    def value(self, *arrays: Any) -> Any:
        """The loss, or the difference, of each row."""
        sides = self._sides(arrays)
        if self.side is not None:
            return self.loss.value(*sides[self.side])
        return self.loss.value(*sides[0]) - self.loss.value(*sides[1])

    def mass(self, *arrays: Any) -> Array | None:
        """What each row counts for."""
        return self.loss.mass(*self._sides(arrays)[0])

    def weigh(self, weights: Array) -> Array:
        """As the loss weighs."""
        return self.loss.weigh(weights)


def compare(
    losses: Iterable[Any],
    y_true: Any,
    predictions: Mapping[str, Any],
    sample_weight: Any = None,
    missing: Missing = "error",
) -> Comparison:
    """How much better one of two models is, by any losses, in one pass; ``predictions`` names both.

    Rows are paired: what makes a row hard for both models does not blur their difference. Rows are taken as
    independent, and as enough for a normal distribution of their mean.

    >>> compare("mae", [3, -0.5, 2, 7], {"new": [2.5, 0, 2, 8], "old": [2, 0, 1, 9]})
    mae: new - old: -0.625 [-1.09413, -0.155869] target
    """
    if not isinstance(predictions, Mapping) or len(predictions) != 2:
        raise InvalidInput("predictions must name two models, as in {'new': …, 'old': …}", field="predictions")
    run = Evaluator(losses, missing=missing)
    (y, first), (_, second) = (inputs(y_true, y_pred) for y_pred in predictions.values())
    jobs = [work for loss in run.losses for work in _jobs(loss, y, first, second)]
    tallies = iter(engine.tallies(jobs, read_weights(sample_weight), missing == "drop"))
    return Comparison([_contrast(loss, list(predictions), [next(tallies) for _ in _SIDES]) for loss in run.losses])


_SIDES = (None, 0, 1)


def _jobs(loss: Loss | Sum, y_true: Any, first: Any, second: Any) -> Iterator[Job]:
    if isinstance(loss, Sum) or not loss.per_row or "y_true" not in loss.inputs:
        raise NotSupported(f"{loss} is no loss of single rows against a truth: it has no pairs", loss=str(loss))
    columns = [*loss.arrange(y_true, first), *loss.arrange(y_true, second)[1:]]
    for side in _SIDES:
        formula: Any = Paired(loss, len(columns) // 2, side)
        yield job(formula, columns)


def _contrast(loss: Any, names: Sequence[str], tallies: Sequence[Tally]) -> Contrast:
    difference, *values = (loss.reduce(tally, "mean", 1) for tally in tallies)
    both = tallies[0]
    return Contrast(
        loss, dict(zip(names, values, strict=True)), difference, both.standard_error, loss.about.unit, both.rows
    )
