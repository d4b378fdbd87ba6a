"""What changed between two profiles of a column, and whether it changes which loss to train with.

A change is told when chance would give it less than once in a thousand and it is large enough to matter; one kind of
change is one row of ``SEEN``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from losses.advice.recommend import read, recommend
from losses.errors import EmptyInput, InvalidProfile, NotSupported
from losses.profile import Profile
from losses.profile.distance import Distances, common_values, distances, numeric, share_of
from losses.words import number

SURE = 3.29  # standard errors that chance exceeds once in a thousand
OF_MANY = 4.5  # the same for the largest of some hundred classes
MOVED, RESCALED, SHARE = 0.05, 1.1, 0.005  # robust sigmas, a factor, a share of rows: less than these hardly matters
FAT = 5.0  # excess kurtosis from which a standard deviation tells more of a few rows than of the scale
RELATIVE = 0.1  # for the readings of arrays, whose errors are not known


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was, with the columns' own numbers."""

    id: str
    before: Any
    after: Any
    says: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return {name: _safe(getattr(self, name)) for name in ("id", "before", "after", "says")}


@dataclass(frozen=True)
class Advised:
    """The loss to train with before and after; None where none fits, for the reason that is said."""

    before: str | None
    after: str | None
    metric: str | None
    says: str

    @property
    def changed(self) -> bool:
        """True where another loss is first now, or none."""
        return _id(self.before) != _id(self.after)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return asdict(self) | {"changed": self.changed}


@dataclass(frozen=True, repr=False)
class Drift:
    """The comparison of two profiles: what changed, how far they lie apart, what to train with now."""

    before: Profile
    after: Profile
    changes: tuple[Change, ...]
    distances: Distances
    advice: Advised

    @property
    def drifted(self) -> bool:
        """True where anything changed by more than chance, or the distributions lie apart by more than that."""
        return bool(self.changes) or _beyond(self.distances)

    @property
    def answer(self) -> str:
        """The answer in one sentence."""
        if not self.drifted:
            rows = f"{self.before.n:,} and {self.after.n:,} rows"
            border = f", but the column is a border case: {self.advice.says}" if self.advice.changed else "."
            return f"Nothing changed by more than chance would give in {rows}{border}"
        what = ", ".join(dict.fromkeys(change.id.replace("_", " ") for change in self.changes)) or "shape"
        return f"Changed: {what}. {self.advice.says}"

    def to_dict(self) -> dict[str, Any]:
        """As JSON-safe data."""
        return {
            "drifted": self.drifted,
            "answer": self.answer,
            "rows": {"before": self.before.rows, "after": self.after.rows},
            "changes": [change.to_dict() for change in self.changes],
            "distances": self.distances.to_dict(),
            "advice": self.advice.to_dict(),
        }

    def __repr__(self) -> str:
        name = self.after.name or self.before.name
        what = ", ".join(change.id for change in self.changes) or ("shape" if self.drifted else "no change")
        apart = [f"{key} {value:.3g}" for key, value in _named(self.distances) if math.isfinite(value)]
        return f"<Drift{f' {name!r}' if name else ''}: {'; '.join([what, *apart, self.advice.says.rstrip('.')])}>"

    def __str__(self) -> str:
        d = self.distances
        lines = [self.answer, *(f"  · {change.says}" for change in self.changes), ""]
        if math.isfinite(d.ks):
            off = f", give or take {d.ks_error:.2g}" if d.ks_error else ""
            lines.append(f"Kolmogorov-Smirnov distance {d.ks:.3f}{off} (by chance at most {d.ks_by_chance:.3f})")
        if math.isfinite(d.psi):
            lines.append(f"Population stability index  {d.psi:.3f} (by chance about {d.psi_by_chance:.3f})")
            by_chance = f"(by chance about {d.total_variation_by_chance:.3f})"
            lines.append(f"Total variation             {d.total_variation:.3f} {by_chance}, over the common values")
        return "\n".join(lines).rstrip()


def drift(before: Any, after: Any, metric: str | None = None, **wishes: Any) -> Drift:
    """What changed from one column to another: each is a profile, the dictionary of one, or a column as it is.

    ``metric`` and the other wishes of ``recommend`` say under which the advice is compared.

    >>> d = drift([1.5, 2.5, 4.0, 8.0] * 50, [1.5, 2.5, 4.0, -8.0] * 50, metric="mae")
    >>> [change.id for change in d.changes][:2], d.advice.after
    (['location', 'scale'], 'mae')
    """
    p, q = (_side(name, given, wishes) for name, given in (("before", before), ("after", after)))
    if not (p.rows and q.rows):
        raise EmptyInput("both columns must have rows to be compared", field="target", got=[p.rows, q.rows])
    found, apart = [change for seen in SEEN for change in seen(p, q)], distances(p, q)
    if found or _beyond(apart):  # else the column sits on the border between two kinds, and has not moved
        found = [*_kind(p, q), *found]
    return Drift(p, q, tuple(found), apart, _advised(p, q, metric, wishes))


def _side(name: str, given: Any, wishes: dict[str, Any]) -> Profile:
    """One of the two profiles; a document that cannot be true says which of them it was."""
    try:
        return read(given, wishes.get("task"), wishes.get("name"), None)
    except InvalidProfile as error:
        field = f"{name}.{error.data['field']}" if "field" in error.data else name
        raise InvalidProfile(f"{name}: {error.detail}", **{**error.data, "field": field}) from error


# ── what may change: one row each ───────────────────────────────────────────────────────────────────────────────────


def _kind(p: Profile, q: Profile) -> Iterator[Change]:
    if p.n and q.n and p.kind != q.kind:
        was, now = (f"{k.id.replace('_', ' ')} ({k.share:.0%})" for k in (p.kinds[0], q.kinds[0]))
        yield Change("kind", p.kind, q.kind, f"the column read as {was} and now reads as {now}")


def _unit(p: Profile, q: Profile) -> Iterator[Change]:
    """Every quantile grew by one and the same factor."""
    ratio = _factor(p, q)
    if ratio:
        says = f"every quantile is {number(ratio)} times what it was: has the unit changed?"
        yield Change("unit", 1.0, ratio, says)


def _factor(p: Profile, q: Profile) -> float:
    if not _both(p, q) or p.n < 30 or q.n < 30 or p.n_classes < 10:
        return 0.0
    old, new = (np.array([side.quantile(at) for at in (0.1, 0.25, 0.5, 0.75, 0.9)]) for side in (p, q))
    if (old == 0).any() or (old == old[0]).all():
        return 0.0
    with np.errstate(over="ignore"):
        ratios = new / old
    factor = float(ratios[2])
    same = 0 < factor < math.inf and bool(np.allclose(ratios, factor, rtol=0.15))
    return factor if same and abs(math.log(factor)) > math.log(5) else 0.0


def _location(p: Profile, q: Profile) -> Iterator[Change]:
    if not _both(p, q):
        return
    shift, error = q.mean - p.mean, math.sqrt(p.variance / p.n + q.variance / q.n)
    sigma = p.robust_sigma or q.robust_sigma
    if abs(shift) > SURE * error and abs(shift) > MOVED * sigma:
        far = f", by {abs(shift) / sigma:.2g} robust sigmas" if 0 < sigma < math.inf else ""
        mean, median = (f"from {number(a)} to {number(b)}" for a, b in ((p.mean, q.mean), (p.median, q.median)))
        says = f"the mean {_way(shift)} {mean}{far}; the median went {median}"
        yield Change("location", p.mean, q.mean, says)


def _scale(p: Profile, q: Profile) -> Iterator[Change]:
    if not _both(p, q) or p.std == q.std:
        return
    if min(p.std, q.std) == 0:
        yield Change("scale", p.std, q.std, f"the standard deviation went from {number(p.std)} to {number(q.std)}")
        return
    grown = math.log(q.std) - math.log(p.std)
    error = math.sqrt(sum((_kurtosis(side) + 2) / (4 * side.n) for side in (p, q)))
    if max(_kurtosis(p), _kurtosis(q)) > FAT and min(p.robust_sigma, q.robust_sigma) > 0:
        middle = math.log(q.robust_sigma) - math.log(p.robust_sigma)
        grown = min(grown, middle, key=abs) if grown * middle > 0 else 0.0
        error = max(error, math.sqrt(2 / p.n + 2 / q.n))
    if abs(grown) > max(SURE * error, math.log(RESCALED)):
        robust = f"robust sigma from {number(p.robust_sigma)} to {number(q.robust_sigma)}"
        says = f"the standard deviation went from {number(p.std)} to {number(q.std)}, {robust}"
        yield Change("scale", p.std, q.std, says)


def _kurtosis(p: Profile) -> float:
    """The excess kurtosis; that of fat tails where fourth powers leave the range of floats."""
    return max(p.excess_kurtosis, -2.0) if math.isfinite(p.excess_kurtosis) else 2 * FAT


def _share(
    name: str, share: Callable[[Profile], float], rows: Callable[[Profile], int], says: str
) -> Callable[[Profile, Profile], Iterator[Change]]:
    """A share of rows as a kind of change."""

    def seen(p: Profile, q: Profile) -> Iterator[Change]:
        a, b = share(p), share(q)
        if math.isfinite(a) and math.isfinite(b) and rows(p) and rows(q) and _apart(a, b, rows(p), rows(q)):
            yield Change(name, a, b, says.format(a=a, b=b))

    return seen


def _support(p: Profile, q: Profile) -> Iterator[Change]:
    """What never occurred and now does; what always held and holds no more."""
    if not _both(p, q):
        return
    n = int(q.moments.total)
    parts = [int(side.moments.total) - side.integers for side in (p, q)]
    rows = [("below 0", p.negatives, q.negatives), ("exactly 0", p.zero_rows, q.zero_rows), ("not whole", *parts)]
    for what, was, now in rows:
        if not was and now:
            yield Change("support", was, now, f"{now:,} of {n:,} rows are {what}, where none was")
    if p.unit_interval and not p.integral and q.nonnegative and not q.unit_interval:
        yield Change("support", p.max, q.max, f"values reach {number(q.max)}, where all lay from 0 to 1")
    x, at = q.sketch.weighted()
    outside = float(at[(x < p.min) | (x > p.max)].sum() / at.sum())
    if outside > max(SHARE, 2 * SURE**2 / p.n):
        says = f"{outside:.2%} of rows lie outside the earlier range, {number(p.min)} to {number(p.max)}"
        yield Change("range", [p.min, p.max], [q.min, q.max], says)


def _classes(p: Profile, q: Profile) -> Iterator[Change]:
    """Values that came, that went, and the one whose share moved most."""
    old, new = p.class_rows, q.class_rows
    if not (old and new) or max(len(old), len(new)) > 200 or (_both(p, q) and p.n_classes > 20):
        return
    came, gone = _absent(new, old, q.n, p.n), _absent(old, new, p.n, q.n)
    if came:
        yield Change("new_values", {}, came, f"values that did not occur before: {_few(came)}")
    if gone:
        yield Change("lost_values", gone, {}, f"values that occur no more: {_few(gone)}")
    both = [(new.get(name, 0) / q.n - rows / p.n, name) for name, rows in old.items() if name in new]
    moved, most = max(both, key=lambda found: abs(found[0]), default=(0.0, ""))
    if moved and _apart(old[most] / p.n, new[most] / q.n, p.n, q.n, OF_MANY):
        a, b = old[most] / p.n, new[most] / q.n
        yield Change(
            "class_shares", a, b, f"{most!r} {_way(moved)} from {a:.1%} to {b:.1%} of rows, the farthest of all"
        )


def _absent(here: dict[str, int], there: dict[str, int], n: int, m: int) -> dict[str, int]:
    """The values of one side that the other would hardly lack by chance."""
    return {name: rows for name, rows in here.items() if name not in there and rows * m > SURE**2 * n}


def _spikes(p: Profile, q: Profile) -> Iterator[Change]:
    """Single numbers that hold far more or fewer of the rows, in a column of many values."""
    if not _both(p, q) or min(p.n_classes, q.n_classes) <= 20:
        return
    values = np.union1d(*(common_values(side, SHARE)[0] for side in (p, q)))
    values = values[values != 0]
    shares = list(zip(values.tolist(), share_of(p, values), share_of(q, values), strict=True))
    moved = [(v, float(a), float(b)) for v, a, b in shares if _apart(a, b, p.n, q.n, OF_MANY)]
    for v, a, b in sorted(moved, key=lambda row: -abs(row[2] - row[1]))[:3]:
        yield Change("spike", a, b, f"the single value {number(v, 6)} went from {a:.2%} to {b:.2%} of rows")


def _arrays(p: Profile, q: Profile) -> Iterator[Change]:
    """The readings of structured targets, number by number."""
    if not (p.structure and q.structure):
        return
    if (p.structure.form, p.structure.width) != (q.structure.form, q.structure.width):
        was, now = (f"{s.form} of width {s.width}" for s in (p.structure, q.structure))
        yield Change("form", was, now, f"the target was {was} and is {now}")
        return
    old, new = p.structure.reading(), q.structure.reading()
    for name, a in old.items():
        b = new[name]
        if type(a) is float and not math.isclose(a, b, rel_tol=RELATIVE, abs_tol=SHARE):
            yield Change(name, a, b, f"{name.replace('_', ' ')} went from {number(a)} to {number(b)}")
        if isinstance(a, list) and all(type(v) is float for v in (*a, *b)):
            at = int(np.argmax(np.abs(np.subtract(a, b))))
            if _apart(a[at], b[at], p.n, q.n, OF_MANY):
                says = f"{name.replace('_', ' ')}: number {at} went from {a[at]:.1%} to {b[at]:.1%}"
                yield Change(name, a[at], b[at], says)


def _far(p: Profile) -> float:
    return float(p.outliers.share_5s) if numeric(p) else math.nan


SEEN: tuple[Callable[[Profile, Profile], Iterator[Change]], ...] = (
    _unit,
    _location,
    _scale,
    _share(
        "zeros",
        lambda p: p.zero_share if numeric(p) else math.nan,
        lambda p: int(p.moments.total),
        "exact zeros went from {a:.2%} to {b:.2%} of rows",
    ),
    _share("missing", lambda p: p.missing.share, lambda p: p.rows, "missing rows went from {a:.2%} to {b:.2%}"),
    _support,
    _share(
        "tails",
        _far,
        lambda p: int(p.moments.total),
        "rows beyond five robust sigmas of the median went from {a:.2%} to {b:.2%}",
    ),
    _classes,
    _spikes,
    _arrays,
)


def _beyond(d: Distances) -> bool:
    return d.ks - d.ks_error > max(d.ks_by_chance, MOVED)


def _both(p: Profile, q: Profile) -> bool:
    return numeric(p) and numeric(q)


def _apart(a: float, b: float, n: int, m: int, sure: float = SURE) -> bool:
    """Two shares that chance would hardly put as far apart, by an amount that matters."""
    pooled = (a * n + b * m) / (n + m)
    return abs(a - b) > max(sure * math.sqrt(max(pooled * (1 - pooled), 0.0) * (1 / n + 1 / m)), SHARE)


def _way(by: float) -> str:
    return "rose" if by > 0 else "fell"


def _few(counts: dict[str, int]) -> str:
    commonest = sorted(counts.items(), key=lambda c: -c[1])[:5]
    shown = [f"{name!r} ({rows:,} row{'s' if rows > 1 else ''})" for name, rows in commonest]
    return ", ".join(shown) + (f" and {len(counts) - 5} more" if len(counts) > 5 else "")


# ── the advice ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _advised(p: Profile, q: Profile, metric: str | None, wishes: dict[str, Any]) -> Advised:
    (old, _), (new, why) = (_best(side, metric, wishes) for side in (p, q))
    if old is None and new is None:
        return Advised(old, new, metric, f"No loss fits, as before: {why}.")
    if old is None or new is None:
        says = f"Train with {new}; none fitted before." if new else f"{old} fitted; now no loss does: {why}."
    elif _id(old) != _id(new):
        says = f"Train with {new} in place of {old}: {why}"
    else:
        says = f"The advice stays: {new}." if old == new else f"The advice stays {_id(new)}, with {new} for {old}."
    return Advised(old, new, metric, says)


def _best(p: Profile, metric: str | None, wishes: dict[str, Any]) -> tuple[str | None, str]:
    """The first of the ranked losses with its first reason; or None, and why there is none."""
    try:
        best = recommend(p, metric=metric, **{**wishes, "n": 1}).best
    except (NotSupported, EmptyInput) as error:
        return None, error.detail
    return best.usage, next((r for r in best.reasons[1:]), best.reasons[0])


def _id(spec: str | None) -> str | None:
    return spec and spec.partition(":")[0]


def _named(d: Distances) -> Iterator[tuple[str, float]]:
    return iter((("KS", d.ks), ("PSI", d.psi)))


def _safe(value: Any) -> Any:
    if isinstance(value, list):
        return [_safe(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
