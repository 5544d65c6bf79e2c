"""`ReportDefinition`: what report.yaml may say, and the errors it gets when it says something else."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal, Self

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from pressroom.errors import BadRequest, DefinitionError, Detail
from pressroom.links import parse_link
from pressroom.names import FieldName, Name, Sql
from pressroom.rules import Rule, parse_condition
from pressroom.transforms import Aging, Amortise, Transform

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

Label = Annotated[str, Field(max_length=255)]
"""What people read instead of a field's name; a table's heading has no more characters."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class TotalKind(StrEnum):
    """The totals a report can ask for."""

    SUM = "sum"
    AVG = "avg"
    MIN = "min"
    MAX = "max"
    COUNT = "count"
    DISTINCT = "distinct"
    MEDIAN = "median"
    P90 = "p90"
    FIRST = "first"
    LAST = "last"
    WEIGHTED_AVG = "weighted_avg"


class Total(_Model):
    """One total: `sum`, or `{kind: weighted_avg, by: field}`; `weighted_avg(by)` is the short form."""

    kind: TotalKind
    by: FieldName | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        if value.startswith("weighted_avg(") and value.endswith(")"):
            return {"kind": "weighted_avg", "by": value.removeprefix("weighted_avg(").removesuffix(")")}
        return {"kind": value}

    @model_validator(mode="after")
    def _weights(self) -> Self:
        if (self.kind is TotalKind.WEIGHTED_AVG) != (self.by is not None):
            raise ValueError(
                "weighted_avg needs the field of its weights, and no other total has one: weighted_avg(field)"
            )
        return self


def _without_weights(kind: TotalKind) -> TotalKind:
    if kind is TotalKind.WEIGHTED_AVG:
        raise ValueError("weighted_avg is for columns: a crosstab, a top list or a chart names no weights")
    return kind


PlainKind = Annotated[TotalKind, AfterValidator(_without_weights)]


def _as_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Totals = Annotated[tuple[Total, ...], BeforeValidator(_as_list)]
ParameterValue = bool | int | float | dt.date | dt.datetime | str | None


class Parameter(_Model):
    """A value that a job may set; it is bound in the SQL as `$name`, never pasted."""

    type: Literal["string", "integer", "number", "boolean", "date", "timestamp"]
    label: str | None = None
    description: str | None = None
    enum: tuple[ParameterValue, ...] | None = None
    default: ParameterValue = None
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None


PythonName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w{0,62}:[A-Za-z_]\w{0,62}$")]
"""`module:function`: the function of module.py in the report's folder."""
MAIN_DATASET = "dataset"
"""The name under which the SQL finds the first dataset, or the short form's rows."""


class DatabaseTable(_Model):
    """A table that a database's own SQL makes; `$name` binds a parameter there too."""

    database: Name = Field(description="one that the installation names: PRESSROOM_DATABASES__<NAME>")
    sql: Sql


class PythonTable(_Model):
    """A table that a Python function returns as Arrow."""

    python: PythonName


def _kind_of_table(value: object) -> str:
    python = "python" in value if isinstance(value, dict) else isinstance(value, PythonTable)
    return _PYTHON_TAG if python else _DATABASE_TAG


_DATABASE_TAG, _PYTHON_TAG = "(database)", "(python)"
Table = Annotated[
    Annotated[DatabaseTable, Tag(_DATABASE_TAG)] | Annotated[PythonTable, Tag(_PYTHON_TAG)],
    Discriminator(_kind_of_table),
]


class Data(_Model):
    """Where the rows come from: SQL over the job's datasets and the report's own sources, or a function."""

    sql: Sql | None = None
    python: PythonName | None = Field(
        default=None, description="a function that returns the rows; they are ordered here"
    )
    sources: dict[Name, Table] = Field(default_factory=dict, description="tables that the SQL sees by name")
    sheets: dict[Name, Annotated[str, Field(min_length=1, max_length=31)]] = Field(
        default_factory=dict, description="which sheet of a workbook is read, by dataset; default: its first"
    )
    transforms: Annotated[tuple[Transform, ...], Field(max_length=100)] = Field(
        default=(), description="tables made where SQL can't, one after the other; the SQL sees them by name"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.sql is None) == (self.python is None):
            raise ValueError("rows come from sql or from python: one of the two")
        if self.python is not None and (self.sources or self.sheets or self.transforms):
            raise ValueError("python returns all the rows: sources, sheets and transforms go with sql")
        return self

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        made = [transform.name for transform in self.transforms]
        if MAIN_DATASET in made:
            raise ValueError(f"transforms: {MAIN_DATASET} is the name of the first dataset")
        names = [*self.sources, *made]
        if twice := sorted({name for name in made if names.count(name) > 1}):
            raise ValueError(f"sources and transforms name {', '.join(twice)} more than once")
        return self

    @property
    def query(self) -> str:
        """The SQL that gives the rows."""
        return self.sql if self.sql is not None else f"SELECT * FROM {MAIN_DATASET}"  # noqa: S608 - a constant

    @property
    def tables(self) -> Mapping[str, DatabaseTable | PythonTable]:
        """The report's own sources, by the names that the SQL knows."""
        return self.sources if self.python is None else {MAIN_DATASET: PythonTable(python=self.python)}

    @property
    def unbounded(self) -> bool:
        """Whether there may be any number of rows, whatever the datasets hold.

        Nobody knows how many a database or a function will give; a loan becomes up to 1,200 payments.
        """
        return bool(self.tables) or any(isinstance(transform, Amortise) for transform in self.transforms)

    def first_is_main(self, datasets: Collection[str]) -> bool:
        """Whether the first of the datasets of these names is `dataset` too: unless another has that name."""
        return bool(datasets) and MAIN_DATASET not in (*datasets, *self.tables)

    def check_datasets(self, names: Collection[str]) -> None:
        """Raise `BadRequest` when the report can't do with the datasets of these names."""
        if self.python is not None and names:
            raise BadRequest(
                f"the report takes no dataset: its rows come from {self.python}", hint="leave it out"
            )
        if not names and not self.tables:
            raise BadRequest("the report needs at least one dataset", hint="hand in a file, or rows")
        lower = {name.lower() for name in names}
        made = {transform.name for transform in self.transforms}
        for own, noun in ((self.sources.keys(), "source"), (made, "transform")):
            if both := sorted(lower & own):
                raise BadRequest(
                    f"{both[0]!r} is a {noun} of the report itself", hint="name the dataset differently"
                )
        known = {*names, MAIN_DATASET} if self.first_is_main(names) else set(names)
        if unknown := sorted(self.sheets.keys() - known):
            raise BadRequest(
                f"report.yaml: data.sheets.{unknown[0]}: no dataset has that name",
                hint=f"there are: {', '.join(sorted(known)) or 'none'}",
            )


def _sound_link(template: str) -> str:
    parse_link(template)
    return template


def _sound_condition(text: str) -> str:
    parse_condition(text)
    return text


class Show(_Model):
    """What draws a column's numbers; `data_bar` is short for `{kind: data_bar}`.

    Bars, colours and icons run from the column's smallest detail value (bars: or 0) to its largest, unless
    `min` or `max` say otherwise: what lies beyond looks like the end.
    """

    kind: Literal["data_bar", "color_scale", "icons"]
    min: Annotated[float, Field(allow_inf_nan=False)] | None = None
    max: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if self.min is not None and self.max is not None and self.min >= self.max:
            raise ValueError(f"min {self.min:g} is not below max {self.max:g}")
        return self


Made = Literal["running", "share", "rank"]
"""What further columns are made of one; in the plan they are named `share:<field>` and so on."""


class Column(_Model):
    """A column of the detail rows."""

    field: FieldName
    label: Label | None = None
    format: str = ""
    total: Totals = ()
    running: str | bool | None = Field(
        default=None,
        description="a further column with the running sum: true, or the group at which it restarts",
    )
    share: str | bool | None = Field(
        default=None,
        description="a further column with the share of the sum: true of all rows, or the group it is of",
    )
    rank: str | bool | None = Field(
        default=None,
        description="a further column with the rank, 1 for the largest: true among all rows, or the group",
    )
    width: Annotated[float, Field(gt=0, le=255)] | None = Field(default=None, description="characters, XLSX")
    align: Literal["left", "center", "right"] | None = None
    show: Show | None = Field(default=None, description="draws the numbers of the detail rows, XLSX")
    rules: tuple[Rule, ...] = ()
    filter: Annotated[str, Field(max_length=200), AfterValidator(_sound_condition)] | None = Field(
        default=None, description='rows that are shown when the workbook opens: ">= 60", XLSX'
    )
    link: Annotated[str, Field(max_length=2_000), AfterValidator(_sound_link)] | None = Field(
        default=None, description="https://example.org/orders/{order_id}; {value} is the column's own, XLSX"
    )

    @property
    def heading(self) -> str:
        """The label, or the field's name made readable."""
        return self.label if self.label is not None else self.field.replace("_", " ").capitalize()

    @property
    def made(self) -> dict[Made, str]:
        """What is made of it in further columns, and their headings."""
        asked: dict[Made, str | bool | None] = {
            "running": self.running,
            "share": self.share,
            "rank": self.rank,
        }
        asked_for = (made for made, over in asked.items() if over is not None and over is not False)
        return {made: f"{self.heading}, {made}" for made in asked_for}

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of its printed columns: its own, and those of what is made of it."""
        return (self.heading, *self.made.values())


class Group(_Model):
    """A group level; its rows stand together and can close with subtotals."""

    field: FieldName
    label: Label | None = None
    format: str = ""
    page_break: bool = False
    bookmark: bool = False
    subtotals: bool = True

    @property
    def heading(self) -> str:
        """The label, or the field's name made readable."""
        return self.label if self.label is not None else self.field.replace("_", " ").capitalize()


class Crosstab(_Model):
    """One total of `value` for each pair of `rows` and `columns`."""

    name: Name
    title: str | None = None
    rows: FieldName
    columns: FieldName
    value: FieldName
    total: PlainKind = TotalKind.SUM
    format: str = ""


class Top(_Model):
    """The `n` rows with the largest (or smallest) `by`, or the `n` values of `of` with that `total` of it."""

    name: Name
    title: str | None = None
    of: FieldName | None = Field(default=None, description="its values rank, by a total of `by`; else rows")
    by: FieldName
    total: PlainKind = TotalKind.SUM
    n: Annotated[int, Field(ge=1, le=10_000)] = 10
    ascending: bool = False
    others: bool | Annotated[Label, Field(min_length=1)] | None = Field(
        default=None, description="a last line for all others, or its label; by itself with `of`"
    )
    label: Label | None = Field(default=None, description="heading of the totals, with `of`")
    format: str = ""

    @model_validator(mode="after")
    def _of_keys(self) -> Self:
        if self.of is None and (keys := sorted({"total", "label", "format"} & self.model_fields_set)):
            raise ValueError(
                f"{keys[0]} is for the totals of a field's values: say which field with of, or leave it out"
            )
        return self

    @property
    def others_label(self) -> str | None:
        """What stands at the line of all others; `None` when there is no such line."""
        wanted = self.of is not None if self.others is None else self.others
        return "All others" if wanted is True else wanted or None


class Measure(_Model):
    """What a chart's axis shows."""

    field: FieldName
    total: PlainKind = TotalKind.SUM


class Chart(_Model):
    """A chart of one total of `y` for each value of `x`."""

    name: Name
    title: str | None = None
    kind: Literal["bar", "column", "line", "area", "pie"] = "bar"
    x: FieldName
    y: Measure
    format: str = ""


class Pdf(_Model):
    """The page."""

    page: str = Field(default="A4", description="CSS page size: A4, A4 landscape, A3, Letter, 210mm 297mm")
    approximate: bool = Field(
        default=False,
        description="print without the CSS that can't be replayed, not by WeasyPrint alone or not at all",
    )


class Protection(_Model):
    """Sheets that can't be edited and a workbook whose sheets stay as they are: a guard, no encryption."""

    password: Annotated[str, Field(max_length=255)] = ""
    allow: tuple[Literal["filter", "sort", "format_cells", "format_columns", "format_rows"], ...] = ()


class Xlsx(_Model):
    """The workbook."""

    sheet: Annotated[str, Field(min_length=1, max_length=31)] | None = None
    outline: bool = True
    table: bool = Field(default=False, description="an Excel table over the rows of a report without groups")
    zebra: bool = Field(default=False, description="a tint on every other detail row")
    names: bool = Field(
        default=False, description="a defined name per column, <report>_<field>, over its body rows"
    )
    contents: bool | None = Field(
        default=None,
        description="a sheet in front that lists the sheets; by itself when the rows take several",
    )
    protect: Protection | None = None
    paper: Literal["A3", "A4", "Letter"] = "A4"
    landscape: bool = True


class ReportDefinition(_Model):
    """A whole report.yaml."""

    name: Name
    title: str
    description: str = ""
    author: str = ""
    language: str = "en"
    time_zone: str | None = None
    parameters: dict[Name, Parameter] = Field(default_factory=dict)
    data: Data
    columns: Annotated[tuple[Column, ...], Field(min_length=1, max_length=16_384)]
    groups: tuple[Group, ...] = ()
    order: tuple[FieldName, ...] = ()
    crosstabs: tuple[Crosstab, ...] = ()
    tops: tuple[Top, ...] = ()
    charts: tuple[Chart, ...] = ()
    pdf: Pdf = Pdf()
    xlsx: Xlsx = Xlsx()

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        groups = [g.field for g in self.groups]
        views = [x.name for x in self.crosstabs] + [x.name for x in self.tops] + [x.name for x in self.charts]
        for column in self.columns:
            for made in column.made:
                if isinstance(over := getattr(column, made), str) and over not in groups:
                    raise ValueError(
                        f"columns.{column.field}.{made}: {over!r} is no group; "
                        f"true is for all rows, the groups are: {', '.join(groups) or 'none'}"
                    )
        for i, transform in enumerate(self.data.transforms):
            if isinstance(transform, Aging) and isinstance(transform.as_of, str):
                parameter = self.parameters.get(transform.as_of.removeprefix("$"))
                if parameter is None or parameter.type not in ("date", "timestamp"):
                    raise ValueError(
                        f"data.transforms.{i}.as_of: {transform.as_of} is no parameter of type date"
                    )
        if self.xlsx.table and groups:
            raise ValueError(
                "xlsx.table: an Excel table holds rows of one kind, and groups put others among them: "
                "leave out table or groups"
            )
        filtered = [column.field for column in self.columns if column.filter]
        if filtered and (groups or self.xlsx.table):
            other = "groups" if groups else "xlsx.table"
            raise ValueError(
                f"columns.{filtered[0]}.filter: Excel would hide the rows of groups, and a table brings a "
                f"filter of its own: leave out filter or {other}"
            )
        if self.xlsx.table:
            heads = [heading.casefold() for c in self.columns for heading in c.headings]
            if twice := sorted({head for head in heads if heads.count(head) > 1 or not head}):
                raise ValueError(f"xlsx.table: the headings of a table differ and are not empty: {twice}")
        for noun, names in (
            ("columns", [c.field for c in self.columns]),
            ("groups", groups),
            ("crosstabs, tops and charts", views),
        ):
            if twice := sorted({n for n in names if names.count(n) > 1}):
                raise ValueError(f"{noun} name {', '.join(twice)} more than once")
        return self


def load_definition(path: Path, *, shown: Path | None = None) -> ReportDefinition:
    """Read report.yaml at `path`; raises `DefinitionError` that names file, line and key of every fault.

    Errors call the file `shown` where its path is nobody's business.
    """
    named = shown or path
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DefinitionError(
            f"{named}: no such file", hint="a report is a folder with a report.yaml"
        ) from None
    except UnicodeDecodeError as e:
        raise DefinitionError(f"{named}: not UTF-8 at byte {e.start}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except yaml.YAMLError as e:
        mark = getattr(e, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise DefinitionError(f"{named}:{line}: not YAML: {getattr(e, 'problem', None) or e}") from None
    if not isinstance(raw, dict):
        raise DefinitionError(f"{named}:1: a report.yaml is a mapping with name, title, data and columns")
    try:
        return ReportDefinition.model_validate(raw)
    except ValidationError as e:
        # An unknown key goes first: the missing one that is also reported is often its right spelling.
        errors = sorted(e.errors(), key=lambda error: error["type"] != "extra_forbidden")
        details = tuple(_detail(named, node, error) for error in errors)
        more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
        raise DefinitionError(f"{details[0].detail}{more}", errors=details) from None


_NO_KEYS = ("function-before[_as_list()]", _DATABASE_TAG, _PYTHON_TAG)
"""Steps of pydantic's on the way to a fault that are not in the file."""


def _detail(path: Path, node: yaml.Node | None, error: ErrorDetails) -> Detail:
    loc = tuple(part for part in error["loc"] if part not in _NO_KEYS)
    if loc[:2] == ("data", "transforms"):
        # Behind its number pydantic tells the transform's kind, which is no key.
        loc = loc[:3] + loc[4:]
    line, known = _line_of(node, loc)
    key = ".".join(str(part) for part in known) or "report"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "unknown key"
    return Detail(
        pointer="/" + "/".join(str(part) for part in known), detail=f"{path}:{line}: {key}: {message}"
    )


def _line_of(node: yaml.Node | None, loc: tuple[int | str, ...]) -> tuple[int, tuple[int | str, ...]]:
    """Line (from 1) of the deepest part of `loc` that is in the file, and that part of `loc`."""
    line = node.start_mark.line + 1 if node else 1
    for depth, part in enumerate(loc):
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, child = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            child = node.value[part]
            line = child.start_mark.line + 1
        if child is None:
            # A missing key stands in `loc` too: it is worth naming, the line is its parent's.
            return line, loc[: depth + 1] if isinstance(part, str) else loc[:depth]
        node = child
    return line, loc
