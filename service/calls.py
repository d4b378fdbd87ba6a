"""The calls of the service without any network: what to send, and how to read what comes back."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
import msgspec
import numpy as np

import losses
from losses import Comparison, Drift, Evaluation, Loss, Profile, Sum, get
from losses.profile import chosen

from . import payloads, rebuilt
from .errors import Unreachable
from .media import ARROW, JSON
from .payloads import Payload
from .rebuilt import RemoteAdvice, RemoteCheck

T = TypeVar("T")

BUSY = (429, 503)
LONGEST_PAUSE = 30.0
TRANSIENT = (httpx.NetworkError, httpx.ConnectTimeout, httpx.RemoteProtocolError)


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and the reader of its reply."""

    method: str
    path: str
    read: Callable[[Any], T]
    params: Mapping[str, Any] | None = None
    body: Payload | None = None
    accept: str = JSON

    def request(self, http: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """The request, to be sent by ``http``."""
        headers = {"Accept": self.accept}
        if self.body is not None:
            headers |= {"Content-Type": self.body.media, "Content-Length": str(self.body.length)}
        found = http.build_request(self.method, self.path, params=self.params, headers=headers)
        if self.body is not None:
            found.stream = self.body
        return found


@dataclass(frozen=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


Heard = httpx.Response | httpx.TransportError | None


def conversation(call: Call[T], retries: int) -> Generator[Call[T] | Pause, Heard, T]:
    """What to do, step by step: send the call, or pause; to be told the reply, or why there was none.

    Every call is a pure function, so all are safe to repeat: where no connection was made, or the service is busy.
    """
    for attempt in range(retries + 1):
        heard = yield call
        if isinstance(heard, httpx.Response) and (heard.status_code not in BUSY or attempt == retries):
            return _answer(call, heard)
        if isinstance(heard, Exception) and (attempt == retries or not isinstance(heard, TRANSIENT)):
            raise Unreachable(f"no answer from the service: {type(heard).__name__}") from heard
        yield Pause(_patience(heard, attempt))
    raise AssertionError("the last attempt returns or raises")


def _answer(call: Call[T], reply: httpx.Response) -> T:
    if not reply.is_success:
        raise rebuilt.error(reply)
    arrow = reply.headers.get("content-type") == ARROW
    try:
        return call.read(rebuilt.rows(reply.content) if arrow else msgspec.json.decode(reply.content))
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise Unreachable("something else than the service answered") from error


def _patience(heard: Heard, attempt: int) -> float:
    asked = heard.headers.get("retry-after", "") if isinstance(heard, httpx.Response) else ""
    return min(float(asked) if asked.isdecimal() else 0.1 * 2**attempt, LONGEST_PAUSE)


# ── the calls, named and typed as in-process ────────────────────────────────────────────────────────────────────────


def catalogue(**filters: Any) -> Call[list[dict[str, Any]]]:
    """A row for every loss, or for those with these properties."""
    words = {True: "yes", False: "no"}
    asked = {name: words[v] if isinstance(v, bool) else str(v) for name, v in filters.items()}
    return Call("GET", "/v1/losses", list, params=asked)


def loss(spec: Any, **params: Any) -> Call[Loss | Sum]:
    """A loss, made here; the service is asked whether it knows it."""
    made: Loss | Sum = get(spec, **params)
    first = made if isinstance(made, Loss) else made.terms[0][1]
    return Call("GET", f"/v1/losses/{quote(first.about.id, safe='')}", lambda reply: made)


def profile(
    target: Any, name: str | None = None, sample_weight: Any = None, task: str | None = None, column: str | None = None
) -> Call[Profile]:
    """The profile of a target: of values as in-process; of a ``pathlib.Path``, which is sent as it is; of a frame.

    ``column`` picks one column of a file or frame; else it is the one named "target", or the only one there is.
    """
    given = {"name": _name(target, name), "task": task}
    return _sent("/v1/profiles", _profile, given, _data(target, sample_weight, column))


def _profile(reply: Any) -> Profile:
    return Profile.from_dict(reply["profile"])


def recommend(
    target: Any,
    metric: str | None = None,
    goal: str | None = None,
    costs: Mapping[str, float] | None = None,
    task: str | None = None,
    model: str | None = None,
    framework: str | None = None,
    require: Sequence[str] = (),
    n: int = 5,
    name: str | None = None,
    sample_weight: Any = None,
    ignore: Sequence[str] = (),
) -> Call[RemoteAdvice]:
    """The losses to train with, best first."""
    asked = {
        "metric": metric, "goal": goal, "task": task, "model": model, "framework": framework, "n": n,
        "costs": None if costs is None else dict(costs), "require": _names(require), "ignore": _names(ignore),
    }  # fmt: skip
    given = asked | {"name": None if _is_profile(target) else _name(target, name)}
    return _sent("/v1/recommendations", lambda r: rebuilt.advice(r, framework), given, _data(target, sample_weight))


def check(
    loss: Any,
    metric: str | None = None,
    target: Any = None,
    goal: str | None = None,
    costs: Mapping[str, float] | None = None,
    task: str | None = None,
    model: str | None = None,
    framework: str | None = None,
    name: str | None = None,
    sample_weight: Any = None,
) -> Call[RemoteCheck]:
    """Whether a loss serves a wish on a column: fine, or what is wrong, with its price in the metric."""
    asked = {
        "loss": rebuilt.spoken([loss])[0], "metric": metric, "goal": goal, "task": task, "model": model,
        "framework": framework, "costs": None if costs is None else dict(costs),
    }  # fmt: skip
    given = asked | {"name": None if _is_profile(target) else _name(target, name)}
    return _sent("/v1/checks", lambda r: rebuilt.judgement(r, framework), given, _data(target, sample_weight))


def _sent(path: str, read: Callable[[Any], T], asked: Mapping[str, Any], data: Payload | dict[str, Any]) -> Call[T]:
    """A call whose options go with the data where these are JSON, and else in the query string."""
    if isinstance(data, Payload):
        return Call("POST", path, read, params={**dict(_query(asked)), **data.params}, body=data)
    return Call("POST", path, read, body=payloads.of_bytes(JSON, rebuilt.encoded({**asked, **data})))


def _query(asked: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in asked.items():
        if isinstance(value, Mapping) and name == "costs":
            yield from ((f"{name}.{key}", cost) for key, cost in value.items())
        elif name in ("loss", "losses"):
            yield "loss", [str(get(spec)) for spec in (value if isinstance(value, list) else [value])]
        elif value is not None:
            yield name, value


def _name(target: Any, name: str | None) -> str | None:
    own = getattr(target, "name", None)
    return name if name is not None else own if isinstance(own, str) and not isinstance(target, Path) else None


def _is_profile(target: Any) -> bool:
    return isinstance(target, Profile | Mapping)


def _data(target: Any, sample_weight: Any, column: str | None = None) -> Payload | dict[str, Any]:
    """A target as it travels best."""
    if target is None:
        return {}
    if _is_profile(target):
        return {"profile": target.to_dict() if isinstance(target, Profile) else dict(target)}
    if isinstance(target, Path):
        return replace(payloads.of_file(target), params={} if column is None else {"column": column})
    if payloads.is_table(target):
        table = payloads.as_table(target)
        return payloads.of_table(table.select([chosen(table.column_names, column) or 0]))
    if sample_weight is None and (array := rebuilt.bulk(target)) is not None:
        return payloads.of_array(array)
    return {"target": rebuilt.column(target), **rebuilt.inputs(sample_weight=sample_weight)}


def drift(before: Any, after: Any, metric: str | None = None, **wishes: Any) -> Call[Drift]:
    """What changed from one column to another: each is a profile, the dictionary of one, or a column as it is.

    Columns are read here, and only their profiles are sent.
    """
    p, q = (_document(side, wishes.get("name"), wishes.get("task")) for side in (before, after))
    asked = {key: _names(wish) if key in _LISTS else wish for key, wish in wishes.items() if key not in ("name", "n")}
    body = {**asked, "metric": metric, "before": p, "after": q}
    return _sent("/v1/drift", lambda reply: rebuilt.drift(reply, p, q), {}, body)


_LISTS = ("require", "ignore")


def _document(side: Any, name: str | None, task: str | None) -> dict[str, Any]:
    if isinstance(side, Mapping):
        return dict(side)
    return (side if isinstance(side, Profile) else losses.profile(side, name=name, task=task)).to_dict()


def _names(names: Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def evaluate(
    losses: Any,
    y_true: Any,
    y_pred: Any = None,
    sample_weight: Any = None,
    reduction: str = "mean",
    missing: str = "error",
    include: Sequence[str] = (),
    groups: Any = None,
) -> Call[Evaluation]:
    """Any losses on the same predictions, in one pass.

    ``y_true`` may be a frame, a table of Arrow or a ``pathlib.Path`` that holds all columns: ``y_true``, ``y_pred`` (or
    ``y_pred.mean`` …) and ``sample_weight``; then ``y_pred`` is left out, and ``groups`` names a column.
    Infinite logits and results travel too.
    """
    asked = {"losses": rebuilt.spoken(losses), "reduction": reduction, "missing": missing, "include": _names(include)}
    data = _inputs(y_true, y_pred, sample_weight, groups)
    call = _sent("/v1/evaluations", rebuilt.evaluation, asked, data)
    rows = isinstance(data, Payload) and payloads.has_pyarrow() and (reduction == "none" or include) and groups is None
    return replace(call, accept=f"{ARROW}, {JSON};q=0.5") if rows and np.ndim(y_pred) <= 2 else call


def _inputs(y_true: Any, y_pred: Any, sample_weight: Any, groups: Any = None) -> Payload | dict[str, Any]:
    """Inputs of a loss as they travel best."""
    params = {} if groups is None else {"groups": groups}
    if isinstance(y_true, Path):
        return replace(payloads.of_file(y_true), params=params)
    if y_pred is None and payloads.is_table(y_true):
        return replace(payloads.of_table(payloads.as_table(y_true)), params=params)
    found = {"y_true": y_true, "y_pred": y_pred, "sample_weight": sample_weight}
    if groups is not None:
        return rebuilt.inputs(**found) | {"groups": rebuilt.column(groups, "groups")}
    return _arrays(**found)


def _arrays(**found: Any) -> Payload | dict[str, Any]:
    arrays = rebuilt.arrays(**found)
    return payloads.of_arrays(arrays) if rebuilt.large(arrays) else rebuilt.inputs(**found)


def compare(
    losses: Any, y_true: Any, predictions: Mapping[str, Any], sample_weight: Any = None, missing: str = "error"
) -> Call[Comparison]:
    """How much better one of two models is, by any losses, in one pass."""
    asked = {"losses": rebuilt.spoken(losses), "missing": missing}
    data = _arrays(y_true=y_true, predictions=predictions, sample_weight=sample_weight)
    return _sent("/v1/comparisons", rebuilt.comparison, asked, data)


def class_weights(counts: Any, scheme: str = "balanced", beta: float = 0.999) -> Call[list[float]]:
    """What each class should cost."""
    asked = {"counts": rebuilt.column(list(counts), "counts"), "scheme": scheme, "beta": beta}
    return _sent("/v1/class-weights", lambda reply: list(reply["weights"]), {}, asked)
