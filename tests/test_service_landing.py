"""Large bodies land where they are read: through a real server, with whatever comes before, behind and instead."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest
import uvicorn

from service.app import create_app
from service.landing import LARGE, Landing
from service.media import ARROW, JSON, NPZ
from service.settings import Settings
from tests.serving import Running, answer, heard, running

RNG = np.random.default_rng(3)
Y = RNG.normal(size=300_000)
Z = Y + RNG.normal(size=300_000)
MSE = float(np.mean((Y - Z) ** 2))
LAST = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def npz(y_true: Any, y_pred: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, y_true=y_true, y_pred=y_pred)
    return file.getvalue()


def arrow() -> bytes:
    sink, table = io.BytesIO(), pa.table({"y_true": Y, "y_pred": Z})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=70_000)
    return sink.getvalue()


def text() -> bytes:
    return json.dumps({"losses": ["mse"], "y_true": Y.tolist(), "y_pred": Z.tolist()}).encode()


BODIES = {NPZ: npz(Y, Z), ARROW: arrow(), JSON: text()}


def head(media: str, length: int, *more: str) -> bytes:
    address = "/v1/evaluations" + ("" if media == JSON else "?loss=mse")
    lines = [f"POST {address} HTTP/1.1", "Host: x", f"Content-Type: {media}", f"Content-Length: {length}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(silence_seconds=1, max_body_bytes=64 << 20) as found:
        yield found


@pytest.fixture(scope="module")
def plain() -> Iterator[int]:
    """The port of the same application behind uvicorn as it comes, on the loop of the standard library."""
    app = create_app(Settings(access_log=False))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, http="httptools", loop="asyncio", log_level="warning")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def answers(connection: socket.socket) -> list[tuple[int, Any]]:
    """The status and the value of each answer until the connection ends."""
    found = []
    for text in heard(connection).split(b"HTTP/1.1 ")[1:]:
        top, _, body = text.partition(b"\r\n\r\n")
        told = json.loads(body) if body.startswith(b"{") else {}
        found.append((int(top[:3]), told["results"][0]["value"] if "results" in told else told.get("type")))
    return found


RIGHT = (200, pytest.approx(MSE, rel=1e-12))


@pytest.mark.parametrize("media", BODIES)
@pytest.mark.parametrize("cut", [0, 1, 100_000, LARGE, -1], ids=lambda cut: f"cut at {cut}")
def test_a_large_body_is_read_right_and_the_next_request_behind_it_too(server: Running, media: str, cut: int) -> None:
    body = BODIES[media]
    assert len(body) > 4 * LARGE
    with server.connect() as connection:
        connection.sendall(head(media, len(body)) + body[:cut])
        connection.sendall(body[cut:] + head(media, len(body)) + body + LAST)
        assert answers(connection) == [RIGHT, RIGHT, (200, None)]


@pytest.mark.parametrize("media", BODIES)
def test_uvicorn_as_it_comes_does_the_same_on_the_loop_of_the_standard_library(
    plain: int, media: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    body, landed = BODIES[media], []
    complete = Landing._complete
    monkeypatch.setattr(Landing, "_complete", lambda self: landed.append(self) or complete(self))
    with socket.create_connection(("127.0.0.1", plain), timeout=30) as connection:
        connection.sendall(2 * (head(media, len(body)) + body) + LAST)
        assert answers(connection) == [RIGHT, RIGHT, (200, None)]
    assert len(landed) == 2


def test_a_client_that_waits_for_continue_is_told_so_first(server: Running) -> None:
    body = BODIES[NPZ]
    with server.connect() as connection:
        connection.sendall(head(NPZ, len(body), "Expect: 100-continue"))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body + LAST)
        assert answers(connection) == [RIGHT, (200, None)]


def test_a_stream_refused_in_the_middle_leaves_the_connection_to_the_next_request(server: Running) -> None:
    body = bytearray(BODIES[ARROW])
    body[len(body) // 4 : len(body) // 2] = bytes(len(body) // 2 - len(body) // 4)
    sent = 3 * len(body) // 4
    with server.connect() as connection:
        connection.sendall(head(ARROW, len(body)) + body[:sent])
        reply = answer(connection)
        assert (reply.status, json.loads(reply.read())["type"]) == (422, "/problems/unreadable-file")
        connection.sendall(body[sent:] + LAST)
        assert answers(connection) == [(200, None)]


@pytest.mark.parametrize("media", BODIES)
def test_a_large_body_that_falls_silent_is_refused_and_one_that_breaks_off_harms_nobody(
    server: Running, media: str
) -> None:
    body = BODIES[media]
    with server.connect() as connection:
        connection.sendall(head(media, len(body)) + body[: len(body) // 2])
        assert answers(connection) == [(408, "/problems/too-slow")]
    with server.connect() as connection:
        connection.sendall(head(media, len(body)) + body[: len(body) // 2])
    with server.connect() as connection:
        connection.sendall(head(media, len(body)) + body + LAST)
        assert answers(connection) == [RIGHT, (200, None)]


def test_a_body_in_chunks_or_below_the_size_takes_the_usual_way(server: Running) -> None:
    body, small = BODIES[NPZ], npz(Y[:10], Z[:10])
    pieces = [body[i : i + LARGE] for i in range(0, len(body), LARGE)]
    chunked = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    top = head(NPZ, 0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    with server.connect() as connection:
        connection.sendall(top + chunked + head(NPZ, len(small)) + small + LAST)
        expected = float(np.mean((Y[:10] - Z[:10]) ** 2))
        assert answers(connection) == [RIGHT, (200, pytest.approx(expected, rel=1e-12)), (200, None)]
