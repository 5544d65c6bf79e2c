"""Figures for Prometheus: calls by route, and jobs by queue and state as the database has them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from pressroom.broker import QUEUES
from pressroom.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pressroom.store import Store


log = structlog.get_logger(__name__)


class Metrics:
    """One registry per app, so that two apps in a process don't count together."""

    def __init__(self, store: Store) -> None:
        self.registry = CollectorRegistry()
        self.calls = Counter(
            "pressroom_http_requests", "Calls answered", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "pressroom_http_request_duration_seconds",
            "Time until an answer was sent whole",
            ("method", "route"),
            registry=self.registry,
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60),
        )
        self.registry.register(_JobCounts(store))


class _JobCounts(Collector):
    """Reads the counts when it is asked: every API process says the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing, so that registering does not read the database."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Jobs by queue and state, and how long the longest waiting one of a queue has been due."""
        try:
            counts, waiting_now = self._store.counts(), self._store.waiting()
        except Unavailable as error:
            # The calls are counted all the same: they say how many were refused.
            log.warning("no jobs among the metrics", error=error.message)
            return
        jobs = GaugeMetricFamily("pressroom_jobs", "Jobs in the database", labels=("queue", "state"))
        for (queue, state), count in sorted(counts.items()):
            jobs.add_metric((queue, str(state)), count)
        yield jobs
        waiting = GaugeMetricFamily(
            "pressroom_longest_wait_seconds", "Of the queued job that has been due longest", labels=("queue",)
        )
        # Zero, too, is an answer: an alert must see that a queue is empty again.
        longest = dict.fromkeys(QUEUES, 0.0) | waiting_now
        for queue, seconds in sorted(longest.items()):
            waiting.add_metric((queue,), seconds)
        yield waiting


class Counted:
    """ASGI middleware that counts calls by their route, never by their address: ids would be endless."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and count the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, seen)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in METHODS else "other"
            self.metrics.calls.labels(method, route, str(status)).inc()
            self.metrics.seconds.labels(method, route).observe(time.perf_counter() - began)


METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
