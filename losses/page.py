"""A profile as a page for people: what the column is and why, what it looks like, what to know, what to watch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from losses.words import filled, number, plural

from .advice import Notice
from .advice.question import ask
from .advice.vocabulary import KINDS
from .advice.warnings import of_question
from .profile import Profile

WIDTH, HEIGHT = 60, 5  # of a histogram, in characters
LONGEST = 40  # characters of the longest bar
BARS = 12  # values that are shown as one bar each
FARTHEST = 9e12  # seconds from 1970, in either direction, that a point in time of microseconds may lie
SURE = 0.9  # the belief from which a kind is not asked about
_UP, _ALONG = " ▁▂▃▄▅▆▇█", " ▏▎▍▌▋▊▉█"

Floats = npt.NDArray[np.float64]


def page(p: Profile) -> str:
    """All of it, for a terminal.

    >>> print(page(Profile.of(["yes"] * 30 + ["no"] * 90, name="paid")))
    paid: binary (100%), 120 rows
    <BLANKLINE>
      no   ████████████████████████████████████████   75.0%  90
      yes  █████████████▍                             25.0%  30
    <BLANKLINE>
    Why
      100%  binary  there are exactly two values
    <BLANKLINE>
    What to know
      classes  2, the commonest 3 times the rarest; entropy 81% of its maximum
    """
    watch = [f"  {notice.code}: {notice.message}" for notice in noticed(p) if notice.severity != "info"]
    parts = ([_head(p)], picture(p), _why(p), _facts(p), ["Watch", *watch] if watch else [])
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def line(p: Profile) -> list[str]:
    """The cells of one column in a list of many: name, kind, rows, missing, shape, ends."""
    kind = f"{_spoken(p.kind)} {p.kinds[0].share:.0%}" if p.n else "no rows"
    return [str(p.name), kind, f"{p.n:,}", f"{p.missing_rows:,}", spark(p), _ends(p)]


def described(p: Profile, private: bool = False) -> dict[str, Any]:
    """The same for programs: the record with its kinds, readings and warnings.

    A private one says no more than its document holds.
    """
    if private:
        p = Profile.from_dict(p.to_dict(private=True))
    return {
        "profile": p.to_dict(private),
        "kinds": [kind.to_dict() for kind in p.kinds],
        "readings": p.readings(),
        "facts": [{"name": name, "says": says} for name, says in known(p)],
        "settling": settling(p) if p.n else "",
        "warnings": [notice.to_dict() for notice in noticed(p)],
    }


def noticed(p: Profile) -> list[Notice]:
    """The warnings that the column calls for before anything is asked of it."""
    return of_question(ask(p)) if p.n else []


def _head(p: Profile) -> str:
    missing = f", {p.missing_rows:,} missing" if p.missing_rows else ""
    rows = plural(p.n, "row") + missing
    read = f"{_spoken(p.kind)} ({p.kinds[0].share:.0%}), {rows}" if p.n else f"no rows{missing}"
    return f"{p.name or 'target'}: {read}"


# ── what it looks like ──────────────────────────────────────────────────────────────────────────────────────────────


def picture(p: Profile) -> list[str]:
    """A bar for each of a few values, or a histogram of many."""
    named = shares(p)
    if named:
        return _bars(named, p)
    return _histogram(p) if drawn(p) else []


def drawn(p: Profile) -> bool:
    """Whether there is a histogram to draw."""
    return bool(p.moments.total) and not p.words.distinct and 0 < p.max - p.min < math.inf


def shares(p: Profile) -> list[tuple[str, float]]:
    """The values that have a bar of their own: levels and few labels in their order, else the commonest first."""
    if p.structure:
        reading = p.structure.reading()
        found = reading.get("positive_shares") or reading.get("prior") or []
        labels = [(f"label {i}", share) for i, share in enumerate(found)]
        return labels if len(labels) <= BARS else _commonest(labels)
    if not p.n or not (p.words.distinct or p.n_classes <= BARS):
        return []
    rows = p.class_rows
    if p.kind == "ordinal" and p.steps:
        return [(step, rows[step] / p.n) for step in p.steps]
    classes = [(name, count / p.n) for name, count in rows.items()]
    return _commonest(classes) if p.words.distinct else classes


def _commonest(named: list[tuple[str, float]]) -> list[tuple[str, float]]:
    return sorted(named, key=lambda row: -row[1])


def _bars(named: Sequence[tuple[str, float]], p: Profile) -> list[str]:
    shown = named[:BARS]
    width = max(len(cut(name)) for name, _ in shown)
    most = max(share for _, share in shown) or 1.0
    lines = [
        f"  {cut(name):{width}}  {_along(share / most):{LONGEST}}  {share:6.1%}  {round(share * p.n):,}"
        for name, share in shown
    ]
    rest = named[BARS:]
    return [*lines, f"  and {len(rest):,} more, {sum(share for _, share in rest):.1%} together"] if rest else lines


def _along(share: float) -> str:
    eighths = max(round(share * LONGEST * 8), 1)
    return "█" * (eighths // 8) + _ALONG[eighths % 8].strip()


@dataclass(frozen=True)
class Bins:
    """Rows by bin, the ends of the axis, and the rows that lie beyond each."""

    rows: Floats
    edges: Floats
    low: float
    high: float
    below: float
    above: float
    logs: bool = False


def binned(p: Profile, width: int) -> Bins:
    """The rows in at most so many bins; far values are cut off, and a very long tail is shown on a log scale."""
    x, rows = p.sketch.weighted() if p.values.full else (p.values.values.astype(float), p.values.mass)
    logs = p.positive and p.quantile(0.995) > 100 * p.quantile(0.25)
    low, high = p.without_sentinels().min, p.without_sentinels().max
    if not logs and high - low > 2 * (p.quantile(0.995) - p.quantile(0.005)) > 0:
        low, high = (float(x[np.searchsorted(x, p.quantile(at))]) for at in (0.005, 0.995))
    inside = (x >= low) & (x <= high)
    at, first, last = (np.log(x[inside]), math.log(low), math.log(high)) if logs else (x[inside], low, high)
    if p.integral and not logs and high - low < 50 * width:  # bins of whole numbers, so that none holds one more
        step = math.ceil((high - low + 1) / width)
        width = math.ceil((high - low + 1) / step)
        first, last = low - 0.5, low - 0.5 + width * step
    found, edges = np.histogram(at, width, (first, last), weights=rows[inside])
    edges = np.exp(edges) if logs else edges
    return Bins(found, edges, low, high, float(rows[x < low].sum()), float(rows[x > high].sum()), logs)


def _histogram(p: Profile) -> list[str]:
    bins = binned(p, WIDTH)
    eighths = np.ceil(bins.rows / (bins.rows.max() or 1) * HEIGHT * 8).astype(int)
    rows = [
        "  " + "".join(_UP[min(max(int(e) - 8 * level, 0), 8)] for e in eighths).rstrip()
        for level in reversed(range(HEIGHT))
    ]
    low, high = _value(p, bins.low), _value(p, bins.high)
    axis = low + high.rjust(max(bins.rows.size - len(low), len(high) + 1))
    total = bins.rows.sum() + bins.below + bins.above or 1
    beyond = [
        f"{rows / total:.2%} {where} {_value(p, end)}"
        for rows, where, end in ((bins.below, "below, from", p.min), (bins.above, "above, to", p.max))
        if rows
    ]
    notes = [*(["log scale"] if bins.logs else []), *beyond]
    return [*rows, f"  {axis}" + (f"  ({'; '.join(notes)})" if notes else "")]


def spark(p: Profile, width: int = 20) -> str:
    """The histogram in one line; empty where there is none to draw."""
    if not drawn(p):
        return ""
    rows = binned(p, width).rows
    return "".join(_UP[int(np.ceil(r / (rows.max() or 1) * 8))] for r in rows)


def _ends(p: Profile) -> str:
    if not p.n:
        return ""
    if p.structure:
        return f"{p.structure.form} of width {p.structure.width}"
    if p.words.distinct or p.n_classes <= 2:
        shown = [f"{cut(name)} {share:.0%}" for name, share in sorted(shares(p), key=lambda s: -s[1])[:3]]
        return ", ".join(shown) + (f", {p.n_classes - 3:,} more" if p.n_classes > 3 else "")
    return f"from {_value(p, p.min)} to {_value(p, p.max)}, median {_value(p, p.median)}"


def _value(p: Profile, x: float) -> str:
    """A value of the column: a number, or the point in time that it is the seconds of."""
    if not _dates(p) or abs(x) > FARTHEST:
        return number(x)
    return str(np.datetime_as_string(np.datetime64(round(x * 1e6), "us"), unit="auto"))


# ── why, and what would settle it ───────────────────────────────────────────────────────────────────────────────────

MEANS = {
    "binary": "one of two classes",
    "multiclass": "one of several classes without order",
    "ordinal": "a step on a scale",
    "count": "how many of something there were",
    "zero_inflated_count": "how many there were, where many rows could have none",
    "zero_inflated_positive": "an amount that is often exactly nothing",
    "positive_skewed": "an amount, of which a few are large",
    "heavy_tailed": "a measure with far values on either side",
    "real": "a measure around a centre",
    "proportion": "a share of some whole",
    "constant": "always the same",
    "identifier": "a code that names something",
    "datetime": "a date or a time",
}


def settling(p: Profile) -> str:
    """The question between the kind and its rival, and how to answer it; empty where there is no doubt."""
    first, other = p.kinds[0], next(iter(p.kinds[1:]), None)
    if other is None or first.share >= SURE or not {first.id, other.id} <= MEANS.keys():
        return ""
    one, two = (next((row.tasks for row in KINDS if row.id == kind.id), ())[:1] for kind in (first, other))
    says = f"To settle it: is a value {MEANS[first.id]}, or {MEANS[other.id]}?"
    if one == two:
        return f"{says} Either way the task is {one[0]}." if one else says
    return f"{says} " + " or ".join(f"--task {t[0]}" if t else "not a target" for t in (one, two)) + "."


def _why(p: Profile) -> list[str]:
    kinds = [kind for kind in p.kinds if kind.share >= 0.01] if p.n else []
    if not kinds:
        return []
    width = max(len(kind.id) for kind in kinds)
    lines = [f"  {k.share:4.0%}  {_spoken(k.id):{width}}  {'; '.join(k.evidence)}".rstrip() for k in kinds]
    return ["Why", *lines, *filter(None, [f"  {settling(p)}".rstrip()])]


# ── what to know ────────────────────────────────────────────────────────────────────────────────────────────────────


def _numbers(p: Profile) -> bool:
    return bool(p.moments.total) and not p.words.distinct and p.n_classes > 2 and not _dates(p)


def _dates(p: Profile) -> bool:
    return p.n > 0 and p.families["dates"] == p.n and not p.words.distinct


def _classes(p: Profile) -> bool:
    return bool(p.class_counts) and (p.words.distinct > 0 or p.kind in ("binary", "multiclass", "ordinal"))


KNOWN: tuple[tuple[str, Callable[[Profile], bool], str], ...] = (
    (
        "classes",
        lambda p: _classes(p) and p.n_classes > 1,
        "{p.n_classes:,}, the commonest {p.imbalance_ratio:.3g} times the rarest; entropy {p.imbalance.entropy:.0%} of "
        "its maximum",
    ),
    ("order", lambda p: p.kind == "ordinal" and bool(p.steps), "{steps}"),
    ("centre", _numbers, "mean {p.mean:.6g}, median {p.median:.6g}"),
    (
        "spread",
        _numbers,
        "standard deviation {p.std:.4g}, robust sigma {p.robust_sigma:.4g} ({p.robust_sigma_source})",
    ),
    ("range", _numbers, "from {p.min:.6g} to {p.max:.6g}, nine rows in ten from {low:.4g} to {high:.4g}"),
    ("times", _dates, "from {first} to {last}, half of them up to {middle}"),
    ("shape", _numbers, "skewness {p.skewness:.3g}, excess kurtosis {p.excess_kurtosis:.3g}"),
    (
        "tails",
        lambda p: _numbers(p) and p.outlier_share > 0,
        "{p.outliers.share_3s:.2%} beyond 3 robust sigmas, {p.outliers.share_5s:.2%} beyond 5; the farthest 1% carry "
        "{p.top_share:.0%} of the squared deviation",
    ),
    ("zeros", lambda p: _numbers(p) and p.zero_rows > 0, "{p.zero_share:.1%} of rows{extra}"),
    (
        "counts",
        lambda p: _numbers(p) and p.integral and p.nonnegative and p.kind in ("count", "zero_inflated_count"),
        "variance {p.dispersion:.3g} times the mean (1 for Poisson), negative binomial alpha {p.nb_alpha:.3g}",
    ),
    ("values", lambda p: _numbers(p) or _dates(p), "{p.n_classes:,} different ones{most}"),
    ("codes", lambda p: bool(p.sentinels), "{codes} may stand for missing"),
    ("infinite", lambda p: p.infinite > 0, "{p.infinite:row}"),
    ("missing", lambda p: p.missing_rows > 0, "{p.missing_rows:row}, {p.missing.share:.2%} of all"),
)


def known(p: Profile) -> list[tuple[str, str]]:
    """What there is to know of a column: names and sentences."""
    if p.structure:
        return [(_spoken(name), _number(v)) for name, v in p.structure.reading().items() if type(v) in (int, float)]
    more = {
        "low": p.quantile(0.05),
        "high": p.quantile(0.95),
        "most": f", the commonest on {p.majority_share:.2%} of rows" if p.majority_share >= 0.001 else "",
        **{name: _value(p, x) for name, x in (("first", p.min), ("middle", p.median), ("last", p.max))},
        "extra": f", {p.zeros.excess:.1%} of rows beyond what a law of counts has" if p.zeros.excess else "",
        "steps": " < ".join(cut(step) for step in p.steps or ()),
        "codes": ", ".join(f"{value:g} ({plural(rows, 'row')})" for value, rows in p.sentinels.items()),
    }
    return [(name, filled(says, p=p, **more)) for name, when, says in KNOWN if when(p)]


def _facts(p: Profile) -> list[str]:
    found = known(p)
    width = max((len(name) for name, _ in found), default=0)
    return ["What to know", *(f"  {name:{width}}  {says}" for name, says in found)] if found else []


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else number(value)


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def cut(name: str, most: int = 24) -> str:
    """A name that fits, on one line."""
    plain = "".join(c if c.isprintable() else "·" for c in name)
    return plain if len(plain) <= most else plain[: most - 1] + "…"
