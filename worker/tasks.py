"""The one task: somebody rang."""

from __future__ import annotations

from functools import cache
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from pressroom.broker import TASK

if TYPE_CHECKING:
    from collections.abc import Callable

    from celery import Celery

    from pressroom.broker import Ring
    from pressroom.settings import Settings
    from worker.run import Runner


def create_tasks(app: Celery, settings: Settings, build: str, ring: Ring) -> Callable[[], Runner]:
    """Register the task with `app`; what is returned readies a child for its first job."""

    @cache
    def runner() -> Runner:
        # Here and not above: only a child makes reports, and its parent need not carry what that takes.
        from pressroom.files import open_files
        from pressroom.plates.pango import load_pango
        from pressroom.store import Store
        from worker.run import Runner

        # Before the first job, not in it.
        load_pango()
        store = Store.open(settings.database, "pressroom worker")
        return Runner(store, open_files(settings), settings, resolve_name(build), ring)

    # lazy=False: a spawned child would otherwise bind the task to whichever app is current.
    @app.task(name=TASK, lazy=False)  # type: ignore[untyped-decorator]
    def build_job(job_id: str) -> None:
        runner().answer(job_id)

    return runner
