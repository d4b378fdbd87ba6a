"""How often each value occurs: all of them while they are few, a fair sample of the distinct ones beyond.

Kept are the values whose hashes are smallest. A value that belongs to the sample of the whole belongs to the sample
of every part that holds it, so its count is exact and merging is associative and commutative to the bit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Tally:
    """Distinct values in order with their counts; ``full`` says that others were seen and left out.

    ``weights`` are the sums of the weights of each value's rows; None where rows came without weights and count once.
    A tally whose rare values were taken out for privacy still says how many they were (``hidden``), and how many of
    them occurred once (``lone``).

    >>> Tally.of_sorted(np.array([1.0, 1.0, 2.0])).counts.tolist()
    [2, 1]
    """

    LIMIT: ClassVar[int] = 2048

    values: npt.NDArray[np.generic] = field(default_factory=lambda: np.empty(0))
    counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    full: bool = False
    hidden: int = 0
    lone: int = 0
    weights: Floats | None = None

    @classmethod
    def of_sorted(cls, x: Floats, weight: Floats | None = None) -> Self:
        """The tally of a sorted array, and of what its rows weigh."""
        if not x.size:
            return cls()
        new = np.append(True, x[1:] != x[:-1])
        if new.all():
            return cls(x, np.ones(x.size, np.int64), weights=weight).trimmed()
        starts = np.flatnonzero(new)
        weights = None if weight is None else np.add.reduceat(weight, starts)
        return cls(x[starts], np.diff(np.append(starts, x.size)).astype(np.int64), weights=weights).trimmed()

    @staticmethod
    def hashes(values: npt.NDArray[np.generic]) -> Hashes:
        """A fixed 64-bit mix of each number (splitmix64)."""
        z = np.asarray(values.astype(np.float64) + 0.0).view(np.uint64)
        z += np.uint64(0x9E3779B97F4A7C15)
        shifted = np.empty_like(z)  # all in place: this is done to every distinct value of every chunk
        for bits, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z ^= np.right_shift(z, np.uint64(bits), out=shifted)
            z *= np.uint64(factor)
        z ^= np.right_shift(z, np.uint64(31), out=shifted)
        return z

    def trimmed(self) -> Self:
        """The same with no more than ``LIMIT`` values."""
        if self.values.size <= self.LIMIT:
            return self
        hashes = self.hashes(self.values)
        bar = np.partition(hashes, self.LIMIT - 1)[self.LIMIT - 1]
        return replace(self.only(hashes <= bar), full=True)

    def only(self, kept: npt.NDArray[np.bool_]) -> Self:
        """The same with these values alone."""
        weights = None if self.weights is None else self.weights[kept]
        return replace(self, values=self.values[kept], counts=self.counts[kept], weights=weights)

    def common(self, crowd: int, rows: int) -> Self:
        """Only the values that at least ``crowd`` of all ``rows`` rows share; of the others, only how many they are."""
        often = self.counts >= crowd
        if often.all() and not self.full:
            return self
        distinct = self.distinct_of(rows)
        hidden = max(distinct - int(often.sum()), 1)
        lone = min(round(self.singles * distinct), hidden)
        return replace(self.only(often), full=True, hidden=hidden, lone=lone)

    def __add__(self, other: Self) -> Self:
        if self == type(self)() or other == type(self)():
            return other if self == type(self)() else self
        values, place = np.unique(np.concatenate([self.values, other.values]), return_inverse=True)
        counts = np.zeros(values.size, np.int64)
        np.add.at(counts, place, np.concatenate([self.counts, other.counts]))
        weights = None
        if self.weights is not None or other.weights is not None:
            weights = np.bincount(place, np.concatenate([self.mass, other.mass])).astype(np.float64)
        bars = [self.hashes(side.values).max() for side in (self, other) if side.full and not side.hidden]
        kept = self.hashes(values) <= min(bars) if bars else np.ones(values.size, bool)
        absent = (self.full or other.full, self.hidden + other.hidden, self.lone + other.lone)
        return type(self)(values, counts, *absent, weights).only(kept).trimmed()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        mine, theirs = ((t.full, t.hidden, t.lone, t.values.size) for t in (self, other))
        if mine != theirs or not self.values.size:
            return mine == theirs
        if (self.weights is None) != (other.weights is None):
            return False
        pairs = ((self.values, other.values), (self.counts, other.counts), (self.mass, other.mass))
        return all(np.array_equal(mine, theirs) for mine, theirs in pairs)

    @property
    def distinct(self) -> int:
        """How many different values there are; estimated from the largest hash kept when ``full`` (error about 2%)."""
        if not self.full or self.hidden:
            return int(self.values.size) + self.hidden
        return round((self.LIMIT - 1) * 2.0**64 / float(self.hashes(self.values).max()))

    def distinct_of(self, rows: int) -> int:
        """The same where all rows are known: those not listed hold at most one value each."""
        return min(self.distinct, int(self.values.size) + max(rows - self.rows, 0))

    @property
    def rows(self) -> int:
        """The rows whose values are listed here."""
        return int(self.counts.sum())

    @property
    def singles(self) -> float:
        """The share of distinct values that occur only once."""
        if self.hidden:
            return self.lone / self.distinct
        return float((self.counts == 1).mean()) if self.counts.size else 0.0

    @property
    def mass(self) -> Floats:
        """What the rows of each value weigh together: how many they are, where they came without weights."""
        return self.counts.astype(np.float64) if self.weights is None else self.weights

    @property
    def heaviest(self) -> float:
        """What the rows of the commonest value weigh; 0 where it is not known."""
        lone = float(self.weights is None and 0 < self.hidden == self.lone)
        return float(self.mass.max()) if self.counts.size else lone

    @property
    def lightest(self) -> float:
        """What the rows of the rarest value weigh, of those known; 0 where none is."""
        if self.weights is None:
            return float(self.least)
        return float(self.weights.min()) if self.weights.size and not self.lone else 0.0

    @property
    def least(self) -> int:
        """The rows of the rarest value that is known; 0 where none is."""
        return 1 if self.lone else int(self.counts.min()) if self.counts.size else 0

    def alone(self, rows: int) -> float:
        """The share of rows whose value no other row has; of all ``rows`` where rare values are hidden."""
        return self.lone / rows if self.hidden else float((self.counts == 1).sum()) / max(self.rows, 1)


class Words(Tally):
    """The same for strings, which take more room."""

    LIMIT = 512

    @staticmethod
    def hashes(values: npt.NDArray[np.generic]) -> Hashes:
        """Eight bytes of BLAKE2 of each string."""
        words = values.astype(np.str_).tolist()
        digests = (hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest() for word in words)
        return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
