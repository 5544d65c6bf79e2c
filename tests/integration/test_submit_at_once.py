"""Many clients at the counter at the same moment."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.services import Shop


def test_a_hundred_identical_submits_at_once_are_one_job(shop: Shop) -> None:
    start = threading.Barrier(10)

    def submit(_: int) -> list[str]:
        start.wait()
        return [shop.submit(key="the same").id for _ in range(10)]

    with ThreadPoolExecutor(10) as clients:
        ids = {id_ for batch in clients.map(submit, range(10)) for id_ in batch}
    assert len(ids) == 1
    assert len(shop.store.jobs()[0]) == 1
    assert len(list((shop.settings.data_dir / "datasets").iterdir())) == 1, "one dataset is kept"
