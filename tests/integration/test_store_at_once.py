"""Many processes' worth of connections at the job database at the same moment, on both databases."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import pytest

from pressroom.errors import Conflict, NotFound, StorageFull
from pressroom.jobs import JobState, Phase, Progress
from pressroom.store import Store
from tests.disks import fill, mounted
from tests.services import wait_for
from tests.unit.test_store import GONE, LONG, a_dataset, a_file, add, new_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from pressroom.jobs import Job
    from tests.postgres import JobDatabases

THREADS = 16
T = TypeVar("T")


def at_once(url: str, call: Callable[[Store, int], T], times: int = THREADS) -> list[T]:
    """What `call` answers in so many threads, each with a store of its own, all started together."""
    start = threading.Barrier(times)

    def one(number: int) -> T:
        with Store.open(url) as own:
            own.ping()
            start.wait()
            return call(own, number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_of_many_claims_one_wins(store: Store, database_url: str) -> None:
    for _ in range(10):
        job = add(store)
        taken = at_once(database_url, lambda own, _, id_=job.id: own.claim(id_, LONG))
        assert [won.attempt for won in taken if won is not None] == [1]


def test_a_lease_that_ran_out_is_taken_over_once_and_the_old_token_refused(
    store: Store, database_url: str
) -> None:
    job = add(store, max_attempts=3)
    store.claim(job.id, GONE)
    taken = at_once(database_url, lambda own, _: own.claim(job.id, LONG))
    assert [won.attempt for won in taken if won is not None] == [2]
    assert store.beat(job.id, 1, Phase.WRITING, Progress(), LONG).lost
    assert not store.succeed(job.id, 1, [a_file(job.id, 1)], {})
    assert not store.fail(job.id, 1, {"code": "x"})
    assert not store.give_back(job.id, 1)
    assert store.succeed(job.id, 2, [a_file(job.id, 2)], {})
    assert store.job(job.id).files == (a_file(job.id, 2),)


def test_a_key_raced_a_hundred_times_makes_one_job(store: Store, database_url: str) -> None:
    def submit(own: Store, _: int) -> list[tuple[Job, bool]]:
        return [own.insert_job(new_job(), "key", "body") for _ in range(10)]

    answers = [answer for batch in at_once(database_url, submit, 10) for answer in batch]
    assert len({job.id for job, _ in answers}) == 1
    assert sum(created for _, created in answers) == 1


def test_two_reapers_share_the_work(store: Store, database_url: str) -> None:
    poison = {add(store, max_attempts=1, callback="https://example.org/").id for _ in range(60)}
    waiting = {add(store).id for _ in range(60)}
    for id_ in poison:
        store.claim(id_, GONE)
    store.not_rung([id_ for id_, _ in store.rings_due(0.0)])

    def reap(own: Store, _: int) -> tuple[list[str], list[str], list[str], list[str]]:
        ended = [job.id for job in own.fail_exhausted()]
        rung = [id_ for id_, _ in own.rings_due(LONG)]
        told = [job.id for _ in range(3) for job in own.callbacks_due()]
        old = [job.id for job in own.expire(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=90))]
        return ended, rung, told, old

    found = [list(itertools.chain(*lists)) for lists in zip(*at_once(database_url, reap, 4), strict=True)]
    assert all(len(ids) == len(set(ids)) for ids in found), "nobody does what another does"
    ended, rung, told, _ = found
    assert (set(ended), set(rung)) == (poison, waiting)
    assert set(told) <= poison
    store.expire(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=90))
    assert {state for _, state in store.counts()} == {JobState.EXPIRED}


def test_a_reaper_passes_by_what_another_holds(postgres_url: str) -> None:
    with Store.open(postgres_url) as one, Store.open(postgres_url) as other:
        held, free = add(one), add(one)
        with one._engine.begin() as connection:
            connection.exec_driver_sql("SELECT 1 FROM jobs WHERE id = %s FOR UPDATE", (held.id,))
            start = time.monotonic()
            assert other.rings_due(0.0) == [(free.id, "fast")]
            assert time.monotonic() - start < 5, "it does not wait"
        assert held.id in dict(other.rings_due(0.0))


def test_jobs_of_the_same_datasets_never_lock_each_other_out(store: Store, database_url: str) -> None:
    shared = [a_dataset() for _ in range(6)]
    for dataset in shared:
        store.add_dataset(dataset)
    ids = [dataset.id for dataset in shared]

    def submit(own: Store, number: int) -> int:
        for turn in range(10):
            shift = (number + turn) % len(ids)
            order = [*ids[shift:], *ids[:shift]][:: 1 if number % 2 else -1]
            named = {f"d{place}": id_ for place, id_ in enumerate(order)}
            # Later each time, so that every one of them changes the rows.
            own.insert_job(new_job(datasets=named, keep_seconds=4000.0 + 16 * turn + number))
        return 10

    assert sum(at_once(database_url, submit)) == len(store.jobs(limit=500)[0]) == 160


def test_a_dataset_is_never_taken_from_under_a_job_that_is_made(store: Store, database_url: str) -> None:
    """Either the job is refused, or its dataset stays: on every one of many occasions."""
    for _ in range(15):
        past = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        dataset = a_dataset(expires=past)
        store.add_dataset(dataset)

        def race(own: Store, number: int, id_: str = dataset.id) -> Job | None:
            if number == 1:
                own.expire_datasets()
                return None
            if number == 3:
                with contextlib.suppress(Conflict, NotFound):
                    own.delete_dataset(id_)
                return None
            try:
                return own.insert_job(new_job(datasets={"dataset": id_}))[0]
            except NotFound:
                return None

        made = [job for job in at_once(database_url, race, 6) if job is not None]
        assert bool(store.known_datasets([dataset.id])) == bool(made)


def test_everything_at_once_ends_without_a_deadlock(store: Store, database_url: str) -> None:
    """Clients, workers and reapers over the same rows; an error of any of them fails the test."""
    end = threading.Event()
    turns = 15

    def client(own: Store, number: int) -> None:
        for turn in range(turns):
            job = add(own, labels=("a", "b"), max_attempts=2, callback="https://example.org/")
            if turn % 3 == number % 3:
                own.request_cancel(job.id)
            own.jobs(label="a", limit=5)

    def worker(own: Store) -> None:
        while not end.is_set():
            for job in own.jobs(limit=20)[0]:
                turn = own.next_in_line(job.id)
                taken = own.claim(turn, GONE if job.id < turn else LONG) if turn else None
                if taken is None:
                    continue
                own.beat(taken.id, taken.attempt, Phase.WRITING, Progress(), LONG)
                if not own.succeed(taken.id, taken.attempt, [a_file(taken.id, taken.attempt)], {}):
                    own.finish_cancelled(taken.id, taken.attempt)

    def reaper(own: Store) -> None:
        while not end.is_set():
            own.fail_exhausted()
            own.not_rung([id_ for id_, _ in own.rings_due(0.0)])
            own.callbacks_due()
            own.expire()
            own.expire_datasets()

    def act(own: Store, number: int) -> None:
        if number < 4:
            try:
                client(own, number)
            finally:
                clients.release()
        elif number < 7:
            worker(own)
        elif number < 10:
            reaper(own)
        else:
            for _ in range(4):
                clients.acquire()
            wait_for(lambda: not any(state == JobState.QUEUED for _, state in own.counts()), "drained", 60)
            end.set()

    clients = threading.Semaphore(0)
    at_once(database_url, act, 11)
    assert sum(store.counts().values()) == 4 * turns


def test_a_full_disk_of_the_server_is_named_and_passes(job_databases: JobDatabases) -> None:
    server = job_databases.server
    with mounted(server.folder / "small", "24m") as disk:
        name = server.add_tablespace(disk)
        with Store.open(job_databases.empty("on_small_disk", tablespace=name)) as store:
            store.migrate()
            ballast = disk / "ballast"
            fill(ballast)
            with pytest.raises(StorageFull) as caught:
                add_many(store)
            assert "free space" in (caught.value.hint or "")
            ballast.unlink()
            job = add(store)
            assert store.job(job.id) == job
        job_databases.drop("on_small_disk")
        server.sql(f"DROP TABLESPACE {name}", database="postgres")


def add_many(store: Store) -> None:
    for _ in range(1000):
        add(store, parameters={"text": "x" * 4000})
