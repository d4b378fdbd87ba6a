"""Who may ask: keys, how often each, and which web pages."""

from __future__ import annotations

import hmac
import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from typing import Any

import httpx
import pytest

from losses.errors import InvalidParameter
from service import keys
from service.keys import hashed
from service.server import serve
from service.settings import Settings, from_environment
from tests.serving import Inside, running

KEY, OTHER = "sesame-and-more", "another-key"
LOCKED = Inside(api_keys=[hashed(KEY), hashed(OTHER)])
OPEN = ("/", "/docs", "/openapi.json", "/healthz", "/readyz", "/problems/wrong-key", "/page/style.css")


def bearing(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_known_key_is_let_in() -> None:
    for key in (KEY, OTHER):
        assert LOCKED.get("/v1/limits", headers=bearing(key)).status_code == 200
        assert LOCKED.get("/metrics", headers={"authorization": f"bearer  {key} "}).status_code == 200


@pytest.mark.parametrize(
    "sent", ["", KEY, f"Basic {KEY}", "Bearer", "Bearer x", f"Bearer {KEY}x", f"Bearer {hashed(KEY)}", "Bearer é"]
)
def test_any_other_is_refused_and_told_how(sent: str) -> None:
    for method, path in (("GET", "/v1/limits"), ("POST", "/v1/profiles"), ("GET", "/metrics"), ("GET", "/v1/nowhere")):
        reply = LOCKED.request(method, path, headers={"authorization": sent.encode()})
        assert (reply.status_code, reply.json()["type"]) == (401, "/problems/wrong-key")
        assert reply.headers["www-authenticate"] == 'Bearer realm="losses"'
        assert KEY not in reply.text


def test_pages_and_health_need_no_key() -> None:
    assert {LOCKED.get(path).status_code for path in OPEN} <= {200, 503}
    assert Inside().get("/v1/limits").status_code == 200


def test_keys_are_compared_whole_and_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda a, b: seen.append((a, b)) or hmac.__name__ == "")
    assert LOCKED.get("/v1/limits", headers=bearing(KEY)).status_code == 401
    assert [known for known, _ in seen] == [hashed(KEY), hashed(OTHER)]


def test_one_key_may_ask_so_often_and_another_is_not_held_up() -> None:
    inside = Inside(api_keys=[hashed(KEY), hashed(OTHER)], requests_per_minute=3)
    assert [inside.get("/v1/limits", headers=bearing(KEY)).status_code for _ in range(4)] == [200, 200, 200, 429]
    reply = inside.get("/v1/limits", headers=bearing(KEY))
    assert 1 <= int(reply.headers["retry-after"]) <= 20
    assert (reply.json()["type"], reply.json()["allowed"]) == ("/problems/too-many-requests", 3)
    assert inside.get("/v1/limits", headers=bearing(OTHER)).status_code == 200


def test_tokens_come_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(keys.time, "monotonic", lambda: now)
    bucket = keys.Bucket(60)
    assert sum(bucket.take() == 0 for _ in range(100)) == 60
    assert bucket.take() == pytest.approx(1.0)
    now += 2.0
    assert [bucket.take() for _ in range(3)] == pytest.approx([0, 0, 1])


def test_a_key_is_made_with_its_hash_and_the_hash_is_all_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    with redirect_stdout(io.StringIO()) as told:
        keys.main()
    key, setting = re.findall(r": (\S+)\nLOSSES_API_KEYS=(\S+)", told.getvalue())[0]
    monkeypatch.setenv("LOSSES_API_KEYS", f"{setting}, {hashed(OTHER)}")
    assert from_environment().api_keys == (hashed(key), hashed(OTHER))


def test_a_key_that_was_not_hashed_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOSSES_API_KEYS", KEY)
    with pytest.raises(InvalidParameter, match="LOSSES_API_KEYS") as refusal:
        from_environment()
    assert KEY not in refusal.value.detail
    started = subprocess.run([sys.executable, "-m", "service"], capture_output=True, text=True, timeout=60, check=False)
    assert (started.returncode, len(started.stderr.splitlines())) == (2, 1)
    assert KEY not in started.stderr


def test_with_keys_it_listens_beyond_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.server._run", lambda server, listener: listener.close())
    with pytest.raises(InvalidParameter, match="LOSSES_API_KEYS"):
        serve(host="0.0.0.0", port=0)
    monkeypatch.setenv("LOSSES_API_KEYS", hashed(KEY))
    serve(host="0.0.0.0", port=0)


def test_keys_hold_on_a_real_port() -> None:
    with running(api_keys=hashed(KEY)) as found:
        assert httpx.get(f"{found.address}/v1/limits").status_code == 401
        assert httpx.get(f"{found.address}/v1/limits", headers=bearing(KEY)).status_code == 200
        assert KEY not in str(found.lines())


def test_no_web_page_may_ask_unless_it_is_named() -> None:
    asking = {"origin": "https://good.example", "access-control-request-method": "POST"}
    closed, opened = Inside(), Inside(allowed_origins=["https://good.example"], api_keys=[hashed(KEY)])
    assert "access-control-allow-origin" not in closed.get("/v1/losses", headers=asking).headers
    assert closed.request("OPTIONS", "/v1/profiles", headers=asking).status_code == 405
    told = opened.request(
        "OPTIONS", "/v1/profiles", headers={**asking, "access-control-request-headers": "authorization"}
    )
    assert (told.status_code, told.headers["access-control-allow-origin"]) == (200, "https://good.example")
    assert "authorization" in told.headers["access-control-allow-headers"].lower()
    refused = opened.get("/v1/losses", headers=asking)
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://good.example")
    evil = opened.get("/v1/losses", headers={**asking, **bearing(KEY), "origin": "https://evil.example"})
    assert "access-control-allow-origin" not in evil.headers


def test_origins_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOSSES_ALLOWED_ORIGINS", "https://a.example,https://b.example")
    assert Settings().allowed_origins == ("https://a.example", "https://b.example")
