"""Replies: JSON by msgspec, catalogue pages with an ETag, and the check that the client takes what we give."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from fastapi import Request, Response

from .errors import NotAcceptable

JSON = "application/json"


class Reply(Response):
    """Any JSON-safe data."""

    media_type = JSON

    def __init__(self, content: Any, status_code: int = 200, headers: dict[str, str] | None = None) -> None:
        super().__init__(msgspec.json.encode(content), status_code, headers)


def cacheable(request: Request, content: Any) -> Response:
    """A reply that changes only with the software: 304 where the client has it already."""
    return tagged(request, Reply(content))


def tagged(request: Request, reply: Response) -> Response:
    """The same for a reply of any kind."""
    tag = f'"{hashlib.sha256(bytes(reply.body)).hexdigest()[:32]}"'
    reply.headers.update({"ETag": tag, "Cache-Control": "no-cache"})
    known = [known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache"})
    return reply


def takes_json(request: Request) -> None:
    """Refuse with 406 a request whose Accept header leaves no room for JSON."""
    accept = request.headers.get("accept", "*/*")
    if not accepts(accept, JSON):
        raise NotAcceptable(f"replies here are {JSON}", field="Accept", allowed=[JSON])


def accepts(header: str, media: str) -> bool:
    """Whether an Accept header takes a media type; the most exact range decides.

    >>> accepts("text/html, application/*;q=0.5", "application/json"), accepts("*/*, application/json;q=0", JSON)
    (True, False)
    """
    ranges = {name.strip().lower(): _quality(rest) for name, _, rest in (r.partition(";") for r in header.split(","))}
    for name in (media, media.partition("/")[0] + "/*", "*/*"):
        if name in ranges:
            return ranges[name] > 0
    return not header.strip()


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
