"""From costs on folds to an order: what is close to the best figure stays as the advice has it, the rest follows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from losses.advice.answer import Recommendation
from losses.errors import NotSupported
from losses.profile.column import Array
from losses.racing.answer import Measured, Raced, gap
from losses.racing.compare import interval, of_folds, standard_error
from losses.racing.entrants import Entrant
from losses.racing.heats import Heats

NAMED = 2  # ties that are told by name


def standings(heats: Heats, metric: str) -> list[Raced]:
    """The entrants that did not fail, best first, with their figures."""
    running = [e for e in heats.entrants if e.running]
    standing = [e for e in heats.entrants if not e.failed]
    if not standing:
        reasons = "; ".join(f"{e.advised.usage}: {e.failed}" for e in heats.entrants[:3])
        raise NotSupported(f"no loss could be measured: {reasons}", field="candidates")
    depth = _depth(running, len(heats.plan))
    if depth is None:
        return [_raced(heats, e.advised, None, "not measured within the budget") for e in standing]
    folds = min(len(e.costs[depth]) for e in running)
    lead = min(running, key=lambda e: (float(np.mean(e.costs[depth][:folds])), e.place))
    rows = [(e, _measured(heats, e, lead, depth, folds)) for e in standing]
    rows.sort(key=lambda row: _order(*row))
    said = Evidence(heats, metric, lead, depth, rows)
    return [_raced(heats, e.advised, row, said.of(e, row)) for e, row in rows]


def _depth(running: Sequence[Entrant], plan: int) -> int | None:
    """The last round in which all that still run have two folds or more; else the first, if they have one."""
    reached = [d for d in range(plan) if all(len(e.costs) > d and len(e.costs[d]) > 1 for e in running)]
    one = all(e.costs and e.costs[0] for e in running)
    return reached[-1] if reached else 0 if one else None


def _measured(heats: Heats, e: Entrant, lead: Entrant, depth: int, folds: int) -> Measured:
    """A row; what was dropped is compared with the leader where it was dropped, on the folds that both ran."""
    at = depth if e.out is None else e.out
    own, theirs = _together(e, lead, at, folds if e.out is None else None)
    ends, base = interval((own - theirs).tolist(), heats.cv), float(np.mean(theirs))
    difference, mean = float(np.mean(own - theirs)), float(np.mean(own))
    rows = min(heats.plan[at].rows, len(heats.table.y) - len(heats.table.y) // heats.cv)
    heat = f" of {rows:,} rows"
    return Measured(
        loss=e.advised.usage,
        mean=mean,
        score=heats.scorer.score(mean),
        se=standard_error(own.tolist(), heats.cv),
        folds=len(own),
        seconds=round(sum(map(sum, e.seconds)), 3),
        difference=difference,
        interval=ends,
        relative=difference / base if base else None,
        relative_interval=(ends[0] / base, ends[1] / base) if base and ends else None,
        tie=e.out is None and (ends is None or ends[0] <= 0 <= ends[1]),
        close=e.out is None and difference <= of_folds((own - theirs).tolist()),
        rows=rows,
        dropped=e.out is not None,
        heat=heat if at < len(heats.plan) - 1 else "",
    )


def _together(one: Entrant, other: Entrant, depth: int, folds: int | None) -> tuple[Array, Array]:
    """Costs of the folds that both ran."""
    both = min(len(one.costs[depth]), len(other.costs[depth]), folds or len(one.costs[depth]))
    return np.asarray(one.costs[depth][:both]), np.asarray(other.costs[depth][:both])


def _order(e: Entrant, row: Measured) -> tuple[bool, int, float, int]:
    """Those close to the best figure by the advice, then other ties, then those that came far; all of these by mean.

    Within one standard error figures tell little, and theory more.
    """
    if row.close:
        return False, -sys.maxsize, 0.0, e.place
    return not row.tie, 0 if row.tie else -row.rows, row.mean, e.place


@dataclass(frozen=True)
class Evidence:
    """What the figures of one race say of each loss, in words."""

    heats: Heats
    metric: str
    lead: Entrant
    depth: int
    rows: Sequence[tuple[Entrant, Measured]]

    def of(self, e: Entrant, row: Measured) -> str:
        """The figure, and how it stands to others."""
        if row.interval is None:
            return f"{self.metric} {row.figure} on one fold{row.heat}, too little to compare"
        head = f"{self.metric} {row.figure} over {row.folds} folds{row.heat}"
        return ", ".join([head, *(self._of_first() if e is self.rows[0][0] else self._of_other(e, row))])

    def _of_other(self, e: Entrant, row: Measured) -> list[str]:
        if e is self.lead:
            return [f"the best figure, yet a tie with {self.rows[0][1].short}"]
        if row.tie:
            return ["a tie with the best figure"]
        return self._apart(e, self.lead, row.mean - row.difference, f"worse than {self._short(self.lead)}")

    def _of_first(self) -> list[str]:
        """How much better it is than the best that does not tie, and with what it ties."""
        first, ties = self.rows[0][0], [row.short for _, row in self.rows[1:] if row.tie]
        named = [*ties[:NAMED], *([f"{len(ties) - NAMED} more"] if len(ties) > NAMED else [])]
        said = [f"a tie with {' and '.join(named)} that the advice ranks lower"] if ties else []
        beaten = next(((e, row) for e, row in self.rows[1:] if not row.tie), None)
        if beaten is None:
            return said
        return [*self._apart(beaten[0], first, beaten[1].mean, f"better than {beaten[1].short}"), *said]

    def _apart(self, worse: Entrant, better: Entrant, base: float, words: str) -> list[str]:
        """A difference, measured where the worse one got to; nothing where it may be chance."""
        depth = self.depth if worse.out is None else worse.out
        own, theirs = _together(worse, better, depth, None)
        ends = interval((own - theirs).tolist(), self.heats.cv)
        if ends is None or ends[0] <= 0:
            return []
        share = base if self.heats.scorer.best is None else None
        return [f"{gap(float(np.mean(own - theirs)), ends, share)} {words}"]

    def _short(self, e: Entrant) -> str:
        return next(row.short for other, row in self.rows if other is e)


def _raced(heats: Heats, advised: Recommendation, row: Measured | None, evidence: str) -> Raced:
    given = {field.name: getattr(advised, field.name) for field in fields(advised)}
    told = (f"Measured: {evidence}.", *advised.reasons) if row else advised.reasons
    return Raced(**given | {"evidence": evidence, "reasons": told}, measured=row)
