"""Help for the tests of the service: the application in this process, and the service in one of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

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


@contextlib.contextmanager
def process(**environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The service as its own process on a free port; yields its address, stops it after."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "service", "--port", str(port)]
    found = subprocess.Popen(
        command, env=os.environ | {"LOSSES_ACCESS_LOG": "false"} | environment, stderr=subprocess.DEVNULL
    )
    try:
        yield _ready(f"http://127.0.0.1:{port}", found), found
    finally:
        found.terminate()
        found.wait(timeout=60)


def _ready(address: str, found: subprocess.Popen[bytes]) -> str:
    for _ in range(600):
        assert found.poll() is None, "the service stopped at its start"
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{address}/readyz", timeout=30).is_success:
                return address
        time.sleep(0.1)
    raise AssertionError("the service did not become ready")
