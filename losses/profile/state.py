"""The profile of a target: sums that add up, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from losses.errors import InvalidShape
from losses.pool import ahead
from losses.profile import document, weighted
from losses.profile.column import CHUNK, Array, Floats, opened, pieces, read_column, read_weights, weighing
from losses.profile.kinds import Told
from losses.profile.moments import Moments
from losses.profile.readings import Readings
from losses.profile.sketch import Sketch
from losses.profile.structure import Structure
from losses.profile.tally import Tally, Words
from losses.profile.weighted import WeightedSketch


@dataclass(frozen=True)
class Weights:
    """What sample weights add: the sum of their squares, the moments under them, their sum over all rows and zeros.

    What single values weigh stands in the tallies, and the quantiles under weights in a sketch of their own kind.
    """

    squares: float
    moments: Moments
    total: float
    zeros: float

    def __add__(self, other: Weights) -> Weights:
        sums = (self.total + other.total, self.zeros + other.zeros)
        return Weights(self.squares + other.squares, self.moments + other.moments, *sums)


@dataclass(frozen=True, repr=False)
class Profile(Readings):
    """A target column as a small record: add the records of its parts and you have that of the whole.

    ``Profile()`` is the empty record, so ``sum(map(Profile.of, batches), Profile())`` reads a stream.

    >>> p = Profile.of([3, 1, 2]) + Profile.of([None, 5])
    >>> p.n, p.missing_rows, p.mean
    (4, 1, 2.75)
    """

    name: str | None = None
    n: int = 0
    missing_rows: int = 0
    infinite: int = 0
    families: Counter[str] = field(default_factory=Counter)
    padded: int = 0
    moments: Moments = field(default_factory=Moments)
    lowest: float | None = None
    highest: float | None = None
    zero_rows: int = 0
    negatives: int = 0
    integers: int = 0
    values: Tally = field(default_factory=Tally)
    words: Words = field(default_factory=Words)
    sketch: Sketch | WeightedSketch = field(default_factory=Sketch)
    weights: Weights | None = None
    structure: Structure | None = None
    private: bool = False
    told: Told | None = None

    def __post_init__(self) -> None:
        if self.name is not None and len(self.name) > document.LONGEST_NAME:
            object.__setattr__(self, "name", self.name[: document.LONGEST_NAME])

    @classmethod
    def of(cls, batch: Any, *, name: str | None = None, sample_weight: Any = None, task: str | None = None) -> Profile:
        """The profile of one batch: a list, an array, or a column of pandas, polars or Arrow.

        A row of weight zero is no row, and a batch of nothing else is empty.

        >>> Profile.of(["yes", "no", "yes"]).kind
        'binary'
        """
        values = opened(batch)
        weight = None
        if sample_weight is not None:
            values, weight = weighing(values, read_weights(sample_weight, len(values)))
            if not weight.size:
                return Profile(name=name)
        parts = pieces(values, weight)
        work = partial(_piece, task=task)
        found = ahead(work, parts) if len(values) > CHUNK else map(work, parts)
        return replace(sum(found, Profile()), name=name)

    def update(self, batch: Any, *, sample_weight: Any = None, task: str | None = None) -> Profile:
        """This profile with one more batch in it.

        >>> Profile.of([1, 2]).update([3]).n
        3
        """
        return self + Profile.of(batch, sample_weight=sample_weight, task=task)

    def __add__(self, other: Profile) -> Profile:
        if not isinstance(other, Profile):
            return NotImplemented
        if self.n and other.n and (self.structure is None) != (other.structure is None):
            raise InvalidShape("the profile of a column and that of an array do not add up", field="target")
        return Profile(
            name=self.name if self.name is not None else other.name,
            **{f: getattr(self, f) + getattr(other, f) for f in _ADDED},
            lowest=min((v for v in (self.lowest, other.lowest) if v is not None), default=None),
            highest=max((v for v in (self.highest, other.highest) if v is not None), default=None),
            weights=_joined(self, other),
            structure=_either(self.structure, other.structure),
            private=self.private or other.private,
            told=_alone(self, other),
        )

    def to_dict(self, private: bool = False) -> dict[str, Any]:
        """The profile as JSON-safe data; ``private=True`` drops what could be one person's value.

        >>> Profile.from_dict(Profile.of([1, 2]).to_dict()) == Profile.of([1, 2])
        True
        """
        return document.written(self, private)

    @classmethod
    def from_dict(cls, data: Any) -> Profile:
        """The profile that ``to_dict`` wrote; whatever cannot be true is an ``InvalidProfile``."""
        return document.read(data)

    def _repr_html_(self) -> str:
        from losses.report import profiled

        return profiled(self)

    def to_bytes(self, private: bool = False) -> bytes:
        """The same as bytes, for files, queues and engines: at most 200,000 of them.

        >>> Profile.from_bytes(Profile.of([1, 2]).to_bytes()) == Profile.of([1, 2])
        True
        """
        return document.packed(self, private)

    @classmethod
    def from_bytes(cls, data: bytes) -> Profile:
        """The profile that ``to_bytes`` wrote; whatever cannot be true is an ``InvalidProfile``."""
        return document.unpacked(data)


_ADDED = (
    *("n", "missing_rows", "infinite", "families", "padded", "moments", "zero_rows", "negatives", "integers"),
    *("values", "words", "sketch"),
)


def _piece(rows: tuple[Any, Floats | None], task: str | None) -> Profile:
    values, weight = rows
    column = read_column(values)
    if column.matrix is not None:
        return _structured(column.matrix, task)
    n = column.numbers.size + sum(column.words.values())
    of_numbers, of_words = (None, None) if weight is None else column.shared(weight)
    numbers = _numeric(column.numbers, of_numbers)
    found = replace(
        numbers,
        n=n,
        missing_rows=column.missing,
        families=column.families,
        padded=column.padded,
        words=_words(column.words, of_words),
        weights=None,
    )
    if weight is None or not n:
        return found
    weight = weight if column.present is None else weight[column.present]
    weights = numbers.weights or Weights(0.0, Moments(), 0.0, 0.0)
    return replace(found, weights=replace(weights, squares=float(weight @ weight), total=float(weight.sum())))


def _numeric(x: Floats, weight: Floats | None) -> Profile:
    finite = np.isfinite(x)
    infinite = int(x.size - np.count_nonzero(finite))
    if infinite:
        x, weight = x[finite], None if weight is None else weight[finite]
    parts = (slice(start, start + CHUNK) for start in range(0, x.size, CHUNK))
    chunks = (_chunk(x[part], None if weight is None else weight[part]) for part in parts)
    return replace(sum(chunks, Profile()), infinite=infinite)


def _chunk(x: Floats, weight: Floats | None) -> Profile:
    if weight is None:
        ordered = x.copy()
        ordered.sort()
    else:
        order = np.lexsort((weight, x)) if x.size <= weighted.LIMIT else np.argsort(x)
        ordered, weight = x[order], weight[order]
    ordered += 0.0  # no negative zeros
    negatives, not_above = (int(np.searchsorted(ordered, 0.0, side)) for side in ("left", "right"))
    return Profile(
        n=x.size,
        moments=Moments.of(x),
        lowest=float(ordered[0]),
        highest=float(ordered[-1]),
        zero_rows=not_above - negatives,
        negatives=negatives,
        integers=int(np.count_nonzero(ordered == np.rint(ordered))),
        values=Tally.of_sorted(ordered, weight),
        sketch=Sketch.of_sorted(ordered) if weight is None else WeightedSketch.of_sorted(ordered, weight),
        weights=None if weight is None else _weights(ordered, weight, slice(negatives, not_above)),
    )


def _structured(array: Array, task: str | None) -> Profile:
    kept = array
    if array.dtype.kind == "f" and array.size:
        kept = array[np.isfinite(array).reshape(len(array), -1).all(axis=1)]
    return Profile(n=len(kept), missing_rows=len(array) - len(kept), structure=Structure.of(kept, task))


def _weights(x: Floats, weight: Floats, zeros: slice) -> Weights:
    return Weights(float(weight @ weight), Moments.of(x, weight), float(weight.sum()), float(weight[zeros].sum()))


def _joined(a: Profile, b: Profile) -> Weights | None:
    """Rows that came without weights count once each, as soon as others come with them."""
    if a.weights is None and b.weights is None:
        return None
    if not a.n or not b.n:
        return a.weights if a.n else b.weights
    first, second = (p.weights or Weights(p.n, p.moments, p.n, p.zero_rows) for p in (a, b))
    return first + second


def _alone(a: Profile, b: Profile) -> Told | None:
    """What was told of one column holds for as long as no other rows join it."""
    if a.n and b.n:
        return None
    return a.told if a.n or not b.n else b.told


def _either(a: Structure | None, b: Structure | None) -> Structure | None:
    return a + b if a and b else a or b


def _words(counts: Counter[str], masses: Counter[str] | None) -> Words:
    if not counts:
        return Words()
    short = _shortened(counts)
    ordered = sorted(short)
    weights = None
    if masses is not None:
        heavy = _shortened(masses)
        weights = np.array([heavy[word] for word in ordered], np.float64)
    values = np.array(ordered, dtype=np.str_)
    return Words(values, np.array([short[word] for word in ordered], np.int64), weights=weights).trimmed()


def _shortened(counts: Counter[str]) -> Counter[str]:
    short: Counter[str] = Counter()
    for word, count in counts.items():
        short[_short(word)] += count
    return short


def _short(word: str) -> str:
    """Long strings are cut so that a profile stays small; a digest keeps the cut ones apart."""
    word = word.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if len(word) <= 12 or len(json.dumps(word)) <= 80:
        return word
    return f"{word[: 48 if word.isascii() else 9]}…{hashlib.blake2b(word.encode(), digest_size=6).hexdigest()}"
