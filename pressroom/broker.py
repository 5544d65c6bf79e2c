"""The broker as both of its sides use it: the same names and the same time-outs, without importing Celery."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

TASK = "pressroom.build"
"""Name of the one task; its one argument is a job id."""
HEAVY = "heavy"
FAST = "fast"
QUEUES = (HEAVY, FAST)

Ring = Callable[[str, str], None]
"""Tells a queue that a job waits: job id, queue."""
Unheard = Callable[[str], int]
"""How many rings lie in a queue."""

TRANSPORT_OPTIONS: dict[str, Any] = {
    # A broker that takes packets and never answers must not hold a submit or a worker for ever.
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": False,
    "unacked_restore_interval": 1,
    "visibility_timeout": 3600,
}


def broker_settings(redis_url: str) -> dict[str, Any]:
    """Celery settings that the API, which only rings, shares with the workers."""
    return {
        "broker_url": redis_url,
        "broker_use_ssl": _tls(redis_url),
        "broker_transport_options": dict(TRANSPORT_OPTIONS),
        "broker_connection_retry_on_startup": True,
        "broker_connection_timeout": 2,
        "broker_pool_limit": 4,
        "broker_pool_acquire_timeout": 2,
        "task_default_queue": HEAVY,
        "task_create_missing_queues": True,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_publish_retry": False,
        "enable_utc": True,
    }


def _tls(redis_url: str) -> dict[str, str] | bool:
    """What the `ssl_…` options of `rediss://` say, where Kombu and Flower look for it.

    The certificate is checked unless they say otherwise: Kombu alone would take any.
    """
    address = urlsplit(redis_url)
    if address.scheme != "rediss":
        return False
    options = {name: value for name, value in parse_qsl(address.query) if name.startswith("ssl_")}
    return {"ssl_cert_reqs": "required"} | options
