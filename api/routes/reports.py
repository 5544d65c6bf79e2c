"""The installed reports and what they ask for."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.dependencies import Press
from api.schemas import ReportList, ReportView
from pressroom.errors import DefinitionError
from pressroom.parameters import parameter_schema
from pressroom.problems import problem
from pressroom.reports import installed_names, installed_report

router = APIRouter(prefix="/v1/reports", tags=["reports"])


@router.get("", summary="List the installed reports")
def reports(press: Press) -> ReportList:
    """A report whose folder is broken is listed too, with its problem."""
    folders = press.settings.report_dirs
    found = []
    for name in installed_names(folders):
        try:
            found.append(ReportView.of(installed_report(name, folders)))
        except DefinitionError as error:
            found.append(ReportView.broken(name, problem(error)))
    return ReportList(reports=found)


@router.get("/{name}", summary="Describe a report")
def report(name: str, press: Press) -> ReportView:
    """Its title and its parameters."""
    return ReportView.of(installed_report(name, press.settings.report_dirs))


@router.get("/{name}/schema", summary="JSON Schema of a report's parameters")
def schema(name: str, press: Press) -> dict[str, Any]:
    """What `parameters` of a job may hold."""
    return parameter_schema(installed_report(name, press.settings.report_dirs).definition)
