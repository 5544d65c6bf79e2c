"""The Celery application: a doorbell with processes behind it. Nothing in here knows how a report is made."""

from __future__ import annotations

import logging
import os
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import billiard
import billiard.util
from celery import Celery, signals

from pressroom.broker import FAST, HEAVY, QUEUES, TASK, broker_settings
from pressroom.errors import BadRequest
from pressroom.logs import set_up_logs
from worker.tasks import create_tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from pressroom.broker import Ring, Unheard
    from pressroom.settings import Settings

BUILD = "pressroom.build:build"
CHILD_START_SECONDS = 120
"""A spawned child imports the design libraries before it says that it is up; Celery's own limit is 4 s."""
GO = signal.SIGUSR2
"""Tells a child to give its job back. It stays blocked there, and the heartbeat asks whether it is pending:
a handler would only run once the core returns to Python."""
TASKS_PER_CHILD = {HEAVY: 50, FAST: 1000}
"""A ring that finds nothing counts as well; memory has a limit of its own."""


class Press(Celery):  # type: ignore[misc]  # Celery has no types
    """A Celery application that a spawned child makes anew from the settings, instead of unpickling it."""

    settings: Settings
    build: str

    def __reduce__(self) -> tuple[Any, ...]:
        """What `spawn` sends to a child."""
        return partial(create_celery, self.settings, build=self.build), ()


def create_celery(settings: Settings, *, build: str = BUILD) -> Press:
    """The application of one process. `build` names the function that makes reports: tests name their own."""
    if settings.redis_url is None:
        raise BadRequest("no broker", hint="set REDIS_URL, or run `pressroom up`, which brings one")
    app = Press("pressroom", set_as_current=True)
    app.settings, app.build = settings, build
    app.conf.update(broker_settings(settings.redis_url))
    app.conf.update(
        # The database says what happened to a job: a message is worth nothing once it is heard.
        task_acks_late=False,
        task_store_errors_even_if_ignored=False,
        worker_disable_prefetch=True,
        worker_prefetch_multiplier=1,
        # A child that was forked after rayon has started its threads hangs; a spawned one has none.
        worker_pool="prefork",
        worker_pool_start_method="spawn",
        worker_proc_alive_timeout=CHILD_START_SECONDS,
        worker_lost_wait=1,
        # Only where the heartbeat has failed to end an overdue job.
        task_time_limit=settings.deadline_seconds + 6 * settings.cancel_grace_seconds,
        worker_max_memory_per_child=3 * settings.memory_limit_bytes // 1024,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_max_retries=None,
        worker_send_task_events=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    warm_up = create_tasks(app, settings, build, ringer(app))
    signals.setup_logging.connect(_set_up_logs, weak=False, dispatch_uid="pressroom")
    signals.celeryd_after_setup.connect(_one_format, weak=False, dispatch_uid="pressroom")
    signals.worker_process_init.connect(
        partial(_prepare_child, warm_up), weak=False, dispatch_uid="pressroom"
    )
    signals.worker_shutting_down.connect(
        partial(_drain, settings.drain_seconds), weak=False, dispatch_uid="pressroom"
    )
    return app


def ringer(app: Celery) -> Ring:
    """Rings a queue for a job; raises when the broker does not answer."""

    def ring(job_id: str, queue: str) -> None:
        app.send_task(TASK, args=[job_id], queue=queue, ignore_result=True)

    return ring


def unheard(app: Celery) -> Unheard:
    """Counts the rings that lie in a queue; raises when the broker does not answer."""

    def count(queue: str) -> int:
        with app.connection_or_acquire() as connection:
            return int(connection.default_channel.queue_declare(queue).message_count)

    return count


def worker_arguments(queue: str, settings: Settings) -> list[str]:
    """Command line of `celery worker` for one queue."""
    if queue not in QUEUES:
        raise BadRequest(f"no queue {queue!r}", hint=f"there are {' and '.join(QUEUES)}")
    children = 1 if queue == HEAVY else settings.threads or os.cpu_count() or 1
    return [
        "--quiet",
        "worker",
        f"--queues={queue}",
        f"--hostname={queue}@%h",
        f"--concurrency={children}",
        f"--max-tasks-per-child={TASKS_PER_CHILD[queue]}",
        "--task-events",
        "--without-gossip",
        "--without-mingle",
        "--loglevel=INFO",
    ]


def _set_up_logs(**_: object) -> None:
    set_up_logs()
    # A line for every message, most of them for jobs that are taken already.
    logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)
    logging.getLogger("celery.app.trace").setLevel(logging.WARNING)
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
    # Billiard's, which keeps its lines to itself otherwise.
    pool = billiard.util.get_logger()
    pool.propagate = True
    pool.setLevel(logging.WARNING)


def _one_format(**_: object) -> None:
    """Celery has each child write lines of its own format until our logs are set up."""
    os.environ.pop("_MP_FORK_LOGLEVEL_", None)


def _prepare_child(warm_up: Callable[[], object], **_: object) -> None:
    # Before the child has any other thread: they all inherit it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {GO})
    warm_up()


def _drain(seconds: float, **_: object) -> None:
    """Let running jobs end by themselves for `seconds`, then have their leases given back."""

    def tell() -> None:
        for child in billiard.active_children():
            os.kill(child.pid, GO)

    timer = threading.Timer(seconds, tell)
    timer.daemon = True
    timer.start()
