"""Columns whose cells are links, as the plate has them (`rust_core::xlsx::link::PlateLink`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressroom.errors import DefinitionError
from pressroom.links import VALUE, Field, parse_link

if TYPE_CHECKING:
    from pressroom.plates.worksheet import Sheet


def links_to_json(sheet: Sheet) -> list[dict[str, Any]]:
    """The `links` of a plate; raises `DefinitionError` for a field that is no column of the sheet."""
    names = [column.name for column in sheet.plan.columns]
    links = []
    for field, template in sheet.links.items():
        address: list[dict[str, Any]] = []
        for part in parse_link(template):
            if not isinstance(part, Field):
                address.append({"text": part})
            elif part.name in names:
                address.append({"column": names.index(part.name)})
            elif part.name == VALUE:
                address.append({"column": sheet.column(field)})
            else:
                raise DefinitionError(
                    f"report.yaml: the link of column {field!r} names {part.name!r}, which is no column",
                    hint=f"the columns are {', '.join(names)}; {{value}} is the column's own value",
                )
        links.append({"column": sheet.column(field), "address": address})
    return links
