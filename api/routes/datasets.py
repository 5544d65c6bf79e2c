"""Datasets: rows that a client hands in before it asks for a report over them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api import uploads
from api.dependencies import DatasetId, Press
from api.multipart import PartBegin, boundary_of, events
from api.schemas import DatasetView
from pressroom.errors import BadRequest

router = APIRouter(prefix="/v1/datasets", tags=["datasets"])

BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


@router.post("", status_code=201, summary="Hand in rows", openapi_extra=BODY)
async def create(
    request: Request,
    response: Response,
    press: Press,
    name: Annotated[str | None, Query(description="file name, of a raw body")] = None,
) -> DatasetView:
    """CSV, Parquet, JSON lines, Arrow IPC or XLSX, as the raw body or as the part `file` of a form."""
    content_type = request.headers.get("content-type", "")
    if content_type.lower().startswith("multipart/form-data"):
        form = events(boundary_of(content_type), request.stream())
        async for event in form:
            if isinstance(event, PartBegin):
                if event.filename is None:
                    raise BadRequest(f"the part {event.name!r} is no file", hint="send one file, as `file`")
                dataset = await uploads.receive(press, name or event.filename, uploads.until_end(form))
                break
        else:
            raise BadRequest("the form holds no file", hint="send it as the part `file`")
    else:
        length = request.headers.get("content-length")
        dataset = await uploads.receive(
            press, name or "dataset", request.stream(), int(length) if length is not None else None
        )
    response.headers["Cache-Control"] = "no-store"
    return DatasetView.of(dataset)


@router.get("/{dataset_id}", summary="What is known of a dataset")
async def show(dataset_id: DatasetId, press: Press, response: Response) -> DatasetView:
    """404 once it is forgotten: on request, or when its time is over and no job needs it."""
    response.headers["Cache-Control"] = "no-store"
    return DatasetView.of(await run_in_threadpool(press.store.dataset, dataset_id))


@router.delete("/{dataset_id}", status_code=204, summary="Forget a dataset")
async def delete(dataset_id: DatasetId, press: Press) -> None:
    """409 while a job that is not done reads it. Jobs that have read it keep their files."""
    dataset = await run_in_threadpool(press.store.delete_dataset, dataset_id)
    await press.storage_threads.run(partial(press.files.remove_dataset, dataset))
