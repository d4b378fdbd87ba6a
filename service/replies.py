"""Replies: JSON by msgspec, catalogue pages with an ETag, and the check that the client takes what we give."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import Request, Response

from .errors import NotAcceptable
from .media import JSON


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
    negotiated(request.headers.get("accept", "*/*"), (JSON,))


def negotiated(header: str, offers: Sequence[str]) -> str:
    """The reply that a client likes best, of several; the first of those it likes alike. 406 where it takes none.

    >>> negotiated("application/x-npy, */*;q=0.1", (JSON, "application/x-npy"))
    'application/x-npy'
    """
    found = max(offers, key=lambda media: liked(header, media))
    if not liked(header, found):
        raise NotAcceptable(f"replies here are {' or '.join(offers)}", field="Accept", allowed=list(offers))
    return found


def liked(header: str, media: str) -> float:
    """How much an Accept header likes a media type, from 0 to 1; the most exact range decides.

    >>> liked("text/html, application/*;q=0.5", "application/json"), liked("*/*, application/json;q=0", JSON)
    (0.5, 0.0)
    """
    ranges = {name.strip().lower(): _quality(rest) for name, _, rest in (r.partition(";") for r in header.split(","))}
    for name in (media, media.partition("/")[0] + "/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0 if header.strip() else 1.0


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
