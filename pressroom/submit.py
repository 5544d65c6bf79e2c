"""Accept a job: check everything that can be checked now, write it down, ring."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import structlog
from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from pressroom.broker import FAST, HEAVY
from pressroom.definition import MAIN_DATASET
from pressroom.errors import BadRequest, LimitExceeded, NotFound, Unavailable
from pressroom.estimate import estimate_cells
from pressroom.jobs import Dataset, Job, NewJob
from pressroom.names import Name
from pressroom.parameters import check_parameters
from pressroom.reports import installed_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pressroom.broker import Ring
    from pressroom.files import Files
    from pressroom.reports import Report
    from pressroom.settings import Settings
    from pressroom.store import Store

MAX_INLINE_ROWS = 100_000
MAX_DATASETS = 32
MAX_CALLBACK = 2048

log = structlog.get_logger(__name__)


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) < len(values):
        raise ValueError("each may be named once")
    return values


def _exact(value: object) -> object:
    # The next best type of an integer that is too long would be a float, which rounds it.
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("an integer of more than 64 bits would be rounded; send it as text")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number has to be finite; send null where there is none")
    return value


Scalar = Annotated[bool | int | float | Annotated[str, Field(max_length=32_767)], BeforeValidator(_exact)]
Label = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
DatasetId = Annotated[str, Field(pattern=r"^[0-9a-z]{26}$")]
Datasets = Annotated[dict[Name, DatasetId], Field(min_length=1, max_length=MAX_DATASETS)]
FieldName = Annotated[str, Field(min_length=1, max_length=255)]
Row = Annotated[dict[FieldName, Scalar | None], Field(min_length=1, max_length=1000)]
Rows = Annotated[list[Row], Field(min_length=1, max_length=MAX_INLINE_ROWS)]


class JobRequest(BaseModel):
    """The body of `POST /v1/jobs`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    report: Name
    dataset: DatasetId | Datasets | None = Field(
        default=None,
        description="id of a dataset, or ids by the names the report's SQL reads; none for a report that "
        "reads databases or Python functions of its own",
    )
    rows: Rows | None = Field(default=None, description="a few rows, instead of a dataset")
    parameters: Annotated[dict[str, Scalar | None], Field(max_length=1000)] = Field(default_factory=dict)
    outputs: Annotated[
        tuple[Literal["pdf", "xlsx"], ...], Field(min_length=1, max_length=2), AfterValidator(_unique)
    ] = ("pdf", "xlsx")
    priority: int = Field(default=0, ge=0, le=9, description="9 is served first")
    labels: Annotated[tuple[Label, ...], Field(max_length=32), AfterValidator(_unique)] = ()
    callback: Annotated[AnyHttpUrl, Field(max_length=MAX_CALLBACK)] | None = None
    deadline_seconds: float | None = Field(
        default=None, gt=0, allow_inf_nan=False, description="longest run; not above the installation's"
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.dataset is not None and self.rows is not None:
            raise ValueError("a job has either a dataset or rows")
        return self


class Submitter:
    """Where jobs come in. `ring` tells a queue that a job waits; when it fails, the job is kept."""

    def __init__(self, store: Store, files: Files, settings: Settings, ring: Ring) -> None:
        self._store = store
        self._files = files
        self._settings = settings
        self._ring = ring

    def submit(
        self, request: JobRequest, *, owner: str, idempotency_key: str | None = None
    ) -> tuple[Job, bool]:
        """Accept a job, or find the one this key has made; says whether it is new.

        Raises what `installed_report` and `check_parameters` raise, `NotFound` for a dataset,
        `IdempotencyConflict`, `LimitExceeded`, and what the storage raises.
        """
        if idempotency_key is not None and not 1 <= len(idempotency_key) <= 255:
            raise BadRequest("an Idempotency-Key has 1 to 255 characters")
        wanted = _wanted(request)
        request_hash = _hash(request, wanted)
        if idempotency_key is not None:
            # Before the datasets have to be there: the answer of the first time may be lost for long.
            contents = self._contents(wanted, owner)
            body_hash = None if contents is None else _hash(request, contents)
            earlier = self._store.job_of_key(owner, idempotency_key, body_hash, request_hash)
            if earlier is not None:
                return earlier, False
        given = self._given(wanted, owner)
        body_hash = _hash(request, {name: dataset.sha256 for name, dataset in given.items()})
        report = installed_report(request.report, self._settings.report_dirs)
        parameters = check_parameters(report.definition, request.parameters)
        report.definition.data.check_datasets([MAIN_DATASET] if request.rows else list(given))
        deadline = self._deadline(request)
        self._check_callback(request)
        inline = self._keep_rows(request, owner)
        created = False
        try:
            datasets = {MAIN_DATASET: inline} if inline else given
            new = NewJob(
                owner=owner,
                report=report.name,
                definition_digest=report.digest,
                parameters={name: _plain(value) for name, value in parameters.items()},
                outputs=request.outputs,
                labels=request.labels,
                datasets={name: dataset.id for name, dataset in datasets.items()},
                queue=self._queue(request, report, datasets.values()),
                max_attempts=self._settings.max_attempts,
                deadline_seconds=deadline,
                keep_seconds=self._settings.retention_seconds,
                priority=request.priority,
                callback=None if request.callback is None else str(request.callback),
            )
            job, created = self._store.insert_job(
                new, idempotency_key, body_hash, request_hash=request_hash, rows=inline
            )
        except Unavailable:
            # The connection may have broken after the commit: a job may need these rows. If none does, the
            # reaper sweeps them up.
            inline = None
            raise
        finally:
            if inline and not created:
                self._files.remove_dataset(inline)
        if created:
            self.ring(job)
        return job, created

    def retry(self, job_id: str) -> Job:
        """Queue a failed or cancelled job again and ring. Raises `NotFound`, `Conflict`."""
        job = self._store.retry(job_id)
        self.ring(job)
        return job

    def ring(self, job: Job) -> None:
        """Tell the job's queue. The reaper rings again when nobody hears it."""
        try:
            self._ring(job.id, job.queue)
        except Exception as error:  # noqa: BLE001 - whatever broke, the job is safe in the database
            log.warning("ring failed; the reaper will ring", job=job.id, queue=job.queue, error=str(error))

    def _contents(self, wanted: Mapping[str, str], owner: str) -> dict[str, str] | None:
        """SHA-256 of the datasets wanted, expired or not; `None` when one is gone or another owner's."""
        try:
            found = {name: self._store.dataset(dataset_id) for name, dataset_id in wanted.items()}
        except NotFound:
            return None
        if any(dataset.owner != owner for dataset in found.values()):
            return None
        return {name: dataset.sha256 for name, dataset in found.items()}

    def _given(self, wanted: Mapping[str, str], owner: str) -> dict[str, Dataset]:
        """The datasets that the request names; another owner's are not there."""
        found = {name: self._store.dataset(dataset_id) for name, dataset_id in wanted.items()}
        for dataset in found.values():
            if dataset.owner != owner or dataset.expires <= dt.datetime.now(dt.UTC):
                raise NotFound(
                    f"no dataset {dataset.id}", hint="datasets are removed when their time is over"
                )
        return found

    def _keep_rows(self, request: JobRequest, owner: str) -> Dataset | None:
        """Inline rows as a dataset of JSON lines, so that every attempt reads the same."""
        if request.rows is None:
            return None
        return self._files.receive(
            _json_lines(request.rows),
            "rows.jsonl",
            owner=owner,
            max_bytes=self._settings.max_body_bytes,
            keep_seconds=self._settings.retention_seconds,
        )

    def _queue(self, request: JobRequest, report: Report, datasets: Iterable[Dataset]) -> str:
        """`fast` for what is done in seconds, so that it never waits behind a ledger."""
        if report.definition.data.unbounded:
            return HEAVY
        columns = len(report.definition.columns)
        rows = len(request.rows) if request.rows else None
        cells = estimate_cells(datasets, columns, self._files.head, rows=rows)
        return FAST if cells * len(request.outputs) <= self._settings.fast_cells else HEAVY

    def _check_callback(self, request: JobRequest) -> None:
        """Only hosts that the installation names are called: a client must not reach into its network."""
        if request.callback is not None and request.callback.host not in self._settings.callback_hosts:
            raise BadRequest(
                f"callbacks to {request.callback.host} are not allowed here",
                hint="PRESSROOM_CALLBACK_HOSTS names the hosts that are",
            )

    def _deadline(self, request: JobRequest) -> float:
        limit = self._settings.deadline_seconds
        if request.deadline_seconds is None:
            return limit
        if request.deadline_seconds > limit:
            raise LimitExceeded(f"deadline_seconds is {request.deadline_seconds:g}; {limit:g} is the limit")
        return request.deadline_seconds


def _json_lines(rows: Sequence[Mapping[str, object]]) -> Iterator[bytes]:
    # One object has every field: the reader takes the columns from the first rows it looks at.
    fields = list(dict.fromkeys(field for row in rows for field in row))
    for start in range(0, len(rows), 1000):
        lines = (
            json.dumps({field: row.get(field) for field in fields}, ensure_ascii=False)
            for row in rows[start : start + 1000]
        )
        yield "".join(f"{line}\n" for line in lines).encode()


def _wanted(request: JobRequest) -> dict[str, str]:
    """Ids of the datasets that a request names, by name."""
    if request.dataset is None:
        return {}
    return dict(request.dataset) if isinstance(request.dataset, dict) else {MAIN_DATASET: request.dataset}


def _hash(request: JobRequest, datasets: Mapping[str, str]) -> str:
    """SHA-256 of what is asked for, its datasets as told: by content (uploads can be repeated), or by id."""
    body = request.model_dump(mode="json")
    body["dataset"] = dict(datasets)
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> Any:  # noqa: ANN401 - a JSON value
    return value.isoformat() if isinstance(value, dt.date) else value
