"""Any container of a column, read into numbers, strings and a count of what is missing.

NumPy does the work wherever the container can give a typed array; only a list that mixes types is looked at item
by item.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from losses.errors import InvalidInput, InvalidShape, InvalidType, InvalidWeights, MissingDependency
from losses.profile.marks import ENGLISH, Doubted, Marks, decimal_mark

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Meaning = tuple[str, float | str | None]  # the family of a value, and what it stands for: None where it is missing

CHUNK = 1 << 18  # rows looked at, and sorted, at once: they fit the cache and NumPy's vectorised sort
NOTHING = 1e-100  # a weight that is none: products of smaller ones vanish
FAMILIES = ("numbers", "doubted_numbers", "booleans", "numeric_strings", "strings", "dates")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_CLOCK = r"(,? |T)\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*([AP]\.?M\.?)?\s*"
_DATE = re.compile(
    rf"\d{{4}}[-/.]\d{{1,2}}([-/.]\d{{1,2}})?({_CLOCK}(Z|UTC|[+-]\d{{2}}:?\d{{2}})?)?"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2,4}}({_CLOCK})?"
    r"|\d{1,2}[- ][A-Za-z]{3,9}[- ,]+\d{2,4}|[A-Za-z]{3,9} \d{1,2},? \d{4}"
    r"|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[APap][Mm])?"
    rf"|\d{{4}}[- ]?({_MONTH}|Q[1-4])|({_MONTH}|Q[1-4])[- ,]*\d{{4}}",
    re.IGNORECASE,
)
_ABSENT = frozenset(("", "nan", "null", "n/a", "nat", "<na>"))
_SCALARS = {bool, int, float, str, type(None), np.float64, np.float32, np.int64, np.int32, np.bool_, np.str_}


@dataclass(frozen=True)
class Column:
    """One batch of a column: its numbers in row order, its strings counted, and how many rows were of each family.

    ``present`` tells the rows that are not missing where some are, and ``read`` gives what each row was read as, None
    where it is missing, where rows were looked at one by one.
    """

    numbers: Floats = field(default_factory=lambda: np.empty(0))
    words: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    missing: int = 0
    padded: int = 0
    present: npt.NDArray[np.bool_] | None = None
    matrix: Array | None = None
    read: Callable[[], Iterable[float | str | None]] | None = None

    def shared(self, weight: Floats) -> tuple[Floats, Counter[str]]:
        """The weights of all rows, dealt out: those of the numbers in row order, and what each string weighs."""
        weight = weight if self.present is None else weight[self.present]
        if not self.words or self.read is None:
            return weight, Counter()
        found = [value for value in self.read() if value is not None]
        masses: Counter[str] = Counter()
        for value, mass in zip(found, weight.tolist(), strict=True):
            if isinstance(value, str):
                masses[value] += mass
        return weight[np.array([not isinstance(value, str) for value in found])], masses


def read_column(target: Any) -> Column:
    """The column that ``target`` holds; arrays of two and more dimensions are handed on as ``matrix``."""
    values = opened(target)
    if isinstance(values, np.ma.MaskedArray):
        return _masked(values)
    return _typed(values) if isinstance(values, np.ndarray) else _listed(values)


def opened(target: Any) -> Array | Sequence[Any]:
    """The rows of ``target`` as they are: an array, a masked one, or a list."""
    if isinstance(target, (np.ma.MaskedArray, list, tuple)):
        return target
    values = list(target) if isinstance(target, (range, set, frozenset)) else as_array(target)
    if isinstance(values, np.ndarray) and values.ndim == 0:
        raise InvalidType("a column of values is expected, got a single number", field="target")
    return values


def pieces(values: Array | Sequence[Any], weight: Floats | None) -> Iterator[tuple[Any, Floats | None]]:
    """Rows and their weights, a chunk at a time where rows are numbers; else all at once."""
    flat = isinstance(values, np.ndarray) and values.dtype.kind in "biufMm" and values.size == len(values) > CHUNK
    step = CHUNK if flat else max(len(values), 1)
    for start in range(0, max(len(values), 1), step):
        part = slice(start, start + step)
        yield (values[part] if flat else values), (None if weight is None else weight[part])


def weighing(values: Array | Sequence[Any], weight: Floats) -> tuple[Array | Sequence[Any], Floats]:
    """The rows whose weight is above zero, and their weights: a row of weight zero is no row."""
    kept = weight > NOTHING
    if kept.all():
        return values, weight
    rows = values[kept] if isinstance(values, np.ndarray) else [values[int(i)] for i in np.flatnonzero(kept)]
    return rows, weight[kept]


def as_array(target: Any) -> Array | list[Any]:
    """The values of a container as one array, or as a list where only Python objects will do."""
    if isinstance(target, (str, bytes, dict)) or np.isscalar(target) or target is None:
        raise _no_column(target)
    for fits, read in _CONTAINERS:
        if fits(target):
            return read(target)
    raise _no_column(target)


def _no_column(target: Any) -> InvalidType:
    return InvalidType(f"a column of values is expected, got {type(target).__name__}", field="target")


def read_weights(weight: Any, rows: int, start: int = 0) -> Floats:
    """Sample weights as floats: one a row, finite, none negative; those of the rows from ``start`` on."""
    column = read_column(weight)
    if column.words or column.families["dates"] or column.missing or column.matrix is not None:
        raise InvalidWeights("sample_weight must be finite numbers, one a row", field="sample_weight")
    if column.numbers.size != rows:
        detail = f"sample_weight has {column.numbers.size} values for {rows} rows"
        raise InvalidShape(detail, field="sample_weight", expected=rows, got=column.numbers.size)
    bad = np.flatnonzero(~((column.numbers >= 0) & (column.numbers <= 1e100)))
    if bad.size:
        detail = f"sample_weight must lie in [0, 1e100]; see row {start + bad[0]}"
        raise InvalidWeights(detail, field="sample_weight", rows=(start + bad[:20]).tolist())
    return column.numbers


def _typed(array: Array) -> Column:
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim > 1:
        return Column(matrix=array)
    if isinstance(array, Doubted):
        return _numbers(np.asarray(array), "doubted_numbers")
    reader = _READERS.get(array.dtype.kind)
    if reader is None:
        raise InvalidType(f"a target of dtype {array.dtype} cannot be read", field="target", got=str(array.dtype))
    return reader(array)


def _numbers(array: Array, family: str = "numbers") -> Column:
    with np.errstate(over="ignore"):
        x = np.ascontiguousarray(array, dtype=np.float64)
    absent = np.isnan(x)
    missing = int(np.count_nonzero(absent))
    present = ~absent if missing else None
    kept = x if present is None else x[present]
    return Column(kept, families=Counter({family: kept.size}), missing=missing, present=present)


def _booleans(array: Array) -> Column:
    return _numbers(array, "booleans")


def _dates(array: Array) -> Column:
    unit = "datetime64[us]" if array.dtype.kind == "M" else "timedelta64[us]"
    whole = array.astype(unit).view(np.int64)
    seconds = np.where(np.isnat(array), np.nan, whole / 1e6)
    return _numbers(seconds, "dates" if array.dtype.kind == "M" else "numbers")


def _strings(array: Array) -> Column:
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    return _worded(array.tolist())


def _objects(array: Array) -> Column:
    return _listed(array.tolist())


_READERS = {"b": _booleans, "i": _numbers, "u": _numbers, "f": _numbers, "M": _dates, "m": _dates}
_READERS |= {"U": _strings, "S": _strings, "T": _strings, "O": _objects}


def _masked(target: np.ma.MaskedArray[Any, Any]) -> Column:
    mask = np.ma.getmaskarray(target)
    if target.ndim != 1:
        return _typed(np.asarray(target.filled()))
    column = _typed(np.asarray(target.data)[~mask])
    present = ~mask
    if column.present is not None:
        present[~mask] = column.present
    missing = column.missing + int(np.count_nonzero(mask))
    return replace(column, missing=missing, present=present)


def _listed(values: Sequence[Any]) -> Column:
    """A list is typed by the types in it, which ``set(map(type, ...))`` finds at C speed."""
    types = set(map(type, values)) - {type(None)}
    if not types:
        return Column(missing=len(values), present=np.zeros(len(values), bool))
    if types <= {bool, np.bool_} and None not in values:
        return _booleans(np.asarray(values, dtype=bool))
    if all(issubclass(t, (int, float, np.integer, np.floating)) and t is not bool for t in types):
        return _numbers(_floats(values))
    if all(issubclass(t, str) for t in types):
        return _worded(values)
    if all(issubclass(t, (list, tuple, np.ndarray)) for t in types):
        return _nested(values)
    return _mixed(values)


def _floats(values: Sequence[Any]) -> Floats:
    try:
        return np.array(values, dtype=np.float64)
    except (OverflowError, ValueError, TypeError) as error:
        raise InvalidInput("the target holds a number that 64-bit floats cannot", field="target") from error


def _nested(values: Sequence[Any]) -> Column:
    try:
        array = np.array(values)
    except (ValueError, OverflowError) as error:
        raise InvalidShape("the rows of the target differ in length", field="target") from error
    if array.dtype.kind not in "biuf":
        raise InvalidType("rows of a nested target must be numbers", field="target", got=str(array.dtype))
    return _typed(array)


def _worded(values: Sequence[str | None]) -> Column:
    """Strings: each distinct one is looked at once; those that spell numbers become numbers."""
    said: dict[str | None, float | str | None] = {}
    families: dict[str, int] = {}
    words: dict[str, int] = {}
    distinct = Counter(values)
    commas = any(value and "," in value and not value[0].isalpha() for value in distinct)
    written = Marks(decimal_mark({value.strip() for value in distinct if value}) or ".") if commas else ENGLISH
    for value, rows in distinct.items():
        family, meaning = _meaning(value, written)
        said[value] = meaning
        families[family] = families.get(family, 0) + rows
        if isinstance(meaning, str):
            words[meaning] = words.get(meaning, 0) + rows
    return _collected(Counter(families), Counter(words), lambda: map(said.get, values))


def _mixed(values: Sequence[Any]) -> Column:
    read = [_meaning(value) for value in values]
    words = Counter(meaning for _, meaning in read if isinstance(meaning, str))
    return _collected(Counter(family for family, _ in read), words, lambda: (meaning for _, meaning in read))


def _collected(families: Counter[str], words: Counter[str], read: Callable[[], Iterable[float | str | None]]) -> Column:
    missing, padded = families.pop("missing", 0), families.pop("padded", 0)
    families["numeric_strings"] += padded
    numbers = [v for v in read() if isinstance(v, float)] if families.total() > words.total() else []
    present = np.array([v is not None for v in read()]) if missing else None
    return Column(_floats(numbers), words, +families, missing, padded, present, read=read)


def _meaning(value: Any, written: Marks = ENGLISH) -> Meaning:
    """The family of one value, and what it says."""
    if isinstance(value, str):
        return _spelled(value, written)
    if isinstance(value, (bool, np.bool_)):
        return "booleans", float(value)
    if isinstance(value, (int, float, np.integer, np.floating)) or type(value).__name__ == "Decimal":
        number = _floats([value])[0]
        return ("missing", None) if math.isnan(number) else ("numbers", float(number))
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return "missing", None
    if hasattr(value, "isoformat"):
        return "dates", str(value.isoformat())
    if isinstance(value, np.datetime64):
        return ("missing", None) if np.isnat(value) else ("dates", str(value))
    if isinstance(value, bytes):
        return _spelled(value.decode("utf-8", "replace"), written)
    raise InvalidType(f"a target cannot hold {type(value).__name__} values", field="target", got=type(value).__name__)


def _spelled(text: str, written: Marks) -> Meaning:
    word = text.strip()
    if word.lower() in _ABSENT:
        return "missing", None
    if not word[0].isalpha():
        if written.decimal == "." and _NUMBER.fullmatch(word) and math.isfinite(float(word)):
            return ("padded" if word[0] == "0" and word[1:2].isdigit() else "numeric_strings"), float(word)
        with contextlib.suppress(ValueError):
            return "numeric_strings", written.value(word)
    return ("dates" if _DATE.fullmatch(word) else "strings"), word


def _frame(target: Any) -> Array | list[Any]:
    names = list(target.columns)
    if len(names) != 1:
        return np.asarray(target)
    return as_array(target[names[0]])


def _engine(target: Any) -> Array | list[Any]:
    """A pandas, polars or Arrow column; nulls become NaN or None."""
    if hasattr(target, "isna") and str(target.dtype)[:1].isupper():
        return list(target.astype(object))
    if type(target).__module__.startswith("pyarrow") or "cat" in str(getattr(target, "dtype", "")).lower():
        return _pylist(target)
    return np.asarray(target.to_numpy())


def _pylist(target: Any) -> Array | list[Any]:
    if not hasattr(target, "to_pylist"):
        return list(target.to_list())
    if str(target.type).startswith(("int", "uint", "float", "double", "halffloat", "timestamp", "date", "duration")):
        return np.asarray(target.to_numpy(zero_copy_only=False))
    return list(target.to_pylist())


def _arrow(target: Any) -> Array | list[Any]:
    try:
        pa = importlib.import_module("pyarrow")
    except ImportError as error:
        raise MissingDependency("reading Arrow data needs pyarrow: pip install 'losses[arrow]'") from error
    one = hasattr(target, "__arrow_c_stream__")
    return _pylist(pa.chunked_array(target) if one else pa.array(target))


def _of_engine(target: Any) -> bool:
    return type(target).__module__.partition(".")[0] in ("pandas", "polars", "pyarrow") and hasattr(target, "to_numpy")


_CONTAINERS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Array | list[Any]]], ...] = (
    (lambda t: isinstance(t, np.ndarray), lambda t: t),
    (lambda t: hasattr(t, "__dataframe__") or type(t).__name__ == "DataFrame", _frame),
    (_of_engine, _engine),
    (lambda t: hasattr(t, "__array__"), np.asarray),
    (lambda t: hasattr(t, "__arrow_c_stream__") or hasattr(t, "__arrow_c_array__"), _arrow),
    (lambda t: isinstance(t, Iterable), list),
)
