"""The calls of version 1. What they compute is the library's; how bodies are read is ``transport``'s."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from losses import catalogue
from losses.advice.words import words
from losses.catalogue import find, row
from losses.warned import warned

from . import asked as a
from . import told as t
from .answers import (
    audited,
    coded,
    contrasted,
    curved,
    drifted,
    evaluated,
    judged,
    profiled,
    recommended,
    weighed,
)
from .events import answered
from .media import ARROW, JSON, NPY
from .openapi import answers, body, queried
from .replies import Reply, cacheable, takes_json


def said_once(request: Request) -> None:
    """Refuse a query string that says one thing twice."""
    list(a.once(request.query_params.multi_items()))


v1 = APIRouter(prefix="/v1")
shown = APIRouter(prefix="/v1", dependencies=[Depends(takes_json)])  # what is there to be read
Filters = Annotated[a.CatalogueFilters, Query()]


@shown.get(
    "/losses",
    tags=["catalogue"],
    dependencies=[Depends(said_once)],
    responses=answers(list[t.LossRow], events=False),
)
def list_losses(request: Request, filters: Filters) -> Response:
    """Every loss, or those that have all of the properties asked for."""
    return cacheable(request, catalogue(**filters.model_dump(exclude_none=True)))


@shown.get("/losses/{loss}", tags=["catalogue"], responses=answers(t.LossRow, events=False))
def get_loss(request: Request, loss: str) -> Response:
    """One loss by id or alias: parameters with ranges, inputs, formula, source, where it can be trained."""
    return cacheable(request, row(find(loss)))


@shown.get(
    "/curves",
    tags=["catalogue"],
    responses=answers(t.CurvesReply, events=False),
    openapi_extra={"parameters": queried(a.CurveOptions)},
)
def curves(request: Request) -> Response:
    """What losses cost and how they pull, against the prediction."""
    return cacheable(request, curved(a.options_from_query(a.CurveOptions, request.query_params.multi_items())))


@shown.get(
    "/code",
    tags=["catalogue"],
    responses=answers(t.CodeReply, events=False),
    openapi_extra={"parameters": queried(a.CodeOptions)},
)
def code(request: Request) -> Response:
    """Lines that train with a loss, for each framework that can."""
    return cacheable(request, coded(a.options_from_query(a.CodeOptions, request.query_params.multi_items())))


@shown.get(
    "/warnings",
    tags=["catalogue"],
    responses=answers(list[t.WarningRow], events=False),
)
def warnings(request: Request) -> Response:
    """Every warning there is, with its sentence, the numbers left open."""
    return cacheable(request, warned())


@shown.get(
    "/vocabulary",
    tags=["catalogue"],
    responses=answers(t.VocabularyReply, events=False),
)
def vocabulary(request: Request) -> Response:
    """The words that a question may use, with their meaning."""
    return cacheable(request, words())


@v1.post("/profiles", responses=answers(t.ProfileReply, t.ColumnsReply), openapi_extra=body(a.ProfileRequest))
async def profile(request: Request) -> Response:
    """What a target column is: a mergeable record of it, its likely kinds with evidence, its readings."""
    return await answered(request, profiled)


@v1.post("/recommendations", responses=answers(t.RecommendationReply), openapi_extra=body(a.RecommendationRequest))
async def recommend(request: Request) -> Response:
    """Which loss to train with, why, with which parameters and code; and which not."""
    return await answered(request, recommended)


@v1.post("/checks", responses=answers(t.CheckReply), openapi_extra=body(a.CheckRequest))
async def check(request: Request) -> Response:
    """Whether a loss is the one to train with: fine, or what is wrong and what it costs in the metric."""
    return await answered(request, judged)


@v1.post("/drift", responses=answers(t.DriftReply), openapi_extra=body(a.DriftRequest, JSON))
async def drift(request: Request) -> Response:
    """What changed between two profiles of a column, and whether another loss should be trained with now."""
    return await answered(request, drifted)


@v1.post(
    "/evaluations", responses=answers(t.EvaluationReply, files=(NPY, ARROW)), openapi_extra=body(a.EvaluationRequest)
)
async def evaluate(request: Request) -> Response:
    """Any losses on the same predictions, in one pass, with standard errors and units."""
    return await answered(request, evaluated, NPY, ARROW)


@v1.post("/audits", responses=answers(t.AuditReply), openapi_extra=body(a.AuditRequest))
async def audit(request: Request) -> Response:
    """Models side by side: losses with errors, whether the best is ahead, the worst rows."""
    return await answered(request, audited)


@v1.post("/comparisons", responses=answers(t.ComparisonReply), openapi_extra=body(a.ComparisonRequest))
async def compare(request: Request) -> Response:
    """How much better one of two models is on the same rows, by any losses, with 95% intervals."""
    return await answered(request, contrasted)


@v1.post("/class-weights", responses=answers(t.ClassWeightReply), openapi_extra=body(a.ClassWeightRequest))
async def class_weights(request: Request) -> Response:
    """What each class should cost, so that rare ones are heard."""
    return await answered(request, weighed)


@shown.get(
    "/limits",
    tags=["service"],
    responses=answers(dict[str, t.LimitRow], events=False),
)
def limits(request: Request) -> Reply:
    """The limits in force."""
    return Reply(request.app.state.settings.limits())
