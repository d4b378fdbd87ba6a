"""Replies to those who send data: the answer, or, for who waits for a long one, events until it is there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
from fastapi import Request, Response
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from losses.errors import LossesError

from .errors import InternalError
from .layers import log, where
from .media import EVENTS, JSON
from .problems import details, invalid_request
from .replies import Reply, negotiated
from .transport import Progress, Sent, work

EVERY = 0.5  # seconds between two events

Answer = Callable[[Sent], dict[str, Any] | Response]


async def answered(request: Request, answer: Answer, *files: str) -> Response:
    """What a thread answers, as the client wants it."""
    media = negotiated(request.headers.get("accept", "*/*"), (JSON, EVENTS, *files))
    progress = Progress()
    if media == EVENTS:
        return Events(_events(request, answer, progress))
    return await work(request, lambda sent: _reply(answer(sent)), progress)


def _reply(found: dict[str, Any] | Response) -> Response:
    return found if isinstance(found, Response) else Reply(found)


async def _events(request: Request, answer: Answer, progress: Progress) -> AsyncIterator[dict[str, Any]]:
    """``progress`` with the rows that were read, whenever there are more; then ``result``, or ``problem``."""
    working = asyncio.create_task(work(request, answer, progress))
    told = 0
    try:
        while not (await asyncio.wait({working}, timeout=EVERY))[0]:
            if progress.rows > told:
                told = progress.rows
                yield {"event": "progress", "rows": told}
        yield {"event": "result", "rows": progress.rows, "reply": working.result()}
    except LossesError as error:
        yield {"event": "problem", **details(error)}
    except ValidationError as error:
        yield {"event": "problem", **details(invalid_request(error))}
    except Exception as error:
        identity = request.scope.get("request_id", "")
        log.error(json.dumps({"id": identity, "error": type(error).__name__, "where": where(error)}))
        yield {"event": "problem", **details(InternalError("this is a bug of ours: please report it", id=identity))}
    finally:
        working.cancel()


class Events(Response):
    """A line of JSON for each event, sent as soon as there is one."""

    def __init__(self, events: AsyncIterator[dict[str, Any]]) -> None:
        super().__init__(media_type=EVENTS)
        self._events = events
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Not as Starlette streams, which would listen for the end of the client and so take its body."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for event in self._events:
            line = msgspec.json.encode(event) + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
