"""``create_app()``: the routers, the layers around them, and the table of errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from losses import __version__

from . import problems
from .admission import Admission, Room
from .bodies import Rooms
from .deadline import Deadline
from .drain import Drain, LastWords
from .health import self_test
from .keys import Keys
from .landing import Landings
from .layers import Head, HeaderLimit, Mishaps
from .observe import Metrics, Observer
from .openapi import describe
from .plain import house
from .routes import shown, v1
from .settings import Settings, from_environment

ABOUT = (
    "Which loss function to train with, why, with which parameters, and what the one you chose really did. "
    "Nothing that is sent is stored."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, with limits from the environment unless they are given."""
    settings = settings or from_environment()
    app = FastAPI(
        title="losses", version=__version__, description=ABOUT,
        lifespan=_lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.settings, app.state.ready = settings, False
    app.state.room, app.state.drain = Room(settings), Drain(settings)
    app.state.metrics = Metrics(app.state.room)
    app.state.streams = anyio.CapacityLimiter(settings.max_streams)
    app.state.rooms = Rooms()
    app.include_router(shown)
    app.include_router(v1)
    app.include_router(house)
    problems.install(app)
    app.openapi = describe(app)  # type: ignore[method-assign]
    _wrap(app, settings)
    return app


def _wrap(app: FastAPI, settings: Settings) -> None:
    """Put the layers around the routes, the innermost first."""
    app.add_middleware(Head)
    app.add_middleware(Deadline, settings=settings, live=app.state.drain.live)
    app.add_middleware(Admission, room=app.state.room)
    app.add_middleware(Keys, settings=settings)
    if settings.allowed_origins:
        app.add_middleware(CORSMiddleware, allow_origins=settings.allowed_origins, **_CORS)
    app.add_middleware(HeaderLimit, most=settings.max_header_bytes)
    app.add_middleware(Mishaps)
    app.add_middleware(LastWords, drain=app.state.drain)
    app.add_middleware(Observer, metrics=app.state.metrics, access_log=settings.access_log)
    app.add_middleware(Landings)


_CORS: dict[str, Any] = {
    "allow_methods": ("GET", "POST"),
    "allow_headers": ("Authorization", "Content-Type", "X-Request-ID"),
    "expose_headers": ("ETag", "Retry-After", "X-Request-ID"),
}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = app.state.settings.threads
    self_test()
    app.openapi()
    app.state.ready = True
    with app.state.drain.listening():
        yield {"settings": app.state.settings}
    app.state.ready = False
