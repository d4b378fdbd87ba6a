"""The calls of the service without any network: what to send, and how to read what comes back."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
import msgspec

import losses
from losses import Drift, Evaluation, Loss, Profile, Sum, get

from . import rebuilt
from .errors import Unreachable
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
    params: Mapping[str, str] | None = None
    body: Mapping[str, Any] | None = None

    @property
    def request(self) -> dict[str, Any]:
        """The request as httpx takes it."""
        found: dict[str, Any] = {"method": self.method, "url": self.path, "headers": {"Accept": "application/json"}}
        if self.params:
            found["params"] = self.params
        if self.body is not None:
            found["content"] = rebuilt.encoded(self.body)
            found["headers"]["Content-Type"] = "application/json"
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
    try:
        return call.read(msgspec.json.decode(reply.content))
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


def profile(target: Any, name: str | None = None, sample_weight: Any = None, task: str | None = None) -> Call[Profile]:
    """The profile of a target."""
    own = getattr(target, "name", None)
    asked = {"name": name if name is not None else own if isinstance(own, str) else None, "task": task}
    data = {"target": rebuilt.column(target), **rebuilt.inputs(sample_weight=sample_weight)}
    return Call("POST", "/v1/profiles", lambda reply: Profile.from_dict(reply["profile"]), body={**asked, **data})


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
    body = {**asked, **_target(target, name), **rebuilt.inputs(sample_weight=sample_weight)}
    return Call("POST", "/v1/recommendations", lambda reply: rebuilt.advice(reply, framework), body=body)


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
    body = {**asked, **_target(target, name), **rebuilt.inputs(sample_weight=sample_weight)}
    return Call("POST", "/v1/checks", lambda reply: rebuilt.judgement(reply, framework), body=body)


def _target(target: Any, name: str | None) -> dict[str, Any]:
    if target is None:
        return {}
    if isinstance(target, Profile):
        return {"profile": target.to_dict()}
    if isinstance(target, Mapping):
        return {"profile": dict(target)}
    own = getattr(target, "name", None)
    return {
        "target": rebuilt.column(target),
        "name": name if name is not None else own if isinstance(own, str) else None,
    }


def drift(before: Any, after: Any, metric: str | None = None, **wishes: Any) -> Call[Drift]:
    """What changed from one column to another: each is a profile, the dictionary of one, or a column as it is.

    Columns are read here, and only their profiles are sent.
    """
    p, q = (_document(side, wishes.get("name"), wishes.get("task")) for side in (before, after))
    asked = {key: _names(wish) if key in _LISTS else wish for key, wish in wishes.items() if key not in ("name", "n")}
    body = {**asked, "metric": metric, "before": p, "after": q}
    return Call("POST", "/v1/drift", lambda reply: rebuilt.drift(reply, p, q), body=body)


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
    y_pred: Any,
    sample_weight: Any = None,
    reduction: str = "mean",
    missing: str = "error",
    include: Sequence[str] = (),
) -> Call[Evaluation]:
    """Any losses on the same predictions, in one pass.

    Infinite logits cannot travel in JSON and raise NotSupported: evaluate them in-process, or post a text/csv file.
    Infinite results come back as they are.
    """
    asked = {"losses": rebuilt.spoken(losses), "reduction": reduction, "missing": missing, "include": _names(include)}
    arrays = rebuilt.inputs(y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
    return Call("POST", "/v1/evaluations", rebuilt.evaluation, body={**asked, **arrays})


def class_weights(counts: Any, scheme: str = "balanced", beta: float = 0.999) -> Call[list[float]]:
    """What each class should cost."""
    asked = {"counts": rebuilt.column(list(counts), "counts"), "scheme": scheme, "beta": beta}
    return Call("POST", "/v1/class-weights", lambda reply: list(reply["weights"]), body=asked)
