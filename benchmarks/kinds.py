"""How well the kind of a target is read, beside the rules of other libraries: ``python -m benchmarks.kinds [CORPUS]``.

A corpus is a folder with JSON lines in ``*targets.jsonl`` (or ``.jsonl.gz``), one column a line: ``values`` (null is
missing), ``column`` (its name), ``kind``, ``alt`` (other labels that are accepted) and ``ambiguous``. Without a folder,
the columns come from the tables that scikit-learn and statsmodels carry along, with the labels of
``benchmarks/kinds.txt``.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.table import Row, Target, at_most, head, line
from losses.profile import profile

LABELS = Path(__file__).with_name("kinds.txt")
OTHER_NAMES = {
    "nominal": "multiclass",
    "zi_count": "zero_inflated_count",
    "zi_cont": "zero_inflated_positive",
    "pos_skew": "positive_skewed",
    "real_light": "real",
    "real_heavy": "heavy_tailed",
}
COARSE = {  # what decides between a regressor, a classifier, and no model at all; any other kind is regression
    "binary": "binary",
    "multilabel": "multilabel",
    **dict.fromkeys(("multiclass", "ordinal"), "multiclass"),
    **dict.fromkeys(("constant", "identifier", "datetime"), "none"),
}
BINS = np.linspace(0, 1, 11)


@dataclass(frozen=True)
class Labelled:
    """A column, and what a careful reader calls it; the first label is the best."""

    values: Any
    name: str | None
    labels: tuple[str, ...]
    doubtful: bool

    @property
    def kind(self) -> str:
        """The best label."""
        return self.labels[0]


@dataclass(frozen=True)
class Answers:
    """The first and second kinds that were named for each column, and the shares of the first."""

    columns: Sequence[Labelled]
    first: list[str]
    second: list[str]
    share: Sequence[float]

    @property
    def strict(self) -> list[bool]:
        """Whether the first kind is the best label."""
        return [kind == c.kind for kind, c in zip(self.first, self.columns, strict=True)]

    @property
    def accepted(self) -> list[bool]:
        """Whether the first kind is an accepted label."""
        return [kind in c.labels for kind, c in zip(self.first, self.columns, strict=True)]


# -- columns


def corpus(folder: Path) -> Iterator[Labelled]:
    """The columns of the files of targets in a folder."""
    for path in sorted(folder.glob("*targets.jsonl*")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows = map(json.loads, text.splitlines())
        yield from (_labelled(row) for row in rows if {"values", "column", "alt"} <= row.keys())


def _labelled(row: dict[str, Any]) -> Labelled:
    labels = tuple(dict.fromkeys(OTHER_NAMES.get(kind, kind) for kind in (row["kind"], *row["alt"])))
    values = np.array(row["values"]) if "multilabel" in labels else row["values"]
    return Labelled(values, row["column"].partition("+")[0], labels, row["ambiguous"])


def bundled() -> Iterator[Labelled]:
    """Columns that scikit-learn and statsmodels carry along, as far as these are installed."""
    tables: dict[str, Any] = {}
    for text in LABELS.read_text().splitlines():
        where, name, labels = (part.strip() for part in text.split("|"))
        if where not in tables:
            tables[where] = _table(*where.split())
        if tables[where] is not None:
            kinds = tuple(labels.split())
            yield Labelled(tables[where][name].tolist(), name, kinds, len(kinds) > 1)


def _table(library: str, name: str) -> Any:
    try:
        if library == "sklearn":
            return getattr(importlib.import_module("sklearn.datasets"), f"load_{name}")(as_frame=True).frame
        return importlib.import_module(f"statsmodels.datasets.{name}").load_pandas().data
    except ImportError:
        return None


# -- what is measured


def ours(columns: Sequence[Labelled], named: bool = True) -> Answers:
    """Our reading of each column, with its name or without."""
    found = [profile(c.values, name=c.name if named else None).kinds for c in columns]
    second = [kinds[1].id if len(kinds) > 1 else "" for kinds in found]
    return Answers(columns, [kinds[0].id for kinds in found], second, [kinds[0].share for kinds in found])


def rows(columns: Sequence[Labelled]) -> Iterator[Row]:
    """The table."""
    named, hidden = ours(columns), ours(columns, named=False)
    sure = [good for good, c in zip(named.strict, columns, strict=True) if not c.doubtful]
    either = [a or s in c.labels for a, s, c in zip(named.accepted, named.second, columns, strict=True)]
    confident = [good for good, share in zip(named.accepted, named.share, strict=True) if share >= 0.95]
    yield _share("names given: best label", named.strict, _at_least(0.87))
    yield _share("names given: any accepted label", named.accepted, _at_least(0.96))
    yield _share("labels not in doubt: that label", sure, _at_least(0.96))
    yield _share("an accepted label among the first two", either, _at_least(0.98))
    yield _share("names hidden: any accepted label", hidden.accepted, _at_least(0.91))
    yield _share("coarse class, any accepted", coarse_hits(columns, named.first), _at_least(0.98), beside(columns))
    yield _share("coarse class, names hidden", coarse_hits(columns, hidden.first), _at_least())
    yield from _no_targets(columns, named)
    error = calibration_error(named.share, named.accepted)
    strictly = f"{calibration_error(named.share, named.strict):.3f} of the best label alone"
    yield Row("expected calibration error of the share", error, at_most("", 0.07), strictly)
    yield _share("accepted where the share is 0.95 and more", confident, _at_least(0.97))


def _no_targets(columns: Sequence[Labelled], answers: Answers) -> Iterator[Row]:
    flagged = [coarse(kind) == "none" for kind in answers.first]
    none = [{coarse(kind) for kind in c.labels} for c in columns]
    caught = [hit for hit, c in zip(flagged, columns, strict=True) if coarse(c.kind) == "none"]
    false = [hit for hit, classes in zip(flagged, none, strict=True) if "none" not in classes]
    yield _share("constants, codes and dates that are flagged", caught, _at_least(0.92))
    yield _share("targets that are flagged falsely", false, at_most("", 0.01))


def coarse(kind: str) -> str:
    """Which model a kind calls for: regression, binary, multiclass, multilabel, or none."""
    return COARSE.get(kind, "regression")


def coarse_hits(columns: Sequence[Labelled], kinds: Sequence[str | None]) -> list[bool]:
    """Whether each answer calls for the model that an accepted label calls for."""
    return [
        kind is not None and coarse(kind) in {coarse(label) for label in c.labels}
        for kind, c in zip(kinds, columns, strict=True)
    ]


def calibration_error(share: Sequence[float], right: Sequence[bool]) -> float:
    """The mean gap between share and hit rate, over ten bins of the share."""
    bins, gap = np.digitize(share, BINS[1:-1]), np.subtract(share, np.array(right, dtype=float))
    gaps = [abs(float(gap[bins == b].sum())) for b in range(10)]
    return sum(gaps) / len(share)


def _share(work: str, hits: Sequence[bool], target: Target, beside: str = "") -> Row:
    return Row(work, float(np.mean(hits)) if hits else None, target, beside or f"of {len(hits)}")


def _at_least(bound: float | None = None) -> Target:
    return Target("", ">=", bound)


# -- how others infer the task, each by its own rule


def _autogluon(y: Any) -> str:
    if _levels(y) == 2:
        return "binary"
    if y.dtype.kind in "OU":
        return "multiclass"
    few = _levels(y) <= min(1000, (0.05 if y.size > 1000 else 0.1) * y.size)
    return "multiclass" if few and bool((y == np.rint(y)).all()) else "regression"


def _mljar(y: Any) -> str:
    return "binary" if _levels(y) == 2 else "multiclass" if _levels(y) <= 20 else "regression"


def _evalml(y: Any) -> str:
    if _levels(y) <= 2:
        return "binary" if _levels(y) == 2 else "none"
    return "regression" if y.dtype.kind in "iuf" and _levels(y) > 10 else "multiclass"


def _h2o(y: Any) -> str:
    if y.dtype.kind in "iuf":
        return "regression"
    return "binary" if _levels(y) == 2 else "multiclass"


def _sklearn(y: Any) -> str | None:
    from sklearn.utils.multiclass import type_of_target

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = type_of_target(y.astype(str) if y.dtype.kind == "O" else y)
    known = {"continuous": "regression", "multilabel-indicator": "multilabel"}
    return known.get(found, found) if not found.endswith("output") else None


def _naive(y: Any) -> str:
    if y.dtype.kind in "iuf" and _levels(y) > 10:
        return "regression"
    return "binary" if _levels(y) == 2 else "multiclass"


PEERS: dict[str, Callable[[Any], str | None]] = {
    "AutoGluon": _autogluon,
    "mljar": _mljar,
    "EvalML": _evalml,
    "H2O": _h2o,
    "scikit-learn": _sklearn,
    "naive (over 10 numbers: regression)": _naive,
}


def beside(columns: Sequence[Labelled]) -> str:
    """The same number for each of the others."""
    arrays = [_present(c.values) for c in columns]
    found = {
        name: [rule(y) if y.ndim == 1 or name == "scikit-learn" else None for y in arrays]
        for name, rule in PEERS.items()
    }
    return ", ".join(f"{name} {np.mean(coarse_hits(columns, kinds)):.3f}" for name, kinds in found.items())


def _present(values: Any) -> Any:
    y = np.array([v for v in values if v is not None and v == v] if isinstance(values, list) else values)
    return y.astype(object) if y.dtype.kind in "USO" else y


def _levels(y: Any) -> int:
    return len(set(y.tolist()))


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.kinds", description=__doc__)
    options.add_argument("corpus", nargs="?", type=Path, help="a folder with *targets.jsonl.gz")
    options.add_argument("--markdown", action="store_true", help="as a table for the README")
    chosen = options.parse_args()
    columns = list(corpus(chosen.corpus) if chosen.corpus else bundled())
    if not columns:
        options.error("no labelled columns here: name a folder, or install scikit-learn and statsmodels")
    print(head(f"The kinds of {len(columns)} columns", chosen.markdown))
    for row in rows(columns):
        print(line(row, chosen.markdown), flush=True)


if __name__ == "__main__":
    main()
