"""Every refusal is told in one form, explains itself, and shows nothing of what was sent."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from losses import errors as library
from losses.errors import LossesError
from service import errors as own
from service import routes
from service.problems import KINDS, MOST_ERRORS, STATUS, problem, slug, status_of
from service.replies import liked
from tests.serving import Inside

BODY = {"losses": ["mse"], "y_true": [1, 2], "y_pred": [1, 2]}


@pytest.fixture(scope="module")
def inside() -> Inside:
    return Inside(max_body_bytes=1000, max_json_values=50)


def told(reply: httpx.Response, status: int, name: str) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = reply.json()
    assert (found["type"], found["status"]) == (f"/problems/{name}", status)
    assert found["title"]
    assert found["detail"]
    return found


def test_every_error_of_the_library_and_the_service_has_a_status_and_a_page(inside: Inside) -> None:
    assert {LossesError, library.OutsideDomain, own.TooLarge} <= set(KINDS.values())
    for name, kind in KINDS.items():
        assert 400 <= status_of(kind("a sentence")) <= 503
        page = inside.get(f"/problems/{name}")
        assert page.status_code == 200
        assert kind.title in page.text


def test_the_table_of_statuses_holds_for_classes_below() -> None:
    assert status_of(library.MissingValues("x")) == STATUS[LossesError] == 422
    assert status_of(library.UnknownName("x", field="loss")) == 404
    assert status_of(library.UnknownName("x", field="metric")) == 422


def test_data_of_an_error_go_along_and_never_stand_in_for_its_members() -> None:
    reply = problem(library.InvalidShape("no", field="y", expected=[1], status=200, got=float("inf")))
    assert reply.status_code == 422
    assert b'"status":422' in reply.body
    assert b'"got":"inf"' in reply.body
    assert slug(library.InvalidShape) == "invalid-shape"


def test_an_unknown_loss_is_not_found_and_the_nearest_are_named(inside: Inside) -> None:
    found = told(inside.get("/v1/losses/huberr"), 404, "unknown-name")
    assert found["allowed"][0] == "huber"
    assert found["field"] == "loss"


@pytest.mark.parametrize(
    "address", ["/nowhere", "/v1/losse", "/v1/losses/a/b", "/v1/losses/..%2f..%2fetc", "/static/../x"]
)
def test_an_unknown_address_is_not_found(inside: Inside, address: str) -> None:
    assert inside.get(address).status_code == 404
    assert inside.get(address).headers["content-type"] == "application/problem+json"


def test_near_addresses_are_named(inside: Inside) -> None:
    assert "/v1/evaluations" in told(inside.get("/v1/evaluation"), 404, "unknown-path")["allowed"]
    assert "outside-domain" in told(inside.get("/problems/outside-domains"), 404, "unknown-path")["allowed"]


def test_a_wrong_method_is_refused_with_the_right_ones(inside: Inside) -> None:
    for method in ("GET", "PUT", "DELETE", "BREW"):
        reply = inside.request(method, "/v1/evaluations")
        assert told(reply, 405, "wrong-method")["allowed"] == ["POST"]
        assert reply.headers["allow"] == "POST"


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*, text/csv", "*/*;q=0"])
def test_a_reply_that_cannot_be_given_is_refused(inside: Inside, accept: str) -> None:
    for method, address in (("GET", "/v1/losses"), ("GET", "/v1/limits"), ("POST", "/v1/evaluations")):
        reply = inside.request(method, address, headers={"accept": accept}, json=BODY if method == "POST" else None)
        assert told(reply, 406, "not-acceptable")["allowed"][0] == "application/json"


@pytest.mark.parametrize(
    "accept", ["*/*", "application/*", "text/html, */*;q=0.1", "APPLICATION/JSON", "", "application/json;q=1"]
)
def test_a_reply_in_json_is_given_where_it_is_taken(inside: Inside, accept: str) -> None:
    assert liked(accept, "application/json")
    assert inside.get("/v1/limits", headers={"accept": accept}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=utf-16"},
        {"content-type": "application/json", "content-encoding": "br"},
        {"content-type": "application/json", "content-encoding": "gzip, gzip"},
        {"content-type": "application/x-python-pickle"},
        {},
    ],
)
def test_a_body_of_another_kind_is_refused_with_the_accepted_kinds(inside: Inside, headers: dict[str, str]) -> None:
    for address in ("/v1/evaluations", "/v1/profiles", "/v1/recommendations", "/v1/class-weights"):
        found = told(inside.post(address, content=b"{}", headers=headers), 415, "unsupported-media-type")
        assert {"application/json", "text/csv"} <= set(found["allowed"]) or "gzip" in found["allowed"]


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", "Application/JSON", 'application/json;charset="utf-8"']
)
def test_the_kind_of_a_body_may_be_spelled_as_http_allows(inside: Inside, kind: str) -> None:
    reply = inside.post("/v1/class-weights", content=b'{"counts": [1, 3]}', headers={"content-type": kind})
    assert reply.status_code == 200


def test_a_body_over_the_limit_is_refused_declared_or_not(inside: Inside) -> None:
    async def pieces() -> Any:
        for _ in range(100):
            yield b" " * 100

    for content in (b" " * 1001, pieces()):
        reply = inside.post("/v1/profiles", content=content, headers={"content-type": "application/json"})
        found = told(reply, 413, "too-large")
        assert (found["field"], found["allowed"]) == ("max_body_bytes", 1000)


def test_too_many_json_values_are_refused_and_a_file_is_proposed(inside: Inside) -> None:
    found = told(inside.json("/v1/profiles", b'{"target": [' + b"1," * 60 + b"1]}"), 413, "too-large")
    assert (found["field"], found["allowed"]) == ("max_json_values", 50)
    assert "file" in found["detail"]


def test_filters_that_do_not_exist_are_refused_with_a_pointer(inside: Inside) -> None:
    found = told(inside.get("/v1/losses?sparkle=yes"), 422, "invalid-request")
    assert found["errors"][0]["pointer"].endswith("/sparkle")
    assert len(
        told(inside.get("/v1/losses?" + "&".join(f"x{i}=1" for i in range(40))), 422, "invalid-request")["errors"]
    ) == (MOST_ERRORS)


def test_options_may_stand_beside_a_json_body_but_not_twice(inside: Inside) -> None:
    assert inside.post("/v1/evaluations?reduction=sum", json=BODY).json()["results"][0]["reduction"] == "sum"
    reply = inside.post("/v1/evaluations?reduction=sum", json={**BODY, "reduction": "mean"})
    assert told(reply, 422, "invalid-request")["field"] == "reduction"


def test_refusals_show_nothing_of_what_was_sent(inside: Inside) -> None:
    secret = "hunter2hunter2"
    bodies = [
        {**BODY, "reduction": 5, "missing": secret},
        {**BODY, "include": [5, {"a": secret}]},
        {"target": [1], "n": secret},
        {"target": [1], "costs": secret},
    ]
    for body in bodies:
        for address in ("/v1/evaluations", "/v1/recommendations"):
            assert secret not in inside.post(address, json=body).text
    broken = inside.json("/v1/evaluations", f'{{"losses": "{secret}", "y_true": {secret}}}'.encode())
    assert secret not in told(broken, 400, "malformed-json")["detail"]


def test_a_bug_is_told_by_an_id_alone(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(sent: Any) -> Any:
        raise ZeroDivisionError("secret 42")

    monkeypatch.setattr(routes, "evaluated", broken)
    reply = inside.post("/v1/evaluations", json=BODY, headers={"x-request-id": "case-7"})
    found = told(reply, 500, "internal-error")
    assert set(found) == {"type", "title", "status", "detail", "id"}
    assert found["id"] == reply.headers["x-request-id"] == "case-7"
    assert not re.search("secret|42|Zero", reply.text)


def test_too_many_bytes_of_headers_are_refused_with_the_limit() -> None:
    inside = Inside(max_header_bytes=1000)
    found = told(inside.get("/healthz", headers={"x": "a" * 1000}), 431, "headers-too-large")
    assert (found["field"], found["allowed"]) == ("max_header_bytes", 1000)
    assert inside.get("/v1/limits").json()["max_header_bytes"]["value"] == 1000


def test_head_is_answered_as_get_without_a_body(inside: Inside) -> None:
    for address in ("/healthz", "/readyz", "/v1/losses"):
        head, get = inside.request("HEAD", address), inside.get(address)
        assert (head.status_code, head.content) == (get.status_code, b"")
    assert inside.get("/v1/losses/").status_code == 404


def test_an_option_that_stands_twice_is_told_as_such(inside: Inside) -> None:
    reply = inside.csv("/v1/recommendations?metric=mae&metric=mse", "a\n1\n")
    assert "stands twice" in told(reply, 422, "invalid-request")["detail"]


def test_filters_with_values_that_no_loss_has_are_refused(inside: Inside) -> None:
    for query in ("task=nope", "framework=nope", "convex=maybe"):
        assert told(inside.get(f"/v1/losses?{query}"), 422, "unknown-name")["allowed"]
    assert all(row["convex"] != "no" for row in inside.get("/v1/losses?convex=true").json())
