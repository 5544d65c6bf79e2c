"""Problem details (RFC 9457) of every error: what REST answers with and what a failed job carries."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from pressroom.errors import PressroomError


def problem(error: BaseException) -> dict[str, Any]:
    """The problem object of `error`: `type, title, status, detail, code, errors, retryable` and maybe `hint`.

    An error that is not ours says only its class: its text may hold paths or data.
    """
    if not isinstance(error, PressroomError):
        return {
            "type": "urn:pressroom:problem:internal",
            "title": HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
            "status": int(HTTPStatus.INTERNAL_SERVER_ERROR),
            "detail": f"an error Pressroom does not know ({type(error).__name__}); the log has all of it",
            "code": "internal",
            "errors": [],
            "retryable": False,
        }
    said: dict[str, Any] = {
        "type": f"urn:pressroom:problem:{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "detail": error.message,
        "code": error.code,
        "errors": [{"pointer": fault.pointer, "detail": fault.detail} for fault in error.errors],
        "retryable": error.retryable,
    }
    if error.hint is not None:
        said["hint"] = error.hint
    return said
