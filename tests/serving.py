"""Help for the tests of the service: the application in this process, and the service in one of its own."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import httpx

from service.app import create_app
from service.settings import Settings


class Inside:
    """Requests to an application in this process, without a network."""

    def __init__(self, **limits: Any) -> None:
        self.app = create_app(Settings(access_log=False, **limits))

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
                return await client.request(method, url, **options)

        return asyncio.run(ask())

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.request("POST", url, **options)

    def json(self, url: str, text: bytes) -> httpx.Response:
        return self.post(url, content=text, headers={"content-type": "application/json"})

    def csv(self, url: str, text: str | bytes) -> httpx.Response:
        return self.post(url, content=text, headers={"content-type": "text/csv"})


@dataclass
class Running:
    """The service as a process of its own."""

    port: int
    process: subprocess.Popen[bytes]
    log: IO[bytes]

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> socket.socket:
        """A bare connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged so far."""
        self.log.seek(0)
        return [json.loads(line) for line in self.log.read().splitlines()]


@contextlib.contextmanager
def running(*options: str, **environment: Any) -> Iterator[Running]:
    """The service as its own process on a free port, ready; stopped after. ``max_requests=4`` is a setting."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {f"LOSSES_{name.upper()}": str(value) for name, value in ({"notice_seconds": 0} | environment).items()}
    command = [sys.executable, "-m", "service", "--port", str(port), *options]
    with tempfile.TemporaryFile() as log:
        found = Running(port, subprocess.Popen(command, env=os.environ | given, stderr=log), log)
        try:
            _ready(found)
            yield found
        finally:
            found.process.terminate()
            found.process.wait(timeout=60)


@contextlib.contextmanager
def process(**environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of the service as its own process, and that process."""
    settings = {name.removeprefix("LOSSES_").lower(): value for name, value in environment.items()}
    with running(**settings) as found:
        yield found.address, found.process


def _ready(found: Running) -> None:
    for _ in range(600):
        assert found.process.poll() is None, "the service stopped at its start"
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{found.address}/readyz", timeout=30).is_success:
                return
        time.sleep(0.1)
    raise AssertionError("the service did not become ready")


def heard(connection: socket.socket) -> bytes:
    """All that comes until the other side hangs up."""
    found = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            found += piece
    return bytes(found)


def answer(connection: socket.socket) -> http.client.HTTPResponse:
    """The next answer on a connection."""
    found = http.client.HTTPResponse(connection)
    found.begin()
    return found
