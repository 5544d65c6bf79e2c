"""Pango, which WeasyPrint lays text out with: loaded when pages are to be made, or a clear error."""

from __future__ import annotations

import contextlib
import io

from pressroom.errors import Unavailable


def load_pango() -> None:
    """Load WeasyPrint and with it Pango: half a second, which a workbook alone does not need.

    Raises `Unavailable` that says how to get Pango.
    """
    try:
        # WeasyPrint prints advice of its own before it raises; ours is one line.
        with contextlib.redirect_stdout(io.StringIO()):
            import weasyprint  # noqa: F401 - loading it is the point
    except OSError as error:
        raise Unavailable(
            f"Pango, which lays out the pages, can't be loaded: {str(error).partition(': ')[0]}",
            hint="`make build` installs it; on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0",
        ) from error
