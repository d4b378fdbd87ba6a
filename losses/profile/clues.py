"""The evidence about kinds, one observation a row: its sentence, when it holds, and what it says of each kind.

What it says is a weight in log-odds, negative where it speaks against a kind. Weights were set by what a careful
reader would conclude, then checked on labelled columns; adding a kind or a clue touches this file only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from losses.profile.facts import LEVELS, Facts


@dataclass(frozen=True)
class Clue:
    """When ``when`` holds it ``says`` so, with the numbers that it ``shows``, and moves the kinds in ``weights``."""

    says: str
    when: Callable[[Facts], bool]
    weights: dict[str, float]
    shows: str = ""


POSSIBLE: dict[str, Callable[[Facts], bool]] = {
    "constant": lambda f: f.distinct <= 1,
    "binary": lambda f: f.distinct == 2,
    "multiclass": lambda f: f.distinct > 2 and (f.textual or (f.whole and f.distinct <= 1000)),
    "ordinal": lambda f: f.distinct > 2 and (f.textual or f.distinct <= 20),
    "count": lambda f: f.whole and f.distinct > 1,
    "zero_inflated_count": lambda f: f.whole and f.distinct > 2 and f.p.zero_share > 0.05,
    "zero_inflated_positive": lambda f: f.numeric and f.p.nonnegative and f.p.zero_share >= 0.05,
    "positive_skewed": lambda f: f.numeric and f.p.nonnegative and f.p.zero_share < 0.05 and f.skew > 1,
    "heavy_tailed": lambda f: f.numeric and f.heavy and not f.few,
    "real": lambda f: f.numeric,
    "proportion": lambda f: f.numeric and f.p.nonnegative and f.p.max <= 100,
    "identifier": lambda f: f.distinct > 2 and not f.fractional,
    "datetime": lambda f: f.distinct > 1 and (f.textual or f.p.families["dates"] > 0 or f.whole or f.decimal_years),
}

PRIOR = {"datetime": -3.0, "identifier": -1.0, "proportion": -1.0}  # few columns that are offered as targets are none

FIRST_GRADE = 5  # scales that start beyond it are rare
COUNTED = "the name speaks of things that are counted"
MEASURED = "the name speaks of a measure"
FEW, SKEWED, FAR_OUT = "there are few levels", "skewed to the right", "rows far out on the tails"

CLUES: tuple[Clue, ...] = (
    Clue("there is only one value", lambda f: f.distinct <= 1, {"constant": 20}),
    Clue("there are exactly two values", lambda f: f.distinct == 2, {"binary": 9}),
    Clue("the two numbers are not neighbours", lambda f: f.pair_apart, {"binary": -4}, "{f.p.min:g} and {f.p.max:g}"),
    # times
    Clue("the values are dates or times", lambda f: f.dated, {"datetime": 14}),
    Clue("the strings are names of months or days", lambda f: f.calendar_words, {"datetime": 9}),
    Clue("the numbers read as packed dates", lambda f: f.packed_dates, {"datetime": 20}, "{f.ends}"),
    Clue("the numbers all lie among the years of our time", lambda f: f.recent_years, {"datetime": 9}, "{f.ends}"),
    Clue("the numbers are years that follow one another", lambda f: f.years and f.running, {"datetime": 6}, "{f.ends}"),
    Clue("the name speaks of an amount", lambda f: f.years and f.about("count", "measure"), {"datetime": -4}),
    Clue(
        "the numbers are years in decimals",
        lambda f: f.decimal_years and (f.step > 0 or f.about("datetime", "clock")),
        {"datetime": 10},
        "{f.ends}",
    ),
    Clue(
        "the name speaks of a date and the numbers are years",
        lambda f: f.years and f.about("datetime", "birth", "clock"),
        {"datetime": 6},
        "{f.ends}",
    ),
    Clue(
        "the name says years and the numbers are years of two digits",
        lambda f: f.short_years and f.about("year"),
        {"datetime": 12, "binary": -4},
        "{f.ends}",
    ),
    Clue(
        "the name speaks of a calendar unit",
        lambda f: f.calendar and f.distinct > 2 and f.about("datetime") and not f.about("count", "lapse"),
        {"datetime": 11, "identifier": -6},
        "{f.ends}",
    ),
    Clue(
        "the name speaks of a date and the numbers fit days since 1900 or 1970",
        lambda f: f.day_numbers and f.about("datetime") and not f.about("count", "lapse", "measure", "identifier"),
        {"datetime": 10},
        "{f.ends}",
    ),
    Clue("the name speaks of time, and steps of it follow", lambda f: f.running and f.about("clock"), {"datetime": 8}),
    Clue("the numbers all read as hours and minutes", lambda f: f.clock, {"datetime": 10}, "{f.ends}"),
    Clue("the name speaks of the time of day", lambda f: f.clock and f.about("clock"), {"datetime": 3}),
    Clue("the numbers fit seconds since 1970", lambda f: f.unix, {"datetime": 7}, "{f.ends}"),
    Clue("the name speaks of time", lambda f: f.unix and f.about("datetime", "clock"), {"datetime": 7}),
    # codes
    Clue(
        "nearly every string is different",
        lambda f: f.textual and not f.dated and f.uniqueness > 0.9 and f.p.n >= 10,
        {"identifier": 9},
        "{f.distinct} in {f.p.n} rows",
    ),
    Clue(
        "there are very many different strings",
        lambda f: f.textual and not f.dated and f.distinct > 100,
        {"identifier": 3},
        "{f.distinct}",
    ),
    Clue(
        "the strings are codes of letters and digits",
        lambda f: f.coded_words and f.distinct > 60,
        {"identifier": 4},
        "{f.distinct} different ones",
    ),
    Clue(
        "large unrounded numbers repeat more than a measure's would",
        lambda f: f.repeated_codes,
        {"identifier": 5},
        "{f.distinct} different ones in {f.p.n} rows",
    ),
    Clue("no number repeats where chance would repeat some", lambda f: f.surprise > 5, {"identifier": 5}),
    Clue("no number repeats where chance would repeat many", lambda f: f.surprise > 20, {"identifier": 3}),
    Clue(
        "long whole numbers of one magnitude, not rounded",
        lambda f: f.long_codes,
        {"identifier": 6, "real": -3},
        "{f.ends}",
    ),
    Clue("numbers fill 1 to N evenly, as running numbers do", lambda f: f.numbered, {"identifier": 6}, "{f.ends}"),
    Clue(
        "every number occurs equally often, as in a design or a panel",
        lambda f: f.running and f.p.n > f.distinct > 3,
        {"identifier": 3, "multiclass": 2, "count": -3, "datetime": 1},
        "{f.p.n} rows of {f.distinct} numbers",
    ),
    Clue("numbers are written with leading zeros", lambda f: f.p.padded > 0, {"identifier": 6}),
    Clue("the name speaks of a code", lambda f: f.about("identifier") and f.distinct > 12, {"identifier": 9}),
    Clue(
        "the name speaks of one unit among many",
        lambda f: f.about("unit") and f.integral and f.distinct > 12,
        {"identifier": 6},
        "{f.distinct} different ones",
    ),
    Clue(
        "the name speaks of one unit among a few",
        lambda f: f.about("unit") and f.integral and f.distinct <= 12,
        {"multiclass": 4},
        "{f.distinct} different ones",
    ),
    Clue(
        "the name speaks of places and there are many",
        lambda f: f.about("place") and f.integral and f.distinct > 60,
        {"identifier": 5},
        "{f.distinct}",
    ),
    Clue(
        "the places are numbered through from 1",
        lambda f: f.about("place") and f.whole and f.filled > 0.9 and f.p.min <= 1 and f.distinct > 60,
        {"identifier": 3, "real": -3},
        "{f.ends}",
    ),
    Clue("the name speaks of a rank", lambda f: f.about("rank") and f.uniqueness > 0.9, {"identifier": 4}),
    Clue(
        "the name speaks of an amount, not of a code",
        lambda f: f.integral and f.about("count", "measure", "lapse") and not f.about("identifier"),
        {"identifier": -4},
    ),
    # classes
    Clue("the values are names", lambda f: f.textual, {"multiclass": 5}, "{f.distinct} different ones"),
    Clue(
        "the name speaks of a category",
        lambda f: f.integral and f.about("multiclass", "place") and f.distinct <= 60,
        {"multiclass": 5},
        "{f.distinct} levels",
    ),
    Clue(
        "the counts jump up and down from level to level",
        lambda f: f.integral and f.distinct <= 60 and f.peaks >= 3,
        {"multiclass": 1.5},
        "{f.peaks} peaks",
    ),
    Clue(
        "few whole numbers with gaps between",
        lambda f: f.few and f.whole and f.filled < 1 and f.p.max < 100 and not f.unsettled,
        {"multiclass": 1.5},
        "{f.distinct} from {f.p.min:g} to {f.p.max:g}",
    ),
    Clue(
        "codes from 1 up, about evenly used",
        lambda f: f.integral and f.filled > 0.7 and f.flat and f.p.min == 1 and LEVELS < f.distinct <= 60,
        {"multiclass": 2.0, "count": -1.5, "real": -1.5},
        "{f.ends}",
    ),
    Clue(FEW, lambda f: f.few and f.whole, {"multiclass": 0.5}, "{f.distinct}"),
    Clue("there are many levels", lambda f: f.integral and f.distinct > 60, {"multiclass": -2}, "{f.distinct}"),
    Clue(
        "the category names are steps of a scale",
        lambda f: f.ordered_words >= 0.6 and f.distinct <= 20,
        {"ordinal": 7},
        "{f.ordered_words:.0%} of {f.distinct}",
    ),
    Clue(
        "the name speaks of a scale",
        lambda f: f.about("ordinal") and (f.few or (f.textual and f.distinct <= LEVELS)),
        {"ordinal": 2.5},
        "{f.distinct} levels",
    ),
    Clue(
        "the name speaks of a scale and the letters follow one another",
        lambda f: f.lettered and f.about("ordinal"),
        {"ordinal": 3.5},
        "{f.distinct}",
    ),
    Clue("few levels, evenly spaced", lambda f: f.few and f.step > 0, {"ordinal": 3}, "{f.distinct}, {f.step:g} apart"),
    Clue(
        "neighbouring whole numbers without a thinning tail",
        lambda f: f.few and f.integral and f.step == 1 and not f.thinning and not f.poisson,
        {"ordinal": 1.5},
        "{f.ends}",
    ),
    Clue(
        "codes and scales start at 1, counts at 0",
        lambda f: f.few and f.integral and f.step == 1 and f.p.min == 1 and not f.about("count", "lapse"),
        {"ordinal": 1, "multiclass": 1, "count": -1},
        "{f.ends}",
    ),
    Clue(
        "a scale starts near 0 or 1",
        lambda f: f.few and f.whole and f.p.min > FIRST_GRADE,
        {"ordinal": -2.5, "real": 1},
        "{f.ends}",
    ),
    Clue(
        "few levels, each used often",
        lambda f: f.few and not f.step and f.p.n >= 20 * f.distinct,
        {"ordinal": 1.5},
        "{f.p.n} rows of {f.distinct}",
    ),
    Clue(
        "too many levels for a scale",
        lambda f: not f.textual and f.distinct > LEVELS,
        {"ordinal": -3},
        "{f.distinct}",
    ),
    # counts
    Clue("whole numbers from about zero up", lambda f: f.whole and f.p.min <= 2, {"count": 2}, "{f.ends}"),
    Clue(
        "the right tail thins out",
        lambda f: f.whole and f.thinning,
        {"count": 1.5, "zero_inflated_count": 1},
        "skewness {f.skew:.1f}",
    ),
    Clue("zeros occur", lambda f: f.whole and f.p.zero_rows > 0, {"count": 1}, "{f.p.zero_share:.1%} of rows"),
    Clue(
        "many levels of moderate size",
        lambda f: f.whole and f.many and f.positives_median < 1000,
        {"count": 1},
        "{f.distinct}, median {f.positives_median:g}",
    ),
    Clue(
        COUNTED,
        lambda f: f.whole and f.about("count") and not f.about("ordinal"),
        {"count": 5, "zero_inflated_count": 4},
    ),
    Clue(
        "the name may speak of things that are counted",
        lambda f: f.whole and f.about("count") and f.about("ordinal"),
        {"count": 2, "zero_inflated_count": 2},
    ),
    Clue(
        "the name speaks of a time that went by, in whole units",
        lambda f: f.whole and f.about("lapse") and not f.few,
        {"count": 3, "zero_inflated_count": 2, "real": -1},
    ),
    Clue(
        "the variance equals the mean and the values spread as Poisson counts do",
        lambda f: f.poisson and not f.amounts,
        {"count": 4, "real": -3},
        "mean {f.p.moments.mean:.3g}, variance {f.p.moments.variance:.3g}",
    ),
    Clue("the name speaks of money", lambda f: f.whole and f.about("money"), {"count": -2.5}),
    Clue(
        "most numbers are multiples of five",
        lambda f: f.whole and f.many and f.heaped > 0.7 and f.positives_median > 30,
        {"count": -2, "positive_skewed": 1.5, "real": 1.5},
        "{f.heaped:.0%}",
    ),
    Clue(
        "nearly all numbers are multiples of five",
        lambda f: f.whole and f.heaped > 0.97 and f.many,
        {"zero_inflated_positive": 3},
        "{f.heaped:.0%}",
    ),
    Clue(
        "the smallest number is far from zero",
        lambda f: f.away_from_zero and f.whole and not f.counted,
        {"count": -2.5},
        "{f.p.min:g}",
    ),
    Clue(
        "the numbers are large",
        lambda f: f.positives_median > 1000 and not f.counted and not f.poisson,
        {"count": -1.5},
        "median {f.positives_median:g}",
    ),
    # zeros
    Clue(
        "more zeros than a negative binomial would give",
        lambda f: f.zero_inflated,
        {"zero_inflated_count": 2, "count": -2},
        "{f.p.zero_share:.0%} of rows, {f.extra_zeros:.0%} too many",
    ),
    Clue("a plain negative binomial explains the zeros", lambda f: not f.zero_inflated, {"zero_inflated_count": -3}),
    Clue(
        "whole numbers from zero up",
        lambda f: f.whole and f.positives_median < 1000,
        {"zero_inflated_count": 3},
        "{f.ends}",
    ),
    Clue("hardly enough levels for a fit", lambda f: f.few, {"zero_inflated_count": -2}),
    Clue("the positive numbers are large", lambda f: f.positives_median > 60, {"zero_inflated_count": -1.5}),
    Clue(
        "exact zeros among positive fractions",
        lambda f: f.fractional and not f.few,
        {"zero_inflated_positive": 6},
        "{f.p.zero_share:.1%} of rows",
    ),
    Clue(
        "exact zeros, and the rest is large",
        lambda f: f.whole and f.positives_median > 60 and f.many,
        {"zero_inflated_positive": 3},
        "{f.p.zero_share:.1%} of rows, median of the others {f.positives_median:g}",
    ),
    Clue(
        "nothing lies between zero and the smallest of many large numbers",
        lambda f: f.whole and f.many and f.nothing_or_much,
        {"zero_inflated_positive": 2, "zero_inflated_count": -3, "count": -2},
        "{f.p.zero_share:.1%} zeros",
    ),
    Clue(
        "a lump of exact zeros",
        lambda f: f.p.nonnegative and f.p.zero_share >= 0.05,
        {"real": -3},
        "{f.p.zero_share:.1%} of rows",
    ),
    # measures
    Clue(
        MEASURED,
        lambda f: f.whole and f.amounts,
        {"count": -1.5, "zero_inflated_count": -2, "zero_inflated_positive": 2, "positive_skewed": 2, "real": 2},
    ),
    Clue(
        "positive fractions, skewed to the right",
        lambda f: f.fractional and not f.few,
        {"positive_skewed": 6},
        "skewness {f.skew:.1f}",
    ),
    Clue(
        "positive, skewed to the right",
        lambda f: f.whole and (f.many or f.unsettled),
        {"positive_skewed": 3},
        "skewness {f.skew:.1f}",
    ),
    Clue(
        FAR_OUT,
        lambda f: f.fractional or f.p.negatives > 0,
        {"heavy_tailed": 6},
        "{f.far:.2%} beyond five robust sigmas, excess kurtosis {f.p.excess_kurtosis:.1f}",
    ),
    Clue(
        "rows far out, and zero is far",
        lambda f: f.whole and f.many and f.away_from_zero,
        {"heavy_tailed": 3},
        "excess kurtosis {f.p.excess_kurtosis:.1f}",
    ),
    Clue(
        "the tail is on the right of positive numbers",
        lambda f: f.p.nonnegative and f.skew > 1,
        {"heavy_tailed": -3},
        "skewness {f.skew:.1f}",
    ),
    Clue("fractions or negative numbers", lambda f: f.fractional or f.p.negatives > 0, {"real": 4}, "{f.ends}"),
    Clue("many whole numbers", lambda f: f.whole and f.many, {"real": 3}, "{f.distinct}"),
    Clue(
        "far from zero, with many levels or few rows of each",
        lambda f: f.whole and f.away_from_zero and (f.many or f.unsettled),
        {"real": 1.5},
        "{f.ends}",
    ),
    Clue(
        "too few rows to know the levels",
        lambda f: f.unsettled,
        {"real": 3, "ordinal": -3},
        "{f.p.n} rows of {f.distinct}",
    ),
    Clue(
        "large and symmetric",
        lambda f: f.whole and abs(f.skew) < 0.5 and f.p.median > 20,
        {"real": 1},
        "median {f.p.median:g}, skewness {f.skew:.1f}",
    ),
    Clue(SKEWED, lambda f: f.p.nonnegative and f.skew > 1, {"real": -3}, "skewness {f.skew:.1f}"),
    Clue(
        "on so few rows the skewness may be chance",
        lambda f: f.p.nonnegative and 1 < f.skew < 1 + 2 * f.skew_error,
        {"real": 2.5, "positive_skewed": -2},
        "{f.skew:.1f} with a standard error of {f.skew_error:.1f}",
    ),
    Clue("too many rows are far out", lambda f: f.heavy and not f.few, {"real": -3}),
    Clue("what is counted is no measure", lambda f: f.counted, {"real": -3, "positive_skewed": -3}),
    Clue("too few levels for a measure", lambda f: f.few, {"real": -2}, "{f.distinct}"),
    # shares
    Clue(
        "fractions between 0 and 1 that come near 1",
        lambda f: f.near_one and not f.few,
        {"proportion": 5.5},
        "{f.ends}",
    ),
    Clue(
        "fractions spread over most of the way from 0 to 1",
        lambda f: f.across and not f.near_one and not f.few,
        {"proportion": 5.5},
        "{f.ends}",
    ),
    Clue(
        "a good part of the rows lies in the upper half",
        lambda f: f.near_one and f.p.quantile(0.95) > 0.6 and f.p.zero_share < 0.3,
        {"proportion": 3},
        "5% above {f.p95:.3g}",
    ),
    Clue(
        "the name speaks of a share, and the numbers are fractions",
        lambda f: f.fractional and f.p.unit_interval and f.about("proportion"),
        {"proportion": 7.5},
        "{f.ends}",
    ),
    Clue(
        "the name speaks of percent",
        lambda f: f.of_hundred and f.about("hundred"),
        {"proportion": 8.5},
        "{f.ends}",
    ),
    Clue(
        "the name speaks of a group of people, and the numbers fit percent",
        lambda f: f.of_hundred and f.fractional and f.p.max > 20 and f.about("group") and not f.about("hundred"),
        {"proportion": 6},
        "{f.ends}",
    ),
    Clue(
        "the name speaks of a measure, not of a share",
        lambda f: f.p.unit_interval and f.about("measure") and not f.about("proportion"),
        {"proportion": -3},
    ),
)
