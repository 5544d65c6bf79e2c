"""Every error a person can meet, as one tree; the class says what kind, the instance says what and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Detail:
    """One fault inside a larger thing: where (JSON pointer, `file:line`, or both) and what."""

    pointer: str
    detail: str


class PressroomError(Exception):
    """Something a person can act on: one line, and a hint where there is one.

    `code` is stable and machine-readable; `status` is the HTTP status that REST answers with; `retryable`
    says whether the same job may succeed later without a change.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None, errors: tuple[Detail, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.errors = errors


class DefinitionError(PressroomError):
    """A report's folder is wrong: report.yaml, report.html or workbook.py; names file, line and key."""

    code = "bad_definition"
    status = 422


class TemplateFailed(DefinitionError):
    """report.html, its CSS or workbook.py raised or asked for something it may not have."""

    code = "bad_template"


class Unreplayable(TemplateFailed):
    """The design uses CSS that no plate can replay, for more rows than WeasyPrint prints by itself."""

    code = "unreplayable_css"


class ProofFailed(PressroomError):
    """What the core draws from a plate is not what WeasyPrint draws."""

    code = "proof_failed"
    status = 500


class UnknownReport(PressroomError):
    """No installed report has this name."""

    code = "unknown_report"
    status = 404


class BadParameters(PressroomError):
    """Parameters that the report does not know, or values of the wrong type."""

    code = "bad_parameters"
    status = 422


class BadRequest(PressroomError):
    """A call that can't be understood: wrong option, wrong body."""

    code = "bad_request"
    status = 400


class BadData(PressroomError):
    """A dataset that is not what its name says, or that can't be read; names the file and the line."""

    code = "bad_data"
    status = 422


class QueryFailed(PressroomError):
    """The report's SQL failed or asked for something outside its sandbox."""

    code = "query_failed"
    status = 422


class DatabaseRefused(PressroomError):
    """A database that a report reads does not let Pressroom in, or has been named wrongly."""

    code = "database_refused"
    status = 502


class SourceFailed(DefinitionError):
    """A report's own Python source raised, or returned what is no Arrow stream; names file and line."""

    code = "source_failed"


class LimitExceeded(PressroomError):
    """More than a limit allows: of the file format, or of this installation."""

    code = "limit_exceeded"
    status = 422


class TooLarge(PressroomError):
    """A body larger than this installation takes."""

    code = "too_large"
    status = 413


class NotFound(PressroomError):
    """No job, dataset or file of this name."""

    code = "not_found"
    status = 404


class Conflict(PressroomError):
    """The thing exists, but is not in a state that allows this."""

    code = "conflict"
    status = 409


class IdempotencyConflict(PressroomError):
    """The same Idempotency-Key came with another body."""

    code = "idempotency_key_reused"
    status = 422


class Gone(PressroomError):
    """The thing existed; its time is over."""

    code = "expired"
    status = 410


class StorageFull(PressroomError):
    """The disk or the storage is full; nothing half-written was kept."""

    code = "storage_full"
    status = 507
    retryable = True


class StorageRefused(PressroomError):
    """The storage of datasets and files does not let Pressroom in, or has been named wrongly."""

    code = "storage_refused"
    status = 502


class Unavailable(PressroomError):
    """A service that is needed does not answer."""

    code = "unavailable"
    status = 503
    retryable = True


class NotMigrated(Unavailable):
    """The job database has not seen every migration that this Pressroom needs."""

    code = "not_migrated"


class SchemaTooNew(PressroomError):
    """The job database has seen migrations that this Pressroom does not know."""

    code = "schema_too_new"


class JobCancelled(PressroomError):
    """The job was cancelled."""

    code = "cancelled"
    status = 409


class DeadlinePassed(PressroomError):
    """The job ran past its deadline."""

    code = "deadline_passed"
    status = 504


class LeaseLost(PressroomError):
    """Another worker has taken the job over; this attempt publishes nothing."""

    code = "lease_lost"
    status = 409


class WorkerLost(PressroomError):
    """Every worker that took the job died, or fell silent past its lease."""

    code = "worker_lost"
    status = 500


class Incomplete(PressroomError):
    """What was written is not what was read; the files were thrown away."""

    code = "incomplete"
    status = 500


class BuildFailed(PressroomError):
    """The Rust core or a design library failed in a way that has no better name."""

    code = "build_failed"
    status = 500
