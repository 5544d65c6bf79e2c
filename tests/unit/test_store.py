from __future__ import annotations

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from pressroom.errors import BadRequest, Conflict, IdempotencyConflict, NotFound
from pressroom.jobs import Dataset, JobState, NewJob, Phase, Progress, PublishedFile, new_id
from pressroom.store import Store
from pressroom.store.runs import PUT_OFF_AGAIN_SECONDS, PUT_OFF_SECONDS
from tests.services import wait_for

if TYPE_CHECKING:
    from pressroom.jobs import Job

LONG = 60.0
GONE = 0.0


def new_job(**changes: Any) -> NewJob:
    values = {
        "owner": "ada",
        "report": "ledger",
        "definition_digest": "d",
        "parameters": {"since": "2026-01-01"},
        "outputs": ("pdf", "xlsx"),
        "labels": (),
        "datasets": {},
        "queue": "fast",
        "max_attempts": 2,
        "deadline_seconds": 60.0,
        "keep_seconds": 3600.0,
    }
    return NewJob(**{**values, **changes})


def add(store: Store, **changes: Any) -> Job:
    return store.insert_job(new_job(**changes))[0]


def a_file(job_id: str, attempt: int) -> PublishedFile:
    path = f"files/{job_id}/{attempt}/a.pdf"
    return PublishedFile("a.pdf", "application/pdf", 9, "0" * 64, 3, 1, None, path)


def a_dataset(**changes: Any) -> Dataset:
    created = dt.datetime.now(dt.UTC)
    values = {
        "id": new_id(),
        "owner": "ada",
        "name": "rows.csv",
        "format": "csv",
        "bytes": 9,
        "sha256": "0" * 64,
        "path": "datasets/x",
        "created": created,
        "expires": created + dt.timedelta(hours=1),
    }
    return Dataset(**{**values, **changes})


def test_a_job_reads_back_as_it_was_written(store: Store) -> None:
    job = add(store, labels=("q4", "übersicht"), priority=3, callback="https://example.org/")
    assert store.job(job.id) == job
    assert (job.state, job.attempt, job.version, job.progress) == (JobState.QUEUED, 0, 1, Progress())
    assert job.labels == ("q4", "übersicht")
    assert job.expires - job.created == dt.timedelta(hours=1)
    assert abs(job.created - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=5)


def test_the_same_key_and_body_is_the_same_job(store: Store) -> None:
    first, created = store.insert_job(new_job(), "key", "body")
    again, created_again = store.insert_job(new_job(), "key", "body")
    other, _ = store.insert_job(new_job(owner="bob"), "key", "body")
    assert (created, created_again) == (True, False)
    assert again.id == first.id != other.id


def test_the_same_key_with_another_body_is_refused(store: Store) -> None:
    store.insert_job(new_job(), "key", "body")
    with pytest.raises(IdempotencyConflict):
        store.insert_job(new_job(), "key", "another")


def test_a_hundred_identical_submits_at_once_make_one_job(store: Store, database_url: str) -> None:
    start = threading.Barrier(20)

    def submit(_: int) -> list[tuple[Job, bool]]:
        start.wait()
        with Store.open(database_url) as own:
            return [own.insert_job(new_job(), "key", "body") for _ in range(5)]

    with ThreadPoolExecutor(20) as pool:
        answers = [answer for batch in pool.map(submit, range(20)) for answer in batch]
    assert len({job.id for job, _ in answers}) == 1
    assert sum(created for _, created in answers) == 1


def test_a_claim_takes_a_job_once(store: Store) -> None:
    job = add(store)
    taken = store.claim(job.id, LONG)
    assert (taken.state, taken.attempt, taken.phase) == (JobState.RUNNING, 1, Phase.READING)
    assert taken.version > job.version
    assert store.claim(job.id, LONG) is None


def test_a_claim_after_the_lease_takes_the_job_over_and_the_old_token_is_stale(store: Store) -> None:
    job = add(store)
    store.claim(job.id, GONE)
    wait_for(lambda: store.claim(job.id, LONG), "the lease runs out")
    assert store.job(job.id).attempt == 2
    assert store.beat(job.id, 1, Phase.WRITING, Progress(), LONG).lost
    assert not store.succeed(job.id, 1, [a_file(job.id, 1)], {})
    assert not store.fail(job.id, 1, {"code": "x"})
    assert not store.give_back(job.id, 1)
    assert store.job(job.id).state is JobState.RUNNING
    assert store.succeed(job.id, 2, [a_file(job.id, 2)], {"rows_read": 3})


def test_a_beat_renews_the_lease_and_shows_progress(store: Store) -> None:
    job = add(store)
    store.claim(job.id, GONE)
    beat = store.beat(job.id, 1, Phase.WRITING, Progress(percent=50.0, rows_written=7), LONG)
    assert not beat.stop
    now = store.job(job.id)
    assert (now.phase, now.progress.percent, now.progress.rows_written) == (Phase.WRITING, 50.0, 7)
    assert store.claim(job.id, LONG) is None


def test_success_keeps_files_and_figures(store: Store) -> None:
    job = add(store)
    store.claim(job.id, LONG)
    assert store.succeed(job.id, 1, [a_file(job.id, 1)], {"rows_read": 3}, ["narrow"], Progress(pages=4))
    done = store.job(job.id)
    assert done.state is JobState.SUCCEEDED
    assert done.files == (a_file(job.id, 1),)
    assert (done.completeness, done.warnings, done.progress.percent) == ({"rows_read": 3}, ("narrow",), 100.0)
    assert done.finished is not None
    assert done.expires > job.expires


def test_cancelling_a_queued_job_ends_it_and_a_running_one_is_asked(store: Store) -> None:
    queued, running = add(store), add(store)
    store.claim(running.id, LONG)
    assert store.request_cancel(queued.id).state is JobState.CANCELLED
    assert store.claim(queued.id, LONG) is None
    assert store.request_cancel(running.id).state is JobState.CANCELLING
    assert store.beat(running.id, 1, Phase.WRITING, Progress(), LONG).cancel
    assert store.finish_cancelled(running.id, 1)
    assert store.job(running.id).state is JobState.CANCELLED


def test_a_cancel_that_comes_first_beats_success_and_one_that_comes_late_changes_nothing(
    store: Store,
) -> None:
    early, late = add(store), add(store)
    for job in (early, late):
        store.claim(job.id, LONG)
    store.request_cancel(early.id)
    assert not store.succeed(early.id, 1, [a_file(early.id, 1)], {})
    assert store.succeed(late.id, 1, [a_file(late.id, 1)], {})
    assert store.request_cancel(late.id).state is JobState.SUCCEEDED


def test_a_failure_that_may_pass_is_put_off_while_attempts_are_left(store: Store) -> None:
    job = add(store)
    store.claim(job.id, LONG)
    assert store.fail(job.id, 1, {"code": "storage_full"}, retryable=True)
    off = store.job(job.id)
    assert (off.state, off.error) == (JobState.QUEUED, {"code": "storage_full"})
    assert store.claim(job.id, LONG) is None, "not before its pause is over"


def test_a_failure_that_does_not_pass_is_put_off_for_longer(store: Store) -> None:
    job = add(store, max_attempts=3)

    def pause() -> float:
        """Of an attempt that fails; it is over afterwards."""
        attempt = store.claim(job.id, LONG).attempt
        assert store.fail(job.id, attempt, {"code": "unavailable"}, retryable=True)
        with store._engine.begin() as connection:
            paused = connection.exec_driver_sql("SELECT not_before - rung FROM jobs").scalar_one()
            connection.exec_driver_sql("UPDATE jobs SET not_before = 0")
        return round(paused)

    assert store.claim(job.id, LONG).attempt == 1
    assert store.give_back(job.id, 1)
    assert [pause(), pause()] == [PUT_OFF_SECONDS, PUT_OFF_AGAIN_SECONDS]
    store.fail(job.id, store.claim(job.id, LONG).attempt, {"code": "unavailable"}, retryable=True)
    assert store.retry(job.id).attempt == 4
    assert pause() == PUT_OFF_SECONDS


def test_the_last_attempt_is_not_put_off(store: Store) -> None:
    job = add(store, max_attempts=1)
    store.claim(job.id, LONG)
    assert store.fail(job.id, 1, {"code": "storage_full"}, retryable=True)
    assert store.job(job.id).state is JobState.FAILED


def test_giving_back_spends_a_token_but_no_attempt(store: Store) -> None:
    job = add(store, max_attempts=1)
    for token in (1, 2, 3):
        assert store.claim(job.id, LONG).attempt == token
        assert store.give_back(job.id, token)
    assert store.rings_due(1000) == [(job.id, "fast")], "rung at once"


def test_retry_grants_as_many_attempts_again_and_keeps_counting(store: Store) -> None:
    job = add(store, max_attempts=2)
    store.claim(job.id, LONG)
    store.fail(job.id, 1, {"code": "x"})
    again = store.retry(job.id)
    assert (again.state, again.attempt, again.max_attempts, again.error) == (JobState.QUEUED, 1, 3, None)
    with pytest.raises(Conflict):
        store.retry(job.id)


def test_delete_forgets_a_job_that_has_ended_and_frees_its_key(store: Store) -> None:
    job, _ = store.insert_job(new_job(labels=("a",)), "key", "body")
    with pytest.raises(Conflict):
        store.delete(job.id)
    store.request_cancel(job.id)
    assert store.delete(job.id).id == job.id
    with pytest.raises(NotFound):
        store.job(job.id)
    assert store.jobs(label="a") == ([], None)
    assert store.insert_job(new_job(), "key", "another")[1]


@pytest.mark.parametrize("call", ["job", "request_cancel", "retry", "delete", "dataset"])
def test_what_is_not_there_is_not_found(store: Store, call: str) -> None:
    with pytest.raises(NotFound):
        getattr(store, call)(new_id())


def test_pages_are_newest_first_and_do_not_shift(store: Store) -> None:
    ids = sorted((add(store).id for _ in range(7)), reverse=True)
    first, cursor = store.jobs(limit=3)
    add(store)
    second, cursor = store.jobs(limit=3, cursor=cursor)
    third, end = store.jobs(limit=3, cursor=cursor)
    assert [job.id for job in (*first, *second, *third)] == ids
    assert end is None


def test_jobs_are_found_by_what_they_are(store: Store) -> None:
    a = add(store, labels=("x", "y"), report="one")
    b = add(store, labels=("y",), report="two", owner="bob")
    store.claim(b.id, LONG)
    found = lambda **by: {job.id for job in store.jobs(**by)[0]}  # noqa: E731
    assert found(label="x") == {a.id}
    assert found(label="y") == {a.id, b.id}
    assert found(report="two") == found(owner="bob") == found(state=JobState.RUNNING) == {b.id}
    assert store.counts() == {("fast", JobState.QUEUED): 1, ("fast", JobState.RUNNING): 1}


def test_a_queue_says_how_long_its_first_job_has_waited(store: Store) -> None:
    assert store.waiting() == {}
    running, first = add(store), add(store)
    store.claim(running.id, LONG)
    before = store.waiting()
    assert set(before) == {"fast"}
    assert before["fast"] >= 0
    wait_for(lambda: store.waiting()["fast"] > before["fast"], "the clock goes on")
    later = add(store, queue="heavy")
    assert store.waiting()["fast"] > store.waiting()["heavy"] >= 0
    for job in (first, later):
        store.claim(job.id, LONG)
    assert store.waiting() == {}


@pytest.mark.parametrize("limit", [0, 501])
def test_a_page_has_a_limit(store: Store, limit: int) -> None:
    with pytest.raises(BadRequest):
        store.jobs(limit=limit)


def test_the_next_in_line_is_the_highest_priority_then_the_oldest(store: Store) -> None:
    old, new, urgent = (add(store, priority=p) for p in (0, 0, 5))
    add(store, queue="heavy", priority=9)
    order = []
    while turn := store.next_in_line(old.id):
        order.append(turn)
        store.claim(turn, LONG)
    assert order == [urgent.id, *sorted((old.id, new.id))]


def test_a_flood_of_one_owner_delays_another_by_one_job(store: Store) -> None:
    flood = [add(store, owner="flood") for _ in range(20)]
    store.claim(store.next_in_line(flood[0].id), LONG)
    lone = add(store, owner="lone")
    assert store.next_in_line(flood[0].id) == lone.id


def test_a_silent_job_is_rung_with_back_off(store: Store) -> None:
    job = add(store)
    assert store.rings_due(LONG) == []
    wait_for(lambda: store.rings_due(0.05) == [(job.id, "fast")], "silence")
    assert store.rings_due(0.05) == [], "it counts as rung"
    wait_for(lambda: store.rings_due(0.05), "twice the silence")


def test_a_job_whose_lease_ran_out_is_rung(store: Store) -> None:
    job = add(store)
    store.claim(job.id, LONG)
    assert store.rings_due(0.0) == []
    store.beat(job.id, 1, Phase.READING, Progress(), GONE)
    wait_for(lambda: store.rings_due(0.0) == [(job.id, "fast")], "lease over")


def test_poison_fails_with_its_reason_and_an_abandoned_cancel_is_cancelled(store: Store) -> None:
    poison, fresh, cancelled = add(store, max_attempts=1), add(store), add(store)
    for job in (poison, fresh, cancelled):
        store.claim(job.id, GONE)
    store.request_cancel(cancelled.id)
    ended = wait_for(lambda: store.fail_exhausted(), "leases over")
    assert {job.id: job.state for job in ended} == {
        poison.id: JobState.FAILED,
        cancelled.id: JobState.CANCELLED,
    }
    assert store.job(poison.id).error["code"] == "worker_lost"
    assert "attempt 1 of 1" in store.job(poison.id).error["detail"]
    assert store.job(fresh.id).state is JobState.RUNNING


def test_what_is_too_old_expires_and_is_forgotten_later(store: Store) -> None:
    job, running = add(store), add(store)
    store.claim(running.id, LONG)
    store.request_cancel(job.id)
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1, minutes=1)
    assert [old.id for old in store.expire(later)] == [job.id]
    assert store.job(job.id).state is JobState.EXPIRED
    assert store.expire(later) == []
    store.expire(later + dt.timedelta(hours=1))
    with pytest.raises(NotFound):
        store.job(job.id)
    assert store.job(running.id).state is JobState.RUNNING


@pytest.mark.parametrize("end", ["delete", "expire"])
def test_the_rows_of_a_job_end_with_it_and_other_datasets_stay(store: Store, end: str) -> None:
    rows, other = a_dataset(), a_dataset()
    store.add_dataset(other)
    job, _ = store.insert_job(new_job(datasets={"dataset": rows.id}), rows=rows)
    reader = add(store, datasets={"dataset": other.id})
    assert (job.rows_dataset, reader.rows_dataset) == (rows.id, None)
    for one in (job, reader):
        store.request_cancel(one.id)
        if end == "delete":
            store.delete(one.id)
    if end == "expire":
        assert len(store.expire(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1, minutes=1))) == 2
    assert not store.known_datasets([rows.id])
    assert store.known_datasets([other.id])


def test_a_dataset_lives_as_long_as_a_job_may_read_it(store: Store) -> None:
    read, unread = a_dataset(), a_dataset()
    for dataset in (read, unread):
        store.add_dataset(dataset)
    assert store.dataset(read.id) == read
    add(store, datasets={"dataset": read.id}, keep_seconds=7200.0)
    assert store.dataset(read.id).expires > read.expires
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)
    assert [old.id for old in store.expire_datasets(later)] == [unread.id]
    assert store.known_datasets([read.id])
    assert not store.known_datasets([unread.id])


def test_a_job_of_a_dataset_that_is_gone_is_not_made(store: Store) -> None:
    with pytest.raises(NotFound):
        add(store, datasets={"dataset": new_id()})
    assert store.jobs() == ([], None)


def test_a_jobs_own_rows_are_recorded_with_it_or_not_at_all(store: Store) -> None:
    rows = a_dataset()
    store.insert_job(new_job(datasets={"dataset": rows.id}), "key", "body", rows=rows)
    twin = a_dataset()
    _, created = store.insert_job(new_job(datasets={"dataset": twin.id}), "key", "body", rows=twin)
    assert not created
    assert store.known_datasets([rows.id])
    assert not store.known_datasets([twin.id])


def test_only_what_the_attempt_that_counts_has_published_is_wanted(store: Store) -> None:
    job = add(store)
    store.claim(job.id, GONE)

    def wanted(attempt: int) -> bool:
        return store.wanted([(job.id, attempt)]) == {(job.id, attempt)}

    assert wanted(1)
    wait_for(lambda: store.claim(job.id, LONG), "the lease runs out")
    assert not wanted(1)
    assert wanted(2)
    store.succeed(job.id, 2, [a_file(job.id, 2)], {})
    assert wanted(2), "its files are downloaded"
    assert not wanted(1)
    assert not store.wanted([(new_id(), 1)])


def test_an_attempt_is_leased_until_its_lease_runs_out_or_it_ends(store: Store) -> None:
    job = add(store)
    asked = [(job.id, 1), (job.id, 2)]
    assert store.leased(asked) == set()
    store.claim(job.id, 0.05)
    wait_for(lambda: store.leased(asked) == set(), "the lease runs out")
    assert store.claim(job.id, LONG)
    assert store.leased(asked) == {(job.id, 2)}
    store.request_cancel(job.id)
    assert store.leased(asked) == {(job.id, 2)}, "it has not stopped yet"
    store.finish_cancelled(job.id, 2)
    assert store.leased(asked) == set()


def test_a_dataset_is_deleted_when_no_job_needs_it(store: Store) -> None:
    dataset = a_dataset()
    store.add_dataset(dataset)
    job = add(store, datasets={"dataset": dataset.id})
    with pytest.raises(Conflict, match=job.id):
        store.delete_dataset(dataset.id)
    store.request_cancel(job.id)
    assert store.delete_dataset(dataset.id).id == dataset.id
    for gone in (store.delete_dataset, store.dataset):
        with pytest.raises(NotFound, match=dataset.id):
            gone(dataset.id)
    with pytest.raises(NotFound, match=dataset.id):
        store.retry(job.id)
    assert store.job(job.id).state is JobState.CANCELLED


def test_thousands_are_asked_about_at_once(store: Store) -> None:
    jobs, others = [add(store) for _ in range(3)], [new_id() for _ in range(2_000)]
    for job in jobs:
        store.claim(job.id, LONG)
    asked = [(id_, 1) for id_ in (*others, *(job.id for job in jobs))]
    assert store.wanted(asked) == {(job.id, 1) for job in jobs}
    dataset = a_dataset()
    store.add_dataset(dataset)
    assert store.known_datasets([*others, dataset.id]) == {dataset.id}
    assert store.wanted([]) == store.known_datasets([]) == set()


def test_a_success_whose_answer_was_lost_is_still_one(store: Store) -> None:
    job = add(store)
    store.claim(job.id, LONG)
    files = [a_file(job.id, 1)]
    assert store.succeed(job.id, 1, files, {})
    once = store.job(job.id)
    assert store.succeed(job.id, 1, files, {}), "or its files would be removed"
    assert store.job(job.id) == once


def test_leases_go_by_the_databases_clock_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time

    class Tomorrow(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:
            return dt.datetime.fromtimestamp(real() + 86_400, tz)

    job = add(store)
    store.claim(job.id, LONG)
    with monkeypatch.context() as moved:
        moved.setattr(time, "time", lambda: real() + 86_400)
        moved.setattr(dt, "datetime", Tomorrow)
        assert store.claim(job.id, LONG) is None, "the lease is not over"
        assert store.fail_exhausted() == []
        assert store.rings_due(LONG) == []
        assert not store.beat(job.id, 1, Phase.READING, Progress(), GONE).stop
    wait_for(lambda: store.claim(job.id, LONG), "the lease that was over at once")
    assert abs(store.job(job.id).started - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
