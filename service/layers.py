"""Layers in plain ASGI between the observer and the routes: what every request must meet, whatever it asks."""

from __future__ import annotations

import json
import logging
import traceback

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import HeadersTooLarge, InternalError
from .problems import problem

EXEMPT = frozenset(("/healthz", "/readyz", "/metrics"))  # answered however much there is to do

log = logging.getLogger("losses.errors")


def guarded(scope: Scope) -> bool:
    """Whether admission and deadlines are for this request."""
    return scope["type"] == "http" and scope["path"] not in EXEMPT


class Started:
    """A ``send`` that remembers whether anything was sent, and whether it was all."""

    def __init__(self, send: Send) -> None:
        self._send, self.begun, self.done = send, False, False

    async def __call__(self, message: Message) -> None:
        self.begun = True
        self.done |= message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)


class Mishaps:
    """Answers a bug of ours with an id, under which the log says where it happened, and not on which data."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = Started(send)
        try:
            await self.app(scope, receive, sent)
        except Exception as error:
            identity = scope.get("request_id", "")
            log.error(json.dumps({"id": identity, "error": type(error).__name__, "where": where(error)}))
            if sent.begun:
                raise
            bug = InternalError("this is a bug of ours: please report it with the id", id=identity)
            await problem(bug)(scope, receive, send)


def where(error: BaseException) -> list[str]:
    """The calls that led to an error, the last one first, without its words: they may hold values."""
    calls = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{call.filename}:{call.lineno} {call.name}" for call in reversed(calls)]


class HeaderLimit:
    """Refuses with 431 what carries more bytes of headers than the limit."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _weight(scope) > self.most:
            await problem(headers_too_large(self.most))(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def headers_too_large(most: int) -> HeadersTooLarge:
    """The refusal of headers beyond a limit."""
    return HeadersTooLarge(f"the headers are larger than {most} bytes", field="max_header_bytes", allowed=most)


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
