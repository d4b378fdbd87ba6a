"""A profile as JSON-safe data, and back with every promise checked.

Arrays travel as base64 of little-endian bytes: 8,192 doubles are 87 kB instead of 160 kB of digits.
"""

from __future__ import annotations

import base64
import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from losses.errors import InvalidProfile, LossesError
from losses.profile import parts
from losses.profile.column import FAMILIES
from losses.profile.moments import Moments
from losses.profile.tally import Tally

if TYPE_CHECKING:
    from losses.profile.state import Profile, Weights

VERSION = 1
LONGEST_NAME = 200
CROWD = 10  # rows among whom one person's value is hidden
_COUNTS = ("n", "missing_rows", "infinite", "padded", "zero_rows", "negatives", "integers")


def written(p: Profile, private: bool) -> dict[str, Any]:
    """The document of a profile."""
    p = blurred(p) if private else p
    weights = p.weights and {
        "squares": p.weights.squares,
        "total": p.weights.total,
        "moments": _sums(p.weights.moments),
    }
    return {
        "version": VERSION,
        "private": p.private,
        "name": p.name,
        **{key: getattr(p, key) for key in _COUNTS},
        "families": {key: p.families[key] for key in FAMILIES if p.families[key]},
        "moments": _sums(p.moments),
        "lowest": p.lowest,
        "highest": p.highest,
        "values": _left_out(p.values) | {"values": _packed(p.values.values), "counts": _packed(p.values.counts)},
        "words": _left_out(p.words) | {"values": p.words.values.tolist(), "counts": p.words.counts.tolist()},
        "sketch": {
            "slack": p.sketch.slack,
            "thinnings": p.sketch.thinnings,
            "levels": {str(h): _packed(v) for h, v in sorted(p.sketch.levels.items())},
        },
        "weights": weights,
        "structure": p.structure
        and {
            "form": p.structure.form,
            "width": p.structure.width,
            "rows": p.structure.rows,
            "sums": list(p.structure.sums),
        },
    }


def blurred(p: Profile) -> Profile:
    """The profile without extremes, rare values, and quantile points of fewer than ``CROWD`` rows."""
    if p.private:
        return p
    from losses.profile.state import Profile

    if 0 < p.n < CROWD:
        return Profile(name=p.name, missing_rows=p.missing_rows + p.n, private=True)
    if 0 < p.moments.total < CROWD:
        return blurred(_without_numbers(p))
    sketch = p.sketch.blurred(CROWD)
    points, _ = sketch.weighted()
    ends = (float(points[0]), float(points[-1])) if points.size else (None, None)
    return replace(
        p,
        values=p.values.common(CROWD),
        words=p.words.common(CROWD),
        sketch=sketch,
        lowest=ends[0],
        highest=ends[1],
        private=True,
    )


def _without_numbers(p: Profile) -> Profile:
    """Too few numbers among strings to hide one another: they are counted as missing."""
    from losses.profile.state import Profile

    strings = p.n - int(p.moments.total) - p.infinite
    families = Counter({"strings": strings})
    missing = p.rows - strings
    return Profile(name=p.name, n=strings, missing_rows=missing, families=families, words=p.words)


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
    return {
        "name": data["name"],
        "private": data["private"],
        **{key: parts.count(data[key], key) for key in _COUNTS},
        "families": Counter({parts.family(k): parts.count(v, "families") for k, v in data["families"].items()}),
        "moments": parts.moments(data["moments"], "moments"),
        "lowest": parts.optional(data["lowest"], "lowest"),
        "highest": parts.optional(data["highest"], "highest"),
        "values": parts.tally(data["values"]),
        "words": parts.words(data["words"]),
        "sketch": parts.sketch(data["sketch"]),
        "weights": parts.weights(data["weights"]),
        "structure": parts.structure(data["structure"]),
    }


_KEYS = {*_COUNTS, "version", "private", "name", "families", "moments", "lowest", "highest"}
_KEYS |= {"values", "words", "sketch", "weights", "structure"}


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
    _ordered(p, finite)
    _fits("values", p.values, finite)
    _fits("words", p.words, 0 if p.structure else words)
    if abs(p.sketch.total - finite) > (p.sketch.slack if p.private else 0):
        parts.refuse("sketch", f"values that stand for {finite} rows", p.sketch.total)
    if p.weights and not _plausible(p.weights, p.n):
        parts.refuse("weights", "sums that weights of these rows could have")


def _ordered(p: Profile, finite: int) -> None:
    if (p.lowest is None) != (p.highest is None) or (finite > 0) != (p.lowest is not None):
        parts.refuse("lowest", "extremes exactly where there are numbers")
    if p.lowest is None or p.highest is None:
        return
    room = 1e-9 * max(abs(p.lowest), abs(p.highest))
    if not p.private and not p.lowest - room <= p.moments.mean <= p.highest + room:
        parts.refuse("mean", "a mean between lowest and highest")
    if p.lowest > p.highest:
        parts.refuse("lowest", "at most highest")
    if (p.lowest < 0) > (p.negatives > 0) or (not p.private and (p.lowest < 0) != (p.negatives > 0)):
        parts.refuse("negatives", "negatives exactly where lowest is below zero")
    for points in (*p.sketch.levels.values(), p.values.values):
        if (
            points.size
            and not (float(points[0]) >= p.lowest - room and float(points[-1]) <= p.highest + room)
            and not p.private
        ):
            parts.refuse("sketch", "values between lowest and highest")


def _fits(key: str, tally: Tally, rows: int) -> None:
    total = tally.rows
    if total + tally.hidden > rows or (not tally.full and total != rows):
        parts.refuse(key, f"counts that make {rows} rows", total)
    if tally.full and not tally.hidden and tally.values.size != tally.LIMIT:
        parts.refuse(key, f"{tally.LIMIT} values where others were left out", int(tally.values.size))


def _plausible(weights: Weights, n: int) -> bool:
    total, squares = weights.total, weights.squares
    return (
        n > 0
        and 0 < total < math.inf
        and total * total <= squares * n * (1 + 1e-9)
        and squares <= total * total * (1 + 1e-9)
    )


def _left_out(tally: Tally) -> dict[str, Any]:
    return {"full": tally.full, "hidden": tally.hidden, "lone": tally.lone}


def _sums(m: Moments) -> list[float | None]:
    return [v if math.isfinite(v) else None for v in (m.total, m.mean, m.m2, m.m3, m.m4)]


def _packed(array: npt.NDArray[Any]) -> str:
    kind = "<i8" if array.dtype.kind == "i" else "<f8"
    return base64.b64encode(np.ascontiguousarray(array, dtype=kind).tobytes()).decode()
