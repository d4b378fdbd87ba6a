"""The race itself: successive halving, from few rows to all, on the same folds for every loss.

After each round the clearly worse are dropped, never those that tie. The clock is asked between fits only: a fit that
would not end in time, by what the last ones took, is not begun. With time enough nothing depends on the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from losses.advice.question import Question
from losses.profile.column import Array
from losses.racing.after import predicted
from losses.racing.compare import SURE, interval
from losses.racing.entrants import Entrant
from losses.racing.models import Kind, quiet, threads
from losses.racing.scores import Scorer
from losses.racing.table import Table, spread

REPEATS = 4  # of the whole cross-validation in the last round
LAST = 3  # fits whose time tells that of the next

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Round:
    """How many training rows a fit has, how often folds are drawn, and what it takes to be dropped."""

    rows: int
    repeats: int = 1
    margin: float = 0.0
    sure: float = SURE

    def work(self, trees: bool) -> float:
        """What a fit takes, up to a factor; linear programs, the slowest of linear models, take the square of rows."""
        return float(self.rows if trees else self.rows**2)


def rounds(n: int) -> list[Round]:
    """Small heats first, in which only the far worse are dropped: what is slow to learn may still win.

    >>> [r.rows for r in rounds(50_000)]
    [1000, 8000, 50000]
    """
    heats = [Round(1_000, margin=0.1, sure=0.99), Round(8_000, margin=0.05, sure=0.99)]
    return [*(heat for heat in heats if 2 * heat.rows <= n), Round(n, REPEATS)]


class Budget:
    """Seconds that may be used."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.start = clock()
        self.seconds = seconds

    def allows(self, needed: float) -> bool:
        """Whether something that takes ``needed`` would end in time."""
        left = self.seconds - (self.clock() - self.start)
        return left > 0 and needed <= left


@dataclass
class Heats:
    """All that one race needs; ``run`` fills in the costs of the entrants."""

    table: Table
    entrants: list[Entrant]
    scorer: Scorer
    question: Question
    kind: Kind
    cv: int
    seed: int
    budget: Budget
    tell: Tell

    def run(self) -> bool:
        """Race; True where all was measured, False where the time was up."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(threads(self.table)):
            return all(self._round(depth) for depth in range(len(self.plan)))

    @cached_property
    def plan(self) -> list[Round]:
        """The rounds."""
        return rounds(len(self.table.y))

    def _round(self, depth: int) -> bool:
        for entrant in self._running():
            entrant.costs.append([])
            entrant.seconds.append([])
        for repeat in range(self.plan[depth].repeats):
            if repeat and len(self._running()) == 1:
                break
            if not self._crossed(depth, repeat):
                return False
            self._drop(depth)
        return True

    def _running(self) -> list[Entrant]:
        return [entrant for entrant in self.entrants if entrant.running]

    def _crossed(self, depth: int, repeat: int) -> bool:
        """One cross-validation of all that still run; False where the time was up."""
        folds = list(self._folds(self.seed + repeat))
        for i, (train, test) in enumerate(folds):
            part = self.table.take(train[: self.plan[depth].rows])
            for entrant in self._running():
                if not self.budget.allows(self._forecast(entrant, depth)):
                    return False
                self.tell(self._share(depth, repeat + i / len(folds)), f"{entrant.advised.usage}, fold {i + 1}")
                self._fit(entrant, depth, part, self.table.take(test))
        return True

    def _folds(self, seed: int) -> Iterator[tuple[Array, Array]]:
        """Training rows, in an order of which any prefix is a fair sample, and held-out rows."""
        from sklearn.model_selection import KFold, StratifiedKFold

        y = self.table.y
        split = StratifiedKFold if self.table.classes else KFold
        for train, test in split(self.cv, shuffle=True, random_state=seed).split(y, y):
            strata = y[train] if self.table.classes else np.zeros(len(train), int)
            yield train[spread(strata, np.random.default_rng(seed))], test

    def _forecast(self, entrant: Entrant, depth: int) -> float:
        """What the next fit will take: as long as the slowest of the last, or as that of a smaller round, scaled."""
        if entrant.seconds[depth]:
            return max(entrant.seconds[depth][-LAST:])
        if depth and entrant.seconds[depth - 1]:
            more = self._work(depth) / self._work(depth - 1)
            return more * max(entrant.seconds[depth - 1][-LAST:])
        return max((e.seconds[depth][-1] for e in self.entrants if e.seconds[depth:] and e.seconds[depth]), default=0.0)

    def _fit(self, entrant: Entrant, depth: int, train: Table, test: Table) -> None:
        began = self.budget.clock()
        try:
            cost = quiet(lambda: self._cost(entrant, depth, train, test))
        except Exception as error:  # libraries raise what they like: the others race on
            entrant.failed = f"training failed: {' '.join(str(error).split())[:200]}"
            return
        if not np.isfinite(cost):
            entrant.failed = "its predictions cannot be scored: they are not finite"
        entrant.costs[depth].append(cost)
        entrant.seconds[depth].append(self.budget.clock() - began)

    def _cost(self, entrant: Entrant, depth: int, train: Table, test: Table) -> float:
        z = predicted(entrant.advised, entrant.recipe, train, test.x, self.scorer.reads, self.seed)
        return self.scorer.cost(test.y, z, test.weight, self.question)

    def _drop(self, depth: int) -> None:
        """Those of which it is sure that they are worse than the leader, by more than the margin of the round."""
        running, step = self._running(), self.plan[depth]
        if not running:
            return
        lead = min(running, key=lambda e: (float(np.mean(e.costs[depth])), e.place))
        allowed = step.margin * abs(float(np.mean(lead.costs[depth])))
        for entrant in running:
            gap = interval(
                [own - best for own, best in zip(entrant.costs[depth], lead.costs[depth], strict=True)],
                self.cv,
                step.sure,
            )
            if gap is not None and gap[0] > allowed:
                entrant.out = depth

    def _share(self, depth: int, repeats: float) -> float:
        """How much of the planned work lies behind."""
        steps = [self._work(i) * step.repeats for i, step in enumerate(self.plan)]
        return (sum(steps[:depth]) + self._work(depth) * repeats) / sum(steps)

    def _work(self, depth: int) -> float:
        return self.plan[depth].work(self.kind.trees)
