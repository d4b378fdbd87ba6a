"""The evidence about kinds, one clue a row: the kind, the weight in log-odds, when it holds, and the sentence.

A clue speaks for one kind, or against it where the weight is negative. Weights were set by what a careful reader
would conclude, then checked on labelled columns; adding a kind or a clue touches this file only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from losses.profile.facts import Facts


@dataclass(frozen=True)
class Clue:
    """Evidence of ``weight`` log-odds for ``kind`` when ``when`` holds."""

    kind: str
    weight: float
    when: Callable[[Facts], bool]
    says: str


POSSIBLE: dict[str, Callable[[Facts], bool]] = {
    "constant": lambda f: f.distinct <= 1,
    "binary": lambda f: f.distinct == 2,
    "multiclass": lambda f: f.distinct > 2 and (f.textual or (f.whole and f.distinct <= 1000)),
    "ordinal": lambda f: f.distinct > 2 and (f.textual or f.distinct <= 20),
    "count": lambda f: f.whole and f.distinct > 1,
    "zero_inflated_count": lambda f: f.whole and f.distinct > 2 and f.p.zero_share > 0.05,
    "zero_inflated_positive": lambda f: not f.textual and f.distinct > 2 and f.p.nonnegative and f.p.zero_share >= 0.05,
    "positive_skewed": lambda f: (
        not f.textual and f.distinct > 2 and f.p.nonnegative and f.p.zero_share < 0.05 and f.skew > 1
    ),
    "heavy_tailed": lambda f: not f.textual and f.distinct > 2 and f.heavy,
    "real": lambda f: not f.textual and f.distinct > 2,
    "proportion": lambda f: not f.textual and f.distinct > 2 and f.p.nonnegative and f.p.max <= 100,
    "identifier": lambda f: f.distinct > 2 and not f.fractional,
    "datetime": lambda f: f.distinct > 1 and (f.p.families["dates"] > 0 or f.whole or f.decimal_years),
}

PRIOR = {"datetime": -3.0, "identifier": -1.0, "proportion": -1.0}  # few columns that are offered as targets are none

CLUES: tuple[Clue, ...] = (
    Clue("constant", 20, lambda f: f.distinct <= 1, "there is only one value"),
    Clue("binary", 9, lambda f: f.distinct == 2, "there are exactly two values"),
    Clue(
        "binary",
        -4,
        lambda f: f.integral and f.span > 2 and f.p.min >= 0 and f.p.n < 100,
        "the two numbers are not neighbours",
    ),
    # times
    Clue("datetime", 14, lambda f: f.p.families["dates"] > 0.5 * f.p.n, "the values are dates or times"),
    Clue("datetime", 20, lambda f: f.packed_dates, "the numbers read as packed dates"),
    Clue("datetime", 8, lambda f: f.recent_years, "the numbers all lie among the years of our time"),
    Clue("datetime", -3, lambda f: f.years and f.about("count", "measure"), "the name speaks of an amount"),
    Clue(
        "datetime",
        10,
        lambda f: f.decimal_years and (f.step > 0 or f.about("datetime", "clock")),
        "the numbers are years in decimals",
    ),
    Clue(
        "datetime", 6, lambda f: f.years and f.about("datetime"), "the name speaks of a date and the numbers are years"
    ),
    Clue(
        "datetime",
        11,
        lambda f: f.calendar and f.about("datetime") and not f.about("count"),
        "the name speaks of a calendar unit",
    ),
    Clue("datetime", 10, lambda f: f.clock, "the numbers all read as hours and minutes"),
    Clue("datetime", 3, lambda f: f.clock and f.about("clock"), "the name speaks of the time of day"),
    Clue("datetime", 7, lambda f: f.unix, "the numbers fit seconds since 1970"),
    Clue("datetime", 5, lambda f: f.unix and f.about("datetime", "clock"), "the name speaks of time"),
    # codes
    Clue(
        "identifier", 9, lambda f: f.textual and f.uniqueness > 0.9 and f.p.n >= 10, "nearly every string is different"
    ),
    Clue("identifier", 3, lambda f: f.textual and f.distinct > 100, "there are very many different strings"),
    Clue("identifier", 5, lambda f: f.repeated_codes, "large unrounded numbers repeat more than a measure's would"),
    Clue("identifier", 5, lambda f: f.surprise > 5, "no number repeats where chance would repeat some"),
    Clue("identifier", 3, lambda f: f.surprise > 20, "no number repeats where chance would repeat many"),
    Clue("identifier", 6, lambda f: f.long_codes, "long whole numbers of one magnitude, not rounded"),
    Clue(
        "identifier",
        6,
        lambda f: f.whole and f.filled > 0.6 and f.flat and f.p.min <= 3 and f.distinct > 40,
        "numbers fill 1 to N evenly, as running numbers do",
    ),
    Clue("identifier", 6, lambda f: f.p.padded > 0, "numbers are written with leading zeros"),
    Clue("identifier", 9, lambda f: f.about("identifier") and f.distinct > 12, "the name speaks of a code"),
    Clue("identifier", 6, lambda f: f.about("unit") and f.integral and f.distinct > 12, "the name speaks of one unit"),
    Clue("multiclass", 4, lambda f: f.about("unit") and f.integral and f.distinct <= 12, "the name speaks of one unit"),
    Clue(
        "identifier",
        5,
        lambda f: f.about("place") and f.integral and f.distinct > 60,
        "the name speaks of places and there are many",
    ),
    Clue("identifier", 4, lambda f: f.about("rank") and f.uniqueness > 0.9, "the name speaks of a rank"),
    Clue(
        "identifier",
        -4,
        lambda f: f.integral and f.about("count", "measure") and not f.about("identifier"),
        "the name speaks of an amount",
    ),
    # classes
    Clue("multiclass", 5, lambda f: f.textual, "the values are names"),
    Clue(
        "multiclass",
        5,
        lambda f: f.integral and f.about("multiclass", "place") and f.distinct <= 60,
        "the name speaks of a category",
    ),
    Clue(
        "multiclass",
        1.5,
        lambda f: f.integral and f.distinct <= 60 and f.peaks >= 3,
        "the counts jump up and down from level to level",
    ),
    Clue(
        "multiclass",
        1.5,
        lambda f: f.few and f.whole and f.filled < 1 and f.p.max < 100,
        "few whole numbers with gaps between",
    ),
    Clue(
        "multiclass",
        2.0,
        lambda f: f.integral and f.filled > 0.7 and f.flat and f.p.min == 1 and 11 < f.distinct <= 60,
        "codes from 1 up, about evenly used",
    ),
    Clue("multiclass", 0.5, lambda f: f.few and f.whole, "there are few levels"),
    Clue("multiclass", -2, lambda f: f.integral and f.distinct > 60, "there are many levels"),
    Clue(
        "ordinal", 7, lambda f: f.ordered_words >= 0.6 and f.distinct <= 20, "the category names are steps of a scale"
    ),
    Clue("ordinal", 2.5, lambda f: f.textual and f.about("ordinal") and f.distinct <= 11, "the name speaks of a scale"),
    Clue("ordinal", 3, lambda f: f.few and f.step > 0, "few levels, evenly spaced"),
    Clue(
        "ordinal",
        1.5,
        lambda f: f.few and f.integral and f.step == 1 and not f.thinning and not f.poisson,
        "neighbouring whole numbers without a thinning tail",
    ),
    Clue("ordinal", 1.5, lambda f: f.few and not f.step and f.p.n >= 20 * f.distinct, "few levels, each used often"),
    Clue("ordinal", 2.5, lambda f: f.few and f.about("ordinal") and not f.textual, "the name speaks of a scale"),
    Clue("ordinal", -3, lambda f: not f.textual and f.distinct > 11, "too many levels for a scale"),
    # counts
    Clue("count", 2, lambda f: f.whole and f.p.min <= 2, "whole numbers from about zero up"),
    Clue("count", 1.5, lambda f: f.whole and f.thinning, "the right tail thins out"),
    Clue("count", 1, lambda f: f.whole and f.p.zero_rows > 0, "zeros occur"),
    Clue(
        "count", 1, lambda f: f.whole and f.distinct > 11 and f.positives_median < 1000, "many levels of moderate size"
    ),
    Clue(
        "count",
        5,
        lambda f: f.whole and f.about("count") and not f.about("ordinal"),
        "the name speaks of things that are counted",
    ),
    Clue(
        "count",
        2,
        lambda f: f.whole and f.about("count") and f.about("ordinal"),
        "the name may speak of things that are counted",
    ),
    Clue("count", 4, lambda f: f.poisson, "the variance equals the mean and the values spread as Poisson counts do"),
    Clue("count", -2.5, lambda f: f.whole and f.about("money"), "the name speaks of money"),
    Clue(
        "count", -1.5, lambda f: f.whole and f.about("measure") and not f.about("count"), "the name speaks of a measure"
    ),
    Clue(
        "count",
        -2,
        lambda f: f.whole and f.distinct > 11 and f.heaped > 0.7 and f.positives_median > 30,
        "most numbers are multiples of five",
    ),
    Clue(
        "count",
        -2.5,
        lambda f: f.away_from_zero and not f.counted and not f.poisson,
        "the smallest number is far from zero",
    ),
    Clue(
        "count", -1.5, lambda f: f.positives_median > 1000 and not f.counted and not f.poisson, "the numbers are large"
    ),
    Clue("count", -2, lambda f: f.p.zero_share > 0.05 and f.zero_inflated, "a zero-inflated fit is better"),
    Clue("zero_inflated_count", 2, lambda f: f.zero_inflated, "more zeros than a negative binomial would give"),
    Clue("zero_inflated_count", -3, lambda f: not f.zero_inflated, "a plain negative binomial explains the zeros"),
    Clue("zero_inflated_count", 3, lambda f: f.positives_median < 1000, "whole numbers from zero up"),
    Clue("zero_inflated_count", 1, lambda f: f.thinning, "the right tail thins out"),
    Clue("zero_inflated_count", 4, lambda f: f.about("count"), "the name speaks of things that are counted"),
    Clue(
        "zero_inflated_count",
        -2,
        lambda f: f.about("money", "measure") and not f.about("count"),
        "the name speaks of a measure",
    ),
    Clue("zero_inflated_count", -1.5, lambda f: f.few, "there are few levels"),
    Clue("zero_inflated_count", -1.5, lambda f: f.positives_median > 60, "the positive numbers are large"),
    # measures
    Clue("zero_inflated_positive", 6, lambda f: f.fractional and not f.few, "exact zeros among positive fractions"),
    Clue(
        "zero_inflated_positive",
        3,
        lambda f: f.whole and f.positives_median > 60 and f.distinct > 11,
        "exact zeros, and the rest is large",
    ),
    Clue("zero_inflated_positive", 2, lambda f: f.about("money", "measure"), "the name speaks of a measure"),
    Clue(
        "zero_inflated_positive",
        3,
        lambda f: f.whole and f.heaped > 0.97 and f.distinct > 11,
        "nearly all numbers are multiples of five",
    ),
    Clue("positive_skewed", 6, lambda f: f.fractional and not f.few, "positive fractions, skewed to the right"),
    Clue("positive_skewed", 3, lambda f: f.whole and f.distinct > 11, "positive, skewed to the right"),
    Clue("positive_skewed", 2, lambda f: f.whole and f.about("money", "measure"), "the name speaks of a measure"),
    Clue(
        "positive_skewed",
        1.5,
        lambda f: f.whole and f.distinct > 11 and f.heaped > 0.7 and f.positives_median > 30,
        "most numbers are multiples of five",
    ),
    Clue("heavy_tailed", 6, lambda f: f.fractional or f.p.negatives > 0, "rows far out on the tails"),
    Clue("heavy_tailed", 3, lambda f: f.whole and f.distinct > 11 and f.away_from_zero, "rows far out on the tails"),
    Clue("heavy_tailed", -3, lambda f: f.p.nonnegative and f.skew > 1, "the tail is on the right of positive numbers"),
    Clue("real", 4, lambda f: f.fractional or f.p.negatives > 0, "fractions or negative numbers"),
    Clue("real", 3, lambda f: f.whole and f.distinct > 11, "many whole numbers"),
    Clue(
        "real", 1.5, lambda f: f.whole and f.away_from_zero and f.distinct > 11, "the smallest number is far from zero"
    ),
    Clue("real", 1, lambda f: f.whole and abs(f.skew) < 0.5 and f.p.median > 20, "large and symmetric"),
    Clue("real", 2, lambda f: f.whole and f.about("measure", "money"), "the name speaks of a measure"),
    Clue(
        "real",
        1.5,
        lambda f: f.whole and f.distinct > 11 and f.heaped > 0.7 and f.positives_median > 30,
        "most numbers are multiples of five",
    ),
    Clue("real", -3, lambda f: f.p.nonnegative and f.skew > 1, "skewed to the right"),
    Clue("real", -3, lambda f: f.long_codes, "a measure is seldom known to so many digits"),
    Clue("real", -3, lambda f: f.heavy, "rows far out on the tails"),
    Clue("real", -3, lambda f: f.counted, "the name speaks of things that are counted"),
    Clue("real", -3, lambda f: f.poisson, "a measure's variance seldom equals its mean"),
    Clue("positive_skewed", -3, lambda f: f.counted, "the name speaks of things that are counted"),
    Clue("real", -2, lambda f: f.few, "there are few levels"),
    Clue("real", -3, lambda f: f.p.nonnegative and f.p.zero_share >= 0.05, "a lump of exact zeros"),
    # shares
    Clue(
        "proportion",
        5.5,
        lambda f: f.fractional and f.near_one and not f.few,
        "fractions between 0 and 1 that come near 1",
    ),
    Clue(
        "proportion",
        7.5,
        lambda f: f.fractional and f.p.unit_interval and f.about("proportion"),
        "the name speaks of a share, and the numbers are fractions",
    ),
    Clue(
        "proportion",
        8.5,
        lambda f: (
            not f.p.unit_interval
            and f.p.max > 1
            and f.about("share_of_hundred")
            and f.about("proportion")
            and f.distinct > 11
        ),
        "the name speaks of percent",
    ),
    Clue(
        "proportion",
        -2,
        lambda f: f.p.unit_interval and f.about("measure") and not f.about("proportion"),
        "the name speaks of a measure",
    ),
    Clue(
        "proportion",
        3,
        lambda f: f.near_one and f.p.quantile(0.95) > 0.6 and f.p.zero_share < 0.3,
        "a good part of the rows lies in the upper half",
    ),
)
