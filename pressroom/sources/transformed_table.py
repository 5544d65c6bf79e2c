"""A transform's table: its SQL's rows in order, through the core and an Arrow IPC file, into the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

import rust_core
from pressroom.errors import BadData, DefinitionError
from pressroom.sources.query import OrderedRows, bind_query
from pressroom.transforms import row_order, transform_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pressroom.definition import ParameterValue
    from pressroom.sources.sandbox import Sandbox
    from pressroom.transforms import Transform


def add_transformed(
    sandbox: Sandbox,
    transform: Transform,
    key: str,
    parameters: Mapping[str, ParameterValue],
    *,
    time_zone: str | None,
    control: rust_core.JobControl,
) -> None:
    """Make the sandbox's table that `transform` names; `key` is its place in report.yaml.

    Raises `DefinitionError`, `QueryFailed`, `BadParameters` and `BadData` that name the key.
    """
    rows = bind_query(sandbox, transform.sql, parameters, f"{key}.sql")
    ordered = OrderedRows(rows, row_order(transform, key, rows.columns), transform.sql, f"{key}.sql")
    plan = transform_plan(transform, parameters, time_zone)
    path = sandbox.spill / f"{transform.name}.arrow"
    try:
        with sandbox.stop.reaches(control.cancel), sandbox.stop.reaches(sandbox.interrupt):
            rust_core.transform(ordered, plan, str(path), control)
        sandbox.add(transform.name, rust_core.read_ipc(str(path)))
    except (rust_core.StreamError, duckdb.Error) as error:
        raise ordered.failure(error) from None
    except rust_core.PlanError as error:
        raise DefinitionError(f"report.yaml: {key}: {error}") from None
    except rust_core.DataError as error:
        raise BadData(f"report.yaml: {key}: {error}") from None
    finally:
        path.unlink(missing_ok=True)
