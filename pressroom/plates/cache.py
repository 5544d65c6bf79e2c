"""Plates kept between jobs: in memory for this process, on disk for all of them.

```
magic "PRPLATE2"   8 bytes
sha256             32 bytes, of everything after it
length of text     8 bytes, big endian
text               JSON: the layout, the warnings, the unreplayed CSS, UTF-8
furniture          PDF
```
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressroom.plates.unreplayed import Unreplayed

_MAGIC = b"PRPLATE2"


@dataclass(frozen=True, slots=True)
class StoredPlate:
    """A page plate as plain data: layout JSON, furniture PDF, warnings, and CSS that it can't replay.

    `extent` tells where the specimen stood: pages before it, pages up to its end, all pages. `columns` are
    the widths that its columns got, in px. `leads` says whether links or bookmarks stand beside the rows.
    """

    layout: str
    furniture: bytes
    warnings: tuple[str, ...]
    extent: tuple[int, int, int]
    unreplayed: tuple[Unreplayed, ...]
    columns: tuple[float, ...]
    leads: bool

    @property
    def font_files(self) -> frozenset[str]:
        """Files without which the plate can't be printed."""
        return frozenset(font["path"] for font in json.loads(self.layout)["fonts"])

    def to_bytes(self) -> bytes:
        """The file's content."""
        known = {"layout": self.layout, "warnings": self.warnings, "extent": self.extent}
        unreplayed = [(one.css, one.where, one.instead) for one in self.unreplayed]
        text = json.dumps(
            {**known, "unreplayed": unreplayed, "columns": self.columns, "leads": self.leads}
        ).encode()
        body = len(text).to_bytes(8, "big") + text + self.furniture
        return _MAGIC + hashlib.sha256(body).digest() + body

    @classmethod
    def from_bytes(cls, data: bytes) -> StoredPlate | None:
        """Read a file's content; None when it isn't whole."""
        body = data[40:]
        if data[:8] != _MAGIC or hashlib.sha256(body).digest() != data[8:40]:
            return None
        end = 8 + int.from_bytes(body[:8], "big")
        text: dict[str, Any] = json.loads(body[8:end])
        before, through, total = text["extent"]
        return cls(
            text["layout"],
            body[end:],
            tuple(text["warnings"]),
            (before, through, total),
            tuple(Unreplayed(*one) for one in text["unreplayed"]),
            tuple(text["columns"]),
            text["leads"],
        )


class PlateCache:
    """Plates by the SHA-256 of what they are made from; safe for threads and for several processes.

    A file that is not whole, or whose fonts are gone, counts as missing: the plate is made anew.
    """

    def __init__(self, folder: Path, *, entries: int = 32) -> None:
        self._folder = folder
        self._entries = entries
        self._recent: OrderedDict[str, StoredPlate] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def fonts(self) -> Path:
        """Where font files are kept that plates need and the system does not have."""
        return self._folder / "fonts"

    def get(self, key: str) -> StoredPlate | None:
        """The plate of this key, if there is one that can be printed."""
        with self._lock:
            plate = self._recent.get(key)
        if plate is None:
            try:
                plate = StoredPlate.from_bytes(self._path(key).read_bytes())
            except FileNotFoundError:
                return None
        if plate is None or not all(Path(file).is_file() for file in plate.font_files):
            return None
        self._remember(key, plate)
        return plate

    def put(self, key: str, plate: StoredPlate) -> None:
        """Keep `plate`; a reader sees the whole file or none."""
        self._remember(key, plate)
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".tmp", delete=False) as temp:
            try:
                temp.write(plate.to_bytes())
                temp.flush()
                os.fsync(temp.fileno())
                Path(temp.name).replace(self._path(key))
            except BaseException:
                Path(temp.name).unlink(missing_ok=True)
                raise

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.plate"

    def _remember(self, key: str, plate: StoredPlate) -> None:
        with self._lock:
            self._recent[key] = plate
            self._recent.move_to_end(key)
            while len(self._recent) > self._entries:
                self._recent.popitem(last=False)
