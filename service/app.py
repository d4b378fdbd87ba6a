"""``create_app()``: the routers, the layers around them, and the table of errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.to_thread
from fastapi import FastAPI

from losses import __version__

from . import problems
from .bodies import Rooms
from .health import self_test
from .layers import Head, HeaderLimit
from .observe import Metrics, Observer
from .openapi import describe
from .plain import house
from .routes import v1
from .settings import Settings

ABOUT = (
    "Which loss function to train with, why, with which parameters, and what the one you chose really did. "
    "Nothing that is sent is stored."
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application, with limits from the environment unless they are given."""
    app = FastAPI(
        title="losses", version=__version__, description=ABOUT,
        lifespan=_lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False,
    )  # fmt: skip
    app.state.settings = settings or Settings()
    app.state.metrics = Metrics()
    app.state.streams = anyio.CapacityLimiter(app.state.settings.max_streams)
    app.state.rooms = Rooms()
    app.state.ready = False
    app.include_router(v1)
    app.include_router(house)
    problems.install(app)
    app.openapi = describe(app)  # type: ignore[method-assign]
    app.add_middleware(Head)
    app.add_middleware(HeaderLimit, most=app.state.settings.max_header_bytes)
    app.add_middleware(Observer, metrics=app.state.metrics, access_log=app.state.settings.access_log)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    anyio.to_thread.current_default_thread_limiter().total_tokens = app.state.settings.threads
    self_test()
    app.openapi()
    app.state.ready = True
    yield
    app.state.ready = False
