"""Jobs over REST: `submit`, `status`, `jobs`, `cancel`, `retry`, `download`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pressroom.cli.options import (
    Data,
    Format,
    Parameters,
    Url,
    parse_data,
    parse_outputs,
    parse_parameters,
)
from pressroom.cli.screen import bar, note, say, size, table
from pressroom.errors import Conflict, PressroomError

if TYPE_CHECKING:
    from pressroom.client import Client

LOCAL = "http://127.0.0.1:8000"
JobArgument = Annotated[str, typer.Argument(metavar="ID", help="the job")]
Out = Annotated[Path, typer.Option(help="folder for the files")]


class JobEnded(PressroomError):
    """A job that was waited for did not succeed."""

    code = "job_ended"


def submit(
    report: Annotated[str, typer.Argument(help="name of a report that the server has")],
    data: Data = None,
    parameter: Parameters = None,
    output_format: Format = "pdf,xlsx",
    wait: Annotated[bool, typer.Option("--wait", help="until the job is done")] = False,
    out: Annotated[Path | None, typer.Option(help="wait, and download the files into this folder")] = None,
    label: Annotated[list[str] | None, typer.Option(help="to find it again by; may be given often")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="the same key asks for the same job, however often")
    ] = None,
    url: Url = LOCAL,
) -> None:
    """Hand in rows and ask a server for a report; prints the job's id.

    Example:  pressroom submit flights --data flights.csv -p origin=JFK --wait --out out
    """
    outputs, files, given = parse_outputs(output_format), parse_data(data), parse_parameters(parameter)
    from pressroom.client import Client

    with Client(url) as client:
        datasets = {name: _upload(client, path)["id"] for name, path in files.items()}
        body: dict[str, Any] = {
            "report": report,
            # By name also when there is but one, so that SQL finds the same names as with `render`.
            "dataset": datasets or None,
            "parameters": given,
            "outputs": list(outputs),
            "labels": label or [],
        }
        job = client.submit(body, idempotency_key=idempotency_key)
        say(job["id"])
        if wait or out is not None:
            job = _wait(client, job["id"])
        if out is not None:
            _download(client, job, out)


def status(job_id: JobArgument, url: Url = LOCAL) -> None:
    """Show a job.

    Example:  pressroom status 01jd3ptw5yk8h6r9c2v4n7x0mq
    """
    from pressroom.client import Client

    with Client(url) as client:
        job = client.job(job_id)
    progress = job["progress"]
    say(f"{job['id']}  {job['report']}  {job['state']}" + (f" ({job['phase']})" if job["phase"] else ""))
    say(f"attempt {job['attempt']}, {progress['percent']:.0f} %, {progress['rows_written']:,} rows written")
    for file in job["files"]:
        say(f"{file['name']}  {size(file['bytes'])}  sha256 {file['sha256']}")
    for warning in job["warnings"]:
        note(f"warning: {warning}")
    if job["error"]:
        say(f"error: {job['error']['detail']}")


def jobs(
    state: Annotated[str | None, typer.Option(help="queued, running, succeeded, failed ...")] = None,
    report: Annotated[str | None, typer.Option(help="name of a report")] = None,
    label: Annotated[str | None, typer.Option(help="a label given when submitted")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="how many")] = 20,
    url: Url = LOCAL,
) -> None:
    """List jobs, newest first.

    Example:  pressroom jobs --state failed
    """
    from pressroom.client import Client

    with Client(url) as client:
        page = client.jobs(state=state, report=report, label=label, limit=limit)
    rows: list[tuple[str, ...]] = [
        (job["id"], job["report"], job["state"], f"{job['progress']['percent']:.0f} %", job["created"])
        for job in page["jobs"]
    ]
    table(("id", "report", "state", "done", "created"), rows)


def cancel(job_id: JobArgument, url: Url = LOCAL) -> None:
    """Stop a job.

    Example:  pressroom cancel 01jd3ptw5yk8h6r9c2v4n7x0mq
    """
    from pressroom.client import Client

    with Client(url) as client:
        say(client.cancel(job_id)["state"])


def retry(job_id: JobArgument, url: Url = LOCAL) -> None:
    """Run a failed or cancelled job again.

    Example:  pressroom retry 01jd3ptw5yk8h6r9c2v4n7x0mq
    """
    from pressroom.client import Client

    with Client(url) as client:
        say(client.retry(job_id)["state"])


def download(job_id: JobArgument, out: Out = Path(), url: Url = LOCAL) -> None:
    """Download a job's files, going on where an earlier try broke off; each is checked by its SHA-256.

    Example:  pressroom download 01jd3ptw5yk8h6r9c2v4n7x0mq --out out
    """
    from pressroom.client import Client

    with Client(url) as client:
        _download(client, client.job(job_id), out)


def _upload(client: Client, path: Path) -> dict[str, Any]:
    total = path.stat().st_size
    with bar(f"upload {path.name}") as move:
        return client.upload(path, sent=lambda sent: move(f"upload {path.name}", sent, total))


def _wait(client: Client, job_id: str) -> dict[str, Any]:
    with bar("queued") as move:
        job = client.wait(
            job_id, changed=lambda job: move(job["phase"] or job["state"], job["progress"]["percent"], 100)
        )
    for warning in job["warnings"]:
        note(f"warning: {warning}")
    if job["state"] != "succeeded":
        error = job["error"] or {}
        reason = f": {error['detail']}" if error.get("detail") else ""
        raise JobEnded(f"job {job_id} {job['state']}{reason}", hint=error.get("hint"))
    return job


def _download(client: Client, job: dict[str, Any], out: Path) -> None:
    if not job["files"]:
        raise Conflict(f"job {job['id']} is {job['state']}: it has no files")
    for file in job["files"]:
        with bar(f"download {file['name']}") as move:
            path = client.download(
                file,
                out,
                came=lambda came, f=file: move(f"download {f['name']}", came, f["bytes"]),  # type: ignore[misc]
            )
        say(f"{path}  {size(file['bytes'])}")


COMMANDS = (submit, status, jobs, cancel, retry, download)
