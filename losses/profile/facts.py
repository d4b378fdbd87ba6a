"""What the rules about kinds look at: the shape of the values, and the topics of the name."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from losses.profile.counting import poisson_fits
from losses.profile.names import calendar_words, coded_share, ordered_share, topics
from losses.words import number

if TYPE_CHECKING:
    from losses.profile.readings import Readings

LEVELS = 11  # as many as a scale from 0 to 10 has


class Facts:
    """One profile as the rules see it; each fact is computed once, and only when a rule asks."""

    def __init__(self, p: Readings) -> None:
        self.p = p = p.without_sentinels()
        self.topics = topics(p.name)
        self.values = p.values.values.astype(np.float64)
        self.rows = p.values.counts.astype(np.float64)
        self.distinct = p.n_classes
        self.textual = p.words.distinct > 0
        self.integral = p.integral and not self.textual
        self.fractional = bool(p.moments.total) and not p.integral and not self.textual
        self.whole = self.integral and not p.negatives
        self.few = 3 <= self.distinct <= LEVELS and p.n >= 2 * self.distinct
        self.many = self.distinct > LEVELS
        self.numeric = not self.textual and self.distinct > 2
        self.skew = p.skewness if math.isfinite(p.skewness) else 0.0
        self.skew_error = math.sqrt(6 / max(p.n, 1))  # of a normal sample, the least it can be

    def about(self, *wanted: str) -> bool:
        """True where the name speaks of one of these topics."""
        return not self.topics.isdisjoint(wanted)

    @cached_property
    def amounts(self) -> bool:
        """The name speaks of a measure or of money, and of nothing that is counted."""
        return self.about("measure", "money") and not self.about("count", "lapse")

    @cached_property
    def counted(self) -> bool:
        """Whole numbers whose name speaks of things that are counted, and of no measure."""
        return self.whole and self.about("count") and not self.about("measure", "money")

    # -- levels

    @property
    def ends(self) -> str:
        """The extremes, for sentences."""
        low, high = (number(x, 10) for x in (self.p.min, self.p.max))
        return f"from {self.p.min:g} to {self.p.max:g}" if self.years else f"from {low} to {high}"

    @cached_property
    def pair_apart(self) -> bool:
        """Two whole numbers of few rows that are no neighbours."""
        return self.distinct == 2 and self.integral and self.span > 2 and self.p.min >= 0 and self.p.n < 100

    @cached_property
    def unsettled(self) -> bool:
        """Few levels far from zero and few rows of each: a measure may have more of them."""
        return self.few and self.whole and self.away_from_zero and self.p.n < 10 * self.distinct

    @cached_property
    def span(self) -> float:
        """How many whole numbers lie between the extremes."""
        return self.p.max - self.p.min + 1

    @cached_property
    def filled(self) -> float:
        """The share of the whole numbers between the extremes that occur."""
        return min(self.distinct / self.span, 1.0) if self.integral else 0.0

    @cached_property
    def step(self) -> float:
        """The common step of evenly spaced levels, 0 where the spacing is uneven."""
        with np.errstate(over="ignore"):
            gaps = np.diff(self.values)
        return float(gaps[0]) if gaps.size and np.allclose(gaps, gaps[0], rtol=1e-6) else 0.0

    @cached_property
    def top_rows(self) -> float:
        """Rows at the highest level over rows at the commonest: small where a tail thins out."""
        return float(self.rows[-1] / self.rows.max()) if self.rows.size else 0.0

    @cached_property
    def peaks(self) -> int:
        """Levels that stand clear (by three standard errors) above both neighbours."""
        rows = np.concatenate([[0], self.rows, [0]])
        higher = np.minimum(rows[1:-1] - rows[:-2], rows[1:-1] - rows[2:])
        return int(np.count_nonzero(higher > 3 * np.sqrt(2 * rows[1:-1])))

    @cached_property
    def thinning(self) -> bool:
        """A right tail: skewed, and hardly anyone at the highest level."""
        return self.skew > 0.5 and self.top_rows < 0.1

    @cached_property
    def flat(self) -> bool:
        """Spread about evenly between the extremes, as running numbers are."""
        return abs(self.skew) < 0.4 and -1.5 < self.p.excess_kurtosis < -0.95

    @cached_property
    def balanced(self) -> bool:
        """Every level occurs equally often, as in a design or a panel."""
        return self.rows.size >= 3 and not self.p.values.full and bool((self.rows == self.rows[0]).all())

    @cached_property
    def running(self) -> bool:
        """Neighbouring whole numbers, each used equally often."""
        return self.balanced and self.filled == 1

    @cached_property
    def numbered(self) -> bool:
        """Many whole numbers from about 1 up, most of them used and about evenly."""
        even = self.whole and self.filled > 0.6 and self.flat and self.p.min <= 3 and self.distinct > 40
        return even and float(self.rows.max()) < 6 * float(self.rows.mean())

    @cached_property
    def heaped(self) -> float:
        """The share of rows on multiples of five."""
        return float(self.rows[self.values % 5 == 0].sum() / self.rows.sum()) if self.rows.size else 0.0

    # -- codes

    @cached_property
    def uniqueness(self) -> float:
        """The share of rows whose value no other row has (from the sample of distinct values)."""
        return min((t.alone(self.p.n) for t in (self.p.values, self.p.words) if t.distinct), default=0.0)

    @cached_property
    def surprise(self) -> float:
        """Minus the log of the chance that random whole numbers of this range, no years, would never repeat."""
        alone = self.integral and self.uniqueness > 0.995 and not self.years
        return self.p.n**2 / (2 * self.span) if alone else 0.0

    @cached_property
    def long_codes(self) -> bool:
        """Whole numbers of six digits and more, of one magnitude, and not rounded; or of ten and more."""
        if not self.whole or self.p.n < 30 or self.heaped > 0.3 or self.skew > 1:
            return False
        return self.p.min >= 1e5 and (self.p.max < 20 * self.p.min or self.p.min >= 1e9)

    @cached_property
    def coded_words(self) -> bool:
        """Most strings are one word of letters and digits, and none is a date."""
        return self.textual and not self.p.families["dates"] and coded_share(self.p.words.values.tolist()) > 0.8

    @cached_property
    def calendar_words(self) -> bool:
        """The strings are names of months or of days of the week."""
        return self.textual and calendar_words(self.p.words.values.tolist())

    @cached_property
    def repeated_codes(self) -> bool:
        """Large whole numbers, not rounded, that take far fewer values than a measure of this spread would."""
        width = 2 * (self.p.quantile(0.75) - self.p.quantile(0.25))
        if not self.whole or width < 200 or self.heaped > 0.4 or abs(self.skew) > 1:
            return False
        return self.distinct < 0.75 * width * -math.expm1(-self.p.n / width)

    # -- times

    @cached_property
    def dated(self) -> bool:
        """More than half of the rows are dates or times."""
        return self.p.families["dates"] > 0.5 * self.p.n

    @cached_property
    def decimal_years(self) -> bool:
        """Years with fractions, as the times of a series are written."""
        return (
            self.fractional and self.p.min >= 1700 and self.p.max <= 2100 and self.p.n >= 20 and self.uniqueness > 0.9
        )

    @cached_property
    def years(self) -> bool:
        """Whole numbers that are all years of the last centuries, several of them."""
        return self.whole and self.p.min >= 1500 and self.p.max <= 2100 and self.span <= 400

    @cached_property
    def recent_years(self) -> bool:
        """Years of which most lie in the last century and a half."""
        return self.years and self.p.quantile(0.25) >= 1870 and self.p.max <= 2060

    @cached_property
    def short_years(self) -> bool:
        """Whole numbers that fit years of this and the last half century without their first two digits."""
        return self.whole and self.p.min >= 50 and self.p.max <= 99

    @cached_property
    def calendar(self) -> bool:
        """Whole numbers that fit a month, a day, a week, an hour, a minute, or a day of the year."""
        return self.whole and (self.p.max <= 59 or (self.p.max <= 366 and self.filled > 0.5))

    @cached_property
    def unix(self) -> bool:
        """Whole seconds or milliseconds since 1970, of the years 1980 to 2040."""
        return self.whole and any(3e8 * k <= self.p.min and self.p.max <= 2.3e9 * k for k in (1, 1e3, 1e6, 1e9))

    @cached_property
    def packed_dates(self) -> bool:
        """Whole numbers that all read YYYYMMDD, YYYYMM, YYMMDD or MMDD, more of them than chance would give."""
        v = self.values
        if not self.whole or v.size < 12 or self.p.values.hidden:
            return False
        day, month = (v % 100 >= 1) & (v % 100 <= 31), (v // 100 % 100 >= 1) & (v // 100 % 100 <= 12)
        months = (v % 100 >= 1) & (v % 100 <= 12)
        layouts = ((19000101, 21001231, day & month), (190001, 210012, months), (10101, 991231, day & month))
        return any(bool(((v >= low) & (v <= high) & fit).all()) for low, high, fit in (*layouts, (101, 1231, day)))

    @cached_property
    def day_numbers(self) -> bool:
        """Whole numbers that fit days since 1900 or 1970, too large for years."""
        return self.whole and self.p.min >= 3000 and self.p.max <= 60_000

    @cached_property
    def clock(self) -> bool:
        """Whole numbers that all read HHMM, more of them than chance would give."""
        late = self.values[self.values >= 60]
        return (
            self.whole
            and late.size >= 15
            and self.p.max <= 2400
            and self.p.max >= 1000
            and bool((late % 100 < 60).all())
        )

    # -- measures

    @cached_property
    def positives_median(self) -> float:
        """The middle of what is above zero."""
        zero = self.p.zero_share
        return self.p.quantile(zero + (1 - zero) / 2) if self.p.nonnegative else self.p.median

    @cached_property
    def nothing_or_much(self) -> bool:
        """Nothing lies between zero and the smallest of large numbers, as where a measure does not apply."""
        least = float(self.values[1]) if self.p.zero_rows and self.values.size > 2 and not self.p.values.full else 0.0
        return self.p.nonnegative and least >= 10 and least > 0.05 * self.positives_median

    @cached_property
    def lettered(self) -> bool:
        """The strings are letters that follow one another from A."""
        words = sorted(str(word).upper() for word in self.p.words.values)
        return self.textual and words == [chr(ord("A") + i) for i in range(len(words))]

    @cached_property
    def away_from_zero(self) -> bool:
        """The smallest value is a good part of the middle one, as heights and scores are."""
        return self.p.min >= 10 and self.p.min > 0.2 * self.p.median

    @cached_property
    def heavy(self) -> bool:
        """More than 0.5% of rows beyond five robust sigmas and kurtosis above 1.5, or kurtosis above 5."""
        kurtosis = self.p.excess_kurtosis
        return kurtosis > 5 or (kurtosis > 1.5 and self.p.outliers.share_5s >= 0.005)

    @cached_property
    def poisson(self) -> bool:
        """Whole numbers from zero up, spread as a Poisson law of their mean spreads them."""
        return (
            self.whole
            and self.p.nonnegative
            and self.distinct > 2
            and poisson_fits(self.p.values, self.p.moments.mean, self.p.moments.variance)
        )

    @property
    def far(self) -> float:
        """The share of rows beyond five robust sigmas."""
        return float(self.p.outliers.share_5s)

    @property
    def p95(self) -> float:
        """The value that 5% of the rows exceed."""
        return self.p.quantile(0.95)

    @property
    def extra_zeros(self) -> float:
        """The share of rows that are zeros beyond a negative binomial's."""
        return self.p.zero_fit.inflation if self.p.zero_fit else 0.0

    @cached_property
    def zero_inflated(self) -> bool:
        """The likelihood-ratio test finds extra zeros, and the largest value is no pile-up."""
        fit = self.p.zero_fit
        if fit is None or fit.ratio <= 10.83 or fit.inflation <= 0.05:
            return False
        return bool(self.rows[-1] / self.rows.sum() <= 0.04)

    # -- shares

    @cached_property
    def near_one(self) -> bool:
        """Fractions that come near the upper bound of one."""
        return self.fractional and self.p.unit_interval and self.p.max > 0.9

    @cached_property
    def across(self) -> bool:
        """Fractions spread over most of the way from zero to one."""
        return self.fractional and self.p.unit_interval and self.p.max - self.p.min > 0.75 and self.p.zero_share < 0.05

    @cached_property
    def of_hundred(self) -> bool:
        """Many levels from 0 to 100, of which some are above 1."""
        return self.many and self.p.nonnegative and 1 < self.p.max <= 100

    @cached_property
    def ordered_words(self) -> float:
        """The share of category names that are known steps of a scale."""
        return ordered_share(self.p.words.values.tolist()) if self.textual else 0.0
