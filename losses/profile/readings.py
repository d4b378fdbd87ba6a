"""What a profile says about its target: every reading is computed from the sums alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from losses.profile.kinds import Kind, ranked
from losses.profile.names import in_order
from losses.profile.spread import Reading
from losses.profile.support import Support
from losses.words import filled, plural

if TYPE_CHECKING:
    from losses.profile.tally import Tally

CLASSES = 1000  # classes whose counts are listed one by one
RARE = 20  # rows below which a class cannot be weighted with confidence
NAMED = 5  # rare classes that are named
_QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


class Readings(Support):
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

    @cached_property
    def steps(self) -> list[str] | None:
        """The classes from the least to the greatest, where they are words whose order their names tell."""
        return in_order(list(self.class_rows)) if self.words.distinct and self.class_rows else None

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
        rows = plural(self.n, "row") + (f" ({self.missing_rows:,} missing)" if self.missing_rows else "")
        return f"<Profile{named}: {self.kind} ({self.kinds[0].share:.0%}), {rows}, {self._facts()}>"

    def _facts(self) -> str:
        if self.structure:
            return f"width {self.structure.width}"
        if self.words.distinct or self.n_classes <= 2:
            return f"{plural(self.n_classes, 'class')}, majority {self.majority_share:.1%}"
        return filled("mean {p.mean:.4g}, median {p.median:.4g}, from {p.min:.4g} to {p.max:.4g}", p=self)


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
_GROUPS = ("imbalance", "outliers", "zeros", "counts", "tails", "support", "duplicates", "missing")


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
