"""What every service has: a start page, docs, liveness, readiness, metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from . import pages, rulebook, shelf
from .examples import EXAMPLES
from .pages import Page
from .problems import explained, listed, nowhere
from .replies import Reply, tagged

house = APIRouter(tags=["service"])


@house.get("/healthz")
async def healthz() -> Reply:
    """The process answers."""
    return Reply({"status": "alive"})


@house.get("/readyz", responses={503: {"description": "Not ready, and why", "content": {"application/json": {}}}})
async def readyz(request: Request) -> Reply:
    """The self test passed, there is room for another request, and the process is not on its way out."""
    state = request.app.state
    why_not = {"starting": not state.ready, "shutting down": state.drain.begun, "busy": state.room.full}
    status = next((why for why, holds in why_not.items() if holds), "ready")
    return Reply({"status": status}, 200 if status == "ready" else 503)


@house.get("/metrics", response_class=Response)
async def metrics(request: Request) -> Response:
    """Counts and times of requests, for Prometheus."""
    return Response(request.app.state.metrics.text(), media_type=CONTENT_TYPE_LATEST)


@house.get("/problems", include_in_schema=False)
def problems() -> Page:
    """Every problem."""
    return Page(listed())


@house.get("/evaluate", include_in_schema=False)
def evaluate() -> Page:
    """Drop predictions, see which model is ahead."""
    return Page(pages.evaluation())


@house.get("/losses", include_in_schema=False)
def losses() -> Page:
    """The comparison table."""
    return Page(shelf.losses_page())


@house.get("/losses/{name}", include_in_schema=False)
def loss(name: str) -> Page:
    """One loss."""
    return Page(shelf.loss_page(name))


@house.get("/rules", include_in_schema=False)
def rules() -> Page:
    """Every rule of the advice."""
    return Page(rulebook.rules_page())


@house.get("/parameters", include_in_schema=False)
def parameters() -> Page:
    """Every parameter that the advice sets."""
    return Page(rulebook.parameters_page())


@house.get("/warnings", include_in_schema=False)
def warnings() -> Page:
    """Every warning."""
    return Page(shelf.warnings_page())


@house.get("/warnings/{code}", include_in_schema=False)
def warning(code: str) -> Page:
    """What a warning means."""
    return Page(shelf.warning_page(code))


@house.get("/problems/{name}", response_class=Page)
def problem(name: str) -> Page:
    """What the ``type`` of a problem means."""
    return Page(explained(name))


@house.get("/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Reply:
    """This service, for programs."""
    return Reply(request.app.openapi())


@house.get("/docs", include_in_schema=False)
def docs(request: Request) -> Page:
    """This service, for people."""
    return Page(pages.operations(request.app.openapi()))


@house.get("/", include_in_schema=False)
def start() -> Page:
    """Drop a column, see the answer."""
    return Page(pages.start(next(e for e in EXAMPLES if e.path == "/v1/recommendations")))


@house.get("/page/{name}", include_in_schema=False)
def asset(request: Request, name: str) -> Response:
    """A script, the style sheet, an example column."""
    if name not in pages.ASSETS:
        raise nowhere("file", name, pages.ASSETS)
    content, kind = pages.ASSETS[name]
    return tagged(request, Response(content, media_type=kind))
