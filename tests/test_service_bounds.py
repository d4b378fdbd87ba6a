"""What a client may take of the service: bytes, time and room, each with its limit; on real connections."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pyarrow as pa
import pytest
from uvicorn.protocols.http import httptools_impl

from service.media import ARROW
from service.protocol import Bounded
from service.settings import Settings
from tests.serving import Inside, Running, answer, heard, running

SILENCE, SECONDS = 0.6, 3.0
ENOUGH = SECONDS / 2 + SILENCE  # what a limit of SILENCE is over in, on a busy machine
POST = b"POST /v1/class-weights HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
EVALUATE = POST.replace(b"class-weights", b"evaluations") + b"X-Request-ID: leaver\r\nContent-Length: %d\r\n\r\n"
COUNTS = b'{"counts": [1, 3]}'
WEIGHTS = {"weights": [2.0, 0.6666666666666666]}


@pytest.fixture(scope="module")
def small() -> Iterator[Running]:
    limits = {"header_seconds": SILENCE, "silence_seconds": SILENCE, "request_seconds": SECONDS, "min_body_rate": 1000}
    with running(max_body_bytes=3_000_000, access_log=True, **limits) as found:
        yield found


@contextlib.contextmanager
def sending(service: Running, text: bytes) -> Iterator[socket.socket]:
    with service.connect() as connection:
        connection.sendall(text)
        yield connection


def refused(connection: socket.socket, status: int, name: str) -> dict[str, Any]:
    reply = answer(connection)
    told = json.loads(reply.read())
    assert (reply.status, reply.getheader("content-type")) == (status, "application/problem+json"), told
    assert told["type"] == f"/problems/{name}"
    return {**told, "retry": reply.getheader("retry-after")}


def sized(length: int) -> bytes:
    return POST + b"Content-Length: %d\r\n\r\n" % length


# ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("head", [b"G", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1000])
def test_headers_that_do_not_come_are_refused_and_the_connection_ends(small: Running, head: bytes) -> None:
    begun = time.monotonic()
    with sending(small, head) as connection:
        assert refused(connection, 408, "too-slow")["field"] == "header_seconds"
        assert heard(connection) == b""
    assert SILENCE * 0.9 < time.monotonic() - begun < SILENCE + ENOUGH


def test_headers_that_drip_gain_no_time(small: Running) -> None:
    begun = time.monotonic()
    with sending(small, b"GET / HTTP/1.1\r\n") as connection:
        connection.settimeout(0.05)
        while time.monotonic() < begun + 10:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b"X: 1\r\n")
            with contextlib.suppress(TimeoutError):
                assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
                break
    assert time.monotonic() - begun < SILENCE + ENOUGH


@pytest.mark.parametrize("text", [b"", b"\r\n"])
def test_a_connection_that_says_nothing_ends(small: Running, text: bytes) -> None:
    with sending(small, text) as connection:
        assert heard(connection) == b""


@pytest.mark.parametrize("length", [b"Content-Length: 100\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_that_falls_silent_is_refused(small: Running, length: bytes) -> None:
    begun = time.monotonic()
    piece = b"{" if b"Length" in length else b"1\r\n{\r\n"
    with sending(small, POST + length + piece) as connection:
        assert refused(connection, 408, "too-slow")["field"] == "silence_seconds"
        assert heard(connection) == b""
    assert SILENCE * 0.9 < time.monotonic() - begun < SILENCE + ENOUGH + 2.0


def test_a_body_that_drips_is_refused_though_it_is_never_silent(small: Running) -> None:
    begun = time.monotonic()
    with sending(small, sized(1_000_000)) as connection:
        connection.settimeout(0.05)
        reply = b""
        while not reply and time.monotonic() < begun + 10:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                reply = connection.recv(100)
    assert reply.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < SILENCE + ENOUGH


def test_a_body_that_is_not_there_in_the_time_of_a_request_is_refused(small: Running) -> None:
    with sending(small, sized(2_000_000)) as connection:
        begun = time.monotonic()
        while not select.select([connection], [], [], 0.1)[0] and time.monotonic() < begun + 20:
            connection.sendall(b" " * 1000)
        assert refused(connection, 408, "too-slow")["field"] == "request_seconds"


def test_a_slow_body_that_keeps_to_the_limits_is_answered(small: Running) -> None:
    with sending(small, sized(len(COUNTS))) as connection:
        for start in range(0, len(COUNTS), 6):
            time.sleep(0.1)
            connection.sendall(COUNTS[start : start + 6])
        assert json.loads(answer(connection).read()) == WEIGHTS


def test_an_answer_that_nobody_reads_is_given_up(small: Running) -> None:
    rows = [1.123456] * 100_000
    asked = {"losses": ["mse", "mae"] * 20, "reduction": "none", "y_true": rows, "y_pred": rows}
    text = json.dumps(asked).encode()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", small.port))
        connection.sendall(EVALUATE.replace(b"leaver", b"reader") % len(text) + text)
        until(lambda: not established(connection))


def established(connection: socket.socket) -> bool:
    """Whether the other side has not dropped a connection."""
    state: int = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state == 1


ENDLESS = {"losses": ["supcon"], "y_true": [i % 7 for i in range(40_000)], "y_pred": [[i, 1.5] for i in range(40_000)]}


def test_work_that_takes_too_long_is_given_up_and_refused(small: Running) -> None:
    begun = time.monotonic()
    reply = httpx.post(f"{small.address}/v1/evaluations", json=ENDLESS, timeout=60)
    assert (reply.status_code, reply.json()["type"]) == (503, "/problems/out-of-time")
    assert reply.headers["retry-after"] == "1"
    assert reply.json()["field"] == "request_seconds"
    assert SECONDS * 0.9 < time.monotonic() - begun < SECONDS + ENOUGH
    assert idle(small)


def test_a_client_that_leaves_stops_its_work(small: Running) -> None:
    text = json.dumps(ENDLESS).encode()
    with sending(small, EVALUATE % len(text) + text):
        time.sleep(0.5)
    assert idle(small)
    (told,) = [line for line in small.lines() if line.get("id") == "leaver"]
    assert told["status"] == 499
    assert told["seconds"] < SECONDS - 0.5


def idle(service: Running) -> bool:
    """Whether the process comes to rest: no thread of it computes."""
    for _ in range(40):
        before = spent(service)
        time.sleep(0.25)
        if spent(service) - before < 10:
            return True
    return False


def spent(service: Running) -> int:
    """Hundredths of seconds of processor time."""
    with open(f"/proc/{service.process.pid}/stat") as file:
        return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))


# ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "head",
    [
        b"X: " + b"a" * 1_000_000,
        b"".join(b"X-%d: %s\r\n" % (i, b"a" * 1000) for i in range(1000)),
        b"X: " + b"a" * 40_000 + b"\r\n\r\n",
    ],
)
def test_a_megabyte_of_headers_is_refused(small: Running, head: bytes) -> None:
    with small.connect() as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n" + head)
        assert refused(connection, 431, "headers-too-large")["field"] == "max_header_bytes"


def test_a_megabyte_of_address_is_refused(small: Running) -> None:
    with small.connect() as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b"GET /" + b"a" * 1_000_000)
        assert refused(connection, 431, "headers-too-large")


@pytest.mark.parametrize("more", [b"5;" + b"e" * 1_000_000, b"0\r\nX: " + b"a" * 1_000_000])
def test_megabytes_around_the_pieces_of_a_body_are_refused(small: Running, more: bytes) -> None:
    with small.connect() as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n" + more)
        assert refused(connection, 431, "headers-too-large")


def test_a_declared_body_over_the_limit_is_refused_before_it_comes(small: Running) -> None:
    for length in (b"3000001", b"9" * 18):
        with sending(small, POST + b"Content-Length: " + length + b"\r\nExpect: 100-continue\r\n\r\n") as connection:
            assert refused(connection, 413, "too-large")["field"] == "max_body_bytes"


def test_a_body_over_the_limit_is_refused_while_it_comes_and_not_read_for_ever(small: Running) -> None:
    begun = time.monotonic()
    chunked = POST + b"Transfer-Encoding: chunked\r\n\r\n"
    with sending(small, chunked) as connection, contextlib.suppress(ConnectionError):
        while time.monotonic() < begun + 20:
            connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
    assert time.monotonic() - begun < 10


def test_a_refused_body_that_ends_leaves_the_connection_to_the_next_request(small: Running) -> None:
    unread = b"POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
    with sending(small, unread) as connection:
        reply = answer(connection)
        reply.read()
        connection.sendall(b" " * 10 + sized(len(COUNTS)) + COUNTS)
        assert (reply.status, json.loads(answer(connection).read())) == (404, WEIGHTS)


# ── room ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def narrow() -> Iterator[Running]:
    with running(max_requests=2, max_bytes_in_flight=2000, drain_seconds=1) as found:
        yield found


def test_one_request_too_many_is_refused_and_health_answers(narrow: Running) -> None:
    with sending(narrow, sized(len(COUNTS))) as first, sending(narrow, sized(len(COUNTS))) as second:
        until(lambda: httpx.get(f"{narrow.address}/readyz").json() == {"status": "busy"})
        with sending(narrow, sized(len(COUNTS)) + COUNTS) as third:
            told = refused(third, 503, "busy")
            assert (told["field"], told["allowed"], told["retry"]) == ("max_requests", 2, "1")
        assert httpx.get(f"{narrow.address}/healthz").status_code == 200
        assert "losses_requests_in_flight 2.0" in httpx.get(f"{narrow.address}/metrics").text
        for connection in (first, second):
            connection.sendall(COUNTS)
            assert json.loads(answer(connection).read()) == WEIGHTS
    assert httpx.get(f"{narrow.address}/readyz").json() == {"status": "ready"}


def test_bytes_beyond_the_room_are_refused_whether_they_are_declared_or_come(narrow: Running) -> None:
    with sending(narrow, sized(1500) + b" " * 1400) as first:
        until(lambda: "body_bytes_in_flight 1400" in httpx.get(f"{narrow.address}/metrics").text)
        with sending(narrow, sized(700)) as second:
            assert refused(second, 503, "busy")["field"] == "max_bytes_in_flight"
        with sending(narrow, POST + b"Transfer-Encoding: chunked\r\n\r\n2bc\r\n" + b" " * 700 + b"\r\n") as third:
            assert refused(third, 503, "busy")["retry"] == "1"
        first.sendall(b" " * 82 + COUNTS)
        assert json.loads(answer(first).read()) == WEIGHTS
    assert "body_bytes_in_flight 0.0" in httpx.get(f"{narrow.address}/metrics").text


def test_a_stream_holds_only_what_was_not_yet_read(narrow: Running) -> None:
    with running(max_bytes_in_flight=20 << 20) as roomy, sending(roomy, sized(1500) + b" " * 1400) as first:
        for service in (roomy, narrow):  # beside another body, and alone however small the room
            address, headers = f"{service.address}/v1/evaluations?loss=mae", {"content-type": ARROW}
            told = httpx.post(address, content=long(), headers=headers, timeout=60)
            assert (told.status_code, told.json()["n"]) == (200, 3 << 20), told.text
        first.sendall(b" " * 82 + COUNTS)
        assert json.loads(answer(first).read()) == WEIGHTS


def long() -> Iterator[bytes]:
    """An Arrow stream of 48 MB."""
    batch = pa.record_batch({"y_true": np.zeros(1 << 16), "y_pred": np.ones(1 << 16)})
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        for _ in range(48):
            writer.write_batch(batch)
            yield sink.getvalue()
            sink.seek(0)
            sink.truncate()
    yield sink.getvalue()


def until(holds: Any) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come to pass")


# ── the way out ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_accepted_is_answered_and_a_slow_client_does_not_hold_the_process_up(workers: int) -> None:
    with (
        running("--workers", str(workers), drain_seconds=2, notice_seconds=0.5) as found,
        sending(found, sized(len(COUNTS))) as served,
        sending(found, sized(100) + b"{") as slow,
        found.connect() as silent,
    ):
        time.sleep(0.3)
        begun = time.monotonic()
        found.process.terminate()
        time.sleep(1.0)
        served.sendall(COUNTS)
        assert json.loads(answer(served).read()) == WEIGHTS
        assert heard(silent) == b""
        assert refused(slow, 503, "shutting-down")["retry"] == "1"
        assert found.process.wait(timeout=30) in (0, -15)
        assert time.monotonic() - begun < 2 + 0.5 + 2 + ENOUGH


def test_it_is_not_ready_before_it_stops_listening() -> None:
    with running(notice_seconds=1.5) as found:
        found.process.terminate()
        until(lambda: httpx.get(f"{found.address}/readyz").status_code == 503)
        reply = httpx.get(f"{found.address}/readyz")
        assert (reply.json(), reply.headers["connection"]) == ({"status": "shutting down"}, "close")
        assert httpx.get(f"{found.address}/healthz").status_code == 200
        assert found.process.wait(timeout=30) in (0, -15)


def test_work_without_end_does_not_outlive_the_limit() -> None:
    with running(drain_seconds=1) as found, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.post, f"{found.address}/v1/evaluations", json=ENDLESS, timeout=60)
        time.sleep(1.0)
        begun = time.monotonic()
        found.process.terminate()
        assert asked.result().json()["type"] == "/problems/shutting-down"
        assert found.process.wait(timeout=30) in (0, -15)
        assert time.monotonic() - begun < 1 + 2 + ENOUGH


# ── what all of it stands on ────────────────────────────────────────────────────────────────────────────────────────


def test_uvicorn_is_what_the_protocol_expects() -> None:
    for name, method in vars(Bounded).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            expected = inspect.signature(getattr(httptools_impl.HttpToolsProtocol, name))
            assert list(inspect.signature(method).parameters) == list(expected.parameters), name
    source = inspect.getsource(httptools_impl.HttpToolsProtocol)
    for promise in (
        "self.send_400_response(msg)",
        "self.timeout_keep_alive",
        "self.app_state",
        "on_response=self.on_response_complete",
    ):
        assert promise in source
    cycle = vars(httptools_impl.RequestResponseCycle(*[{}] * 10, lambda: None))
    assert {"response_complete", "more_body", "body", "disconnected", "flow", "transport"} <= set(cycle)
    assert httptools_impl.STATUS_LINE[431].startswith(b"HTTP/1.1 431 ")


def test_every_limit_is_told() -> None:
    told = Inside(max_body_bytes=7).get("/v1/limits").json()
    switches = {"access_log", "api_keys", "allowed_origins"}
    assert set(told) == set(Settings.model_fields) - switches
    assert told["max_body_bytes"] == {"value": 7, "says": "bytes in the body of a request"}
    assert all(row["says"] for row in told.values())
