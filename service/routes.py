"""The calls of version 1. What they compute is the library's; how bodies are read is ``transport``'s."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from losses import catalogue
from losses.advice.words import words
from losses.catalogue import find, row
from losses.warned import warned

from . import schemas as s
from .answers import audited, coded, curved, drifted, evaluated, judged, profiled, recommended, weighed
from .openapi import answers, body
from .replies import JSON, Reply, cacheable, takes_json
from .transport import Given


def said_once(request: Request) -> None:
    """Refuse a query string that says one thing twice."""
    list(s.once(request.query_params.multi_items()))


v1 = APIRouter(prefix="/v1", dependencies=[Depends(takes_json)])
Filters = Annotated[s.CatalogueFilters, Query()]


@v1.get("/losses", tags=["catalogue"], dependencies=[Depends(said_once)], responses=answers(list[s.LossRow]))
def list_losses(request: Request, filters: Filters) -> Response:
    """Every loss, or those that have all of the properties asked for."""
    return cacheable(request, catalogue(**filters.model_dump(exclude_none=True)))


@v1.get("/losses/{loss}", tags=["catalogue"], responses=answers(s.LossRow))
def get_loss(request: Request, loss: str) -> Response:
    """One loss by id or alias: parameters with ranges, inputs, formula, source, where it can be trained."""
    return cacheable(request, row(find(loss)))


@v1.get("/curves", tags=["catalogue"], dependencies=[Depends(takes_json)], responses=answers(s.CurvesReply))
def curves(request: Request) -> Response:
    """What losses cost and how they pull, against the prediction."""
    return cacheable(request, curved(s.options_from_query(s.CurveOptions, request.query_params.multi_items())))


@v1.get("/code", tags=["catalogue"], dependencies=[Depends(said_once)], responses=answers(s.CodeReply))
def code(request: Request, asked: Annotated[s.CodeOptions, Query()]) -> Response:
    """Lines that train with a loss, for each framework that can."""
    return cacheable(request, coded(asked))


@v1.get("/warnings", tags=["catalogue"], responses=answers(list[s.WarningRow]))
def warnings(request: Request) -> Response:
    """Every warning there is, with its sentence, the numbers left open."""
    return cacheable(request, warned())


@v1.get("/vocabulary", tags=["catalogue"], responses=answers(s.VocabularyReply))
def vocabulary(request: Request) -> Response:
    """The words that a question may use, with their meaning."""
    return cacheable(request, words())


@v1.post("/profiles", responses=answers(s.ProfileReply, s.ColumnsReply), openapi_extra=body(s.ProfileRequest))
def profile(sent: Given) -> Reply:
    """What a target column is: a mergeable record of it, its likely kinds with evidence, its readings."""
    return Reply(profiled(sent))


@v1.post("/recommendations", responses=answers(s.RecommendationReply), openapi_extra=body(s.RecommendationRequest))
def recommend(sent: Given) -> Reply:
    """Which loss to train with, why, with which parameters and code; and which not."""
    return Reply(recommended(sent))


@v1.post("/checks", responses=answers(s.CheckReply), openapi_extra=body(s.CheckRequest))
def check(sent: Given) -> Reply:
    """Whether a loss is the one to train with: fine, or what is wrong and what it costs in the metric."""
    return Reply(judged(sent).to_dict())


@v1.post("/drift", responses=answers(s.DriftReply), openapi_extra=body(s.DriftRequest, JSON))
def drift(sent: Given) -> Reply:
    """What changed between two profiles of a column, and whether another loss should be trained with now."""
    return Reply(drifted(sent).to_dict())


@v1.post("/evaluations", responses=answers(s.EvaluationReply), openapi_extra=body(s.EvaluationRequest))
def evaluate(sent: Given) -> Reply:
    """Any losses on the same predictions, in one pass, with standard errors and units."""
    return Reply(evaluated(sent))


@v1.post("/audits", responses=answers(s.AuditReply), openapi_extra=body(s.AuditRequest))
def audit(sent: Given) -> Reply:
    """Models side by side: losses with errors, whether the best is ahead, the worst rows."""
    return Reply(audited(sent))


@v1.post("/class-weights", responses=answers(s.ClassWeightReply), openapi_extra=body(s.ClassWeightRequest))
def class_weights(sent: Given) -> Reply:
    """What each class should cost, so that rare ones are heard."""
    return Reply(weighed(sent))


@v1.get("/limits", tags=["service"], responses=answers(dict[str, s.LimitRow]))
def limits(request: Request) -> Reply:
    """The limits in force."""
    return Reply(request.app.state.settings.limits())
