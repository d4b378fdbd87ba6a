"""What a profile says about its target: every reading is computed from the sums alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from losses.profile import counting
from losses.profile.grain import coarsest_step, heaped
from losses.profile.kinds import Kind, ranked
from losses.profile.moments import Moments
from losses.profile.sketch import Sketch
from losses.profile.spread import Reading, Spread

if TYPE_CHECKING:
    from losses.profile.column import Floats
    from losses.profile.tally import Tally

CLASSES = 1000  # classes whose counts are listed one by one
RARE = 20  # rows below which a class cannot be weighted with confidence
ROUND = (5, 10, 100)  # the bases whose multiples people round to
NAMED = 5  # rare classes that are named
_QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


class Readings(Spread):
    """Kinds, counts, support and classes, and all readings together.

    With sample weights, the readings named in ``WEIGHTED`` are those of each row repeated as often as it weighs:
    moments, quantiles and what is made of them, zeros, shares of values, and classes. All others speak of rows: how
    many there are, are missing, or lie far out; how many are whole; different values, codes, rare classes. The fit of
    a negative binomial takes weights for counts of rows, so that weights of another scale change its ratio.
    """

    # -- kinds

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds that this target may be, likeliest first, with evidence and shares that sum to one."""
        return ranked(self)

    @property
    def kind(self) -> str:
        """The likeliest kind: "count", "binary", "positive_skewed" …"""
        return self.kinds[0].id

    @property
    def rows(self) -> int:
        """All rows, the missing ones among them."""
        return self.n + self.missing_rows

    # -- counts and zeros

    @property
    def dispersion(self) -> float:
        """Variance over mean: 1 for Poisson counts; NaN where the mean is not positive."""
        return self.variance / self.mean if self.mean > 0 else math.nan

    @property
    def zero_share(self) -> float:
        """The share of exact zeros among the numbers."""
        zeros = self.weights.zeros if self.weights else self.zero_rows
        return zeros / self._weighed.total if self.moments.total else 0.0

    @cached_property
    def zero_fit(self) -> counting.ZeroFit | None:
        """How much better a zero-inflated negative binomial fits than a plain one; None where counts are impossible."""
        if self.told:
            return self.told.zero_fit
        return counting.zero_fit(self.values) if self.integral and self.nonnegative else None

    @cached_property
    def poisson_zeros(self) -> counting.ZeroFit | None:
        """How much better a zero-inflated Poisson law fits than a plain one; None where counts are impossible."""
        if not (self.integral and self.nonnegative):
            return None
        total = self._weighed.total
        return counting.poisson_zeros(total, self.zero_share * total, self.mean)

    @property
    def zeros(self) -> Reading:
        """The share of exact zeros, and the excess over what a negative binomial of this shape would have.

        ``poisson_`` and ``nb_excess`` are the shares of rows that are zeros beyond what a Poisson law and a negative
        binomial give the positives, 0 unless ``_ratio``, twice the gain in log-likelihood, exceeds 10.83 (p < 0.001);
        NaN where counts are impossible. ``excess`` is then the share itself, else ``nb_excess``.
        """
        poisson, nb = self.poisson_zeros or _NO_FIT, self.zero_fit or _NO_FIT
        return Reading(
            share=self.zero_share,
            excess=self.zero_fit.excess if self.zero_fit else self.zero_share,
            poisson_excess=poisson.excess,
            poisson_ratio=poisson.ratio,
            nb_excess=nb.excess,
            nb_ratio=nb.ratio,
        )

    @property
    def nb_alpha(self) -> float:
        """The negative binomial's over-dispersion (Var - m)/m², 0.0 unless Var/m exceeds 1.3."""
        return (self.dispersion - 1) / self.mean if self.dispersion > 1.3 else 0.0

    @property
    def tweedie_power(self) -> float:
        """The Tweedie power that explains the zeros, 2 - m²/(V·(-ln P0)) within [1.05, 1.95]; 1.5 without zeros."""
        m, v, p0 = self.mean, self.variance, self.zero_share
        if not (0 < p0 < 1 and m > 0 and 0 < v < math.inf):
            return 1.5
        return min(max(2 - (m / v) * m / -math.log(p0), 1.05), 1.95)

    @property
    def integral(self) -> bool:
        """True where every number is whole."""
        return 0 < self.moments.total == self.integers

    @property
    def counts(self) -> Reading:
        """The share of whole numbers, variance over mean, and the parameters that counts would have."""
        return Reading(
            integers=self.integers / self.moments.total if self.moments.total else 0.0,
            dispersion=self.dispersion,
            nb_alpha=self.nb_alpha,
            tweedie_power=self.tweedie_power,
        )

    # -- support

    @property
    def nonnegative(self) -> bool:
        """True where no number is below zero."""
        return self.moments.total > 0 and not self.negatives

    @property
    def positive(self) -> bool:
        """True where every number is above zero."""
        return self.nonnegative and not self.zero_rows

    @property
    def unit_interval(self) -> bool:
        """True where every number lies from 0 to 1."""
        return self.nonnegative and self.max <= 1

    @cached_property
    def step(self) -> float:
        """The largest step that all numbers kept here are multiples of (1, 0.5, 0.01); NaN where there is none."""
        if not self._seen.size:
            return math.nan
        step = coarsest_step(self._seen)
        return step if self.integral or step % 1 else math.nan

    @property
    def heaping(self) -> dict[str, dict[str, float]]:
        """The share of rows at multiples of 5, 10 and 100, and the share expected there; where the rows spread so far.

        They spread far enough where the quartiles lie one multiple apart: then any smooth law has what is expected.
        Shares under 1% are not looked for in a summary of the quantiles.
        """
        if math.isnan(self.step):
            return {}
        width = self.quantile(0.75) - self.quantile(0.25)
        x, rows = self._exact or self._points
        bases = [base for base in ROUND if base <= width and (self._exact or self.step >= 0.01 * base)]
        return {str(base): heaped(x, rows, base, self.step) for base in bases}

    @property
    def support(self) -> Reading:
        """Where the numbers lie, the step between them, round numbers, and the shares of rows at either end."""
        return Reading(
            min=self.min,
            max=self.max,
            nonnegative=self.nonnegative,
            positive=self.positive,
            unit_interval=self.unit_interval,
            integers=self.integral,
            step=self.step,
            heaping=self.heaping,
            at_min=self.share_at(self.min),
            at_max=self.share_at(self.max),
        )

    @property
    def duplicates(self) -> Reading:
        """How many different values there are, whether that is an estimate, and the share of rows that repeat one."""
        finite = self.n - self.infinite
        return Reading(
            distinct=self.n_classes,
            estimated=any(t.full and not t.hidden for t in (self.values, self.words)),
            repeated_share=1 - self.n_classes / finite if finite else math.nan,
        )

    @property
    def missing(self) -> Reading:
        """Rows without a value, and rows that are infinite."""
        return Reading(count=self.missing_rows, share=self.missing_rows / max(self.rows, 1), infinite=self.infinite)

    # -- values that stand apart

    def share_at(self, value: float) -> float:
        """The share of the numbers at one of them; NaN without any.

        It is exact where the value is listed, else from the quantiles, and 0 where these hold it but once.
        """
        if not self.moments.total:
            return math.nan
        listed = self.values.mass[self.values.values == value]
        if listed.size or not self.values.full:
            return float(listed.sum()) / self._weighed.total
        x, mass = self._points
        return float(mass[x == value].sum() / mass.sum()) if np.count_nonzero(x == value) > 1 else 0.0

    def rows_at(self, value: float) -> int:
        """The rows at one number, to the same precision."""
        listed = self.values.counts[self.values.values == value]
        if listed.size or not self.values.full:
            return int(listed.sum())
        return round(self.share_at(value) * self.moments.total)

    @cached_property
    def _seen(self) -> Floats:
        """All numbers that are known to occur, in order; none where rare ones are hidden."""
        if self._exact:
            return self._exact[0]
        if self.values.hidden or self.private:
            return np.empty(0)
        return np.unique(np.concatenate([self.values.values.astype(float), self._points[0], [self.min, self.max]]))

    @cached_property
    def sentinels(self) -> dict[float, int]:
        """Codes that may stand for a missing value (-1, 99, 999 …): repeated, extreme, and far from all others."""
        if {-1, *_CODES}.isdisjoint((self.min, self.max)) or self._seen.size < 4:
            return {}
        x = self._seen
        apart = {float(x[0]): x[1] - x[0], float(x[-1]): x[-1] - x[-2]}
        body = float(np.ptp(x[1:-1]))
        times = {v: self.rows_at(v) for v, gap in apart.items() if _is_code(v, float(gap), body)}
        return {v: rows for v, rows in times.items() if rows > 1}

    def without_sentinels(self) -> Self:
        """The same numbers without the codes that may stand for a missing value; itself where there are none."""
        if not self.sentinels:
            return self
        codes, whole = list(self.sentinels), cast("Any", self)
        gone, below = (sum(r for v, r in self.sentinels.items() if v < end) for end in (math.inf, 0))
        x, mass = self._exact or self._points
        x, mass = x[~np.isin(x, codes)], mass[~np.isin(x, codes)]
        left, listed = self._seen[~np.isin(self._seen, codes)], ~np.isin(self.values.values, codes)
        values, total = self.values.only(listed), self.moments.total - gone
        rows = mass * (total / mass.sum()) if self.values.full else values.counts.astype(float)
        light, sketch = self._weighed.total - float(mass.sum()), self.sketch.without(codes)
        return replace(
            whole,
            n=self.n - gone,
            moments=Moments.of(x, rows),
            lowest=float(left[0]),
            highest=float(left[-1]),
            negatives=self.negatives - below if left[0] < 0 else 0,
            integers=self.integers - gone,
            values=values,
            sketch=sketch if sketch.total else Sketch.of_sorted(x),
            weights=whole.weights and replace(whole.weights, moments=Moments.of(x, mass), total=self.mass - light),
        )

    @property
    def piled_share(self) -> float:
        """The share of rows that sit exactly at the largest value, as capped or censored targets do."""
        return self.share_at(self.max) if self.moments.total else 0.0

    # -- classes

    @property
    def n_classes(self) -> int:
        """How many different values there are (estimated beyond 2,048 numbers or 512 strings)."""
        numbers = int(self.moments.total)
        return self.values.distinct_of(numbers) + self.words.distinct_of(self.n - numbers - self.infinite)

    @cached_property
    def class_rows(self) -> dict[str, int]:
        """Rows by class, numbers in order before strings; empty where there are too many to list."""
        return self._by_class(lambda tally: tally.counts)

    @cached_property
    def class_counts(self) -> dict[str, Any]:
        """The same, or what the rows of each class weigh where weights were given."""
        return self._by_class(lambda tally: tally.mass) if self.weights else self.class_rows

    def _by_class(self, sizes: Callable[[Tally], Any]) -> dict[str, Any]:
        if self.values.full or self.words.full or self.n_classes > CLASSES:
            return {}
        numbers = zip(map(_label, self.values.values.tolist()), sizes(self.values).tolist(), strict=True)
        return dict(numbers) | dict(zip(self.words.values.tolist(), sizes(self.words).tolist(), strict=True))

    @property
    def majority_share(self) -> float:
        """The share of the commonest value; NaN where a private profile lists none."""
        most = max(self.values.heaviest, self.words.heaviest)
        return most / self.mass if most else math.nan

    @property
    def minority_share(self) -> float:
        """The share of the rarest value."""
        return min((t.lightest for t in (self.values, self.words) if t.lightest), default=0.0) / (self.mass or math.nan)

    @property
    def rarest_count(self) -> int:
        """The rows of the rarest value, of those listed or known to occur once; 0 where none is."""
        return min((t.least for t in (self.values, self.words) if t.least), default=0)

    @property
    def imbalance_ratio(self) -> float:
        """The commonest value's rows over the rarest's."""
        return self.majority_share / self.minority_share if self.minority_share else math.nan

    @property
    def imbalance(self) -> Reading:
        """Class counts, the ratio of the largest to the smallest, entropy over its maximum, the majority's share.

        ``effective_classes`` is the number of equally large classes with this entropy; ``rare_classes`` says how many
        classes have fewer than 20 rows, and ``rarest`` names up to five of them. NaN where no classes are listed.
        """
        counts = self.class_counts
        p = np.array(list(counts.values()), dtype=float) / (self.mass or 1)
        nats = abs(float((p * np.log(p)).sum())) if p.size else math.nan
        rare = sorted((rows, name) for name, rows in self.class_rows.items() if rows < RARE)
        return Reading(
            counts=counts,
            ratio=self.imbalance_ratio,
            entropy=nats / math.log(max(p.size, 2)),
            majority=self.majority_share,
            effective_classes=math.exp(nats),
            rare_classes=len(rare) if counts else math.nan,
            rarest=[name for _, name in rare[:NAMED]],
        )

    # -- all together

    def readings(self) -> dict[str, Any]:
        """Every reading as JSON-safe data; what is not a number here is ``None``.

        >>> from losses.profile import profile
        >>> profile([0, 1, 1, 3]).readings()["median"]
        1.0
        """
        scalars = {key: getattr(self, key) for key in _SCALARS}
        groups = {key: getattr(self, key) for key in _GROUPS}
        quantiles = {f"{q:g}": self.quantile(q) for q in _QUANTILES} if self.moments.total else {}
        structure = self.structure.reading() if self.structure else None
        found: dict[str, Any] = _safe(
            scalars | groups | {"quantiles": quantiles, "sentinels": _named(self.sentinels), "structure": structure}
        )
        return found

    def __repr__(self) -> str:
        named = f" {self.name!r}" if self.name else ""
        if not self.n:
            return f"<Profile{named}: no rows>"
        rows = f"{self.n:,} rows" + (f" ({self.missing_rows:,} missing)" if self.missing_rows else "")
        return f"<Profile{named}: {self.kind} ({self.kinds[0].share:.0%}), {rows}, {self._facts()}>"

    def _facts(self) -> str:
        if self.structure:
            return f"width {self.structure.width}"
        if self.words.distinct or self.n_classes <= 2:
            return f"{self.n_classes} classes, majority {self.majority_share:.1%}"
        return f"mean {self.mean:.4g}, median {self.median:.4g}, from {self.min:.4g} to {self.max:.4g}"


_SCALARS = (
    *("kind", "n", "rows", "mean", "variance", "std", "skewness", "excess_kurtosis", "cv", "min", "max", "median"),
    *("robust_sigma", "outlier_share", "top_share", "tail_index", "dispersion", "zero_share", "nb_alpha"),
    *(
        "piled_share",
        "tweedie_power",
        "n_classes",
        "majority_share",
        "minority_share",
        "rarest_count",
        "imbalance_ratio",
    ),
)
WEIGHTED = (
    *("mean", "variance", "std", "skewness", "excess_kurtosis", "cv", "min", "max", "median", "quantiles", "tails"),
    *("robust_sigma", "outlier_share", "outliers.share_3s", "outliers.share_5s", "top_share", "tail_index"),
    *("zero_share", "zeros", "dispersion", "counts.dispersion", "nb_alpha", "counts.nb_alpha", "tweedie_power"),
    *("counts.tweedie_power", "support", "piled_share", "majority_share", "minority_share", "imbalance_ratio"),
    *("imbalance.counts", "imbalance.ratio", "imbalance.entropy", "imbalance.majority", "imbalance.effective_classes"),
)
_NO_FIT = counting.ZeroFit(math.nan, math.nan)
_GROUPS = ("imbalance", "outliers", "zeros", "counts", "tails", "support", "duplicates", "missing")


_CODES = frozenset(sign * v for v in (9, 99, 999, 9999, 99999, 98, 998, 97, 88, 888, 77, 777) for sign in (1, -1))


def _is_code(value: float, gap: float, body: float) -> bool:
    """-1 below whole numbers from zero or one up, or a row of nines (eights, sevens) well beyond the others."""
    return (value == -1 and gap in (1, 2)) or (value in _CODES and gap > max(0.5 * body, 2))


def _label(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _named(counts: dict[float, int]) -> dict[str, int]:
    return {_label(value): rows for value, rows in counts.items()}


def _safe(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _safe(v) for key, v in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
