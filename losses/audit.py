"""Models side by side: any losses on the predictions of each, with errors, leads, worst rows and what drives them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .advice.recommend import recommend
from .arrays import numbers
from .catalogue import get
from .core import Loss
from .domains import Array
from .errors import EmptyInput, InvalidShape, LossesError, MissingValues
from .evaluate import Missing, Note, evaluate, plain
from .layouts import Elementwise
from .profile import Profile
from .words import number, plural

TOP = 0.01  # of the rows: how much of a loss comes from its costliest
WORST = 5  # rows that are shown
SURE = 2.0  # standard errors, from which a lead is one
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class Score:
    """A model under one loss; ``top_share`` is what the costliest 1% of rows make of it."""

    model: str
    value: float
    standard_error: float | None
    top_share: float | None


@dataclass(frozen=True)
class Line:
    """One loss of all models; ``ahead`` and ``says`` tell whether the best is, by differences row by row."""

    loss: str
    unit: str
    scores: tuple[Score, ...]
    best: str
    ahead: bool
    says: str


@dataclass(frozen=True)
class Row:
    """A row that costs much, on average over the models."""

    row: int
    truth: float
    predictions: dict[str, float]
    cost: float


@dataclass(frozen=True)
class Audit:
    """Losses as lines, models as scores; ``misses`` are quantiles of prediction − truth."""

    n: int
    lines: tuple[Line, ...]
    worst: tuple[Row, ...]
    misses: dict[str, tuple[float, ...]]
    left_out: tuple[tuple[str, str], ...]
    warnings: tuple[Note, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return {
            "n": self.n,
            "lines": [
                asdict(line) | {"scores": [plain(asdict(score)) for score in line.scores]} for line in self.lines
            ],
            "worst": [plain(asdict(row)) for row in self.worst],
            "misses": {name: list(found) for name, found in self.misses.items()},
            "left_out": [{"loss": loss, "reason": reason} for loss, reason in self.left_out],
            "warnings": [note._asdict() for note in self.warnings],
        }

    def _repr_html_(self) -> str:
        from .report import audited

        return audited(self)

    def __str__(self) -> str:
        return "\n".join(f"{line.loss}: {', '.join(map(_told, line.scores))} ({line.says})" for line in self.lines)


def _told(score: Score) -> str:
    error = "" if score.standard_error is None else f" ± {number(score.standard_error, 2)}"
    return f"{score.model} {number(score.value)}{error}"


def audit(
    y_true: Any,
    predictions: Mapping[str, Any],
    losses: Iterable[Any] = (),
    sample_weight: Any = None,
    missing: Missing = "error",
) -> Audit:
    """Judge the predictions of several models by several losses; without losses, by those that suit this truth.

    A loss that is not defined on the data is left out, with the reason. With ``missing="drop"`` a row in which any of
    the columns is missing is left out for all of them.

    >>> found = audit([3, -0.5, 2, 7], {"a": [2.5, 0, 2, 8], "b": [3, 0, 2, 7]}, ["mae"])
    >>> found.lines[0].best, found.lines[0].says
    ('b', 'b is 0.38 ± 0.24 below a: not told apart')
    """
    given = _columns(y_true, predictions)
    rows = _present(given, missing)
    dropped = given[0][1].size - rows.size
    y, *columns = (column[rows] for _, column in given)
    models = dict(zip(predictions, columns, strict=True))
    if dropped and sample_weight is not None:
        sample_weight = numbers(sample_weight, "sample_weight")[rows]
    lines, left, costs = [], [], []
    with np.errstate(all="ignore"):
        far = {name: z - y for name, z in models.items()}
    for loss in [get(spec) for spec in losses] or suited(y, models):
        try:
            line, cost = _line(loss, y, models, sample_weight, missing)
        except LossesError as error:
            left.append((str(loss), error.detail))
        else:
            lines.append(line)
            costs.append(cost)
    if not lines:
        raise EmptyInput(f"no loss is defined on these predictions: {left[0][1]}" if left else "no loss", field="loss")
    return Audit(
        len(y), tuple(lines), _worst(costs[0], y, models, rows),
        {name: _quantiles(miss) for name, miss in far.items()}, tuple(left),
        tuple(_notes(lines, dropped, len(y))),
    )  # fmt: skip


def _columns(y_true: Any, predictions: Mapping[str, Any]) -> list[tuple[str, Array]]:
    """The truth and the predictions of each model: one number a row, as many of each."""
    if not predictions:
        raise EmptyInput("name at least one column of predictions", field="model")
    y = numbers(y_true, "y_true")
    found = [("y_true", y), *((name, numbers(z, name)) for name, z in predictions.items())]
    for name, column in found:
        if column.ndim != 1:
            raise InvalidShape(f"{name} must hold one number a row, got shape {list(column.shape)}", field=name)
        if column.size != y.size:
            detail = f"{name} has {column.size:,} rows where y_true has {y.size:,}"
            raise InvalidShape(detail, field=name, expected=y.size, got=column.size)
    return found


def _present(columns: Sequence[tuple[str, Array]], missing: Missing) -> Array:
    """The places of the rows in which nothing is missing; where rows may not be left out, the first one is told."""
    absent = [(name, np.isnan(column)) for name, column in columns]
    gone = np.any([found for _, found in absent], axis=0)
    if missing == "drop" or not gone.any():
        return np.flatnonzero(~gone)
    name, places = next((name, np.flatnonzero(found)) for name, found in absent if found.any())
    where = f"{name} is missing in {places.size:,} of {plural(gone.size, 'row')}, first in row {places[0]} (from 0)"
    detail = f"{where}: leave such rows out (missing='drop'), or fill them in"
    raise MissingValues(detail, field="missing", rows=places[:20].tolist())


def _notes(lines: Sequence[Line], dropped: int, kept: int) -> Iterator[Note]:
    units = list(dict.fromkeys(line.unit for line in lines))
    if len(units) > 1:
        yield Note.of("NOT_COMPARABLE", units=", ".join(units))
    if dropped:
        yield Note.of("MISSING_DROPPED", dropped=dropped, total=dropped + kept)


def suited(y: Array, models: Mapping[str, Array]) -> list[Loss]:
    """The losses that a target like the truth would be trained with and that cost nothing where all is right."""
    p, bits = Profile.of(y), bool(np.isin(y[np.isfinite(y)], (0, 1)).all())
    first = ["bce", "bce_with_logits"] if bits else ["mae", "mse"]
    ranked = recommend(p, n=6, task="classification" if bits else "regression").ranked if p.n else []
    made = dict.fromkeys([*map(get, first), *(found.loss for found in ranked if not found.transform)])
    shares = all(((z >= 0) & (z <= 1)).all() for z in models.values())
    found = [loss for loss in made if isinstance(loss, Elementwise)]
    return [loss for loss in found if (loss.inputs["y_pred"].infinite != shares if bits else loss.about.zero)]


def _line(
    loss: Any, y: Array, models: Mapping[str, Array], weight: Any, missing: Missing
) -> tuple[Line, dict[str, Array]]:
    scores, costs = [], {}
    for name, z in models.items():
        found = evaluate([loss], y, z, weight, missing=missing).results[0]
        costs[name] = np.asarray(evaluate([loss], y, z, weight, "none", missing).results[0].value, float).reshape(-1)
        scores.append(Score(name, found.value, found.standard_error, _top(costs[name])))
    ordered = sorted(scores, key=lambda score: score.value)
    return Line(str(loss), found.unit, tuple(scores), ordered[0].model, *_lead(ordered, costs)), costs


def _top(cost: Array) -> float | None:
    total = float(cost.sum())
    most = np.sort(cost)[-max(1, math.ceil(cost.size * TOP)) :]
    return float(most.sum()) / total if total > 0 and cost.min() >= 0 else None


def _lead(ordered: Sequence[Score], costs: Mapping[str, Array]) -> tuple[bool, str]:
    """Whether the best is ahead of the second: the mean difference of the same rows, and its standard error."""
    if len(ordered) < 2:
        return False, "one model"
    first, second = (score.model for score in ordered[:2])
    gap = costs[second] - costs[first]
    error = float(gap.std(ddof=1) / math.sqrt(gap.size)) if gap.size > 1 else math.inf
    ahead = bool(gap.mean() > SURE * error)
    sure = "ahead" if ahead else "not told apart"
    return ahead, f"{first} is {number(gap.mean(), 2)} ± {number(error, 2)} below {second}: {sure}"


def _worst(costs: Mapping[str, Array], y: Array, models: Mapping[str, Array], rows: Array) -> tuple[Row, ...]:
    if any(cost.size != y.size for cost in costs.values()):
        return ()
    mean = np.mean(list(costs.values()), axis=0)
    return tuple(
        Row(int(rows[i]), float(y[i]), {name: float(z[i]) for name, z in models.items()}, float(mean[i]))
        for i in np.argsort(-mean, kind="stable")[:WORST]
    )


def _quantiles(miss: Array) -> tuple[float, ...]:
    known = miss[np.isfinite(miss)]
    return tuple(float(q) for q in np.quantile(known if known.size else np.zeros(1), QUANTILES))
