"""Results: every run of a benchmark with the machine it was made on, as JSON; pages are made out of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from bench.contender import Run
from bench.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path

    from bench.contender import Contender


@dataclass(frozen=True, slots=True)
class Result:
    """The runs of one contender over one number of rows."""

    contender: str
    rows: int
    runs: tuple[Run, ...]

    @property
    def median(self) -> Run:
        """The run in the middle by seconds; of an even number, the slower one."""
        return sorted(self.runs, key=lambda run: run.seconds)[len(self.runs) // 2]


@dataclass(slots=True)
class Results:
    """What a benchmark found; `rows` is the number at which contenders are compared.

    `peer_rows` is the most that the others were asked for, where there was such a limit.
    """

    rows: int
    threads: int
    machine: Machine
    titles: dict[str, str]
    found: list[Result] = field(default_factory=list)
    peer_rows: int | None = None

    @classmethod
    def of(
        cls, contenders: list[Contender], rows: int, threads: int, peer_rows: int | None = None
    ) -> Results:
        """Results without a run yet, made here and now."""
        packages = dict.fromkeys(package for each in contenders for package in each.packages)
        titles = {each.name: each.title for each in contenders}
        return cls(rows, threads, Machine.this(packages), titles, peer_rows=peer_rows)

    def at(self, rows: int) -> list[Result]:
        """The results over `rows` rows, fastest first."""
        return sorted((r for r in self.found if r.rows == rows), key=lambda r: r.median.seconds)

    def curve(self, contender: str) -> list[Result]:
        """A contender's results, fewest rows first."""
        return sorted((r for r in self.found if r.contender == contender), key=lambda r: r.rows)

    def get(self, contender: str, rows: int) -> Result | None:
        """A contender's result over `rows` rows."""
        return next((r for r in self.found if (r.contender, r.rows) == (contender, rows)), None)

    def save(self, path: Path) -> None:
        """Write them as JSON, seconds to the millisecond, those of phases to the microsecond."""
        plain = asdict(self)
        for result in plain["found"]:
            for run in result["runs"]:
                run.update({k: round(v, 3) for k, v in run.items() if isinstance(v, float)})
                run["phases"] = {k: round(v, 6) for k, v in run["phases"].items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what `save` wrote."""
        plain = json.loads(path.read_text(encoding="utf-8"))
        found = [
            Result(each["contender"], each["rows"], tuple(Run(**run) for run in each["runs"]))
            for each in plain.pop("found")
        ]
        return cls(**{**plain, "machine": Machine(**plain["machine"]), "found": found})
