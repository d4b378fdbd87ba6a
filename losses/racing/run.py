"""``race(...)``: the advice put to the test on the user's own rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from losses.advice import warnings
from losses.advice.question import Question, ask
from losses.advice.recommend import advise, read, unique
from losses.errors import InvalidParameter, NotSupported
from losses.racing.answer import Race, settled
from losses.racing.entrants import Refusals, checked, entrants
from losses.racing.heats import Budget, Heats, Tell
from losses.racing.models import Kind, kind
from losses.racing.scores import POWER, VALUES, Scorer, scorer
from losses.racing.standings import standings
from losses.racing.table import column, features, for_linear, table

NAMES = {
    ("lightgbm", "boosting"): "boosted trees of LightGBM",
    ("sklearn", "boosting"): "boosted trees of scikit-learn",
    ("sklearn", "linear"): "linear models of scikit-learn",
}


def race(
    X: Any,  # noqa: N803 as scikit-learn has it
    y: Any,
    metric: str | None = None,
    *,
    goal: str | None = None,
    costs: Mapping[str, float] | None = None,
    task: str | None = None,
    model: str | None = None,
    framework: str | None = None,
    require: Sequence[str] = (),
    name: str | None = None,
    sample_weight: Any = None,
    budget: float = 30.0,
    candidates: int | Sequence[Any] | None = None,
    cv: int = 5,
    random_state: int = 0,
    progress: Tell | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Race:
    """The losses of ``recommend`` trained and measured on held-out rows: the advice, in the order that was measured.

    ``X`` is (n, p): a matrix, a frame or a mapping of columns; missing values and words are for boosting only. ``y`` is
    (n,); rows without a target are left out. ``metric``, ``goal``, ``costs``, ``task``, ``model`` (boosting or linear;
    boosting where none is named), ``framework`` (lightgbm where installed, else sklearn) and ``require`` are those of
    ``recommend``; with no metric, the score that is consistent for what is wanted. ``budget`` is in seconds, from 0.
    ``candidates`` is how many losses of the advice race, from 1, or which: specs such as "huber:delta=2" (a bare name
    has its parameters from the data); by default six of the advice, and a few outsiders that theory rules out, yet few
    rows may favour. ``cv`` is the number of folds, 2 to 20; ``random_state`` from 0 draws them.
    ``progress(share, what)`` is told how far the race has come.

    Every loss sees the same folds, with the transform, threshold, factor or correction that the advice calls for, each
    found on training rows. Successive halving drops what is surely worse. Those within one standard error of the
    lowest mean come first, in the order of the advice, then the others by mean; losses whose difference to the lowest
    may be chance (95%) are told as ties. With a budget that suffices, the result does not depend on time.

    Raises NotSupported for a metric, model or loss that cannot be raced, naming what can; InvalidShape, InvalidType,
    MissingValues or InvalidInput for data; InvalidParameter; UnknownName.

    Source: Jamieson & Talwalkar 2016, arXiv:1502.07943; Nadeau & Bengio 2003, doi:10.1023/A:1024068626366;
    Breiman et al. 1984, ISBN 978-0-412-04841-8 (one standard error).

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> y = X[:, 0] + rng.exponential(size=200)
    >>> r = race(X, y, metric="mae", model="linear", candidates=["mse", "mae"])
    >>> r.best.id, r.measured[0].folds, r.lower_is_better
    ('mae', 20, True)
    """
    _check(budget, cv, random_state)
    wanted, trained, ends = checked(candidates), kind(model, framework), Budget(float(budget), clock)
    found = features(X)
    if trained.model == "linear":
        for_linear(found)
    target = column(found, y)
    q = ask(
        read(y, task, name, sample_weight),
        metric=metric, goal=goal, costs=costs, task=task, model=trained.model,
        framework=framework and trained.framework, require=require,
    )  # fmt: skip
    judged = scorer(q)
    rows = table(found, y, target, sample_weight, q.task == "classification", cv)
    racing, refused = entrants(q, wanted, trained, judged.reads, rows.classes)
    if not racing:
        reasons = "; ".join(f"{loss}: {reason}" for loss, reason in refused[:3])
        raise NotSupported(f"no loss can race: {reasons}", field="candidates")
    if judged.reads == VALUES:
        judged.cost(rows.y, rows.y, rows.weight, q)  # refuses targets for which the metric is not defined
    heats = Heats(rows, racing, judged, q, trained, cv, random_state, ends, progress or _untold)
    complete = heats.run()
    called = _called(q, judged)
    ranked = standings(heats, called)
    failed = [(e.advised.usage, e.failed) for e in racing if e.failed]
    ruled_out = _once([*failed, *refused], {found.id for found in ranked if found.transform is None})
    noted = unique([*warnings.of_question(q), *ranked[0].warnings])
    notes = tuple(_notes(heats, called, complete))
    trainer = _trainer(trained, heats)
    asked = replace(q, framework=trained.framework)
    firm, tried = settled(ranked), advise(asked, 1).tried
    return Race(
        asked, list(ranked), ruled_out, noted, firm, tried, called, judged.best is None, trainer, complete, notes
    )


def _untold(share: float, what: str) -> None:
    """Nobody asked."""


def _check(budget: Any, cv: Any, seed: Any) -> None:
    if isinstance(budget, bool) or not isinstance(budget, int | float) or not budget >= 0:
        detail = f"budget must be a number of seconds from 0, got {str(budget)[:40]}"
        raise InvalidParameter(detail, field="budget", allowed="[0, inf)", got=str(budget)[:40])
    if isinstance(cv, bool) or not isinstance(cv, int) or not 2 <= cv <= 20:
        detail = f"cv must be a whole number of folds from 2 to 20, got {str(cv)[:40]}"
        raise InvalidParameter(detail, field="cv", allowed="[2, 20]", got=str(cv)[:40])
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**31:
        detail = f"random_state must be a whole number from 0 to 2^31 - 1, got {str(seed)[:40]}"
        raise InvalidParameter(detail, field="random_state", allowed="[0, 2^31)", got=str(seed)[:40])


def _called(q: Question, judged: Scorer) -> str:
    """The metric with its level."""
    levels = {"pinball": f"@{q.tau:g}", "tweedie_deviance": f" of power {POWER:g}"}
    return judged.id + levels.get(judged.id, "")


def _trainer(trained: Kind, heats: Heats) -> str:
    return f"{NAMES[trained.framework, trained.model]}, {heats.cv}-fold cross-validation of {len(heats.table.y):,} rows"


def _once(reasons: Refusals, racing: set[str]) -> Refusals:
    """The first reason for each loss that is not in the race after all."""
    return list(dict(reversed([(loss, why) for loss, why in reasons if loss not in racing])).items())[::-1]


def _notes(heats: Heats, metric: str, complete: bool) -> list[str]:
    """What the reader should know of how this was measured."""
    q, said = heats.question, []
    if q.metric is None or q.costs:
        said.append(f"No metric was named: {metric} is least at what is wanted, by {q.wanted}.")
    if not complete:
        said.append(f"The budget of {heats.budget.seconds:g} s ended before all was measured in full.")
    if q.p.rows != len(heats.table.y):
        said.append(f"{q.p.rows - len(heats.table.y):,} rows have no target and were left out.")
    return said
