from pressroom.jobs import Phase
from worker.gauge import Gauge


class Rows:
    def __init__(self) -> None:
        self.at = (0, 0)

    def progress(self) -> tuple[int, int]:
        return self.at


def test_progress_never_goes_back_and_ends_below_a_hundred() -> None:
    rows = Rows()
    gauge = Gauge(2, rows)
    seen = []
    for phase in (Phase.READING, Phase.CRUNCHING, *([Phase.DESIGNING, Phase.WRITING] * 2), Phase.PUBLISHING):
        gauge.enter(phase)
        for done in (0, 50, 100):
            rows.at = (done, 100)
            seen.append(gauge.read().percent)
    assert seen == sorted(seen)
    assert seen[0] == 0.0
    assert 90 < seen[-1] < 100


def test_rows_are_counted_as_they_are_read_and_written() -> None:
    rows = Rows()
    gauge = Gauge(1, rows)
    gauge.enter(Phase.CRUNCHING)
    rows.at = (70, 0)
    assert (gauge.read().rows_read, gauge.read().rows_written) == (70, 0)
    gauge.enter(Phase.DESIGNING)
    gauge.enter(Phase.WRITING)
    rows.at = (30, 70)
    assert (gauge.read().rows_read, gauge.read().rows_written) == (70, 30)


def test_a_source_says_how_far_its_query_is() -> None:
    gauge = Gauge(1, Rows())
    read: list[float | None] = [None]
    gauge.follow(lambda: read[0])
    seen = []
    for phase in (Phase.READING, Phase.CRUNCHING):
        gauge.enter(phase)
        for read[0] in (None, 0.5, 1.0):
            seen.append(gauge.read().percent)
    assert seen == [0.0, 2.5, 5.0, 5.0, 22.5, 40.0]
