"""The one task: somebody rang."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from pressroom.broker import TASK
from pressroom.files import Files
from pressroom.store import Store
from worker.run import Runner

if TYPE_CHECKING:
    from celery import Celery

    from pressroom.broker import Ring
    from pressroom.settings import Settings
    from worker.run import Build


def create_tasks(app: Celery, settings: Settings, build: Build, ring: Ring) -> None:
    """Register the task with `app`; each child opens its own store at its first ring."""

    @cache
    def runner() -> Runner:
        return Runner(Store.open(settings.database), Files(settings.data_dir), settings, build, ring)

    # lazy=False: a spawned child would otherwise bind the task to whichever app is current.
    @app.task(name=TASK, lazy=False)  # type: ignore[untyped-decorator]
    def build_job(job_id: str) -> None:
        runner().answer(job_id)
