"""What WeasyPrint logs while it works on a design, as the design's author reads it."""

from __future__ import annotations

import logging
import re
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from PIL import UnidentifiedImageError
from weasyprint.logger import LOGGER

from pressroom.errors import Detail, TemplateFailed
from pressroom.plates.fetcher import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pressroom.plates.fetcher import FolderFetcher
    from pressroom.plates.origins import Origins
    from pressroom.plates.style_sheets import StyleSheets

_LINE = " at %d:%d"
_QUOTED = re.compile(r"`(.+?)`|'(.+)'", re.DOTALL)
_NO_FONT = "Font-face %r cannot be loaded"
_NO_SHEET = "Unsupported stylesheet type"
_COPY = "copy the file into the report's folder"


class Complaints:
    """Turns log records into `warnings`, each once, and into errors.

    A file that can't be used is an error: a letterhead must not be missing in silence. All else WeasyPrint
    does without is a warning. Both name file and line; neither names a folder of this machine.
    """

    def __init__(
        self, warnings: list[str], origins: Origins, sheets: StyleSheets, fetcher: FolderFetcher
    ) -> None:
        self._warnings = warnings
        self._origins = origins
        self._sheets = sheets
        self._fetcher = fetcher
        self._failures: dict[str, TemplateFailed] = {}

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Listen to this thread's work; raises `TemplateFailed` for files that may not or can't be read."""
        thread = threading.get_ident()
        hear = self._hear

        class Listener(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                if record.thread == thread:
                    hear(record)

        listener = Listener(logging.WARNING)
        LOGGER.addHandler(listener)
        try:
            yield
        except Refused:
            pass
        except Exception:
            # A part that is missing can make WeasyPrint fail later on; what is missing is the cause.
            if not self._fetcher.refused and not self._failures:
                raise
        finally:
            LOGGER.removeHandler(listener)
        for shown, why in self._fetcher.refused:
            raise TemplateFailed(f"{self._place(shown)}: {shown}: {why}", hint=_COPY)
        for failure in self._failures.values():
            if len(self._failures) > 1:
                failure.errors = tuple(Detail("/pdf", message) for message in self._failures)
            raise failure

    def _hear(self, record: logging.LogRecord) -> None:
        failure = self._failure(record)
        if failure is not None:
            self._failures.setdefault(failure.message, failure)
            return
        message = self._warning(record)
        if message not in self._warnings:
            self._warnings.append(message)

    def _warning(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        if _LINE in record.msg and isinstance(record.args, tuple):
            line, *_ = (arg for arg in record.args if isinstance(arg, int))
            others = tuple(arg for arg in record.args if not isinstance(arg, int))
            message = record.msg.replace(_LINE, "", 1) % others
            place = self._sheets.place(line) or self._quoted(message) or self._sheets.description(line)
            message = f"{place}: {message}"
        elif "selector" in record.msg:
            message = f"{self._quoted(message) or 'report.html'}: {message}"
        return self._fetcher.without_folders(message)

    def _quoted(self, message: str) -> str | None:
        """The place of what the message quotes, or of the property that a template gave its value."""
        quoted = _QUOTED.search(message)
        words = (quoted[1] or quoted[2]).strip() if quoted else ""
        if not words:
            return None
        return self._origins.place(words) or self._origins.only_place(f"{words.partition(':')[0]}:")

    def _failure(self, record: logging.LogRecord) -> TemplateFailed | None:
        args = record.args if isinstance(record.args, tuple) else ()
        if record.msg == _NO_FONT:
            return self._font(str(args[0]))
        if record.levelno < logging.ERROR or not record.msg.startswith(("Failed to", _NO_SHEET)):
            return None
        # WeasyPrint logs while it handles the error, and leaves most reasons out of its message.
        error = next((arg for arg in args if isinstance(arg, BaseException)), sys.exc_info()[1])
        reason = "the name of a style sheet ends in .css" if error is None else _reason(error)
        url = next((arg for arg in args if isinstance(arg, str) and ":" in arg), None)
        shown = reason.partition(": ")[0] if url is None else self._fetcher.shown(url)
        if shown == ".":
            # A drawing inside the HTML goes by the URL of the folder.
            shown = "a drawing"
        if reason.startswith(f"{shown}: "):
            return TemplateFailed(f"{self._place(shown)}: {reason}", hint=_COPY)
        return TemplateFailed(
            f"{self._place(shown)}: {shown} can't be used: {self._fetcher.without_folders(reason)}"
        )

    def _font(self, family: str) -> TemplateFailed:
        place, files = next(self._sheets.faces(family), ("report.html", []))
        names = {unquote(file).rpartition("/")[2] for file in files}
        gone = sorted(file for file in self._fetcher.missing if file.rpartition("/")[2] in names)
        if gone:
            what = f"{gone[0]}: no such file in the report's folder"
        elif files:
            what = f"{', '.join(files)} can't be used: it is no font"
        else:
            what = "no font of that name is installed"
        return TemplateFailed(
            f"{place}: @font-face {family}: {what}",
            hint="copy the font's file into the report's folder: TTF, OTF, WOFF or WOFF2",
        )

    def _place(self, words: str) -> str:
        return self._origins.place(words.rstrip("…")) or "report.html"


def _reason(error: BaseException) -> str:
    """What went wrong, without the class of the error and the addresses of objects."""
    cause = error.__cause__ or error
    if isinstance(cause, UnidentifiedImageError):
        return "it is no image"
    return re.sub(r"^\w*Error: ", "", str(cause)) or type(cause).__name__
