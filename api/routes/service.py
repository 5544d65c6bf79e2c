"""The service itself: is it alive, is it ready, how is it doing."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool

from api.dependencies import Press
from api.schemas import Health
from pressroom.errors import Detail, PressroomError, Unavailable

router = APIRouter(tags=["service"])
BROKER_SECONDS = 2


@router.get("/healthz", summary="Whether the process answers")
async def healthz() -> Health:
    """Looks at nothing else: a restart would not mend a database."""
    return Health(status="ok")


@router.get("/readyz", summary="Whether jobs can be taken and will be run")
async def readyz(press: Press) -> Health:
    """Asks the database, the storage and the broker; 503 names what does not answer."""
    faults: list[Detail] = []
    for name, ask in (("/database", press.store.ping), ("/storage", press.files.check)):
        try:
            await run_in_threadpool(ask)
        except PressroomError as error:
            faults.append(Detail(name, error.message))
    if (fault := await _broker_fault(press.settings.redis_url)) is not None:
        faults.append(Detail("/broker", fault))
    if faults:
        raise Unavailable("not ready: " + "; ".join(f.detail for f in faults), errors=tuple(faults))
    return Health(status="ready")


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def metrics(request: Request) -> Response:
    """In Prometheus' text format."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _broker_fault(url: str | None) -> str | None:
    if url is None:
        return "no broker is set: REDIS_URL"
    client = Redis.from_url(
        url,
        socket_timeout=BROKER_SECONDS,
        socket_connect_timeout=BROKER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        async with asyncio.timeout(BROKER_SECONDS):
            await client.ping()
    except (RedisError, OSError, TimeoutError) as error:
        return f"the broker does not answer ({type(error).__name__})"
    finally:
        await client.aclose()
    return None
