"""What is accepted, what is not, and that nothing is left of what is not."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from sqlalchemy import update

from pressroom.broker import FAST, HEAVY
from pressroom.errors import BadParameters, IdempotencyConflict, LimitExceeded, NotFound, UnknownReport
from pressroom.files import Files
from pressroom.jobs import JobState
from pressroom.scratch import Scratch
from pressroom.settings import Settings
from pressroom.storage import FolderStorage
from pressroom.store.engine import writing
from pressroom.store.tables import datasets
from pressroom.submit import JobRequest, Submitter
from tests.services import DOUBLES

if TYPE_CHECKING:
    from pathlib import Path

    from pressroom.jobs import Dataset, Job
    from pressroom.store import Store


class Counter:
    """Where jobs come in, with a bell that only counts."""

    def __init__(self, store: Store, folder: Path, **settings: Any) -> None:
        self.store = store
        self.files = Files(Scratch(folder / "data", reserve_bytes=0), FolderStorage(folder / "data"))
        settings.setdefault("report_dirs", (DOUBLES,))
        self.settings = Settings(data_dir=folder / "data", **settings)
        self.rung: list[tuple[str, str]] = []
        self.broken = False
        self.submitter = Submitter(store, self.files, self.settings, self.ring)

    def ring(self, job_id: str, queue: str) -> None:
        if self.broken:
            raise ConnectionError("no broker")
        self.rung.append((job_id, queue))

    def submit(self, *, owner: str = "ada", key: str | None = None, **body: Any) -> tuple[Job, bool]:
        if "dataset" not in body:
            body.setdefault("rows", [{"n": 1}])
        request = JobRequest.model_validate({"report": "double", **body})
        return self.submitter.submit(request, owner=owner, idempotency_key=key)

    def dataset(self, content: bytes = b"n\n1\n2\n", owner: str = "ada") -> Dataset:
        dataset = self.files.receive([content], "a.csv", owner=owner, max_bytes=1 << 30, keep_seconds=60)
        self.store.add_dataset(dataset)
        return dataset

    def kept(self) -> int:
        folder = self.settings.data_dir / "datasets"
        return len(list(folder.iterdir())) if folder.exists() else 0


@pytest.fixture
def counter(store: Store, tmp_path: Path) -> Counter:
    return Counter(store, tmp_path)


def test_a_job_is_written_down_before_it_is_rung(counter: Counter) -> None:
    job, created = counter.submit(labels=["q4"], priority=2, outputs=["xlsx"])
    assert created
    assert counter.store.job(job.id) == job
    assert (job.state, job.labels, job.priority, job.outputs) == (JobState.QUEUED, ("q4",), 2, ("xlsx",))
    assert len(job.definition_digest) == 64
    assert counter.rung == [(job.id, job.queue)]


def test_a_ring_that_fails_is_still_a_job(counter: Counter) -> None:
    counter.broken = True
    job, created = counter.submit()
    assert created
    assert counter.store.job(job.id).state is JobState.QUEUED


def test_rows_become_a_dataset_of_the_job(counter: Counter) -> None:
    job, _ = counter.submit(rows=[{"n": 1, "name": "Zoë"}, {"m": None, "n": 2.5}])
    dataset = counter.store.dataset(job.datasets["dataset"])
    lines = counter.files.head(dataset, dataset.bytes).decode().splitlines()
    assert lines == ['{"n": 1, "name": "Zoë", "m": null}', '{"n": 2.5, "name": null, "m": null}']


def test_the_same_key_gives_the_same_job_and_keeps_no_second_dataset(counter: Counter) -> None:
    first, _ = counter.submit(key="k")
    again, created = counter.submit(key="k")
    assert (again.id, created) == (first.id, False)
    assert counter.kept() == 1
    assert len(counter.rung) == 1


def test_the_same_upload_twice_is_the_same_body(counter: Counter) -> None:
    first, _ = counter.submit(key="k", dataset=counter.dataset().id)
    again, created = counter.submit(key="k", dataset=counter.dataset().id)
    assert (again.id, created) == (first.id, False)
    with pytest.raises(IdempotencyConflict):
        counter.submit(key="k", dataset=counter.dataset(b"n\n9\n").id)


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "expired"])
def test_the_same_key_and_body_give_the_same_job_without_its_dataset(counter: Counter, gone: bool) -> None:
    dataset = counter.dataset()
    first, _ = counter.submit(key="k", dataset=dataset.id)
    counter.store.request_cancel(first.id)
    if gone:
        assert counter.store.expire_datasets(first.expires + dt.timedelta(days=1))
    else:
        _expire(counter, dataset)
    again, created = counter.submit(key="k", dataset=dataset.id)
    assert (again.id, created) == (first.id, False)
    for other in ({"priority": 1}, {"dataset": "0" * 26}, {"dataset": {"sales": dataset.id}}):
        with pytest.raises(IdempotencyConflict):
            counter.submit(key="k", **{"dataset": dataset.id, **other})
    with pytest.raises(NotFound):
        counter.submit(key="new", dataset=dataset.id)


def test_another_body_under_the_same_key_is_refused(counter: Counter) -> None:
    counter.submit(key="k")
    with pytest.raises(IdempotencyConflict):
        counter.submit(key="k", priority=1)
    counter.submit(key="k", priority=1, owner="bob")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"report": "nothing"}, UnknownReport),
        ({"parameters": {"who": 1}}, BadParameters),
        ({"dataset": "0" * 26}, NotFound),
        ({"deadline_seconds": 1e6}, LimitExceeded),
    ],
)
def test_what_can_be_seen_now_is_refused_now_and_leaves_nothing(
    counter: Counter, body: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        counter.submit(**body)
    assert counter.store.jobs() == ([], None)
    assert counter.kept() == 0
    assert counter.rung == []


def test_the_dataset_of_another_owner_is_not_there(counter: Counter) -> None:
    with pytest.raises(NotFound):
        counter.submit(dataset=counter.dataset(owner="bob").id)


@pytest.mark.parametrize(
    "body",
    [
        {"extra": 1},
        {"dataset": "0" * 26, "rows": [{"n": 1}]},
        {"rows": []},
        {"rows": [{}]},
        {"rows": [{"n": [1]}]},
        {"rows": [{"n": float("nan")}]},
        {"outputs": []},
        {"outputs": ["doc"]},
        {"outputs": ["pdf", "pdf"]},
        {"priority": 10},
        {"labels": ["a", "a"]},
        {"labels": ["a\nb"]},
        {"labels": ["x" * 101]},
        {"callback": "file:///etc/passwd"},
        {"report": "../double"},
        {"deadline_seconds": 0},
        {"dataset": {}},
        {"dataset": {"Bad Name": "0" * 26}},
    ],
    ids=str,
)
def test_a_request_that_is_none_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JobRequest.model_validate({"report": "double", "rows": [{"n": 1}], **body})


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**400, float("inf"), float("nan")], ids=str)
def test_a_number_that_would_not_be_kept_exactly_is_refused(number: float) -> None:
    with pytest.raises(ValidationError) as caught:
        JobRequest.model_validate({"report": "double", "rows": [{"n": number}]})
    assert [fault["loc"] for fault in caught.value.errors()] == [("rows", 0, "n")]


def test_values_keep_their_types() -> None:
    row = {"a": True, "b": 2**63 - 1, "c": -(2**63), "d": 0.5, "e": "1", "f": None}
    request = JobRequest.model_validate_json(json.dumps({"report": "double", "rows": [row]}), strict=True)
    assert request.rows is not None
    assert [(value, type(value)) for value in request.rows[0].values()] == [
        (value, type(value)) for value in row.values()
    ]


def test_small_jobs_go_to_the_fast_queue(store: Store, tmp_path: Path) -> None:
    counter = Counter(store, tmp_path, fast_cells=200)
    small = counter.dataset(b"n\n" + b"1\n" * 90)
    large = counter.dataset(b"n\n" + b"1\n" * 150)
    assert counter.submit(dataset=small.id)[0].queue == FAST
    assert counter.submit(dataset=large.id)[0].queue == HEAVY
    assert counter.submit(dataset=large.id, outputs=["pdf"])[0].queue == FAST
    assert counter.submit(rows=[{"n": 1}] * 101)[0].queue == HEAVY


LOANS = """\
name: loans
title: Loans
data:
  transforms:
    - {name: schedule, kind: KIND, sql: FROM dataset, KEYS}
  sql: FROM schedule
columns: [{field: n}]
"""


@pytest.mark.parametrize(
    ("kind", "keys", "queue"),
    [
        ("amortise", "principal: p, rate: r, term: n, start: d", HEAVY),
        ("running_balance", "amount: n", FAST),
    ],
)
def test_a_report_that_makes_many_rows_of_one_goes_to_the_heavy_queue(
    store: Store, tmp_path: Path, kind: str, keys: str, queue: str
) -> None:
    (tmp_path / "loans").mkdir()
    (tmp_path / "loans" / "report.yaml").write_text(LOANS.replace("KIND", kind).replace("KEYS", keys))
    counter = Counter(store, tmp_path, report_dirs=(tmp_path,))
    assert counter.submit(report="loans")[0].queue == queue


def test_the_deadline_is_the_installations_or_a_shorter_one(counter: Counter) -> None:
    assert counter.submit()[0].deadline_seconds == counter.settings.deadline_seconds
    assert counter.submit(deadline_seconds=5)[0].deadline_seconds == 5


def test_a_retry_rings_again(counter: Counter) -> None:
    job, _ = counter.submit()
    counter.store.request_cancel(job.id)
    assert counter.submitter.retry(job.id).state is JobState.QUEUED
    assert len(counter.rung) == 2


def _expire(counter: Counter, dataset: Dataset) -> None:
    with writing(counter.store._engine) as connection:
        connection.execute(update(datasets).where(datasets.c.id == dataset.id).values(expires=0.0))
