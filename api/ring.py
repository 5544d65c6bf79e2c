"""The doorbell: tells Celery that a job waits, by the task's name, without importing any task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from celery import Celery

from pressroom.broker import TASK, broker_settings

if TYPE_CHECKING:
    from collections.abc import Callable


def make_ring(redis_url: str) -> Callable[[str, str], None]:
    """A function of (job id, queue) that rings once; it raises when the broker does not take it.

    The caller may ignore that: the job is in the database, and the reaper rings again.
    """
    app = Celery("pressroom-api", set_as_current=False)
    app.conf.update(broker_settings(redis_url))

    def ring(job_id: str, queue: str) -> None:
        app.send_task(TASK, args=[job_id], queue=queue, ignore_result=True)

    return ring
