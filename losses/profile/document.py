"""A profile as JSON-safe data, and back with every promise checked.

Arrays travel as base64 of little-endian bytes: 8,192 doubles are 87 kB instead of 160 kB of digits.
"""

from __future__ import annotations

import base64
import json
import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from losses.errors import InvalidProfile, LossesError
from losses.profile import kinds, parts
from losses.profile.column import FAMILIES
from losses.profile.kinds import Told
from losses.profile.moments import Moments
from losses.profile.sketch import Sketch
from losses.profile.tally import Tally
from losses.profile.weighted import WeightedSketch

if TYPE_CHECKING:
    from losses.profile.state import Profile, Weights

VERSION = 1
LONGEST_NAME = 200
LARGEST = 200_000  # bytes of a document
ROUNDED = 1e-6  # the share of a sum that the order of adding may change
CROWD = 10  # rows among whom one person's value is hidden
_FLOAT_MAX = float(np.finfo(np.float64).max)
_COUNTS = ("n", "missing_rows", "infinite", "padded", "zero_rows", "negatives", "integers")


def written(p: Profile, private: bool) -> dict[str, Any]:
    """The document of a profile."""
    p = blurred(p) if private else p
    return {
        "version": VERSION,
        "private": p.private,
        "told": _spoken(p.told),
        "name": p.name,
        **{key: getattr(p, key) for key in _COUNTS},
        "families": {key: p.families[key] for key in FAMILIES if p.families[key]},
        "moments": _sums(p.moments),
        "lowest": p.lowest,
        "highest": p.highest,
        "values": _left_out(p.values) | {"values": _packed(p.values.values), "counts": _packed(p.values.counts)},
        "words": _left_out(p.words) | {"values": p.words.values.tolist(), "counts": p.words.counts.tolist()},
        "sketch": _levels(p.sketch),
        "weights": p.weights and _weighing(p, p.weights),
        "structure": p.structure
        and {
            "form": p.structure.form,
            "width": p.structure.width,
            "rows": p.structure.rows,
            "sums": list(p.structure.sums),
        },
    }


def _levels(sketch: Sketch | WeightedSketch) -> dict[str, Any]:
    levels = {0: sketch.values} if isinstance(sketch, WeightedSketch) else sketch.levels
    thinnings = 0 if isinstance(sketch, WeightedSketch) else sketch.thinnings
    packed = {str(height): _packed(values) for height, values in sorted(levels.items())}
    return {"slack": sketch.slack, "thinnings": thinnings, "levels": packed}


def _weighing(p: Profile, weights: Weights) -> dict[str, Any]:
    """The sums, and what each number, string and point of the sketch weighs: None where they came without weights."""
    points = p.sketch.weights if isinstance(p.sketch, WeightedSketch) else None
    return {
        "squares": weights.squares,
        "total": weights.total,
        "zeros": weights.zeros,
        "moments": _sums(weights.moments),
        "values": None if p.values.weights is None else _packed(p.values.weights),
        "words": None if p.words.weights is None else _packed(p.words.weights),
        "points": None if points is None else _packed(points),
    }


def blurred(p: Profile) -> Profile:
    """The profile without rare values, and with quantile points of at least ``CROWD`` rows each.

    How many rows there are, what they add up to and which kind the whole column was stays as it is; extremes that no
    crowd shares are widened to a round number. Fewer numbers than a crowd keep a round mean and spread only.
    """
    if p.told:
        return p
    told = Told({}, {}) if p.structure else replace(kinds.told(p), zero_fit=p.zero_fit)
    p = replace(p, private=True, told=told, words=p.words.common(CROWD, p.n - int(p.moments.total) - p.infinite))
    if p.structure:
        return replace(p, structure=p.structure.evened() if p.n < CROWD else p.structure.unset())
    total = int(p.moments.total)
    values = p.values.common(CROWD, total)
    if not 0 < total < CROWD:
        return replace(p, values=values, sketch=p.sketch.blurred(CROWD), **_widened(p, values, (1, 2, 5, 10)))
    weights = p.weights and replace(p.weights, moments=_rounded(p.weights.moments))
    rounded = _rounded(p.moments)
    sketch: Sketch | WeightedSketch = Sketch({0: np.full(total, rounded.mean)})
    if p.weights:
        sketch = WeightedSketch(np.full(total, rounded.mean), np.full(total, p.weights.moments.total / total), total)
    return replace(p, values=values, sketch=sketch, moments=rounded, weights=weights, **_widened(p, values, (1, 10)))


def _widened(p: Profile, common: Tally, steps: tuple[int, ...]) -> dict[str, Any]:
    if p.lowest is None or p.highest is None:
        return {}
    known = {p.lowest, p.highest}.intersection(common.values.tolist())
    lowest = p.lowest if p.lowest in known else -_round_above(-p.lowest, steps)
    return {"lowest": lowest, "highest": p.highest if p.highest in known else _round_above(p.highest, steps)}


def _round_above(x: float, steps: tuple[int, ...]) -> float:
    """The least round number (a step times a power of ten) that is not below ``x``."""
    if x == 0 or abs(x) < 1e-300:
        return max(x, 0.0) and 1e-300
    power = math.floor(math.log10(abs(x)))
    round_ones = [s * _ten(k) for k in (power - 1, power, power + 1) for s in steps]
    if x > 0:
        return min((r for r in round_ones if r >= x and math.isfinite(r)), default=_FLOAT_MAX)
    return -max(r for r in round_ones if r <= -x)


def _ten(power: int) -> float:
    return float(f"1e{power}")


def _rounded(m: Moments) -> Moments:
    """A round mean and spread, with the third and fourth moments of a normal law."""
    if m.m2 > 1e150:  # fourth powers are beyond floats
        return replace(m, mean=_nearest(m.mean), m3=0.0, m4=math.inf)
    spread = _nearest(math.sqrt(m.variance)) if m.total else 0.0
    return Moments(m.total, _nearest(m.mean), m.total * spread**2, 0.0, 3 * m.total * spread**4)


def _nearest(x: float) -> float:
    steps = (1, 2, 5, 10)
    return min(_round_above(x, steps), -_round_above(-x, steps), key=lambda r: abs(r - x))


def read(data: Any) -> Profile:
    """The profile of a document; ``InvalidProfile`` names the first thing in it that cannot be true."""
    from losses.profile.state import Profile

    try:
        fields = _fields(data)
        profile = Profile(**fields)
    except InvalidProfile:
        raise
    except (LossesError, KeyError, TypeError, ValueError, OverflowError, AttributeError, IndexError) as error:
        raise InvalidProfile("this is not a profile that this library wrote", field="profile") from error
    _consistent(profile)
    return profile


def packed(p: Profile, private: bool) -> bytes:
    """The document as bytes."""
    return json.dumps(written(p, private), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def unpacked(data: Any) -> Profile:
    """The profile of a document in bytes."""
    if not isinstance(data, bytes | bytearray | memoryview):
        parts.refuse("profile", "bytes", type(data).__name__)
    if len(data) > LARGEST:
        parts.refuse("profile", f"at most {LARGEST} bytes", len(data))
    try:
        document = json.loads(bytes(data))
    except (ValueError, RecursionError) as error:
        raise InvalidProfile("these bytes are not a profile that this library wrote", field="profile") from error
    return read(document)


def _fields(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        parts.refuse("profile", "an object")
    if data.get("version") != VERSION or isinstance(data.get("version"), bool):
        parts.refuse("version", f"version {VERSION}")
    unknown = set(map(str, data)) - _KEYS
    if unknown or len(data) != len(_KEYS):
        parts.refuse("profile", "exactly the fields " + ", ".join(sorted(_KEYS)))
    parts.flag(data["private"], "private")
    if data["name"] is not None and not (isinstance(data["name"], str) and len(data["name"]) <= LONGEST_NAME):
        parts.refuse("name", f"null or a string of at most {LONGEST_NAME} characters")
    moments, weighing = parts.moments(data["moments"], "moments"), parts.weighing(data["weights"])
    return {
        "name": data["name"],
        "private": data["private"],
        "told": parts.told(data["told"]),
        **{key: parts.count(data[key], key) for key in _COUNTS},
        "families": Counter({parts.family(k): parts.count(v, "families") for k, v in data["families"].items()}),
        "moments": moments,
        "lowest": parts.optional(data["lowest"], "lowest"),
        "highest": parts.optional(data["highest"], "highest"),
        "values": parts.tally(data["values"], weighing["values"]),
        "words": parts.words(data["words"], weighing["words"]),
        "sketch": parts.sketch(data["sketch"], weighing["points"], int(moments.total)),
        "weights": parts.weights(data["weights"]),
        "structure": parts.structure(data["structure"]),
    }


_KEYS = {*_COUNTS, "version", "private", "name", "families", "moments", "lowest", "highest"}
_KEYS |= {"told", "values", "words", "sketch", "weights", "structure"}


def _consistent(p: Profile) -> None:
    """Refuse numbers that no column could give together."""
    finite = int(p.moments.total)
    numbers = finite + p.infinite
    words = p.n - numbers
    rows = p.structure.rows if p.structure else sum(p.families.values())
    if rows != p.n or words < 0 or (p.structure and numbers):
        parts.refuse("n", f"as many rows as the families have ({rows})", p.n)
    for key in ("zero_rows", "negatives", "integers"):
        if getattr(p, key) > finite:
            parts.refuse(key, f"at most {finite}", getattr(p, key))
    if p.zero_rows + p.negatives > finite or p.padded > p.n:
        parts.refuse("zero_rows", f"with the negatives at most {finite}")
    _fits("values", p.values, finite)
    _counted(p)
    _fits("words", p.words, 0 if p.structure else words)
    weighed = p.weights.moments.total if p.weights else finite
    room = (p.sketch.slack if p.private else 0) + (ROUNDED * weighed if p.weights else 0)
    if abs(p.sketch.total - weighed) > room:
        parts.refuse("sketch", f"values that stand for {weighed} rows", p.sketch.total)
    _ordered(p, finite)
    if p.told and not (p.private and (p.told.scores or p.structure)):
        parts.refuse("told", "scores of some kinds, in a private document")
    if p.weights and not (_plausible(p.weights, p.n) and _dealt(p, p.weights)):
        parts.refuse("weights", "sums that weights of these rows could have")


def _ordered(p: Profile, finite: int) -> None:
    if (p.lowest is None) != (p.highest is None) or (finite > 0) != (p.lowest is not None):
        parts.refuse("lowest", "extremes exactly where there are numbers")
    if p.lowest is None or p.highest is None:
        return
    room = 1e-9 * max(abs(p.lowest), abs(p.highest))
    means = (p.moments.mean, p.weights.moments.mean if p.weights else p.moments.mean)
    if not p.lowest - room <= min(means) <= max(means) <= p.highest + room:
        parts.refuse("mean", "a mean between lowest and highest")
    if p.lowest > p.highest:
        parts.refuse("lowest", "at most highest")
    if (p.lowest < 0) != (p.negatives > 0):
        parts.refuse("negatives", "negatives exactly where lowest is below zero")
    for key, end in (("lowest", p.lowest), ("highest", p.highest)):
        if not _reached(p, end):
            parts.refuse(key, "an extreme that the values and their moments bear out", end)
    _within(p, p.lowest - room, p.highest + room)


def _within(p: Profile, low: float, high: float) -> None:
    for points in (p.sketch.weighted()[0], p.values.values):
        if points.size and not (float(points[0]) >= low and float(points[-1]) <= high):
            parts.refuse("sketch", "values between lowest and highest")


def _reached(p: Profile, end: float) -> bool:
    """Whether some row can be there: among all values where they are known, else by the spread around the mean."""
    complete = [p.values.values] if not p.values.full else []
    if not p.private and not p.sketch.slack:
        complete += [p.sketch.weighted()[0]]
    if any(end not in (float(values.min()), float(values.max())) for values in complete):
        return False
    spread, mean = math.sqrt(p.moments.m2), p.moments.mean
    if p.private:  # widened to the next round number, with a round mean and spread where rows are few
        return abs(end) <= 20 * (abs(mean) + spread) + 1e-150
    return abs(end - mean) <= spread * (1 + 1e-6) + 1e-9 * max(abs(end), abs(mean)) + 1e-150


def _fits(key: str, tally: Tally, rows: int) -> None:
    total = tally.rows
    if total + tally.hidden > rows or (not tally.full and total != rows):
        parts.refuse(key, f"counts that make {rows} rows", total)
    if tally.full and not tally.hidden and tally.values.size != tally.LIMIT:
        parts.refuse(key, f"{tally.LIMIT} values where others were left out", int(tally.values.size))


def _counted(p: Profile) -> None:
    """Where all values are listed, they say how many are zeros, below zero, and whole."""
    if p.values.full or p.values.hidden:
        return
    x, rows = p.values.values.astype(float), p.values.counts
    for key, kept in (("zero_rows", x == 0), ("negatives", x < 0), ("integers", x == np.floor(x))):
        if int(rows[kept].sum()) != getattr(p, key):
            parts.refuse(key, f"as many as the values say, {int(rows[kept].sum())}", getattr(p, key))


def _plausible(weights: Weights, n: int) -> bool:
    total, squares = weights.total, weights.squares
    return (
        n > 0
        and 0 < total < math.inf
        and total * total <= squares * n * (1 + 1e-9)
        and squares <= total * total * (1 + 1e-9)
    )


def _dealt(p: Profile, weights: Weights) -> bool:
    """Whether the weights of numbers, zeros, listed values and strings make up the whole, up to rounding."""
    numbers, rest = weights.moments.total, weights.total - weights.moments.total
    above = 1 + ROUNDED
    listed, named = float(p.values.mass.sum()), float(p.words.mass.sum())
    return (
        (numbers > 0) == (p.moments.total > 0)
        and (weights.zeros > 0) == (p.zero_rows > 0)
        and weights.zeros <= numbers * above
        and (p.values.full or listed * above >= numbers)
        and listed <= numbers * above
        and named <= rest + ROUNDED * weights.total
    )


def _spoken(told: Told | None) -> dict[str, Any] | None:
    if told is None:
        return None
    return {
        "scores": told.scores,
        "because": {kind: list(says) for kind, says in told.because.items()},
        "zeros": told.zero_fit and [told.zero_fit.ratio, told.zero_fit.inflation],
    }


def _left_out(tally: Tally) -> dict[str, Any]:
    return {"full": tally.full, "hidden": tally.hidden, "lone": tally.lone}


def _sums(m: Moments) -> list[float | None]:
    return [v if math.isfinite(v) else None for v in (m.total, m.mean, m.m2, m.m3, m.m4)]


def _packed(array: npt.NDArray[Any]) -> str:
    kind = "<i8" if array.dtype.kind == "i" else "<f8"
    return base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode()
