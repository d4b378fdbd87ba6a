"""Around every request: an id that comes back, headers for safety, a line of log without values, and metrics."""

from __future__ import annotations

import json
import logging
import os
import re
import time
import uuid
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .admission import Room
from .deadline import CLIENT_LEFT

log = logging.getLogger("losses.access")

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class Metrics:
    """Requests and seconds, labelled by the template of the address and never by the address itself.

    Where ``PROMETHEUS_MULTIPROC_DIR`` is set, as by ``serve`` for several workers, they are those of all workers.
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("losses_requests", "Requests answered", labels, registry=self.registry)
        self.seconds = Histogram("losses_request_seconds", "Seconds to an answer", labels[:2], registry=self.registry)
        self._in_flight = self._gauge("losses_requests_in_flight", "Requests that are being worked on, or wait")
        self._bytes = self._gauge("losses_body_bytes_in_flight", "Bytes of the bodies of these requests")

    def _gauge(self, name: str, says: str) -> Gauge:
        return Gauge(name, says, registry=self.registry, multiprocess_mode="livesum")

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """One more answer."""
        self.requests.labels(method, route, status).inc()
        self.seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """All of them, as Prometheus reads them."""
        self._in_flight.set(self._room.requests)
        self._bytes.set(self._room.bytes)
        registry = self.registry
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


class Observer:
    """The outermost layer: plain ASGI, so that bodies stream through it."""

    def __init__(self, app: ASGIApp, metrics: Metrics, access_log: bool = True) -> None:
        self.app, self.metrics, self.access_log = app, metrics, access_log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["request_id"] = identity = request_id(Headers(scope=scope).get("x-request-id", ""))
        begun, status = time.perf_counter(), 500

        async def tagged(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                timing = f"total;dur={1000 * (time.perf_counter() - begun):.1f}"
                own = {"X-Request-ID": identity, "Server-Timing": timing, **_SAFE}
                MutableHeaders(scope=message).update(own)
            await send(message)

        try:
            await self.app(scope, receive, tagged)
        finally:
            status = CLIENT_LEFT if scope.get("left") else status
            self._note(scope, identity, status, time.perf_counter() - begun)

    def _note(self, scope: Scope, identity: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "OTHER"
        route = getattr(scope.get("route"), "path", "unmatched")
        self.metrics.note(method, route, status, seconds)
        if not self.access_log:
            return
        line: dict[str, Any] = {"id": identity, "method": method, "route": route, "status": status}
        log.info(json.dumps(line | {"seconds": round(seconds, 6)}))


_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


def request_id(sent: str) -> str:
    """The id that a client sent, where it is a plain one, else a new one.

    >>> request_id("abc-123"), len(request_id("a b"))
    ('abc-123', 32)
    """
    return sent if _ID.fullmatch(sent) else uuid.uuid4().hex
