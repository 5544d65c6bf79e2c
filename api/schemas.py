"""What the API says: the shapes of its answers, as OpenAPI publishes them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from pydantic import BaseModel, Field

from pressroom.jobs import JobState, Phase

if TYPE_CHECKING:
    from pressroom.jobs import Dataset, Job, PublishedFile
    from pressroom.reports import Report


class DatasetView(BaseModel):
    """Rows that were handed in."""

    id: str
    name: str
    format: str = Field(description="found from the content: csv, parquet, json, arrow or xlsx")
    bytes: int
    sha256: str
    expires: dt.datetime

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """The public part of a dataset."""
        return cls(
            id=dataset.id,
            name=dataset.name,
            format=dataset.format,
            bytes=dataset.bytes,
            sha256=dataset.sha256,
            expires=dataset.expires,
        )


class FileView(BaseModel):
    """A finished file; `url` is relative to the server's root."""

    name: str
    media_type: str
    bytes: int
    sha256: str
    rows: int
    pages: int | None = None
    sheets: int | None = None
    url: str

    @classmethod
    def of(cls, job_id: str, file: PublishedFile) -> Self:
        """A file of a job, and where to get it."""
        return cls(
            name=file.name,
            media_type=file.media_type,
            bytes=file.bytes,
            sha256=file.sha256,
            rows=file.rows,
            pages=file.pages,
            sheets=file.sheets,
            url=f"/v1/jobs/{job_id}/files/{quote(file.name)}",
        )


class ProgressView(BaseModel):
    """How far a run is."""

    percent: float = Field(ge=0, le=100)
    rows_read: int
    rows_written: int
    pages: int
    cells: int
    bytes: int
    eta_seconds: float | None


class FaultView(BaseModel):
    """One fault: where, as a JSON pointer (RFC 6901), and what."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="stable; programs may rely on it")
    errors: list[FaultView] = []
    retryable: bool = Field(description="whether the same request may succeed later")
    hint: str | None = None


class JobView(BaseModel):
    """A job as it stands."""

    id: str
    report: str
    state: JobState
    done: bool
    phase: Phase | None
    attempt: int
    parameters: dict[str, Any]
    outputs: list[str]
    labels: list[str]
    progress: ProgressView
    created: dt.datetime
    started: dt.datetime | None
    finished: dt.datetime | None
    expires: dt.datetime
    files: list[FileView]
    completeness: dict[str, Any] | None = Field(
        description="rows read and written and the control totals, found equal before anything was published"
    )
    warnings: list[str]
    error: dict[str, Any] | None = Field(description="a problem document when the job failed")

    @classmethod
    def of(cls, job: Job) -> Self:
        """The public part of a job."""
        progress = job.progress
        return cls(
            id=job.id,
            report=job.report,
            state=job.state,
            done=job.done,
            phase=job.phase,
            attempt=job.attempt,
            parameters=dict(job.parameters),
            outputs=list(job.outputs),
            labels=list(job.labels),
            progress=ProgressView(
                percent=progress.percent,
                rows_read=progress.rows_read,
                rows_written=progress.rows_written,
                pages=progress.pages,
                cells=progress.cells,
                bytes=progress.bytes,
                eta_seconds=progress.eta_seconds,
            ),
            created=job.created,
            started=job.started,
            finished=job.finished,
            expires=job.expires,
            files=[FileView.of(job.id, file) for file in job.files]
            if job.state is JobState.SUCCEEDED
            else [],
            completeness=dict(job.completeness) if job.completeness is not None else None,
            warnings=list(job.warnings),
            error=dict(job.error) if job.error is not None else None,
        )


class JobList(BaseModel):
    """A page of jobs, newest first."""

    jobs: list[JobView]
    cursor: str | None = Field(description="pass it on to get the next page; null on the last")


class ReportView(BaseModel):
    """An installed report; `problem` says what is wrong with one that can't be used."""

    name: str
    title: str | None = None
    description: str = ""
    parameters: dict[str, Any] = {}
    url: str
    schema_url: str
    problem: Problem | None = None

    @classmethod
    def of(cls, report: Report) -> Self:
        """What a client needs to ask for this report."""
        definition = report.definition
        return cls(
            name=definition.name,
            title=definition.title,
            description=definition.description,
            parameters={
                name: parameter.model_dump(mode="json", exclude_none=True)
                for name, parameter in definition.parameters.items()
            },
            url=address(definition.name),
            schema_url=f"{address(definition.name)}/schema",
        )

    @classmethod
    def broken(cls, name: str, problem: dict[str, Any]) -> Self:
        """A report whose folder can't be read."""
        return cls(
            name=name,
            url=address(name),
            schema_url=f"{address(name)}/schema",
            problem=Problem.model_validate(problem),
        )


class ReportList(BaseModel):
    """The installed reports, by name."""

    reports: list[ReportView]


class Health(BaseModel):
    """An answer at all is the message."""

    status: str


def address(report: str) -> str:
    """Where a report is described."""
    return f"/v1/reports/{quote(report)}"
