"""Two replicas behind nginx, as ``deploy`` has them, started without Docker: balance, limits, retries, drain."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx
import kubernetes_validate
import pytest
import yaml

from service.settings import Settings
from tests.serving import Running, answer, running

DEPLOY = Path(__file__).parents[1] / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
CONF = (DEPLOY / "nginx.conf").read_text()
MANIFEST = {part["kind"]: part for part in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}
BODY = {"losses": ["mse"], "y_true": [1, 2], "y_pred": [1, 4]}

needs_nginx = pytest.mark.skipif(
    shutil.which("nginx") is None, reason="nginx is not installed: apt install nginx-light"
)


class Deployed(NamedTuple):
    """Where nginx listens, and who stands behind it."""

    address: str
    replicas: tuple[Running, Running]


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployed]:
    with running(notice_seconds=0.5) as one, running(notice_seconds=0.5) as two, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        text = CONF.replace("/tmp/", f"{tmp_path}/").replace("listen 8080", f"listen 127.0.0.1:{port}")
        for name, replica in (("one", one), ("two", two)):
            text = text.replace(f"{name}:8000", f"127.0.0.1:{replica.port}")
        (tmp_path / "nginx.conf").write_text("user root;\n" + text)
        command = ["nginx", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-g", "daemon off;"]
        proxy = subprocess.Popen(command)
        try:
            address = f"http://127.0.0.1:{port}"
            _up(address)
            yield Deployed(address, (one, two))
        finally:
            proxy.terminate()
            proxy.wait(timeout=30)


def _up(address: str) -> None:
    for _ in range(100):
        try:
            assert httpx.get(f"{address}/readyz").is_success
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError("nginx did not come up")


def ask(address: str) -> int:
    reply = httpx.post(f"{address}/v1/evaluations", json=BODY, timeout=60)
    assert not reply.is_success or reply.json()["results"][0]["value"] == 2.0
    return reply.status_code


def answered(replica: Running) -> float:
    found = re.search(r'requests_total\{.*"/v1/evaluations".*\} (\S+)', httpx.get(f"{replica.address}/metrics").text)
    return float(found[1]) if found else 0.0


@needs_nginx
def test_both_replicas_have_their_share(deployed: Deployed) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, [deployed.address] * 40)) == {200}
    shares = [answered(replica) for replica in deployed.replicas]
    assert sum(shares) == 40
    assert min(shares) >= 8


@needs_nginx
def test_limits_are_told_as_the_service_tells_them(deployed: Deployed) -> None:
    host = b" HTTP/1.1\r\nHost: a\r\n"
    asked = [
        ("too-large", 413, b"POST /v1/profiles" + host + b"Content-Length: 300000000\r\n\r\n"),
        ("headers-too-large", 431, b"GET /healthz" + host + b"X: " + b"a" * 9000 + b"\r\n\r\n"),
        ("unsupported-media-type", 415, b"POST /v1/profiles" + host + b"Content-Length: 1\r\n\r\n{"),
    ]
    for name, status, text in asked:
        with socket.create_connection(("127.0.0.1", httpx.URL(deployed.address).port or 80), timeout=30) as connection:
            connection.sendall(text)
            reply = answer(connection)
            told = json.loads(reply.read())
        assert (reply.status, reply.getheader("content-type")) == (status, "application/problem+json")
        assert (told["type"], told["status"]) == (f"/problems/{name}", status)
    assert httpx.get(f"{deployed.address}/metrics").status_code == 404
    named = httpx.get(f"{deployed.address}/healthz", headers={"x-request-id": "abc-7"})
    assert named.headers["x-request-id"] == "abc-7"
    assert named.headers["server"] == "nginx"  # and no version


@needs_nginx
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_replica_that_goes_is_not_noticed(deployed: Deployed, how: signal.Signals) -> None:
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, deployed.address) for _ in range(150)]
        time.sleep(0.2)
        deployed.replicas[0].process.send_signal(how)
        assert {one.result() for one in asked} == {200}
    assert deployed.replicas[0].process.wait(timeout=30) in (0, -how)
    assert ask(deployed.address) == 200


@needs_nginx
def test_without_any_replica_it_is_told_when_to_try_again(deployed: Deployed) -> None:
    for replica in deployed.replicas:
        replica.process.kill()
        replica.process.wait()
    reply = httpx.post(f"{deployed.address}/v1/evaluations", json=BODY)
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    assert json.loads(reply.text)["type"] == "/problems/busy"


def test_nginx_and_the_service_have_the_same_limits() -> None:
    limits = Settings()
    assert f"client_max_body_size {limits.max_body_bytes >> 20}m" in CONF
    assert f"client_header_timeout {limits.header_seconds:g}s" in CONF
    assert f"client_body_timeout {limits.silence_seconds:g}s" in CONF
    assert float(re.findall(r"proxy_read_timeout (\d+)s", CONF)[0]) > limits.request_seconds


def test_the_compose_file_names_what_there_is() -> None:
    services = COMPOSE["services"]
    assert set(re.findall(r"server (\w+):8000", CONF)) == set(services) - {"proxy"}
    for name in set(services) - {"proxy"}:
        replica = services[name]
        assert (DEPLOY / replica["build"] / "Dockerfile").exists()
        assert replica["read_only"]
        limits = Settings()
        assert int(replica["stop_grace_period"].removesuffix("s")) > limits.notice_seconds + limits.drain_seconds + 2
        assert {key.removeprefix("LOSSES_").lower() for key in replica["environment"]} <= set(Settings.model_fields)
    source, target, _ = services["proxy"]["volumes"][0].split(":")
    assert ((DEPLOY / source).resolve(), target) == (DEPLOY / "nginx.conf", "/etc/nginx/nginx.conf")


@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("kind", MANIFEST)
def test_each_part_of_the_manifest_keeps_to_the_schema_of_kubernetes(kind: str, version: str) -> None:
    kubernetes_validate.validate(MANIFEST[kind], version, strict=True)


def test_the_manifest_names_what_there_is() -> None:
    template = MANIFEST["Deployment"]["spec"]["template"]
    container, limits = template["spec"]["containers"][0], Settings()
    assert template["spec"]["terminationGracePeriodSeconds"] > limits.notice_seconds + limits.drain_seconds + 2
    assert {row["name"].removeprefix("LOSSES_").lower() for row in container["env"]} <= set(Settings.model_fields)
    for kind in ("Service", "PodDisruptionBudget"):
        selector = MANIFEST[kind]["spec"]["selector"]
        assert selector.get("matchLabels", selector) == template["metadata"]["labels"]
    port = container["ports"][0]
    assert f"EXPOSE {port['containerPort']}" in (DEPLOY.parent / "Dockerfile").read_text()
    probes = {name: probe["httpGet"] for name, probe in container.items() if name.endswith("Probe")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/readyz", "readinessProbe": "/readyz", "livenessProbe": "/healthz",
    }  # fmt: skip
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
