"""Where the numbers of a profile lie, how wide they spread, and how far the tails reach."""

from __future__ import annotations

import math
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from losses.profile import points

if TYPE_CHECKING:
    from losses.profile.column import Floats
    from losses.profile.kinds import Told
    from losses.profile.moments import Moments
    from losses.profile.sketch import Sketch
    from losses.profile.state import Weights
    from losses.profile.structure import Structure
    from losses.profile.tally import Tally, Words
    from losses.profile.weighted import WeightedSketch


class Reading(dict[str, Any]):
    """A dictionary whose entries can also be had as attributes: ``p.zeros.share`` is ``p.zeros["share"]``."""

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(key) from None


class Spread:
    """Location, spread and tails; the fields are those of ``Profile``."""

    name: str | None
    n: int
    missing_rows: int
    infinite: int
    families: Counter[str]
    padded: int
    moments: Moments
    lowest: float | None
    highest: float | None
    zero_rows: int
    negatives: int
    integers: int
    values: Tally
    words: Words
    sketch: Sketch | WeightedSketch
    weights: Weights | None
    structure: Structure | None
    private: bool
    told: Told | None

    # -- location and spread

    @property
    def rows(self) -> int:
        """All rows, the missing ones among them."""
        return self.n + self.missing_rows

    @property
    def _weighed(self) -> Moments:
        return self.weights.moments if self.weights and self.weights.moments.total else self.moments

    @property
    def mass(self) -> float:
        """What all rows weigh together: how many they are, where they came without weights."""
        return self.weights.total if self.weights else self.n

    @property
    def _row(self) -> float:
        """What one row weighs: 1 where weights are counts, less where they are shares of 1."""
        return min(1.0, self._weighed.total / self.moments.total) if self.weights and self.moments.total else 1.0

    @property
    def mean(self) -> float:
        """The mean of the numbers, weighted where weights were given."""
        return self._weighed.mean if self._weighed.total else math.nan

    @property
    def variance(self) -> float:
        """The mean squared deviation from the mean."""
        return self._weighed.variance

    @property
    def std(self) -> float:
        """The square root of the variance."""
        return math.sqrt(self.variance)

    @property
    def skewness(self) -> float:
        """The third standardised moment; NaN for a constant."""
        return self._weighed.skewness

    @property
    def excess_kurtosis(self) -> float:
        """The fourth standardised moment minus three; NaN for a constant."""
        return self._weighed.excess_kurtosis

    @property
    def cv(self) -> float:
        """Standard deviation over mean; NaN where the mean is not positive."""
        return self.std / self.mean if self.mean > 0 else math.nan

    def quantile(self, q: float) -> float:
        """The value below which a share ``q`` of the rows lies (exact up to 8,192 rows, or 3,072 with weights)."""
        x, mass = self._points
        return points.quantile(x, mass, q, self.sketch.row, self._ends) if x.size else math.nan

    @cached_property
    def median(self) -> float:
        """The middle value."""
        return self.quantile(0.5)

    @property
    def min(self) -> float:
        """The smallest number, NaN without any."""
        return math.nan if self.lowest is None else self.lowest

    @property
    def max(self) -> float:
        """The largest number, NaN without any."""
        return math.nan if self.highest is None else self.highest

    @cached_property
    def robust_sigma(self) -> float:
        """A scale that outliers do not move: 1.4826 MAD, else IQR/1.349, mean deviation or std, the first above 0."""
        return next((s for _, s in self._scales() if s > 0), 0.0 if self.moments.total else math.nan)

    @property
    def robust_sigma_source(self) -> str:
        """Which of the four scales ``robust_sigma`` is."""
        return next((source for source, s in self._scales() if s > 0), "none")

    def _scales(self) -> list[tuple[str, float]]:
        x, rows = self._points
        if not x.size:
            return []
        with np.errstate(over="ignore"):
            away = np.abs(x - self.median)
            mean_deviation = float(np.average(away, weights=rows))
        order = np.argsort(away, kind="stable")
        return [
            ("mad", 1.4826 * points.quantile(away[order], rows[order], 0.5, self.sketch.row)),
            ("iqr", (self.quantile(0.75) - self.quantile(0.25)) / 1.349),
            ("mean_deviation", mean_deviation),
            ("std", self.std),
        ]

    @cached_property
    def _points(self) -> tuple[Floats, Floats]:
        return self.sketch.weighted()

    @cached_property
    def _ends(self) -> Floats:
        return np.cumsum(self._points[1])

    @cached_property
    def _exact(self) -> tuple[Floats, Floats] | None:
        """All different values and what their rows weigh; None where some are not listed."""
        if not self.values.full:
            return self.values.values.astype(float), self.values.mass
        if self.sketch.slack or self.private:
            return None
        x, place = np.unique(self._points[0], return_inverse=True)
        return x, np.bincount(place, self._points[1]).astype(np.float64)

    # -- tails

    @cached_property
    def _beyond(self) -> tuple[float, float]:
        x, rows = self._points
        if not x.size or not 0 < self.robust_sigma < math.inf:
            return 0.0, 0.0
        with np.errstate(over="ignore"):
            away = np.abs(x - self.median) / self.robust_sigma
        three, five = (float(rows[away > bar].sum() / rows.sum()) for bar in (3, 5))
        return three, five

    @property
    def outliers(self) -> Reading:
        """Shares of rows beyond three and five robust sigmas of the median, and how many rows the latter are."""
        three, five = self._beyond
        return Reading(share_3s=three, share_5s=five, rows=round(five * self.moments.total))

    @property
    def outlier_share(self) -> float:
        """The share of rows beyond three robust sigmas."""
        return self._beyond[0]

    @cached_property
    def top_share(self) -> float:
        """The share of the squared deviation that the 1% of rows farthest from the mean carry."""
        x, rows = self._points
        with np.errstate(over="ignore", under="ignore"):
            square = (x - self.mean) ** 2
            order = np.argsort(-square, kind="stable")
            square, rows = square[order], rows[order]
            total = float(square @ rows)
        if not total > 0 or not math.isfinite(total):
            return math.nan
        left = np.maximum(0.01 * rows.sum() - (np.cumsum(rows) - rows), 0)
        return float(square @ np.minimum(rows, left)) / total

    @cached_property
    def tail_index(self) -> float:
        """Hill's estimate of the power of the heavier tail, from the outer 5% of distances; infinite for no tail."""
        x, mass = self._points
        with np.errstate(over="ignore"):
            away = np.abs(x - self.median)
        order = np.argsort(-away, kind="stable")
        away, ends = away[order], np.cumsum(mass[order])
        rows = float(ends[-1]) / self._row if x.size else 0.0
        k = max(int(0.05 * rows), min(10, int(rows / 2)))
        outside = k * self._row
        least = float(away[np.searchsorted(ends, outside, "right")]) if 2 <= k < rows else 0.0
        if not 0 < least < math.inf:
            return math.inf
        share = np.clip(outside - (ends - mass[order]), 0, mass[order]) / outside
        mean_log = float(share @ (np.log(np.maximum(away, least)) - math.log(least)))
        return 1 / mean_log if mean_log > 0 else math.inf

    def quantile_skewness(self, tail: float) -> float:
        """How much farther the upper of two quantiles is from the median than the lower, -1 to 1; NaN where they agree.

        It is Bowley's skewness at a ``tail`` of 1/4 and Hinkley's octile skewness at 1/8.
        """
        low, middle, high = (self.quantile(q) / 4 for q in (tail, 0.5, 1 - tail))
        return (high - middle - (middle - low)) / (high - low) if high > low else math.nan

    @cached_property
    def medcouple(self) -> float:
        """The median of the skewness of all pairs around the median, -1 to 1; NaN where not all values are listed."""
        return points.medcouple(*self._exact, self._row) if self._exact and self._exact[0].size else math.nan

    @property
    def tails(self) -> Reading:
        """How far the target strays: robust sigma and its source, kurtosis, Hill's index, top share, and to which side.

        Three measures of skewness that few far values do not move stand beside the third moment: Bowley's, the octile
        one, and the medcouple.
        """
        return Reading(
            robust_sigma=self.robust_sigma,
            robust_sigma_source=self.robust_sigma_source,
            excess_kurtosis=self.excess_kurtosis,
            skewness=self.skewness,
            hill=self.tail_index,
            top_share=self.top_share,
            bowley=self.quantile_skewness(0.25),
            octile=self.quantile_skewness(0.125),
            medcouple=self.medcouple,
        )
