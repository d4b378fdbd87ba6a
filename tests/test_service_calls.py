"""Every call of the contract answers, as its schema says, with what the library says."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

import losses
from losses.advice import recommend
from losses.catalogue import LOSSES, row
from losses.profile.questions import between
from service import told
from service.examples import EXAMPLES, Example
from service.routes import v1
from tests.serving import Inside

Y_TRUE, Y_PRED = [3, -0.5, 2, 7], [2.5, 0.0, 2, 8]
REPLIES: dict[str, Any] = {
    "/v1/losses": list[told.LossRow],
    "/v1/losses/{loss}": told.LossRow,
    "/v1/profiles": told.ProfileReply | told.ColumnsReply,
    "/v1/recommendations": told.RecommendationReply,
    "/v1/drift": told.DriftReply,
    "/v1/evaluations": told.EvaluationReply,
    "/v1/comparisons": told.ComparisonReply,
    "/v1/class-weights": told.ClassWeightReply,
    "/v1/limits": dict[str, told.LimitRow],
}


@pytest.fixture(scope="module")
def inside() -> Inside:
    return Inside()


@pytest.fixture(scope="module")
def schema(inside: Inside) -> dict[str, Any]:
    found: dict[str, Any] = inside.get("/openapi.json").json()
    return found


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.path}: {e.says}")
def test_every_example_runs_and_its_reply_is_what_the_schema_says(inside: Inside, example: Example) -> None:
    headers = {} if example.body is None else {"content-type": example.media}
    reply = inside.request(example.method, example.url, content=example.content.encode(), headers=headers)
    assert reply.status_code == (503 if example.path == "/readyz" else 200), reply.text
    if example.path in REPLIES:
        kind = TypeAdapter(REPLIES[example.path])
        told = kind.dump_python(kind.validate_python(reply.json()), exclude_unset=True)
        assert told == reply.json()


def test_every_operation_has_an_example_and_every_example_stands_in_the_schema(schema: dict[str, Any]) -> None:
    operations = {(method, path) for path, methods in schema["paths"].items() for method in methods}
    assert operations == {example.operation for example in EXAMPLES}
    for example in (e for e in EXAMPLES if e.body is not None):
        body = schema["paths"][example.path][example.method]["requestBody"]["content"][example.media]
        assert body["examples"][example.says]["value"] == example.body


def test_every_link_in_the_schema_leads_somewhere(schema: dict[str, Any]) -> None:
    links = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(schema)))
    assert links <= set(schema["components"]["schemas"])
    assert "ref:" not in json.dumps(schema)
    assert "$defs" not in json.dumps(schema)


@pytest.mark.parametrize("kind", LOSSES.values(), ids=LOSSES)
def test_every_loss_stands_in_the_schema_with_its_parameters(schema: dict[str, Any], kind: type[losses.Loss]) -> None:
    told = schema["components"]["schemas"][kind.__name__]
    assert set(told["properties"]) == {"loss", *kind.params()}
    assert {"$ref": f"#/components/schemas/{kind.__name__}"} in schema["components"]["schemas"]["Loss"]["anyOf"]


def test_the_schema_gives_the_bounds_of_parameters(schema: dict[str, Any]) -> None:
    tau = schema["components"]["schemas"]["Quantile"]["properties"]["tau"]
    bounds = {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
    assert tau["anyOf"] == [
        {"type": "number", **bounds},
        {"type": "array", "minItems": 1, "items": {"type": "number", **bounds}},
    ]
    assert tau["default"] == 0.5


def test_the_catalogue_is_the_librarys(inside: Inside) -> None:
    assert inside.get("/v1/losses").json() == losses.catalogue()
    asked = {"task": "regression", "robust": "yes", "framework": "lightgbm"}
    assert inside.get("/v1/losses", params=asked).json() == losses.catalogue(**asked)
    assert inside.get("/v1/losses", params={"unit": "target²"}).json()


def test_a_loss_is_found_by_id_and_by_alias(inside: Inside) -> None:
    huber = inside.get("/v1/losses/huber")
    assert huber.json() == row(LOSSES["huber"])
    assert inside.get("/v1/losses/pinball").json()["id"] == "quantile"


def test_the_catalogue_has_an_etag_and_is_not_sent_twice(inside: Inside) -> None:
    first = inside.get("/v1/losses")
    again = inside.get("/v1/losses", headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert inside.get("/v1/losses?task=boxes").headers["etag"] != first.headers["etag"]


def evaluate(inside: Inside, **body: Any) -> Any:
    reply = inside.post("/v1/evaluations", json=body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_an_evaluation_is_the_librarys(inside: Inside) -> None:
    asked = ["mse", {"loss": "huber", "delta": 1.35}, "0.5*mse+0.5*mae"]
    found = evaluate(inside, losses=asked, y_true=Y_TRUE, y_pred=Y_PRED, sample_weight=[1, 2, 1, 0.5])
    assert found == losses.evaluate(asked, Y_TRUE, Y_PRED, [1, 2, 1, 0.5]).to_dict()


def test_results_carry_the_form_in_which_their_loss_was_asked_for(inside: Inside) -> None:
    asked = ["mse", "huber:delta=1.35", {"loss": "huber", "delta": 1.0}]
    found = evaluate(inside, losses=asked, y_true=Y_TRUE, y_pred=Y_PRED)
    told = [row["loss"] for row in found["results"]]
    assert told == ["mse", {"loss": "huber", "delta": 1.35}, {"loss": "huber", "delta": 1.0}]


@pytest.mark.parametrize("key", ["loss", "losses"])
def test_one_loss_needs_no_list(inside: Inside, key: str) -> None:
    found = evaluate(inside, **{key: {"loss": "mse"}}, y_true=Y_TRUE, y_pred=Y_PRED)
    assert found["results"][0]["value"] == 0.375


def test_losses_of_every_row_and_gradients_come_as_arrays(inside: Inside) -> None:
    found = evaluate(inside, losses="mse", y_true=Y_TRUE, y_pred=Y_PRED, reduction="none", include=["gradient"])
    assert found["results"][0]["value"] == [0.25, 0.25, 0.0, 1.0]
    assert found["results"][0]["gradient"] == [-1.0, 1.0, 0.0, 2.0]


def test_losses_of_several_inputs_take_an_object_of_arrays(inside: Inside) -> None:
    heads = {"mean": Y_PRED, "var": [1, 1, 2, 0.5]}
    found = evaluate(inside, losses=["gaussian_nll"], y_true=Y_TRUE, y_pred=heads, include=["gradient"])
    assert set(found["results"][0]["gradient"]) == {"mean", "var"}


def test_losses_without_a_target_take_none(inside: Inside) -> None:
    rows = [[1.0, 0.0], [0.0, 1.0]]
    y_pred = {"anchor": rows, "positive": rows, "negative": rows[::-1]}
    found = evaluate(inside, losses=["triplet"], y_pred=y_pred)
    assert found["results"][0]["value"] == losses.get("triplet")(None, y_pred)


def test_missing_rows_are_dropped_where_that_is_asked_for(inside: Inside) -> None:
    found = evaluate(inside, losses=["mse"], y_true=[1, None, 3], y_pred=[1, 2, 4], missing="drop")
    assert (found["n"], found["results"][0]["value"]) == (2, 0.5)
    assert found["results"][0]["warnings"][0]["code"] == "MISSING_DROPPED"


def test_a_result_that_json_cannot_hold_is_null_with_a_warning(inside: Inside) -> None:
    found = evaluate(inside, losses=["mse"], y_true=[1e300], y_pred=[-1e300])["results"][0]
    assert found["value"] is None
    assert found["warnings"][0]["code"] == "NON_FINITE"


def test_csv_evaluates_as_json_does(inside: Inside) -> None:
    text = "id,y_true,y_pred,sample_weight\na,3,2.5,1\nb,-0.5,0,2\nc,2,2,1\nd,7,8,0.5\n"
    found = inside.csv("/v1/evaluations?loss=mse&loss=huber:delta=1.35&reduction=sum", text).json()
    assert found == losses.evaluate(["mse", "huber:delta=1.35"], Y_TRUE, Y_PRED, [1, 2, 1, 0.5], "sum").to_dict()


def test_csv_columns_with_dots_are_the_parts_of_a_prediction(inside: Inside) -> None:
    heads = inside.csv("/v1/evaluations?loss=gaussian_nll", "y_pred.var,y_true,y_pred.mean\n1,3,2.5\n2,1,1\n").json()
    value = losses.get("gaussian_nll")([3, 1], {"mean": [2.5, 1], "var": [1, 2]})
    assert heads["results"][0]["value"] == value
    text = "y_true,y_pred.1,y_pred.0\n0,1,2\n1,1,-inf\n"
    logits = inside.csv("/v1/evaluations?loss=cross_entropy", text).json()
    assert logits["results"][0]["value"] == losses.get("cross_entropy")([0, 1], [[2, 1], [-np.inf, 1]])


def test_csv_rows_that_are_missing_are_refused_or_dropped(inside: Inside) -> None:
    text = "y_true,y_pred\n1,1\nNA,2\n3,4\n"
    assert inside.csv("/v1/evaluations?loss=mse", text).json()["type"] == "/problems/missing-values"
    assert inside.csv("/v1/evaluations?loss=mse&missing=drop", text).json()["n"] == 2


TARGET = [12.5, 9.9, None, 31.0, 8.75, 14.2, 250.0, 11.1, 19.99, 7.4, 16.3]


def test_a_profile_is_the_librarys(inside: Inside) -> None:
    weights = [1.0] * 10 + [2.0]
    asked = {"target": TARGET, "name": "price", "sample_weight": weights}
    found = inside.post("/v1/profiles", json=asked).json()
    expected = losses.profile(TARGET, name="price", sample_weight=weights)
    assert losses.Profile.from_dict(found["profile"]) == expected
    assert found["readings"] == expected.readings()
    assert found["kinds"] == [kind.to_dict() for kind in expected.kinds]


def test_every_kind_comes_with_the_question_that_would_settle_it_against_its_rival(inside: Inside) -> None:
    levels = [1, 2, 3, 4, 5] * 8
    found = inside.post("/v1/profiles", json={"target": levels}).json()["kinds"]
    assert len(found) > 1
    assert all(kind["question"] == between(kind["id"], kind["rival"]) for kind in found)
    assert found[0]["question"].endswith("?")
    column = inside.post("/v1/profiles", json={"columns": {"y": levels}}).json()["columns"]["y"]
    assert [kind["question"] for kind in column["kinds"]] == [kind["question"] for kind in found]
    constant = inside.post("/v1/profiles", json={"target": [7, 7]}).json()["kinds"]
    assert [kind["question"] for kind in constant] == [None]


def test_the_schema_declares_the_question_of_a_kind(schema: dict[str, Any]) -> None:
    row = schema["components"]["schemas"]["KindRow"]
    assert row["properties"]["question"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert "question" in row["required"]


def test_a_private_profile_has_no_extremes(inside: Inside) -> None:
    found = inside.post("/v1/profiles", json={"target": TARGET * 20, "private": True}).json()
    assert found["profile"]["private"] is True


@pytest.mark.parametrize(
    ("query", "text"),
    [("", "target\n1\n2\n"), ("", "only\n1\n2\n"), ("?column=b", "a,b\nx,1\ny,2\n"), ("", "a,target\nx,1\ny,2\n")],
)
def test_a_column_of_a_csv_file_is_named_or_target_or_the_only_one(inside: Inside, query: str, text: str) -> None:
    assert inside.csv(f"/v1/profiles{query}", text).json()["readings"]["mean"] == 1.5


def test_csv_profiles_take_weights_from_a_column(inside: Inside) -> None:
    found = inside.csv("/v1/profiles?column=a&weight=w", "a,w\n1,1\n3,3\n").json()
    assert found["readings"]["mean"] == 2.5


def test_a_table_is_profiled_column_by_column(inside: Inside) -> None:
    columns = {"price": TARGET, "empty": [None] * 3, "sold": ["yes", "no", "yes"]}
    found = inside.post("/v1/profiles", json={"columns": columns}).json()["columns"]
    assert {name: told["profile"]["n"] for name, told in found.items()} == {"price": 10, "empty": 0, "sold": 3}
    assert found["sold"]["kinds"][0]["id"] == "binary"
    assert set(inside.csv("/v1/profiles", "a,b\n1,x\n2,y\n").json()["columns"]) == {"a", "b"}


def test_a_recommendation_is_the_librarys(inside: Inside) -> None:
    wishes: dict[str, Any] = {"metric": "mae", "framework": "lightgbm", "n": 3, "require": ["convex"]}
    found = inside.post("/v1/recommendations", json={"target": TARGET, "name": "price", **wishes}).json()
    expected = recommend(TARGET, name="price", **wishes).to_dict()
    assert found == json.loads(json.dumps(expected))


def test_a_profile_stands_for_its_target(inside: Inside) -> None:
    profile = inside.post("/v1/profiles", json={"target": TARGET, "name": "price"}).json()["profile"]
    by_profile = inside.post("/v1/recommendations", json={"profile": profile, "metric": "rmse"}).json()
    by_target = inside.post("/v1/recommendations?metric=rmse", json={"target": TARGET, "name": "price"}).json()
    assert by_profile == by_target


def test_a_drift_is_the_librarys(inside: Inside) -> None:
    rng = np.random.default_rng(0)
    p, q = losses.profile(rng.gamma(2, 3, 400), name="price"), losses.profile(rng.normal(9, 3, 300), name="price")
    wishes: dict[str, Any] = {"goal": "quantile@0.9", "model": "boosting", "require": ["convex"]}
    found = inside.post("/v1/drift", json={"before": p.to_dict(), "after": q.to_dict(), **wishes})
    assert found.json() == json.loads(json.dumps(losses.drift(p, q, **wishes).to_dict()))
    assert "support" in [change["id"] for change in found.json()["changes"]]
    by_query = inside.post("/v1/drift?metric=mae", json={"before": p.to_dict(), "after": q.to_dict(private=True)})
    assert by_query.json()["advice"]["metric"] == "mae"
    costs = inside.post("/v1/drift?costs.under=3&costs.over=1", json={"before": p.to_dict(), "after": q.to_dict()})
    assert costs.json()["advice"]["before"].startswith("quantile")


def test_a_drift_takes_json_alone(inside: Inside, schema: dict[str, Any]) -> None:
    told = inside.csv("/v1/drift", "before,after\n1,2\n").json()
    assert (told["type"], told["status"], told["allowed"]) == (
        "/problems/unsupported-media-type", 415, ["application/json"],
    )  # fmt: skip
    operation = schema["paths"]["/v1/drift"]["post"]
    assert list(operation["requestBody"]["content"]) == ["application/json"]
    assert operation["requestBody"]["content"]["application/json"]["schema"]["required"] == ["before", "after"]
    assert {p["name"] for p in operation["parameters"]}.isdisjoint({"before", "after", "n", "profile"})


def test_options_of_a_file_stand_in_the_query_string(inside: Inside) -> None:
    text = "demand\n" + "".join(f"{value}\n" for value in range(1, 40))
    query = "column=demand&costs.under=3&costs.over=1&require=convex&require=robust&n=2"
    found = inside.csv(f"/v1/recommendations?{query}", text).json()
    expected = recommend(
        [float(v) for v in range(1, 40)],
        costs={"under": 3, "over": 1},
        require=["convex", "robust"],
        n=2,
        name="demand",
    )
    assert [row["spec"] for row in found["ranked"]] == [str(row.loss) for row in expected.ranked]


def test_a_task_alone_is_enough_for_a_recommendation(inside: Inside) -> None:
    found = inside.post("/v1/recommendations", json={"task": "segmentation", "metric": "dice"}).json()
    assert "dice" in found["ranked"][0]["spec"]


def test_class_weights_are_the_librarys(inside: Inside) -> None:
    asked = {"counts": [1000, 100, 10], "scheme": "effective_number", "beta": 0.99}
    assert inside.post("/v1/class-weights", json=asked).json() == {
        "weights": losses.class_weights([1000, 100, 10], "effective_number", 0.99)
    }
    target = {"target": ["b", "a", "b", "b"]}
    weights = {"weights": losses.class_weights([1, 3]), "classes": ["a", "b"]}
    assert inside.post("/v1/class-weights", json=target).json() == weights
    assert inside.post("/v1/class-weights", json={"counts": {"a": 1, "b": 3}}).json() == weights
    assert inside.csv("/v1/class-weights?column=y", "x,y\n1,b\n1,a\n1,b\n1,b\n").json() == weights


def test_limits_are_shown_with_what_they_mean(inside: Inside) -> None:
    shown = Inside(max_losses=7).get("/v1/limits").json()
    assert shown["max_losses"] == {"value": 7, "says": "losses in one evaluation"}


def test_pages_load_nothing_from_elsewhere(inside: Inside) -> None:
    for address in ("/", "/docs", "/problems/unknown-name"):
        page = inside.get(address)
        assert page.status_code == 200
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert set(re.findall(r'(?:src|href)="([^/#][^"]*)"', page.text)) == set()
    assert inside.get("/page/style.css").headers["content-type"].startswith("text/css")


def test_the_docs_list_every_operation(inside: Inside, schema: dict[str, Any]) -> None:
    page = inside.get("/docs").text
    assert all(f"POST {route.path}" in page for route in v1.routes if "POST" in getattr(route, "methods", ()))
    assert all(path in page for path in schema["paths"])


def test_metrics_count_requests_by_the_template_of_their_address(inside: Inside) -> None:
    inside.get("/v1/losses/mse")
    inside.get("/nowhere/at/all")
    text = inside.get("/metrics").text
    assert 'losses_requests_total{method="GET",route="/v1/losses/{loss}",status="200"}' in text
    assert 'route="unmatched",status="404"' in text
    assert "nowhere" not in text


def test_a_plain_request_id_comes_back_and_an_odd_one_is_replaced(inside: Inside) -> None:
    assert inside.get("/healthz", headers={"x-request-id": "order-66"}).headers["x-request-id"] == "order-66"
    assert len(inside.get("/healthz", headers={"x-request-id": "a b<c>"}).headers["x-request-id"]) == 32


def test_a_file_is_asked_about_by_the_documented_query(inside: Inside) -> None:
    csv = {"content-type": "text/csv"}
    rows = "y_true,y_pred\n1,2\n3,3\n"
    found = inside.request("POST", "/v1/evaluations?loss=mse&loss=huber:delta=1.35", content=rows, headers=csv).json()
    assert [result["loss"] for result in found["results"]] == ["mse", {"loss": "huber", "delta": 1.35}]
    assert found["results"][0]["value"] == 0.5
    prices = "price\n" + "\n".join(str(i * i + 0.5) for i in range(60))
    asked = "/v1/recommendations?column=price&costs.under=3&costs.over=1"
    advice = inside.request("POST", asked, content=prices, headers=csv).json()
    assert advice["ranked"][0]["loss"] == {"loss": "quantile", "tau": 0.75}


@pytest.mark.parametrize("loss", ["general_robust:alpha=-inf", {"loss": "general_robust", "alpha": "-inf"}])
def test_an_infinite_parameter_is_written_as_a_word(loss: object, inside: Inside) -> None:
    found = inside.post("/v1/evaluations", json={"losses": [loss], "y_true": [0.0], "y_pred": [1.0]}).json()
    assert found["results"][0]["value"] == pytest.approx(1 - np.exp(-0.5))
