"""One table from errors to statuses, and one form in which all of them are told (RFC 9457)."""

from __future__ import annotations

import inspect
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
from .errors import InvalidRequest, UnknownPath, WrongMethod
from .pages import page, prose, table
from .replies import Reply
from .words import NAMES, in_words, pointer_to

MOST_ERRORS = 20
STATUS: dict[type[LossesError], int] = {
    own.MalformedHTTP: 400,
    own.MalformedJSON: 400,
    own.WrongKey: 401,
    own.UnknownPath: 404,
    own.WrongMethod: 405,
    own.NotAcceptable: 406,
    own.TooSlow: 408,
    own.TooLarge: 413,
    own.UnsupportedMediaType: 415,
    own.TooManyRequests: 429,
    own.HeadersTooLarge: 431,
    own.InternalError: 500,
    library.MissingDependency: 501,
    own.Busy: 503,
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


def problem(error: LossesError) -> Reply:
    """An error as a reply."""
    return Reply(details(error), status_of(error), {"content-type": "application/problem+json", **_headers(error)})


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


def _headers(error: LossesError) -> dict[str, str]:
    """What HTTP wants to be told beside the words."""
    found = {"Retry-After": str(error.data["retry_after"])} if "retry_after" in error.data else {}
    if isinstance(error, WrongMethod):
        found["Allow"] = ", ".join(error.data["allowed"])
    if isinstance(error, own.WrongKey):
        found["WWW-Authenticate"] = 'Bearer realm="losses"'
    return found


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
        raise nowhere("problem", name, KINDS)
    kind = KINDS[name]
    status = next(STATUS[base] for base in kind.__mro__ if base in STATUS)
    words = (inspect.getdoc(kind) or "").split("\n\n")
    back = '<p><a href="/problems">All problems</a></p>'
    told = [f"<p class=kicker>Problem, status {status}</p>", *(f"<p>{prose(text)}</p>" for text in words), back]
    return page(kind.title, told)


def listed() -> str:
    """The page of all problems."""
    rows = [
        (f'<a href="/problems/{name}">{escape(kind.title)}</a>', prose((inspect.getdoc(kind) or "").split("\n")[0]))
        for name, kind in KINDS.items()
    ]
    about = "<p class=lead>What may be wrong with a request; the type of a reply leads to the page of its problem.</p>"
    return page("Problems", [about, table("Problems", ("Problem", "What it means"), rows)])


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
        return problem(_routed(request, error))


def invalid_request(error: ValidationError | RequestValidationError) -> InvalidRequest:
    """What a model refuses, with pointers and without the values."""
    rows = list(error.errors())
    found = [{"pointer": pointer_to(row["loc"]), "detail": row["msg"]} for row in rows[:MOST_ERRORS]]
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    detail = f"{found[0]['pointer'] or 'the request'}: {found[0]['detail']}{more}"
    return InvalidRequest(detail, field=found[0]["pointer"].lstrip("/"), errors=found)


def _routed(request: Request, error: HTTPException) -> LossesError:
    if error.status_code == 404:
        return nowhere("address", request.url.path, ["/", "/docs", "/openapi.json", *request.app.openapi()["paths"]])
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "").split(", ")
        allowed += ["HEAD"] if "GET" in allowed else []
        return WrongMethod(f"{request.method[:20]} is not for this address: {', '.join(allowed)}", allowed=allowed)
    return InvalidRequest(str(error.detail))


def nowhere(what: str, name: str, known: Iterable[str]) -> UnknownPath:
    """There is no such thing at this address; the nearest names are told."""
    near = library.UnknownName.among(what, name, known)
    return UnknownPath(near.detail, **near.data)
