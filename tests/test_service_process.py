"""The service as a process of its own, on a real port, with real connections."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from pydantic import ValidationError

import losses
from losses.errors import InvalidParameter
from service.examples import EXAMPLES
from service.server import local, serve
from service.settings import Settings
from tests.serving import process, running


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with process(LOSSES_MAX_BODY_BYTES="1000000") as (found, _):
        yield found


def test_the_service_is_alive_and_ready(address: str) -> None:
    assert httpx.get(f"{address}/healthz").json() == {"status": "alive"}
    assert httpx.get(f"{address}/readyz").json() == {"status": "ready"}


def test_the_service_does_not_say_what_it_runs_on(address: str) -> None:
    assert "server" not in httpx.get(f"{address}/healthz").headers


def test_limits_come_from_the_environment(address: str) -> None:
    assert httpx.get(f"{address}/v1/limits").json()["max_body_bytes"]["value"] == 1_000_000


def test_every_example_runs_over_the_wire(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        for example in EXAMPLES:
            headers = {} if example.body is None else {"content-type": example.media}
            reply = client.request(example.method, example.url, content=example.content.encode(), headers=headers)
            assert reply.status_code == 200, reply.text


def test_requests_at_the_same_time_do_not_mix(address: str) -> None:
    with httpx.Client(base_url=address) as client, ThreadPoolExecutor(16) as pool:

        def ask(shift: int) -> float:
            body = {"losses": ["mse", "mae"], "y_true": [0.0] * 200, "y_pred": [float(shift)] * 200}
            found: float = client.post("/v1/evaluations", json=body, timeout=60).json()["results"][0]["value"]
            return found

        assert list(pool.map(ask, range(80))) == [float(shift**2) for shift in range(80)]


def test_a_body_over_the_limit_is_refused_while_it_comes(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        headers = {"content-type": "application/json"}
        chunked = client.post("/v1/profiles", content=(b" " * 1000 for _ in range(1200)), headers=headers)
        assert chunked.status_code == 413
        assert client.post("/v1/profiles", content=b" " * 1_000_001, headers=headers).status_code == 413
        assert client.get("/healthz").status_code == 200


def test_health_answers_while_a_body_is_coming(address: str) -> None:
    half, done = threading.Event(), threading.Event()

    def pieces() -> Iterator[bytes]:
        yield b'{"counts": [1, '
        half.set()
        done.wait(timeout=60)
        yield b"3]}"

    headers = {"content-type": "application/json"}
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(httpx.post, f"{address}/v1/class-weights", content=pieces(), headers=headers, timeout=60)
        assert half.wait(timeout=60)
        assert httpx.get(f"{address}/healthz").status_code == 200
        done.set()
        assert slow.result().json() == {"weights": losses.class_weights([1, 3])}


@pytest.mark.parametrize(
    "text",
    [
        b"GARBAGE\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /v1/profiles HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(address: str, text: bytes) -> None:
    host, port = httpx.URL(address).host, httpx.URL(address).port
    with socket.create_connection((host, port or 80), timeout=60) as connection:
        connection.sendall(text)
        assert connection.recv(100).split(b"\r\n")[0].split()[1] in (b"400", b"404")
    assert httpx.get(f"{address}/healthz").status_code == 200


def test_a_client_that_leaves_in_the_middle_harms_nobody(address: str) -> None:
    host, port = httpx.URL(address).host, httpx.URL(address).port
    head = b"POST /v1/profiles HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    for _ in range(5):
        with socket.create_connection((host, port or 80), timeout=60) as connection:
            connection.sendall(head)
    assert httpx.get(f"{address}/readyz").status_code == 200


def test_the_process_stops_when_it_is_told_to() -> None:
    with process() as (address, running):
        assert httpx.get(f"{address}/healthz").is_success
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) in (0, -signal.SIGTERM)


def test_each_request_leaves_one_line_without_values() -> None:
    with running(access_log=True) as found:
        secret = {"authorization": "Bearer secret", "x-request-id": "order-66"}
        assert httpx.get(f"{found.address}/v1/losses/secret-name?secret=1", headers=secret).status_code == 404
        found.process.terminate()
        found.process.wait(timeout=60)  # a line may follow its answer
        lines = found.lines()
    (told,) = [line for line in lines if line.get("status") == 404]
    assert told.keys() == {"time", "level", "logger", "id", "method", "route", "status", "seconds"}
    assert (told["id"], told["route"], told["level"]) == ("order-66", "/v1/losses/{loss}", "info")
    assert any("running on http://127.0.0.1:" in line.get("message", "") for line in lines)
    assert "secret" not in str(lines)


@pytest.mark.parametrize("sent", ["x" * 65, "a b", "<script>", "é", ""])
def test_an_id_that_is_not_a_plain_one_is_replaced(address: str, sent: str) -> None:
    found = httpx.get(f"{address}/healthz", headers={"x-request-id": sent.encode()}).headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", found)


def test_it_does_not_listen_beyond_this_machine_unless_that_is_meant() -> None:
    for host in ("0.0.0.0", "::", "192.168.0.7", "example.org"):
        assert not local(host)
        with pytest.raises(InvalidParameter, match="--insecure"):
            serve(host=host)
    found = subprocess.run(
        [sys.executable, "-m", "service", "--host", "0.0.0.0"], capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode == 2
    assert len(found.stderr.splitlines()) == 1


def test_limits_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(max_body_bytes=0)


def test_a_port_in_use_and_numbers_out_of_range_are_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for options in ({"port": taken.getsockname()[1]}, {"port": 99999999}, {"workers": 0}):
            with pytest.raises(InvalidParameter):
                serve(**options)


def test_metrics_are_those_of_all_workers_and_name_no_address() -> None:
    with running("--workers", "2") as found:
        for i in range(20):
            assert httpx.get(f"{found.address}/v1/losses/huber?x={i}").status_code == 200
            assert httpx.get(f"{found.address}/v1/losses/secret{i}").status_code == 404
        told = [httpx.get(f"{found.address}/metrics").text for _ in range(4)]
    for text in told:
        for status in ("200", "404"):
            assert f'losses_requests_total{{method="GET",route="/v1/losses/{{loss}}",status="{status}"}} 20.0' in text
        assert "secret" not in text
