"""Designing with a specimen: WeasyPrint and XlsxWriter lay out a few rows, the Rust core replays them."""

import contextlib
import io

from pressroom.errors import Unavailable

try:
    # WeasyPrint prints advice of its own before it raises; ours is one line.
    with contextlib.redirect_stdout(io.StringIO()):
        import weasyprint as _weasyprint  # noqa: F401 - loads Pango, before any module here needs it
except OSError as error:
    raise Unavailable(
        f"Pango, which lays out the pages, can't be loaded: {str(error).partition(': ')[0]}",
        hint="`make build` installs it; on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0",
    ) from error
