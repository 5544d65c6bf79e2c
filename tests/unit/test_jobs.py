import re

import pytest

from pressroom.jobs import ACTIVE, TRANSITIONS, Event, JobState, Transitions, new_id


def drawn() -> dict[Event, dict[JobState, JobState]]:
    """The transitions as the docstring draws them."""
    table: dict[Event, dict[JobState, JobState]] = {}
    for source, event, target in re.findall(r"(\w+) +── (\w+) ─+▶ (\w+)", Transitions.__doc__ or ""):
        table.setdefault(Event(event), {})[JobState(source)] = JobState(target)
    return table


def test_the_table_is_the_drawing() -> None:
    assert drawn() == TRANSITIONS


def test_every_event_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Event)


def test_every_state_but_the_first_can_be_reached_and_only_expired_is_final() -> None:
    reached = {target for moves in TRANSITIONS.values() for target in moves.values()}
    left = {source for moves in TRANSITIONS.values() for source in moves}
    assert reached == set(JobState)
    assert set(JobState) - left == {JobState.EXPIRED}


def test_a_done_job_is_never_claimed() -> None:
    assert set(TRANSITIONS.sources(Event.CLAIM)) <= ACTIVE
    assert all(state.done == (state not in ACTIVE) for state in JobState)


def test_only_a_running_job_can_succeed() -> None:
    assert TRANSITIONS.sources(Event.SUCCEED) == (JobState.RUNNING,)
    assert TRANSITIONS.target(Event.SUCCEED, JobState.CANCELLING) is None


def test_ids_sort_by_time_and_do_not_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10**12, 10**6))
    monkeypatch.setattr("pressroom.jobs.time.time_ns", lambda: next(clock))
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000
    assert all(re.fullmatch(r"[0-9a-hjkmnp-tv-z]{26}", id_) for id_ in ids)
