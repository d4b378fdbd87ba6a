"""One table from errors to statuses, and one form in which all of them are told (RFC 9457)."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from losses import errors as library
from losses.errors import LossesError

from . import errors as own
from .errors import InternalError, InvalidRequest, UnknownPath, WrongMethod
from .pages import page
from .replies import Reply
from .words import NAMES, in_words, pointer_to

log = logging.getLogger("losses.errors")

MOST_ERRORS = 20
STATUS: dict[type[LossesError], int] = {
    own.MalformedJSON: 400,
    own.UnknownPath: 404,
    own.WrongMethod: 405,
    own.NotAcceptable: 406,
    own.TooLarge: 413,
    own.UnsupportedMediaType: 415,
    own.HeadersTooLarge: 431,
    own.InternalError: 500,
    library.MissingDependency: 501,
    LossesError: 422,
}
UNKNOWN_LOSS = 404


def status_of(error: LossesError) -> int:
    """The status of an error: of its class, or of the nearest class above; an unknown loss is not found."""
    if isinstance(error, library.UnknownName) and error.data.get("field") == "loss":
        return UNKNOWN_LOSS
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def slug(kind: type[LossesError]) -> str:
    """The name of an error in addresses.

    >>> slug(own.MalformedJSON), slug(library.UnknownName)
    ('malformed-json', 'unknown-name')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()


def _kinds() -> Mapping[str, type[LossesError]]:
    found = [kind for module in (library, own) for kind in vars(module).values()]
    return {slug(kind): kind for kind in found if isinstance(kind, type) and issubclass(kind, LossesError)}


KINDS = _kinds()


def problem(error: LossesError, headers: dict[str, str] | None = None) -> Reply:
    """An error as a reply."""
    return Reply(details(error), status_of(error), {"content-type": "application/problem+json", **(headers or {})})


def details(error: LossesError) -> dict[str, Any]:
    """An error as problem details: what was wrong, and the data that go with it."""
    told: dict[str, Any] = {
        "type": f"/problems/{slug(type(error))}",
        "title": error.title,
        "status": status_of(error),
        "detail": in_words(error.detail),
    }
    data = {key: _plain(value) for key, value in error.data.items() if key not in told}
    if isinstance(data.get("got"), str):
        data["got"] = NAMES.get(data["got"], data["got"])
    return told | data


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not abs(value) < float("inf"):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in list(value)[:100]]
    return value if isinstance(value, str | int | float | None) else str(value)[:80]


def explained(name: str) -> str:
    """The page behind the ``type`` of a problem."""
    if name not in KINDS:
        raise _nowhere("problem", name, KINDS)
    kind = KINDS[name]
    status = next(STATUS[base] for base in kind.__mro__ if base in STATUS)
    words = (inspect.getdoc(kind) or "").split("\n\n")
    return page(kind.title, [f"<p>Status {status}</p>", *(f"<p>{escape(text)}</p>" for text in words)])


def install(app: FastAPI) -> None:
    """Tell every error that a route, a parser or the framework raises in this one form."""

    @app.exception_handler(LossesError)
    async def refused(request: Request, error: LossesError) -> Reply:
        return problem(error)

    @app.exception_handler(ValidationError)
    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: ValidationError | RequestValidationError) -> Reply:
        return problem(invalid_request(error))

    @app.exception_handler(HTTPException)
    async def routed(request: Request, error: HTTPException) -> Reply:
        refusal = _routed(request, error)
        headers = {"Allow": ", ".join(refusal.data["allowed"])} if isinstance(refusal, WrongMethod) else {}
        return problem(refusal, headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Reply:
        identity = request.scope.get("request_id", "")
        log.error("request %s failed with %s", identity, type(error).__name__, exc_info=error)
        headers = {"x-request-id": identity}
        return problem(InternalError("this is a bug of ours: please report it with the id", id=identity), headers)


def invalid_request(error: ValidationError | RequestValidationError) -> InvalidRequest:
    """What a model refuses, with pointers and without the values."""
    rows = list(error.errors())
    found = [{"pointer": pointer_to(row["loc"]), "detail": row["msg"]} for row in rows[:MOST_ERRORS]]
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    detail = f"{found[0]['pointer'] or 'the request'}: {found[0]['detail']}{more}"
    return InvalidRequest(detail, field=found[0]["pointer"].lstrip("/"), errors=found)


def _routed(request: Request, error: HTTPException) -> LossesError:
    if error.status_code == 404:
        return _nowhere("address", request.url.path, ["/", "/docs", "/openapi.json", *request.app.openapi()["paths"]])
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "").split(", ")
        allowed += ["HEAD"] if "GET" in allowed else []
        return WrongMethod(f"{request.method[:20]} is not for this address: {', '.join(allowed)}", allowed=allowed)
    return InvalidRequest(str(error.detail))


def _nowhere(what: str, name: str, known: Iterable[str]) -> UnknownPath:
    near = library.UnknownName.among(what, name, known)
    return UnknownPath(near.detail, **near.data)
