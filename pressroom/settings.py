"""Settings: every environment variable that Pressroom reads, in one list; only composition roots make one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

WEASYPRINT_ROWS = 2_000
"""Fifty to a hundred pages: ten seconds and half a gigabyte of WeasyPrint."""


class Settings(BaseSettings):
    """What an installation may set, each as `PRESSROOM_<NAME>` (and `REDIS_URL`)."""

    model_config = SettingsConfigDict(
        env_prefix="PRESSROOM_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    data_dir: Path = Field(
        default=Path("pressroom-data"),
        description="this host's own: spill, plates; database, datasets, files where no URL says otherwise",
    )
    report_dirs: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(Path("reports"), Path("examples")), description="folders of reports, separated by ':'"
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="where jobs are kept: sqlite:////path or postgresql://user:password@host/database; "
        "default: SQLite in data_dir",
    )
    storage_url: str | None = Field(
        default=None,
        description="where datasets and files are kept: s3://bucket/prefix, gs://… or az://…, credentials "
        "and endpoint by the usual AWS_*, GOOGLE_*, AZURE_* variables; default: data_dir",
    )
    storage_allow_http: bool = Field(
        default=False,
        validation_alias=AliasChoices("PRESSROOM_STORAGE_ALLOW_HTTP", "AWS_ALLOW_HTTP", "storage_allow_http"),
        description="let an object store's endpoint be http://",
    )
    storage_redirect: bool = Field(
        default=True,
        description="send downloads on to a presigned address of the object store; false: through the API",
    )
    storage_link_seconds: int = Field(
        default=300, ge=1, le=7 * 86_400, description="how long a presigned address begins downloads"
    )
    storage_seconds: float = Field(
        default=20, ge=0, description="how long a call waits for an object store that is away"
    )
    databases: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="databases that reports may read, one PRESSROOM_DATABASES__<NAME> each: postgresql://… "
        "or sqlite:////path; a role that may only read is best",
    )
    database_seconds: float = Field(
        default=600, gt=0, description="longest statement of a database that a report reads (PostgreSQL)"
    )
    redis_url: str | None = Field(
        default=None,
        # It holds a password.
        repr=False,
        validation_alias=AliasChoices("PRESSROOM_REDIS_URL", "REDIS_URL", "redis_url"),
        description="the broker; default of `pressroom up`: an embedded one",
    )
    host: str = Field(default="127.0.0.1", description="address the API binds to")
    port: int = Field(default=8000, ge=0, le=65535)
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Host headers the API takes beside loopback names and `host`, with ','; * for any",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="origins whose pages may call the API from a browser, with ','"
    )
    flower_port: int = Field(default=5555, ge=0, le=65535)
    threads: int = Field(default=0, ge=0, description="threads of a heavy job; 0: one per core")
    memory_limit_bytes: int = Field(
        default=2 * 2**30, ge=64 * 2**20, description="of the SQL engine, per job"
    )
    max_body_bytes: int = Field(default=8 * 2**30, ge=1024, description="largest upload")
    max_json_bytes: int = Field(default=8 * 2**20, ge=1024, description="largest JSON body")
    weasyprint_rows: int = Field(
        default=WEASYPRINT_ROWS,
        ge=0,
        description="most rows that WeasyPrint prints by itself when a design has CSS that can't be replayed",
    )
    retention_seconds: int = Field(
        default=7 * 86_400, ge=1, description="how long jobs, files and datasets are kept"
    )
    deadline_seconds: float = Field(default=3600, gt=0, description="longest run of a job")
    lease_seconds: float = Field(default=15, gt=0.5)
    max_attempts: int = Field(default=3, ge=1)
    fast_cells: int = Field(
        default=2_000_000, ge=0, description="jobs below this estimate go to the fast queue"
    )
    ring_after_seconds: float = Field(
        default=5, gt=0, description="silence after which a queued job is rung again"
    )
    cancel_grace_seconds: float = Field(default=10, gt=0)
    callback_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="hosts that jobs may name in `callback`, with ','; none: no callbacks"
    )
    drain_seconds: float = Field(
        default=5,
        ge=0,
        description="what running jobs get to end by themselves when a worker must stop",
    )

    @field_validator("report_dirs", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(Path(part) for part in value.split(":") if part) if isinstance(value, str) else value

    @field_validator("allowed_hosts", "callback_hosts", "cors_origins", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return (
            tuple(part.strip() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @property
    def database(self) -> str:
        """URL of the job database, with its password."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.data_dir / 'pressroom.db').resolve()}"
