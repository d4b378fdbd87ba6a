"""The calls of version 1. What they compute is the library's; how bodies are read is ``transport``'s."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from losses import catalogue
from losses.advice.words import words
from losses.catalogue import find, row
from losses.warned import warned

from . import schemas as s
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
    list(s.once(request.query_params.multi_items()))


v1 = APIRouter(prefix="/v1")
shown = APIRouter(prefix="/v1", dependencies=[Depends(takes_json)])  # what is there to be read
Filters = Annotated[s.CatalogueFilters, Query()]


@shown.get(
    "/losses",
    tags=["catalogue"],
    dependencies=[Depends(said_once)],
    responses=answers(list[s.LossRow], events=False),
)
def list_losses(request: Request, filters: Filters) -> Response:
    """Every loss, or those that have all of the properties asked for."""
    return cacheable(request, catalogue(**filters.model_dump(exclude_none=True)))


@shown.get("/losses/{loss}", tags=["catalogue"], responses=answers(s.LossRow, events=False))
def get_loss(request: Request, loss: str) -> Response:
    """One loss by id or alias: parameters with ranges, inputs, formula, source, where it can be trained."""
    return cacheable(request, row(find(loss)))


@shown.get(
    "/curves",
    tags=["catalogue"],
    responses=answers(s.CurvesReply, events=False),
    openapi_extra={"parameters": queried(s.CurveOptions)},
)
def curves(request: Request) -> Response:
    """What losses cost and how they pull, against the prediction."""
    return cacheable(request, curved(s.options_from_query(s.CurveOptions, request.query_params.multi_items())))


@shown.get(
    "/code",
    tags=["catalogue"],
    responses=answers(s.CodeReply, events=False),
    openapi_extra={"parameters": queried(s.CodeOptions)},
)
def code(request: Request) -> Response:
    """Lines that train with a loss, for each framework that can."""
    return cacheable(request, coded(s.options_from_query(s.CodeOptions, request.query_params.multi_items())))


@shown.get(
    "/warnings",
    tags=["catalogue"],
    responses=answers(list[s.WarningRow], events=False),
)
def warnings(request: Request) -> Response:
    """Every warning there is, with its sentence, the numbers left open."""
    return cacheable(request, warned())


@shown.get(
    "/vocabulary",
    tags=["catalogue"],
    responses=answers(s.VocabularyReply, events=False),
)
def vocabulary(request: Request) -> Response:
    """The words that a question may use, with their meaning."""
    return cacheable(request, words())


@v1.post("/profiles", responses=answers(s.ProfileReply, s.ColumnsReply), openapi_extra=body(s.ProfileRequest))
async def profile(request: Request) -> Response:
    """What a target column is: a mergeable record of it, its likely kinds with evidence, its readings."""
    return await answered(request, profiled)


@v1.post("/recommendations", responses=answers(s.RecommendationReply), openapi_extra=body(s.RecommendationRequest))
async def recommend(request: Request) -> Response:
    """Which loss to train with, why, with which parameters and code; and which not."""
    return await answered(request, recommended)


@v1.post("/checks", responses=answers(s.CheckReply), openapi_extra=body(s.CheckRequest))
async def check(request: Request) -> Response:
    """Whether a loss is the one to train with: fine, or what is wrong and what it costs in the metric."""
    return await answered(request, judged)


@v1.post("/drift", responses=answers(s.DriftReply), openapi_extra=body(s.DriftRequest, JSON))
async def drift(request: Request) -> Response:
    """What changed between two profiles of a column, and whether another loss should be trained with now."""
    return await answered(request, drifted)


@v1.post(
    "/evaluations", responses=answers(s.EvaluationReply, files=(NPY, ARROW)), openapi_extra=body(s.EvaluationRequest)
)
async def evaluate(request: Request) -> Response:
    """Any losses on the same predictions, in one pass, with standard errors and units."""
    return await answered(request, evaluated, NPY, ARROW)


@v1.post("/audits", responses=answers(s.AuditReply), openapi_extra=body(s.AuditRequest))
async def audit(request: Request) -> Response:
    """Models side by side: losses with errors, whether the best is ahead, the worst rows."""
    return await answered(request, audited)


@v1.post("/comparisons", responses=answers(s.ComparisonReply), openapi_extra=body(s.ComparisonRequest))
async def compare(request: Request) -> Response:
    """How much better one of two models is on the same rows, by any losses, with 95% intervals."""
    return await answered(request, contrasted)


@v1.post("/class-weights", responses=answers(s.ClassWeightReply), openapi_extra=body(s.ClassWeightRequest))
async def class_weights(request: Request) -> Response:
    """What each class should cost, so that rare ones are heard."""
    return await answered(request, weighed)


@shown.get(
    "/limits",
    tags=["service"],
    responses=answers(dict[str, s.LimitRow], events=False),
)
def limits(request: Request) -> Reply:
    """The limits in force."""
    return Reply(request.app.state.settings.limits())
