"""`Client`: Pressroom over REST, for scripts and the command line; it outlives restarts and broken lines.

Calls that may be sent twice are sent again with back-off when the connection breaks or the server says 429,
502, 503 or 504. A submission always carries an Idempotency-Key, so sending it again can't make a second job.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from pressroom.disk import sha256 as sha256_of
from pressroom.errors import Detail, Incomplete, PressroomError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

DEFAULT_URL = "http://127.0.0.1:8000"
CHUNK_BYTES = 1 << 20
LONG_POLL_SECONDS = 30
TIMEOUT = httpx.Timeout(30, connect=5)
FIRST_PATIENCE_SECONDS = 2.0
"""How long a server that has never answered is tried; a wrong address should be known soon."""
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 3.0
PASSING = frozenset({429, 502, 503, 504})

Json = dict[str, Any]


class Refused(PressroomError):
    """The server answered with a problem, and `code`, `status` and `retryable` are the server's."""

    def __init__(self, body: Mapping[str, Any], status: int) -> None:
        super().__init__(
            str(body.get("detail") or body.get("title") or f"the server answered {status}"),
            hint=body.get("hint"),
            errors=tuple(Detail(e.get("pointer", ""), e.get("detail", "")) for e in body.get("errors") or ()),
        )
        # The tree's classes know theirs beforehand; here each answer brings its own.
        self.__dict__.update(
            code=str(body.get("code", "error")), status=status, retryable=bool(body.get("retryable", False))
        )


class Client:
    """One server. `patience` is how many seconds it may be away before a call gives up."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        patience: float = 60,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.patience = patience
        self._http = httpx.Client(base_url=self.url, timeout=TIMEOUT, transport=transport)
        # What is known to the server is no business of its object store: no cookies, no credentials.
        self._storage = httpx.Client(timeout=TIMEOUT, transport=transport)
        logging.getLogger("httpx").addFilter(_without_signature)
        self._met = False

    def upload(
        self, path: Path, *, name: str | None = None, sent: Callable[[int], None] | None = None
    ) -> Json:
        """Hand in a file; `sent` is told how many bytes have gone so far. Returns the dataset."""
        size = path.stat().st_size

        def content() -> Iterator[bytes]:
            done = 0
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
                    done += len(chunk)
                    if sent is not None:
                        sent(done)

        return self._json(
            "POST",
            "/v1/datasets",
            params={"name": name or path.name},
            content=content,
            headers={"Content-Length": str(size), "Content-Type": "application/octet-stream"},
        )

    def submit(self, body: Mapping[str, Any], *, idempotency_key: str | None = None) -> Json:
        """Ask for a report; returns the job. The same key and body give the same job."""
        key = idempotency_key or uuid.uuid4().hex
        return self._json("POST", "/v1/jobs", json=dict(body), headers={"Idempotency-Key": key})

    def job(self, job_id: str) -> Json:
        """The job as it stands."""
        return self._json("GET", f"/v1/jobs/{job_id}")

    def jobs(self, **filters: str | int | None) -> Json:
        """A page of jobs: `jobs` and `cursor`; filters are state, report, label, cursor and limit."""
        return self._json("GET", "/v1/jobs", params={k: v for k, v in filters.items() if v is not None})

    def wait(self, job_id: str, *, changed: Callable[[Json], None] | None = None) -> Json:
        """The job once it is done; `changed` gets every version on the way."""
        etag: str | None = None
        while True:
            answer = self._call(
                "GET",
                f"/v1/jobs/{job_id}",
                params={"wait": LONG_POLL_SECONDS},
                headers={"If-None-Match": etag} if etag else {},
                timeout=httpx.Timeout(LONG_POLL_SECONDS + 30, connect=5),
            )
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                continue
            etag = answer.headers.get("etag")
            job: Json = answer.json()
            if changed is not None:
                changed(job)
            if job["done"]:
                return job

    def cancel(self, job_id: str) -> Json:
        """Ask the job to stop."""
        return self._json("POST", f"/v1/jobs/{job_id}/cancel")

    def retry(self, job_id: str) -> Json:
        """Run a failed or cancelled job again."""
        return self._json("POST", f"/v1/jobs/{job_id}/retry", again=False)

    def delete(self, job_id: str) -> None:
        """Forget a job that is done."""
        self._call("DELETE", f"/v1/jobs/{job_id}", again=False)

    def download(
        self, file: Mapping[str, Any], folder: Path, *, came: Callable[[int], None] | None = None
    ) -> Path:
        """Fetch a file of a job into `folder`, going on where an earlier try broke off.

        The name appears only when all of it is there and its SHA-256 is right. Raises `Incomplete` otherwise.
        """
        name, sha256 = str(file["name"]), str(file["sha256"])
        if name != Path(name).name or name in ("", ".", ".."):
            raise Incomplete(f"the server calls a file {name!r}, which is no file name")
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{name}.{sha256[:16]}.part"
        for last_try in (False, True):
            self._fetch(file, part, came or (lambda _: None))
            if part.stat().st_size == file["bytes"] and sha256_of(part) == sha256:
                break
            part.unlink()
            if last_try:
                raise Incomplete(f"{name}: what came is not what the server has", hint="try again")
        target = folder / name
        part.replace(target)
        return target

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fetch(self, file: Mapping[str, Any], part: Path, came: Callable[[int], None]) -> None:
        """Bring `part` to its full length, going on after each break where the last one ended."""
        tries = self._tries(again=True)
        while True:
            have = part.stat().st_size if part.exists() else 0
            if have >= file["bytes"]:
                return
            headers = {"Range": f"bytes={have}-", "If-Range": f'"{file["sha256"]}"'} if have else {}
            try:
                with self._open(str(file["url"]), headers) as answer:
                    if answer.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
                        answer.read()
                        self._raise(answer)
                    resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
                    with part.open("ab" if resumed else "wb") as out:
                        done = have if resumed else 0
                        for chunk in answer.iter_bytes(CHUNK_BYTES):
                            out.write(chunk)
                            done += len(chunk)
                            came(done)
                        out.flush()
                        os.fsync(out.fileno())
                    return
            except httpx.TransportError as error:
                if part.exists() and part.stat().st_size > have:
                    tries = self._tries(again=True)
                self._pause(tries, error)
            except Refused as error:
                # An object store's 500 passes, too.
                if error.status not in PASSING | {500}:
                    raise
                self._pause(tries, error)

    @contextlib.contextmanager
    def _open(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """The answer with a file's bytes; where the server sends us on to its storage, from there."""
        with self._http.stream("GET", url, headers=headers) as answer:
            self._met = True
            if not answer.has_redirect_location:
                yield answer
                return
            there = answer.url.join(answer.headers["location"])
        # The storage has an ETag of its own; a key's bytes never change, and their SHA-256 is checked anyway.
        wanted = {name: value for name, value in headers.items() if name == "Range"}
        with self._storage.stream("GET", there, headers=wanted) as answer:
            yield answer

    def _json(self, method: str, path: str, **call: Any) -> Json:  # noqa: ANN401 - httpx's options
        body: Json = self._call(method, path, **call).json()
        return body

    def _call(
        self,
        method: str,
        path: str,
        *,
        again: bool = True,
        content: Callable[[], Iterator[bytes]] | None = None,
        **call: Any,  # noqa: ANN401 - httpx's options
    ) -> httpx.Response:
        """One call, sent again while that may help; `content` is called anew for each try."""
        tries = self._tries(again=again)
        while True:
            try:
                answer = self._http.request(method, path, content=content() if content else None, **call)
                self._met = True
                if answer.is_error:
                    self._raise(answer)
            except httpx.TransportError as error:
                # What never reached the server may always be sent again.
                if not again and not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                    raise self._away(error) from error
                self._pause(tries, error)
            except Refused as error:
                if error.status not in PASSING or not again:
                    raise
                self._pause(tries, error)
            else:
                return answer

    def _tries(self, *, again: bool) -> Iterator[float]:
        """Pauses between tries, until patience ends."""
        patience = self.patience if self._met and again else min(self.patience, FIRST_PATIENCE_SECONDS)
        deadline = time.monotonic() + patience
        pause = FIRST_PAUSE_SECONDS
        while time.monotonic() < deadline:
            # Clients that lost the same server should not come back all at once.
            yield pause * random.uniform(0.5, 1)  # noqa: S311 - no secret
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _pause(self, tries: Iterator[float], error: Exception) -> None:
        seconds = next(tries, None)
        if seconds is None:
            if isinstance(error, PressroomError):
                raise error
            raise self._away(error) from error
        time.sleep(seconds)

    def _away(self, error: Exception) -> Unavailable:
        said = str(error) or type(error).__name__
        asked = error.request.url if isinstance(error, httpx.TransportError) else self._http.base_url
        if asked.netloc != self._http.base_url.netloc:
            return Unavailable(
                f"the object store at {asked.scheme}://{asked.netloc.decode()} does not answer: {said}",
                hint="where clients can't reach it, set PRESSROOM_STORAGE_REDIRECT=false for the API",
            )
        return Unavailable(
            f"{self.url} does not answer: {said}",
            hint="is it running? `pressroom up` starts one; --url or PRESSROOM_URL names another",
        )

    @staticmethod
    def _raise(answer: httpx.Response) -> None:
        body: Mapping[str, Any] = {}
        with contextlib.suppress(ValueError):
            said = answer.json()
            body = said if isinstance(said, dict) else {}
        raise Refused(body, answer.status_code)


def _without_signature(record: logging.LogRecord) -> bool:
    """A presigned address opens the file to whoever reads it, and httpx logs every address it calls."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            arg.copy_with(query=None) if isinstance(arg, httpx.URL) and _signed(arg) else arg
            for arg in record.args
        )
    return True


def _signed(url: httpx.URL) -> bool:
    return any(name.lower().endswith("signature") or name == "sig" for name in url.params)
