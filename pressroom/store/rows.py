"""Rows of the tables as the dataclasses of `pressroom.jobs`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pressroom.jobs import Dataset, Job, JobState, Phase, Progress, PublishedFile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Row


def job_of(row: Row[Any]) -> Job:
    """The job of a whole row of `jobs`."""
    r = row._mapping
    return Job(
        id=r["id"],
        owner=r["owner"],
        report=r["report"],
        definition_digest=r["definition_digest"],
        state=JobState(r["state"]),
        phase=Phase(r["phase"]) if r["phase"] else None,
        attempt=r["attempt"],
        max_attempts=r["max_attempts"],
        parameters=r["parameters"],
        outputs=tuple(r["outputs"]),
        labels=tuple(r["labels"]),
        datasets=r["datasets"],
        priority=r["priority"],
        queue=r["queue"],
        callback=r["callback"],
        progress=Progress(**r["progress"]),
        created=r["created"],
        started=r["started"],
        finished=r["finished"],
        expires=r["expires"],
        deadline_seconds=r["deadline_seconds"],
        files=tuple(PublishedFile(**file) for file in r["files"]),
        completeness=r["completeness"],
        warnings=tuple(r["warnings"]),
        error=r["error"],
        version=r["version"],
        rows_dataset=r["rows_dataset"],
    )


def dataset_of(row: Row[Any]) -> Dataset:
    """The dataset of a whole row of `datasets`."""
    return Dataset(**row._mapping)


def files_json(files: Iterable[PublishedFile]) -> list[dict[str, Any]]:
    """Published files as the column `files` keeps them."""
    return [asdict(file) for file in files]
