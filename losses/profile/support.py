"""What kind of numbers a profile holds: counts and zeros, where they lie, how finely, and which stand apart."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from losses.profile import counting
from losses.profile.grain import coarsest_step, heaped
from losses.profile.moments import Moments
from losses.profile.sketch import Sketch
from losses.profile.spread import Reading, Spread

if TYPE_CHECKING:
    from losses.profile.column import Floats

ROUND = (5, 10, 100)  # the bases whose multiples people round to
_CODES = frozenset(sign * v for v in (9, 99, 999, 9999, 99999, 98, 998, 97, 88, 888, 77, 777) for sign in (1, -1))
_NO_FIT = counting.ZeroFit(math.nan, math.nan)


class Support(Spread):
    """Counts, zeros, support, and values that stand apart."""

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
        clear = self.dispersion > 1.3 + 1e-9  # rounding does not decide
        return (self.dispersion - 1) / self.mean if clear else 0.0

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


def _is_code(value: float, gap: float, body: float) -> bool:
    """-1 below whole numbers from zero or one up, or a row of nines (eights, sevens) well beyond the others."""
    return (value == -1 and gap in (1, 2)) or (value in _CODES and gap > max(0.5 * body, 2))
