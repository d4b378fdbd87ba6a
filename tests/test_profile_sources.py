"""Any container and any file of the same column gives the same profile."""

from __future__ import annotations

import datetime
import decimal
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from losses.errors import (
    EmptyInput,
    InvalidInput,
    InvalidShape,
    InvalidType,
    InvalidWeights,
    LossesError,
    NotSupported,
    UnknownName,
    UnreadableFile,
)
from losses.profile import Profile, csvtext, files, profile, profile_table, progress, read_csv, read_table
from losses.profile.csvtext import BATCH

X = [3.0, 1.0, None, 2.0, 2.0]
WANTED = Profile.of(X)


class Arrayish:
    """Has nothing but ``__array__``."""

    def __array__(self, dtype=None, copy=None):
        return np.array([3.0, 1.0, np.nan, 2.0, 2.0], dtype=dtype)


def frozen(a):
    a.flags.writeable = False
    return a


NAN = np.array([3, 1, np.nan, 2, 2])
ARRAYS = {
    "float64": NAN,
    "float32": NAN.astype(np.float32),
    "float16": NAN.astype(np.float16),
    "longdouble": NAN.astype(np.longdouble),
    "big-endian": NAN.astype(">f8"),
    "read-only": frozen(NAN.copy()),
    "strided": np.repeat(NAN, 3)[::3],
    "reversed": NAN[::-1],
    "column": NAN[:, None],
    "object": np.array(X, dtype=object),
    "masked": np.ma.masked_invalid(NAN),
    "tuple": tuple(X),
    "generator": (v for v in X),
    "array-like": Arrayish(),
}


@pytest.mark.parametrize("source", ARRAYS)
def test_an_array_of_any_make_is_read(source):
    assert profile(ARRAYS[source]) == WANTED


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64", ">i4", "float32"])
def test_integers_of_any_width_are_read(dtype):
    assert profile(np.array([3, 1, 2], dtype=dtype)) == Profile.of([3, 1, 2])


def test_pandas_columns_are_read():
    pd = pytest.importorskip("pandas")
    for dtype in ("float64", "Float64", "Int64", "object"):
        p = profile(pd.Series(X, dtype=dtype, name="y"))
        assert (p.name, p.n, p.missing_rows, p.mean) == ("y", 4, 1, 2.0)
    assert profile(pd.Series(["a", None, "b"], dtype="category")).n_classes == 2
    assert profile(pd.Series(["a", None, "b"])).missing_rows == 1
    assert profile(pd.Series(pd.to_datetime(["2020-01-01", None]))).families["dates"] == 1
    assert profile(pd.DataFrame({"y": [1, 2]})).n == 2


def test_polars_columns_are_read():
    pl = pytest.importorskip("polars")
    assert profile(pl.Series("y", X)).mean == 2.0
    assert profile(pl.Series("y", [1, None, 3])).missing_rows == 1
    assert profile(pl.Series(["a", None, "b"])).n_classes == 2
    assert profile(pl.Series(["a", "b"], dtype=pl.Categorical)).n_classes == 2
    assert profile(pl.Series([datetime.date(2020, 1, 1)])).families["dates"] == 1


def test_arrow_columns_are_read():
    pa = pytest.importorskip("pyarrow")
    assert profile(pa.array(X)) == WANTED
    assert profile(pa.chunked_array([X[:2], X[2:]])) == WANTED
    assert profile(pa.array([1, None, 3])).missing_rows == 1
    assert profile(pa.array(["a", None])).missing_rows == 1
    assert profile(pa.array([True, False])).families["booleans"] == 2
    assert profile(pa.array(["a", "b"]).dictionary_encode()).n_classes == 2


def test_strings_that_spell_numbers_are_numbers():
    p = profile(["1", " 2.5 ", "-3e2", "", "nan"])
    assert (p.n, p.missing_rows, p.min, p.families["numeric_strings"]) == (3, 2, -300.0, 3)


def test_mixed_values_are_kept_apart():
    p = profile(["a", 1, 2.5, True, None, decimal.Decimal("4"), datetime.date(2020, 1, 1), np.float32(2)])
    assert dict(p.families) == {"strings": 1, "numbers": 4, "booleans": 1, "dates": 1}


def test_datetimes_and_their_gaps_are_read():
    p = profile(np.array(["2020-01-01", "NaT"], dtype="datetime64[s]"))
    assert (p.families["dates"], p.missing_rows) == (1, 1)
    assert profile(np.array([1, 2], dtype="timedelta64[m]")).max == 120


def test_infinite_values_are_counted_and_left_out():
    p = profile([1.0, np.inf, -np.inf])
    assert (p.n, p.infinite, p.mean) == (3, 2, 1.0)


@pytest.mark.parametrize(
    "target", [5, None, {"a": 1}, b"x", 1j, object(), [object()], np.array([1j]), np.zeros(2, "V4"), np.array(3.0)]
)
def test_what_is_no_column_is_refused(target):
    with pytest.raises(InvalidType):
        profile(target)


@pytest.mark.parametrize("target", [[10**400], [1, 10**400], [[1, 2], [3]], [["a"], ["b"]], [[10**400, 1]]])
def test_what_floats_cannot_hold_is_refused(target):
    with pytest.raises(InvalidInput):
        profile(target)


def test_an_unknown_task_is_refused():
    with pytest.raises(UnknownName, match="did you mean 'boxes'"):
        profile([1, 2], task="boxs")


# -- files


@pytest.fixture
def table(tmp_path):
    """Writes the same two columns in the format asked for."""

    def write(suffix):
        path = tmp_path / f"table{suffix}"
        y, w = np.array([3.0, 1, np.nan, 2, 2]), ["a", "b", "c", "d", "e"]
        rows = [{"target": None if v != v else v, "word": s} for v, s in zip(y.tolist(), w, strict=True)]
        if suffix in (".csv", ".txt"):
            path.write_text(
                "target,word\n" + "".join(f"{'' if v != v else v},{s}\n" for v, s in zip(y, w, strict=True))
            )
        elif suffix == ".npy":
            np.save(path, y)
        elif suffix == ".npz":
            np.savez(path, target=y, other=y)
        elif suffix == ".jsonl":
            path.write_text("\n".join(map(json.dumps, rows)))
        elif suffix == ".json":
            path.write_text(json.dumps(rows))
        else:
            pa = pytest.importorskip("pyarrow")
            import pyarrow.parquet as pq

            data = pa.Table.from_pylist(rows)
            if suffix == ".parquet":
                pq.write_table(data, path)
            else:
                make = pa.ipc.new_file if suffix == ".feather" else pa.ipc.new_stream
                with make(path, data.schema) as sink:
                    sink.write_table(data)
        return path

    return write


SUFFIXES = [".csv", ".txt", ".npy", ".npz", ".jsonl", ".json", ".parquet", ".arrow", ".feather"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_of_any_format_gives_the_same_profile(table, suffix):
    p = profile(table(suffix))
    assert (p.values, p.moments, p.missing_rows) == (WANTED.values, WANTED.moments, 1)


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s != ".npy"])
def test_an_unknown_column_is_named_with_its_neighbours(table, suffix):
    with pytest.raises(UnknownName, match="did you mean 'target'"):
        profile(table(suffix), column="targett")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_table_is_read_as_named_columns(table, suffix):
    y = read_table(table(suffix))["target"]
    assert np.array_equal(np.asarray(y, dtype=float), NAN, equal_nan=True)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_damaged_file_is_unreadable_and_nothing_worse(table, suffix):
    path = table(suffix)
    rng = np.random.default_rng(0)
    whole = path.read_bytes()
    for cut in (0, len(whole) // 2, len(whole) - 3):
        broken = bytearray(whole[:cut])
        broken[cut // 3 : cut // 2] = rng.integers(0, 256, cut // 2 - cut // 3, dtype=np.uint8).tobytes()
        path.write_bytes(bytes(broken))
        try:
            profile(path)
        except LossesError:
            continue


def test_a_single_column_needs_no_name(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("price\n1\n2\n")
    p = profile(path)
    assert (p.name, p.n) == ("price", 2)


def test_a_pattern_reads_all_its_files(tmp_path):
    for i in range(3):
        (tmp_path / f"part-{i}.csv").write_text(f"target\n{i}\n{i + 1}\n")
    assert profile(tmp_path / "part-*.csv").n == 6


def test_files_that_are_not_there_or_not_known_say_so(tmp_path):
    with pytest.raises(UnreadableFile, match="there is no file"):
        profile(tmp_path / "none.csv")
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    with pytest.raises(NotSupported, match=r"\.csv"):
        profile(tmp_path / "a.xlsx")


def test_pickles_are_never_opened(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([object()]), allow_pickle=True)
    with pytest.raises(UnreadableFile):
        profile(path)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"a,a\n1,2\n", id="twice the same name"),
        pytest.param(b"a,b\n1\n", id="a short row"),
        pytest.param(b'a\n"unclosed\n', id="an open quote"),
        pytest.param(b"a\n\xff\xfe\n", id="not UTF-8"),
        pytest.param(b"a\n" + b"1" * (1 << 20) + b"1\n", id="a line too long"),
        pytest.param(b",".join(b"c%d" % i for i in range(10_001)) + b"\n", id="too many columns"),
    ],
)
def test_csv_that_is_not_csv_is_refused(body):
    with pytest.raises(UnreadableFile):
        read_csv(body)


@pytest.mark.parametrize("body", [b"", b"\n", b"target\n"])
def test_csv_without_rows_is_empty(body):
    with pytest.raises(EmptyInput):
        read_csv(body)


def test_csv_columns_are_typed_and_a_code_stays_a_code():
    found = read_csv(b'\xef\xbb\xbfx,zip,word\n1,02139,"a, ""b"""\n NA,10001,\n1e3,00501,c\n')
    assert np.array_equal(found["x"], [1, np.nan, 1000], equal_nan=True)
    assert found["zip"].tolist() == ["02139", "10001", "00501"]
    assert found["word"].tolist() == ['a, "b"', None, "c"]


ISO = {
    "dates": ["2024-02-29", "", "1969-12-31", "NA", "2024-03-01"],
    "minutes": ["2024-02-29 13:05", "", "1969-12-31 23:59", "null", "2024-03-01 00:00"],
    "seconds": ["2024-02-29T13:05:09", "", "1969-12-31T23:59:59", "NaN", "2024-03-01 00:00:00"],
    "microseconds": ["2024-02-29 13:05:09.123456", "", "1969-12-31 23:59:59.5", "NaT", "2024-03-01"],
    "in UTC": ["2024-02-29T13:05:09Z", "", "1969-12-31 23:59:59+00:00", "None", "2024-03-01T00:00:00.25Z"],
}


@pytest.mark.parametrize("form", ISO)
def test_a_csv_column_of_iso_dates_is_one_of_points_in_time(form, tmp_path):
    known = [datetime.datetime.fromisoformat(t).replace(tzinfo=None) if t[:1].isdigit() else None for t in ISO[form]]
    text = "y,x\n" + "".join(f"{t},1\n" for t in ISO[form])
    assert read_csv(text.encode())["y"].tolist() == known
    quoted = "y,x\n" + "".join(f'"{t}",1\n' for t in ISO[form])
    assert read_csv(quoted.encode())["y"].tolist() == known
    (tmp_path / "days.csv").write_text(text)
    p = profile(tmp_path / "days.csv", column="y")
    assert p == profile(np.array(known, "datetime64[us]"), name="y")
    assert (p.families["dates"], p.missing_rows) == (3, 2)


@pytest.mark.parametrize(
    "odd",
    [
        *("2024", "2024-02", "20240229", "2024-02-30", "2024-13-01", "-200-01-01", "2024-2-9", "2024-02-29T24:00"),
        *("2024-02-29T13", "2024-02-29 13:05+02:00", "2024-02-29T13:05-0", "now", "29/02/2024", "2024-02-29x"),
        *("2024-02-29T13:05:09.1234567", "٢٠٢٤-02-29", '"2024-02-29\n2024-02-29"'),
    ],
)
def test_what_is_not_quite_an_iso_date_stays_text(odd):
    found = read_csv(f"y\n2024-02-29\n{odd}\n".encode())["y"]
    assert found.tolist() == ["2024-02-29", odd.strip('"')]


DAYS = np.datetime64("2020-01-01") + np.arange(3000)
WRITTEN = {
    "iso dates": np.datetime_as_string(DAYS),
    "iso times": np.datetime_as_string(DAYS + np.timedelta64(97, "m")),
    "with an offset": [f"{day}T10:00:00+02:00" for day in DAYS],
    "day first": [day.strftime("%d/%m/%Y") for day in DAYS.tolist()],
    "in words": [day.strftime("%d %b %Y") for day in DAYS.tolist()],
}


@pytest.mark.parametrize("form", WRITTEN)
def test_dates_are_dates_however_they_are_written_and_kept(form, tmp_path):
    (tmp_path / "days.csv").write_text("sold,x\n" + "".join(f"{day},1\n" for day in WRITTEN[form]))
    for p in (profile(list(WRITTEN[form])), profile_table(tmp_path / "days.csv")["sold"]):
        assert (p.kind, p.families["dates"]) == ("datetime", 3000)
        assert p.kinds[0].share > 0.99


def test_dates_of_several_blocks_and_spellings_are_one_column(monkeypatch):
    monkeypatch.setattr(csvtext, "BLOCK", 40)
    days = np.datetime_as_string(DAYS[:50]).tolist()
    assert read_csv("\n".join(["y", *days]).encode())["y"].tolist() == DAYS[:50].astype("M8[us]").tolist()
    assert read_csv("\n".join(["y", "NA", *days, "soon"]).encode())["y"].tolist() == [None, *days, "soon"]
    times = [*(f"{day}T05:30" for day in days), "later"]
    assert read_csv("\n".join(["y", *times]).encode())["y"].tolist() == times


def test_dates_are_no_weights():
    days = read_csv(b"y,day\n1,2020-01-01\n2,2020-01-02\n")["day"]
    with pytest.raises(InvalidWeights, match="finite numbers"):
        profile([1, 2], sample_weight=days)


# -- CSV in blocks, and line by line

PLAIN = "y,w,s\n" + "".join(f"{i * 0.37},{i % 3},s{i % 7}\n" for i in range(400))
BLOCKS = {
    "plain": PLAIN,
    "windows": PLAIN.replace("\n", "\r\n"),
    "without a last line end": PLAIN[:-1],
    "tabs": PLAIN.replace(",", "\t"),
    "empty lines": PLAIN.replace("s3\n", "s3\n\n"),
    "empty lines at the end": PLAIN + "\n\n",
    "quotes late": PLAIN + '1,2,"a, b"\n3,4,"two\nlines"\n5,6,c\n',
    "a quote within": PLAIN + '1,2,5" wide\n3,4,x\n',
    "one column": "y\n" + "1.5\n" * 300,
    "one column with gaps": "y\n" + "1.5\n\n" * 300,
    "beyond ASCII": PLAIN + "1,2,Zürich\n3,4,東京\n",
    "a carriage return alone": PLAIN + "1,2,a\rb\n",
    "a short row": PLAIN + "1,2\n",
    "a short row and a long one": PLAIN + "1,2\n1,2,3,4\n" + PLAIN[6:],
    "an open quote": PLAIN + '1,2,"a\n',
    "not UTF-8": PLAIN.encode() + b"1,2,\xff\n" + PLAIN[6:].encode(),
    "a long field": PLAIN + "1,2," + "x" * 140_000 + "\n",
    "a long line": PLAIN + "1,2," + "x" * (1 << 20) + "\n",
}
LINES = {
    "a carriage return alone": "line 402 is not CSV",
    "a short row": "data row 401 has 2 fields where the header has 3",
    "a short row and a long one": "data row 401 has 2 fields where the header has 3",
    "an open quote": "line 402 is not CSV",
    "not UTF-8": "line 402 is not UTF-8",
    "a long field": "line 402 is not CSV: field larger than field limit",
    "a long line": "line 402 is longer than 1048576 bytes",
}


def told(body):
    try:
        return [{name: values.tolist() for name, values in read_csv(body).items()}]
    except LossesError as error:
        return [type(error), error.detail, error.data]


@pytest.mark.parametrize("form", BLOCKS)
@pytest.mark.parametrize("size", [64, 1000, 1 << 22])
def test_blocks_of_csv_give_what_its_lines_give(form, size, monkeypatch):
    body = BLOCKS[form] if isinstance(BLOCKS[form], bytes) else BLOCKS[form].encode()
    monkeypatch.setattr(csvtext, "BLOCK", size)
    found = told(body)
    monkeypatch.setattr(csvtext, "_fields", lambda *_: None)
    assert found == told(body)
    assert (form in LINES) == (len(found) == 3)
    if form in LINES:
        assert LINES[form] in found[1]


def test_a_number_is_a_code_where_any_in_its_column_is():
    for codes in (["1_000", "2"], ["007", "8"], ["1", " 08"], ["NA", "1_0"], ["-1", "00"]):
        found = read_csv("\n".join(["y", *codes]).encode())["y"].tolist()
        assert found == [None if code == "NA" else code.strip() for code in codes]
    assert read_csv(b"y\n0\n0.5\n-0\n 1 \n1e-3\n")["y"].tolist() == [0, 0.5, 0, 1, 0.001]


def test_rows_that_differ_in_shape_do_not_make_a_target():
    with pytest.raises(InvalidShape):
        profile([[1, 2], [3]])


@pytest.mark.parametrize("mark", ["\t", ";"])
def test_the_header_tells_the_delimiter(mark):
    assert read_csv(f"a{mark}b\n1{mark}2\n".encode())["b"].tolist() == [2.0]


def test_between_semicolons_a_comma_is_the_decimal_mark_and_words_keep_theirs():
    found = read_csv(b'a;b;c;d\n1,5;x,y;1.234,5;007,5\n-2;"z;1,0";2,5;1\n')
    assert found["a"].tolist() == [1.5, -2.0]
    assert found["b"].tolist() == ["x,y", "z;1,0"]
    assert found["c"].tolist() == [1234.5, 2.5]
    assert found["d"].tolist() == ["007,5", "1"]
    assert read_csv(b"a\tb\n1,5\t2\n")["a"].tolist() == [1.5]


def test_numbered_columns_and_years_are_names():
    assert list(read_csv(b"0,1\n5,6\n")) == ["0", "1"]
    assert list(read_csv(b"2019,2020\n5,6\n")) == ["2019", "2020"]
    for numbers in (b"5\n6\n", b"3,3\n4,4\n", b"0.5,1.5\n2,3\n"):
        with pytest.raises(UnreadableFile, match="names of the columns"):
            read_csv(numbers)


THOUSANDS = [0, 950, 1234, 1234567, 12345]
WRITTEN_NUMBERS = {
    "semicolons, commas": ("a;b\n{};1\n", lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,"))),
    "semicolons, commas, spaces": ("a;b\n{};1\n", lambda v: f"{v:,.2f}".translate(str.maketrans(",.", "\u202f,"))),
    "semicolons, points": ("a;b\n{};1\n", lambda v: f"{v:.1f}"),
    "semicolons, points, apostrophes": ("a;b\n{};1\n", lambda v: f"{v:,.1f}".replace(",", "'")),
    "semicolons, whole, another column tells": ("a;b\n{};1,5\n", lambda v: f"{v:,}".replace(",", ".")),
    "semicolons, millions": ("a;b\n{};1\n", lambda v: f"{v:,}".replace(",", ".")),
    "semicolons, euros": ("a;b\n{};1\n", lambda v: f"{v:,.2f} €".translate(str.maketrans(",.", ".,"))),
    "one column, commas": ("a\n{}\n", lambda v: f"{v:.2f}".replace(".", ",")),
    "commas, quoted decimal commas": ('a,b\n"{}",1\n', lambda v: f"{v:,.2f}".translate(str.maketrans(",.", ".,"))),
    "commas, quoted thousands": ('a,b\n"{}",1\n', lambda v: f"{v:,}"),
    "commas, dollars": ('a,b\n"${}",1\n', lambda v: f"{v:,.2f}"),
    "tabs, decimal commas": ("a\tb\n{}\t1\n", lambda v: f"{v:.2f}".replace(".", ",")),
    "percent": ("a,b\n{}%,1\n", lambda v: str(v)),
}


@pytest.mark.parametrize("form", WRITTEN_NUMBERS)
@pytest.mark.parametrize("size", [40, 1 << 22])
def test_numbers_are_read_as_they_are_meant_however_they_are_written(form, size, monkeypatch, tmp_path):
    monkeypatch.setattr(csvtext, "BLOCK", size)
    layout, write = WRITTEN_NUMBERS[form]
    header, row = layout.split("\n")[:2]
    (tmp_path / "numbers.csv").write_text("\n".join([header, *(row.format(write(v)) for v in THOUSANDS), ""]))
    found = profile_table(tmp_path / "numbers.csv")["a"]
    assert found.families == {"numbers": len(THOUSANDS)}
    assert found.values.values.tolist() == sorted(THOUSANDS)
    assert read_table(tmp_path / "numbers.csv")["a"].tolist() == THOUSANDS


EURO = str.maketrans(",.", ".,")
STYLES = {
    ";": (lambda v: f"{v:.2f}", lambda v: f"{v:,.2f}".translate(EURO), lambda v: f"{v:,.2f}".replace(",", " ")),
    "\t": (lambda v: f"{v:,.2f}", lambda v: f"{v:.2f}".translate(EURO), lambda v: f"{v:,.2f} €".translate(EURO)),
    ",": (lambda v: f'"{v:,.2f}"', lambda v: '"' + f"{v:,.2f}".translate(EURO) + '"', lambda v: f'"${v:,.2f}"'),
}


@given(
    st.lists(st.integers(-(10**11), 10**11).map(lambda cents: cents / 100), min_size=1, max_size=30),
    st.sampled_from(list(STYLES)),
    st.integers(0, 2),
)
def test_what_is_written_with_two_decimals_comes_back(values, mark, style):
    values = [abs(v) for v in values] if (mark, style) == (",", 2) else values
    rows = "".join(f"{STYLES[mark][style](v)}{mark}{i}\n" for i, v in enumerate(values))
    assert read_csv(f"y{mark}i\n{rows}".encode())["y"].tolist() == values


def test_thousands_that_could_be_decimals_are_told():
    body = "a;b\n" + "".join(f"{1000 + 13 * i:,};{i}\n".replace(",", ".") for i in range(50))
    found = [Profile.of(batch["a"]) for batch in csvtext.csv_batches(body.encode())]
    assert found[0].families == {"doubted_numbers": 50}
    assert (found[0].min, found[0].max) == (1.0, 1.637)
    with_small_ones = body + "".join(f"{i};1\n" for i in range(5))
    assert read_csv(with_small_ones.encode())["a"].max() == 1637
    assert read_csv((body + "0.5;1\n").encode())["a"].max() == 1.637


def test_numbers_of_a_list_may_have_decimal_commas():
    assert profile(["1.210,97", "3,5", None, "-7,25 €"] * 10).max == 1210.97
    assert profile(["red, dark", "blue, light"] * 10).n_classes == 2
    assert profile(["٢٠ €", "2"] * 10).families == {"strings": 10, "numeric_strings": 10}
    assert profile(["1e999", "2"] * 10).families == {"strings": 10, "numeric_strings": 10}


def test_a_file_can_be_weighted(tmp_path):
    path = tmp_path / "one.csv"
    path.write_text("target\n1\n3\n")
    assert profile(path, sample_weight=[3, 1]).mean == 1.5


WEIGHTED_ROWS = 2000


@pytest.fixture(params=["csv", "jsonl", "npz", "parquet", "arrow"])
def weighted(request, tmp_path, monkeypatch):
    """Two files of a target and its weights, read in small batches; and the same as arrays."""
    rng = np.random.default_rng(0)
    y, w = np.round(rng.gamma(2.0, size=WEIGHTED_ROWS), 3), rng.integers(0, 4, WEIGHTED_ROWS).astype(float)
    monkeypatch.setattr(files, "PART", 300)
    monkeypatch.setattr(files, "CHUNK", 90)
    monkeypatch.setattr(files, "BATCH", 70)
    monkeypatch.setattr(csvtext, "BLOCK", 1000)
    for place in range(2):
        half = slice(place * 1000, (place + 1) * 1000)
        _write(tmp_path / f"{place}.{request.param}", y[half].tolist(), w[half].tolist())
    return str(tmp_path / f"*.{request.param}"), y, w


def _write(path, y, w):
    if path.suffix == ".csv":
        path.write_text("y,w\n" + "".join(f"{a},{b}\n" for a, b in zip(y, w, strict=True)))
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps({"y": a, "w": b}) for a, b in zip(y, w, strict=True)))
    elif path.suffix == ".npz":
        np.savez(path, y=y, w=w)
    else:
        pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        table = pa.table({"y": y, "w": w})
        if path.suffix == ".parquet":
            pq.write_table(table, path, row_group_size=100)
        else:
            with pa.ipc.new_file(path, table.schema) as sink:
                sink.write_table(table, max_chunksize=130)


@pytest.mark.parametrize("named", [True, False])
def test_weighted_files_are_read_in_parts_and_give_what_one_array_gives(weighted, named, monkeypatch):
    pattern, y, w = weighted
    most = []
    of = Profile.of
    monkeypatch.setattr(Profile, "of", lambda batch, **k: most.append(len(batch)) or of(batch, **k))
    p = profile(pattern, column="y", sample_weight="w" if named else w.tolist())
    monkeypatch.undo()
    whole = Profile.of(y, sample_weight=w)
    assert (p.name, p.n, p.values, p.min, p.max) == ("y", whole.n, whole.values, whole.min, whole.max)
    assert p.mean == pytest.approx(np.average(y, weights=w), rel=1e-12)
    assert p.weights.total == whole.weights.total
    assert max(most) <= (1000 if pattern.endswith("npz") else 200)


def test_weights_that_do_not_fit_a_file_are_refused_with_the_row(weighted):
    pattern, _, w = weighted
    for wrong in (w[:-1], w[:5], np.append(w, 1.0)):
        with pytest.raises(InvalidShape, match=f"sample_weight has {wrong.size} values for 2000 rows"):
            profile(pattern, column="y", sample_weight=wrong)
    with pytest.raises(UnknownName, match="unknown column 'weights'"):
        profile(pattern, column="y", sample_weight="weights")
    with pytest.raises(InvalidWeights, match="no row has a sample_weight above zero"):
        profile(pattern, column="y", sample_weight=w * 0)
    w[1234] = -1
    for at in range(2):
        _write(Path(pattern.replace("*", str(at))), w[:1000].tolist(), w[at * 1000 : at * 1000 + 1000].tolist())
    for wrong in (w, "w"):
        with pytest.raises(InvalidWeights, match="see row 1234") as refused:
            profile(pattern, column="y", sample_weight=wrong)
        assert refused.value.data["rows"] == [1234]


def test_weighted_boxes_in_a_file_are_boxes(tmp_path):
    ends = np.sort(np.random.default_rng(3).random((500, 2, 2)), axis=1).reshape(-1, 4)
    np.save(tmp_path / "boxes.npy", ends)
    p = profile(tmp_path / "boxes.npy", sample_weight=np.ones(500))
    assert (p.kind, p.n) == ("boxes", 500)
    with pytest.raises(UnknownName):
        profile(tmp_path / "boxes.npy", sample_weight="w")


def test_dressed_numbers_are_numbers():
    assert profile(["$1,234.50", "-$20", "45%", "€7"]).values.values.tolist() == [-20.0, 7.0, 45.0, 1234.5]


def test_standard_input_is_read_as_csv(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"price\n1\n2\n")))
    p = profile("-")
    assert (p.name, p.n) == ("price", 2)


@pytest.mark.parametrize(("suffix", "text"), [("jsonl", '{"price":1}\n{"price":NaN}\n'), ("json", "[1, -Infinity]")])
def test_json_that_its_standard_does_not_know_is_unreadable(tmp_path, suffix, text):
    path = tmp_path / f"prices.{suffix}"
    path.write_text(text)
    with pytest.raises(UnreadableFile, match="JSON has no number"):
        profile(path)


def test_boxes_stay_boxes_in_a_short_last_batch(tmp_path):
    ends = np.sort(np.random.default_rng(3).random((BATCH * 4 + 3, 2, 2)), axis=1).reshape(-1, 4)
    np.save(tmp_path / "boxes.npy", ends)
    p = profile(tmp_path / "boxes.npy")
    assert (p.kind, p.n) == ("boxes", len(ends))


def test_row_groups_read_in_parallel_give_what_one_array_gives(tmp_path, monkeypatch):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(files, "PART", 3_000)
    x = np.random.default_rng(0).gamma(2.0, size=20_000)
    for place, part in enumerate(np.array_split(x, 3)):
        pq.write_table(pa.table({"y": part, "other": part}), tmp_path / f"{place}.parquet", row_group_size=900)
    p, whole = profile(tmp_path / "*.parquet", column="y"), Profile.of(x)
    assert (p.n, p.min, p.max, p.values) == (whole.n, whole.min, whole.max, whole.values)
    assert p.mean == pytest.approx(whole.mean, rel=1e-12)
    assert p == profile(tmp_path / "*.parquet", column="y")


def test_a_parquet_file_without_rows_is_an_empty_profile(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    pq.write_table(pa.table({"y": pa.array([], pa.float64())}), tmp_path / "none.parquet")
    assert profile(tmp_path / "none.parquet", column="y").n == 0


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_elsewhere_are_read_through_fsspec(table, suffix):
    memory = pytest.importorskip("fsspec").filesystem("memory")
    for place in "ab":
        memory.pipe_file(f"/elsewhere/{place}{suffix}", table(suffix).read_bytes())
    p = profile(f"memory://elsewhere/a{suffix}")
    assert (p.values, p.missing_rows) == (WANTED.values, 1)
    assert profile(f"memory://elsewhere/*{suffix}").n == 2 * WANTED.n
    memory.rm("/elsewhere", recursive=True)


@pytest.mark.parametrize("url", ["memory://none.csv", "memory://none-*.csv", "nosuch://a.csv", "://"])
def test_files_elsewhere_that_are_not_there_say_so(url):
    pytest.importorskip("fsspec")
    with pytest.raises(UnreadableFile):
        profile(url)


class Terminal(io.StringIO):
    """Standard error that someone looks at, or not."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen

    def isatty(self):
        return self.seen


@pytest.mark.parametrize("seen", [True, False])
def test_long_reading_shows_a_bar_on_a_terminal_only(table, monkeypatch, seen):
    shown = Terminal(seen)
    monkeypatch.setattr("sys.stderr", shown)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    profile(table(".csv"))
    assert ("100%  5 rows" in shown.getvalue()) == seen
    assert shown.getvalue().endswith("\r") == seen


def test_short_reading_shows_nothing(table, monkeypatch):
    shown = Terminal(True)
    monkeypatch.setattr("sys.stderr", shown)
    profile(table(".csv"))
    assert not shown.getvalue()
