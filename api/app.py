"""`create_app`: the front end, put together from settings."""

from __future__ import annotations

import contextlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool

from api.access import REQUEST_ID
from api.dependencies import Services
from api.guard import Guard
from api.head import Head
from api.metrics import Counted, Metrics
from api.problems import MEDIA_TYPE, install_problem_handlers
from api.ring import make_ring
from api.routes import datasets, files, jobs, reports, service
from api.schemas import Problem
from api.storage_threads import StorageThreads
from api.watch import JobWatch
from pressroom.errors import Unavailable
from pressroom.files import open_files
from pressroom.store import Store
from pressroom.submit import Submitter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from fastapi import FastAPI

    from pressroom.settings import Settings

DESCRIPTION = """Massive PDF and XLSX reports from a job queue. Ask for a report with `POST /v1/jobs`,
follow the job, download its files. Every error is a problem document (RFC 9457)."""
CONNECTIONS = 16
"""Calls run in up to 40 threads, and hold a connection for milliseconds each."""
ROUTERS = (datasets.router, jobs.router, files.router, reports.router, service.router)
PROBLEM: dict[int | str, dict[str, Any]] = {
    status: {"description": words, "model": Problem, "content": {MEDIA_TYPE: {}}}
    for status, words in (("4XX", "what the client can mend"), ("5XX", "what it can't"))
}


def create_app(settings: Settings, *, ring: Callable[[str, str], None] | None = None) -> FastAPI:
    """The API over the installation that `settings` describe; `ring` stands in for the broker's bell."""
    store = Store.open(settings.database, "pressroom api", CONNECTIONS)
    kept = open_files(settings)
    kept.scratch.sweep_incoming()
    submitter = Submitter(store, kept, settings, ring or _bell(settings))
    metrics = Metrics(store)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(store.close)

    # Its page of the API brings its own scripts: browsers may reach nothing but this server. (ReDoc's asks
    # for a picture elsewhere.)
    app = FastAPIOffline(
        redoc_url=None,
        title="Pressroom",
        description=DESCRIPTION,
        version=_version(),
        lifespan=lifespan,
        responses=PROBLEM,
        # A slash too many is an unknown address, not a redirect that loses the body.
        redirect_slashes=False,
    )
    app.state.services = Services(settings, store, kept, submitter, JobWatch(store), StorageThreads())
    app.state.metrics = metrics
    install_problem_handlers(app)
    app.add_middleware(Head)
    app.state.routes = [route for router in ROUTERS for route in router.routes]
    for router in ROUTERS:
        app.include_router(router)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "HEAD", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=[
                "Location",
                "ETag",
                "Retry-After",
                "Digest",
                "Content-Range",
                "Content-Disposition",
                REQUEST_ID,
            ],
        )
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Counted, metrics=metrics)
    return app


def _bell(settings: Settings) -> Callable[[str, str], None]:
    if settings.redis_url is None:
        raise Unavailable(
            "no broker is set", hint="set REDIS_URL, or let `pressroom up` bring one of its own"
        )
    return make_ring(settings.redis_url)


def _version() -> str:
    try:
        return version("pressroom")
    except PackageNotFoundError:
        return "0"
