"""``serve(...)``: the service as a process."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import math
import os
import socket
import tempfile

import uvicorn
from uvicorn.supervisors import Multiprocess

from losses.errors import InvalidParameter

from .logs import LOGGING
from .protocol import Bounded
from .settings import from_environment

log = logging.getLogger("uvicorn")

MARGIN = 2  # seconds beyond ``drain_seconds``, for refusals to arrive
BACKLOG = 2048  # connections that may wait to be taken
MOST_WORKERS = 1024
NOT_STARTED = 3


def serve(host: str = "127.0.0.1", port: int = 8000, workers: int = 1, insecure: bool = False) -> None:
    """Listen and answer until told to stop.

    Refuses to listen beyond this machine without keys, unless ``insecure`` says that this is meant.
    """
    settings = from_environment()
    if not (insecure or settings.api_keys or local(host)):
        raise InvalidParameter(
            f"{host} can be reached from other machines, and anyone there could use the service: set LOSSES_API_KEYS, "
            "or put it behind a proxy that asks who they are and say --insecure",
            field="host", got=host, allowed="127.0.0.1",
        )  # fmt: skip
    _whole("port", port, 0, 65535)
    _whole("workers", workers, 1, MOST_WORKERS)
    config = uvicorn.Config(
        "service.app:create_app",
        factory=True,
        workers=workers,
        http=Bounded,
        ws="none",
        lifespan="on",
        server_header=False,
        proxy_headers=False,
        access_log=False,
        log_config=LOGGING,
        timeout_graceful_shutdown=math.ceil(settings.drain_seconds) + MARGIN,
    )
    with bound(host, port) as listener:
        address, number, *_ = listener.getsockname()
        log.info("running on http://%s:%s", f"[{address}]" if ":" in address else address, number)
        _run(uvicorn.Server(config), listener)


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    if server.config.workers > 1:
        with tempfile.TemporaryDirectory(prefix="losses-metrics-") as shared:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", shared)
            Multiprocess(server.config, sockets=[listener]).run()
        return
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    if not server.started:
        raise SystemExit(NOT_STARTED)


def _whole(name: str, got: int, least: int, most: int) -> None:
    if not least <= got <= most:
        allowed = f"[{least}, {most}]"
        raise InvalidParameter(f"{name} must lie in {allowed}, got {got}", field=name, allowed=allowed, got=got)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at an address; raises InvalidParameter where that cannot be had."""
    try:
        family, *_, address = min(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE))
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        used = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        why = "it is in use; choose another --port" if used else getattr(error, "strerror", None) or "no such address"
        raise InvalidParameter(f"cannot listen on port {port} of {host}: {why}", field="port", got=port) from error


def local(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> local("127.0.0.1"), local("::1"), local("localhost"), local("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
