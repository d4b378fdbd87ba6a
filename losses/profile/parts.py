"""The parts of a profile document, each read strictly: a wrong type, sign, order or size is an ``InvalidProfile``."""

from __future__ import annotations

import base64
import binascii
import math
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import numpy as np
import numpy.typing as npt

from losses.errors import InvalidProfile
from losses.profile import weighted
from losses.profile.clues import CLUES, POSSIBLE
from losses.profile.column import FAMILIES
from losses.profile.counting import ZeroFit
from losses.profile.kinds import Told
from losses.profile.moments import Moments
from losses.profile.sketch import LIMIT, Sketch
from losses.profile.structure import LARGEST, MOST_SUMS, Structure, form_named
from losses.profile.tally import Tally, Words
from losses.profile.weighted import WeightedSketch

if TYPE_CHECKING:
    from losses.profile.state import Weights

T = TypeVar("T", bound=Tally)

_HEIGHTS = frozenset(map(str, range(45)))
_MOST = 1 << 53  # integers that JSON readers hold exactly


def refuse(field: str, expected: str, got: Any = None) -> NoReturn:
    came = "" if got is None else f", got {got}"
    raise InvalidProfile(f"profile field {field!r}: expected {expected}{came}", field=field, expected=expected)


def flag(value: Any, key: str) -> bool:
    return value if isinstance(value, bool) else refuse(key, "true or false")


def count(value: Any, key: str) -> int:
    good = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST
    return int(value) if good else refuse(key, "a whole number from 0 to 2**53")


def _number(value: Any, key: str) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if good else refuse(key, "a finite number")


def _total(value: Any, key: str) -> float:
    total = _number(value, key)
    return total if abs(total) <= LARGEST else refuse(key, f"sums of at most {LARGEST:g}")


def optional(value: Any, key: str) -> float | None:
    return None if value is None else _number(value, key)


def family(key: Any) -> str:
    return str(key) if key in FAMILIES else refuse("families", "some of " + ", ".join(FAMILIES))


def moments(data: Any, key: str) -> Moments:
    if not isinstance(data, list) or len(data) != 5:
        refuse(key, "a list of five numbers")
    m = Moments(_total(data[0], key), _number(data[1], key), *(_power(v, key) for v in data[2:]))
    if min(m.total, m.m2, m.m4) < 0 or (key == "moments" and m.total != int(m.total)):
        refuse(key, "sums of even powers that are not negative")
    if m.m2 * m.m2 > m.m4 * m.total * (1 + 1e-6) or m.m3 * m.m3 > m.m2 * m.m4 * (1 + 1e-6):
        refuse(key, "moments that some column has")
    return m


def _power(value: Any, key: str) -> float:
    return math.inf if value is None else _number(value, key)


def _unpacked(text: Any, kind: str, most: int, key: str) -> npt.NDArray[Any]:
    if not isinstance(text, str) or len(text) > 4 * (8 * most + 3) // 3 + 4:
        refuse(key, f"base64 of at most {most} numbers")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        refuse(key, "base64")
    if len(raw) % 8 or len(raw) > 8 * most:
        refuse(key, f"base64 of at most {most} 8-byte numbers")
    array = np.frombuffer(raw, dtype=kind).astype(kind[1:])
    if kind == "<f8" and not np.isfinite(array).all():
        refuse(key, "finite numbers")
    return array


def weighing(data: Any) -> dict[str, Any]:
    """What each number, string and point of a sketch weighs, where weights came; None where they did not."""
    most = {"values": Tally.LIMIT, "words": Words.LIMIT, "points": weighted.LIMIT}
    if data is None:
        return dict.fromkeys(most)
    return {key: None if data[key] is None else _masses(data[key], most[key]) for key in most}


def _masses(text: Any, most: int) -> npt.NDArray[np.float64]:
    masses = _unpacked(text, "<f8", most, "weights")
    return masses if ((masses > 0) & (masses <= LARGEST)).all() else refuse("weights", "weights above zero")


def tally(data: Any, weights: npt.NDArray[np.float64] | None) -> Tally:
    values = _unpacked(data["values"], "<f8", Tally.LIMIT, "values")
    counts = _unpacked(data["counts"], "<i8", Tally.LIMIT, "values")
    return _checked(Tally(values, counts, **_absence(data, "values"), weights=weights), "values")


def words(data: Any, weights: npt.NDArray[np.float64] | None) -> Words:
    values, counts = data["values"], data["counts"]
    if not (isinstance(values, list) and isinstance(counts, list) and len(values) <= Words.LIMIT):
        refuse("words", f"at most {Words.LIMIT} strings")
    if not all(isinstance(v, str) and 0 < len(v) <= 80 for v in values):
        refuse("words", "strings of 1 to 80 characters")
    absence = _absence(data, "words")
    if not values:
        return _checked(Words(**absence, weights=weights), "words")
    numbers = np.array([count(c, "words") for c in counts], dtype=np.int64)
    return _checked(Words(np.array(values, dtype=np.str_), numbers, **absence, weights=weights), "words")


def _absence(data: Any, key: str) -> dict[str, Any]:
    hidden, lone = (count(data[part], key) for part in ("hidden", "lone"))
    full = flag(data["full"], key)
    if lone > hidden or (hidden and not full):
        refuse(key, "no more values left out than there are")
    return {"full": full, "hidden": hidden, "lone": lone}


def _checked(tally: T, key: str) -> T:
    if tally.values.size != tally.counts.size or (tally.counts < 1).any():
        refuse(key, "a positive count for each value")
    if tally.weights is not None and tally.weights.size != tally.values.size:
        refuse("weights", f"one for each of {tally.values.size} values", tally.weights.size)
    if (tally.counts > _MOST).any() or not bool(np.all(np.less(tally.values[:-1], tally.values[1:]))):
        refuse(key, "distinct values in order")
    return tally


def sketch(data: Any, weights: npt.NDArray[np.float64] | None, rows: int) -> Sketch | WeightedSketch:
    heights = {_height(h): _unpacked(v, "<f8", LIMIT, "sketch") for h, v in data["levels"].items()}
    if any(not v.size or (v[1:] < v[:-1]).any() for v in heights.values()):
        refuse("sketch", "sorted values at each level")
    if weights is not None:
        return _weighted_sketch(data, heights, weights, rows)
    sketch = Sketch(heights, count(data["slack"], "sketch"), count(data["thinnings"], "sketch"))
    if sketch.total > _MOST or sum(v.size for v in heights.values()) > LIMIT:
        refuse("sketch", f"at most {LIMIT} values")
    return sketch


def _weighted_sketch(
    data: Any, heights: dict[int, npt.NDArray[Any]], weights: npt.NDArray[np.float64], rows: int
) -> WeightedSketch:
    slack = _total(data["slack"], "sketch")
    if list(heights) != [0] or heights[0].size != weights.size or slack < 0 or data["thinnings"] != 0:
        refuse("sketch", "one level of values, as many as there are weights")
    return WeightedSketch(heights[0], weights, rows, slack)


def _height(key: Any) -> int:
    return int(key) if key in _HEIGHTS else refuse("sketch", "levels from 0 to 44")


def told(data: Any) -> Told | None:
    """What a private document says of its kind; sentences that are none of ours are not repeated."""
    if data is None:
        return None
    scores = {_kind(kind): _score(value) for kind, value in data["scores"].items()}
    because = {_kind(kind): tuple(s for s in says if s in _SENTENCES) for kind, says in data["because"].items()}
    zeros = data["zeros"]
    fit = None if zeros is None else ZeroFit(*(_number(v, "told") for v in zeros))
    if fit and not (fit.ratio >= 0 and 0 <= fit.inflation <= 1):
        refuse("told", "a likelihood ratio from 0 up and a share from 0 to 1")
    return Told(scores, because, fit)


def _kind(key: Any) -> str:
    return str(key) if key in POSSIBLE else refuse("told", "some of " + ", ".join(POSSIBLE))


def _score(value: Any) -> float:
    score = _number(value, "told")
    return score if abs(score) <= 1000 else refuse("told", "log-odds from -1000 to 1000")


_SENTENCES = frozenset(clue.says for clue in CLUES)


def weights(data: Any) -> Weights | None:
    from losses.profile.state import Weights

    if data is None:
        return None
    total, squares, zeros = (_total(data[key], "weights") for key in ("total", "squares", "zeros"))
    return Weights(squares, moments(data["moments"], "weights"), total, zeros)


def structure(data: Any) -> Structure | None:
    if data is None:
        return None
    form = form_named(data["form"])
    width, sums = count(data["width"], "structure"), data["sums"]
    if not isinstance(sums, list) or width < 1 or len(sums) > MOST_SUMS or len(sums) != form.length(width):
        refuse("structure", "the sums of its form")
    return Structure(form.id, width, count(data["rows"], "structure"), tuple(_total(s, "structure") for s in sums))
