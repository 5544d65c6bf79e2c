"""How a download is called: the Content-Disposition of our own answers and of objects in a store."""

from __future__ import annotations

from urllib.parse import quote


def content_disposition(name: str) -> str:
    """`attachment` with a name (RFC 6266); one outside ASCII is given twice, the second time by RFC 8187."""
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in name)
    if plain == name:
        return f'attachment; filename="{name}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
