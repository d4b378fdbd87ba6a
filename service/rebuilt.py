"""Replies of the service as the library's own objects, and what users hold as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import msgspec
import numpy as np

from losses import Comparison, Drift, Evaluation, Loss, Profile, Result, Sum, get
from losses.advice import Confidence, Constant, Finding, Flip, Notice, Price, Recommendation
from losses.arrays import numbers
from losses.compare import Contrast
from losses.drift import Advised, Change
from losses.errors import InvalidType, LossesError, NotSupported
from losses.evaluate import Note
from losses.frameworks import Layout
from losses.profile.column import as_array
from losses.profile.distance import Distances

from .columnar import pyarrow
from .errors import Unreachable
from .files import KEY
from .nonfinite import restored
from .payloads import SMALL
from .problems import KINDS

_TOLD = frozenset(("type", "title", "status", "detail", "instance"))


@dataclass(frozen=True)
class RemoteAdvice:
    """What ``losses.recommend`` answers, as the service answered it."""

    ranked: list[Recommendation]
    ruled_out: list[tuple[str, str]]
    warnings: tuple[Notice, ...]
    profile: Profile
    answer: str
    functional: str
    confidence: Confidence
    flips: tuple[Flip, ...]
    would_change: tuple[str, ...]
    reply: Mapping[str, Any]

    @property
    def best(self) -> Recommendation:
        """The first of the ranked; raises NotSupported where nothing is left."""
        if not self.ranked:
            raise NotSupported("no loss meets all that is asked for", allowed=[])
        return self.ranked[0]

    def to_dict(self) -> dict[str, Any]:
        """The reply itself."""
        return dict(self.reply)

    def __str__(self) -> str:
        rows = [f"  {i}. {found.usage}  ({found.score:.2f})" for i, found in enumerate(self.ranked, 1)]
        return "\n".join([self.answer, *rows])


def advice(reply: Mapping[str, Any], framework: str | None = None) -> RemoteAdvice:
    """The reply of ``POST /v1/recommendations``."""
    return RemoteAdvice(
        ranked=[_recommendation(row, framework) for row in reply["ranked"]],
        ruled_out=[(row["loss"], row["reason"]) for row in reply["ruled_out"]],
        warnings=tuple(Notice(**row) for row in reply["warnings"]),
        profile=Profile.from_dict(reply["profile"]),
        answer=reply["answer"],
        functional=reply["functional"],
        confidence=Confidence(**reply["confidence"]),
        flips=tuple(Flip(**row) for row in reply["flips"]),
        would_change=tuple(reply["would_change"]),
        reply=reply,
    )


@dataclass(frozen=True)
class RemoteCheck:
    """What ``losses.check`` answers, as the service answered it."""

    loss: Loss | Sum
    verdict: str
    answer: str
    findings: tuple[Finding, ...]
    price: Price | None
    warnings: tuple[Notice, ...]
    instead: Recommendation | None
    reply: Mapping[str, Any]

    @property
    def fine(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def to_dict(self) -> dict[str, Any]:
        """The reply itself."""
        return dict(self.reply)


def judgement(reply: Mapping[str, Any], framework: str | None = None) -> RemoteCheck:
    """The reply of ``POST /v1/checks``."""
    price, instead = reply["price"], reply["instead"]
    return RemoteCheck(
        loss=get(reply["loss"]),
        verdict=reply["verdict"],
        answer=reply["answer"],
        findings=tuple(Finding(**row) for row in reply["findings"]),
        price=Price(price["metric"], price["best"], price["here"]) if price else None,
        warnings=tuple(Notice(**row) for row in reply["warnings"]),
        instead=_recommendation(instead, framework) if instead else None,
        reply=reply,
    )


def _recommendation(row: Mapping[str, Any], framework: str | None) -> Recommendation:
    loss = get(row["loss"])
    return Recommendation(
        loss=loss,
        score=row["score"],
        reasons=tuple(row["reasons"]),
        warnings=tuple(Notice(**warning) for warning in row["warnings"]),
        evidence=row["evidence"],
        transform=row["transform"],
        link=row["link"],
        post=row["post"],
        framework=framework,
        model=None,
        unit=_unit(loss),
        predicts=partial(_constant, row["constant"]),
        layout=_layout(**row["layout"]),
    )


def _layout(form: str | None, levels: list[Any] | None, classes: int) -> Layout:
    return Layout(form, None if levels is None else tuple(levels), classes)


def _constant(row: Mapping[str, Any] | None) -> Constant | None:
    return Constant(**row) if row else None


def _unit(loss: Loss | Sum) -> str:
    return loss.about.unit if isinstance(loss, Loss) else loss.unit


def drift(reply: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> Drift:
    """The reply of ``POST /v1/drift`` about these two documents; null is a number that JSON could not hold."""
    advised = {name: part for name, part in reply["advice"].items() if name != "changed"}
    return Drift(
        before=Profile.from_dict(before),
        after=Profile.from_dict(after),
        changes=tuple(Change(**row | _unlike(row, "before", "after")) for row in reply["changes"]),
        distances=Distances(**_unlike(reply["distances"], *reply["distances"])),
        advice=Advised(**advised),
    )


def _unlike(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: math.nan if row[name] is None else row[name] for name in names}


def evaluation(reply: Mapping[str, Any]) -> Evaluation:
    """The reply of ``POST /v1/evaluations``; what JSON could not hold comes back as its warnings tell."""
    groups = {row["group"]: evaluation(row) for row in reply.get("groups") or ()}
    return Evaluation([_result(restored(row)) for row in reply["results"]], groups)


def comparison(reply: Mapping[str, Any]) -> Comparison:
    """The reply of ``POST /v1/comparisons``."""
    return Comparison([_contrast(row) for row in reply["results"]])


def _contrast(row: Mapping[str, Any]) -> Contrast:
    values = _unlike(row["values"], *row["values"])
    difference = _unlike(row, "difference")["difference"]
    return Contrast(get(row["loss"]), values, difference, row["standard_error"], row["unit"], row["n"])


def _result(row: Mapping[str, Any]) -> Result:
    value = row["value"]
    return Result(
        loss=get(row["loss"]),
        reduction=row["reduction"],
        value=math.nan if value is None else _array(value),
        standard_error=row["standard_error"],
        unit=row["unit"],
        n=row["n"],
        warnings=tuple(Note(note["code"], note["message"]) for note in row["warnings"]),
        gradient=_array(row.get("gradient")),
    )


def _array(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _array(part) for name, part in value.items()}
    return np.array(value, dtype=np.float64) if isinstance(value, list) else value


def error(reply: httpx.Response) -> LossesError:
    """The library's own error, from problem details; ``Unreachable`` where something else answered."""
    try:
        told = reply.json()
        kind = KINDS[told["type"].removeprefix("/problems/")]
        return kind(str(told["detail"]), **{key: value for key, value in told.items() if key not in _TOLD})
    except (ValueError, KeyError, TypeError, AttributeError):
        return Unreachable(f"something else than the service answered, with status {reply.status_code}")


# ── and the other way ───────────────────────────────────────────────────────────────────────────────────────────────


def spoken(losses: Any) -> list[Any]:
    """Losses as JSON says them."""
    listed = [losses] if isinstance(losses, str | Loss | Sum | Mapping) else list(losses)
    return [loss.to_json() if isinstance(loss, Loss | Sum) else loss for loss in listed]


def inputs(**given: Any) -> dict[str, Any]:
    """Inputs of a loss as nested lists, those that are given."""
    return {name: _nested(value, name) for name, value in given.items() if value is not None}


def arrays(**given: Any) -> dict[str, Any]:
    """Inputs of a loss as arrays by the names that columns have."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        parts = {f"{name}.{part}": v for part, v in value.items()} if isinstance(value, Mapping) else {name: value}
        deep = {key: part for key, part in parts.items() if isinstance(part, Mapping)}
        found |= arrays(**deep) if deep else {k: numbers(part, k) for k, part in parts.items() if part is not None}
    return found


def large(found: Mapping[str, Any]) -> bool:
    """Whether arrays are too many numbers for JSON, or hold some that JSON has not."""
    return sum(array.size for array in found.values()) > SMALL or any(_infinite_in(array) for array in found.values())


def _infinite_in(array: Any) -> bool:
    return bool(array.dtype.kind == "f" and np.isinf(array).any())


def bulk(target: Any) -> Any:
    """A column as an array, where it is one of numbers that is better not sent as JSON."""
    found = as_array(target)
    if isinstance(found, list):
        if not set(map(type, found)) <= {float, int, type(None)} or not any(type(v) is float for v in found):
            return None
        found = np.array(found, np.float64)
    fits = isinstance(found, np.ndarray) and found.dtype.kind in "biuf" and found.dtype.itemsize <= 8 and found.ndim
    return found if fits and not np.ma.isMaskedArray(found) and large({"": found}) else None


def rows(content: bytes) -> dict[str, Any]:
    """An evaluation whose rows came as an Arrow stream, as if they had come as JSON."""
    table = pyarrow("ipc").open_stream(content).read_all()
    reply: dict[str, Any] = msgspec.json.decode(table.schema.metadata[KEY])
    for name in table.column_names:
        place, key, *part = name.split(".", 2)
        row, found = reply["results"][int(place)], _of_column(table[name].combine_chunks())
        if part:
            row.setdefault(key, {})[part[0]] = found
        else:
            row[key] = found
    return reply


def _of_column(column: Any) -> Any:
    kind = column.type
    if hasattr(kind, "list_size"):
        return column.flatten().to_numpy(zero_copy_only=False).reshape(-1, kind.list_size)
    return column.to_numpy(zero_copy_only=False)


def _nested(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return {str(part): _nested(array, f"{name}.{part}") for part, array in value.items()}
    return _finite(numbers(value, name), name)


def column(target: Any, name: str = "target") -> Any:
    """A column of any container as a list."""
    found = as_array(target)
    if isinstance(found, list):
        if any(isinstance(value, float) and math.isinf(value) for value in found):
            raise _infinite(name)
        return found
    if found.dtype.kind in "Mm":
        found = found.astype("datetime64[us]" if found.dtype.kind == "M" else "timedelta64[s]").astype(np.str_)
    return _finite(found, name)


def _finite(array: Any, name: str) -> Any:
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise _infinite(name)
    return array.tolist()


def _infinite(name: str) -> NotSupported:
    return NotSupported(
        f"{name} holds an infinite number, which the JSON of this client cannot: use the library in-process, "
        "or post a text/csv file, where inf and -inf are numbers",
        field=name, allowed=["losses.evaluate(...) in-process", "text/csv"],
    )  # fmt: skip


def encoded(body: Any) -> bytes:
    """JSON, with NaN and all other signs of absence as null."""
    return msgspec.json.encode(body, enc_hook=_item)


def _item(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    raise InvalidType(f"values of type {type(value).__name__} cannot be sent", got=type(value).__name__)
