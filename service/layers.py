"""Layers in plain ASGI between the observer and the routes: what every request must meet, whatever it asks."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import HeadersTooLarge
from .problems import problem


class HeaderLimit:
    """Refuses with 431 what carries more bytes of headers than the limit."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _weight(scope) > self.most:
            detail = f"the headers are larger than {self.most} bytes"
            refusal = problem(HeadersTooLarge(detail, field="max_header_bytes", allowed=self.most))
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _weight(scope: Scope) -> int:
    """The bytes of the headers as they came, with the four of ``": "`` and the end of each line."""
    return sum(len(name) + len(value) + 4 for name, value in scope["headers"])


class Head:
    """Answers HEAD as GET without the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def bare(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        inner = {**scope, "method": "GET"}
        try:
            await self.app(inner, receive, bare)
        finally:
            scope.update({key: inner[key] for key in ("route",) if key in inner})
