"""PDFs that can't be made: the error says why and where, and no file is left."""

from __future__ import annotations

import re
import resource
import threading
from typing import TYPE_CHECKING

import pytest

import rust_core
from pressroom.build import build
from pressroom.definition import load_definition
from pressroom.errors import JobCancelled, StorageFull, TemplateFailed
from pressroom.jobs import Phase
from pressroom.reports import Report
from pressroom.sources.dataset import Dataset
from pressroom.watcher import Unwatched
from tests.disks import mounted
from tests.integration.page_prints import STYLE, TABLE, designed, print_pdf, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


DEFINITION = table("field: n, label: Nr", 'field: v, label: Value, format: "0.00", total: sum')
SQL = "SELECT i AS n, i * 1.25 AS v FROM range({rows}) t(i) ORDER BY i"
JUNK = b"\x89PNG\r\n\x1a\njunk"


def refusal(folder: Path, body: str = TABLE, style: str = STYLE, **files: bytes) -> TemplateFailed:
    """The error of a design, its other files given by name with `_` for the dot."""
    return _refused(folder, body, style, {name.replace("_", "."): data for name, data in files.items()})


def _refused(folder: Path, body: str, style: str, files: dict[str, bytes]) -> TemplateFailed:
    folder = folder / "r"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(TemplateFailed) as refused:
        print_pdf(folder, DEFINITION, SQL.format(rows=5), body=body, style=style)
    assert not (folder / "out.pdf").exists()
    assert str(folder) not in str(refused.value), "no path of the machine"
    return refused.value


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("\n{% if %}", "Expected an expression"),
        ("\n{% for a in rows %}", "Unexpected end of template"),
        ("\n{{ nothing }}", "'nothing' is undefined"),
        ("\n{{ 1 / 0 }}", "ZeroDivisionError"),
        ("\n{{ report.nothing }}", "nothing"),
        ("\n{{ 5 | no_such_filter }}", "no_such_filter"),
        ("\n{{ rows | fmt('[') }}", ""),
        ("\n{% include 'no.html' %}", "no.html"),
    ],
)
def test_a_template_error_says_file_line_and_cause(tmp_path: Path, body: str, says: str) -> None:
    error = str(refusal(tmp_path, f"{body}\n{TABLE}"))
    line = 2 + STYLE.count("\n") + 1
    assert re.match(rf"report\.html:{line}: ", error) or "Unexpected end" in error, error
    assert says in error


def test_an_error_in_an_included_template_says_its_file_and_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, "{% include 'part.html' %}" + TABLE, part_html=b"one\ntwo\n{{ nothing }}\n")
    assert str(error).startswith("part.html:3: ")


BAD_DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect transform="rotate(far)"/></svg>'
)
XLINK = b"""<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<image xlink:href="%s" width="9" height="9"/></svg>"""
OUTSIDE = (
    "file:///etc/passwd",
    "http://127.0.0.1:9/x",
    "https://127.0.0.1:9/x",
    "ftp://127.0.0.1:9/x",
    "../../x",
)
PLACES: dict[str, Callable[[str], tuple[str, str]]] = {
    "image": lambda url: (f"<img src='{url}'>{TABLE}", STYLE),
    "object": lambda url: (f"<object data='{url}'></object>{TABLE}", STYLE),
    "background": lambda url: (TABLE, STYLE + f"body {{ background: url({url}) }}"),
    "cell": lambda url: (TABLE, STYLE + f".detail td {{ background: url({url}) }}"),
    "margin box": lambda url: (TABLE, STYLE + f"@page {{ @top-left {{ content: url({url}) }} }}"),
    "import": lambda url: (TABLE, f"@import url({url});" + STYLE),
    "link": lambda url: (f"<link rel=stylesheet href='{url}'>{TABLE}", STYLE),
    "font": lambda url: (
        TABLE,
        STYLE + f"@font-face {{ font-family: A; src: url({url}) }} td {{ font-family: A }}",
    ),
    "attachment": lambda url: (f"{TABLE}<a rel=attachment href='{url}'>a</a>", STYLE),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("url", OUTSIDE)
def test_a_url_outside_the_report_is_refused_wherever_it_stands(tmp_path: Path, place: str, url: str) -> None:
    error = refusal(tmp_path, *PLACES[place](url))
    assert re.match(rf"report\.html:\d+: {re.escape(url)}: ", str(error))


@pytest.mark.parametrize("url", OUTSIDE[:3])
def test_a_url_outside_the_report_is_refused_inside_a_drawing(tmp_path: Path, url: str) -> None:
    error = refusal(tmp_path, f"<img src=a.svg>{TABLE}", a_svg=XLINK % url.encode())
    assert url in str(error)


FILES = {"junk_png": JUNK, "junk_svg": b"<svg", "empty_png": b"", "junk_css_gz": JUNK, "bad_svg": BAD_DRAWING}


@pytest.mark.parametrize(
    ("markup", "says"),
    [
        ("<img src=gone.png>", "gone.png: no such file in the report's folder"),
        ("<img src='my logo.svg'>", "my logo.svg: no such file"),
        ("<object data=img/gone.svg>or this</object>", "img/gone.svg: no such file"),
        ("<link rel=stylesheet href=gone.css>", "gone.css: no such file"),
        ("<style>@import 'gone.css';</style>", "gone.css: no such file"),
        ("<p style='background: url(gone.png)'>x</p>", "gone.png: no such file"),
        ("<style>@page { @top-left { content: url(gone.png) } }</style>", "gone.png: no such file"),
        ("<link rel=attachment href=gone.txt>", "gone.txt: no such file"),
        ("<img src=junk.png>", "junk.png can't be used: Truncated File Read"),
        ("<img src=junk.svg>", "junk.svg can't be used: unclosed token: line 1"),
        ("<img src=empty.png>", "empty.png can't be used: it is no image"),
        ("<img src=bad.svg>", "bad.svg can't be used: could not convert string to float: 'far'"),
        ("<link rel=stylesheet href=junk.css.gz>", "can't be used: the name of a style sheet ends in .css"),
    ],
)
def test_a_file_that_is_missing_or_broken_is_named_with_its_line_and_what_is_wrong(
    tmp_path: Path, markup: str, says: str
) -> None:
    error = refusal(tmp_path, f"\n{markup}{TABLE}", **FILES)
    assert str(error).startswith(f"report.html:{3 + STYLE.count(chr(10))}: ")
    assert says in str(error)


def test_every_file_that_is_missing_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"<img src=one.png>\n<img src=two.png>{TABLE}")
    assert [detail.detail.split(": ")[1] for detail in error.errors] == ["one.png", "two.png"]


def test_an_image_that_a_drawing_lacks_is_named_with_the_drawings_line(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"<img src=a.svg>{TABLE}", a_svg=XLINK % b"in.png")
    assert str(error).startswith("a.svg:2: in.png: no such file")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        ("total('zz', 'sum')", "the report has no such total"),
        ("crosstab('zz')", "report.yaml has no such crosstab"),
        ("top('zz')", "report.yaml has no such top"),
        ("chart('zz', 100, 50)", "report.yaml has no such chart"),
        ("groups(9)", "the report has 0 group levels"),
        ("table({'zz': ''})", "unknown zz"),
    ],
)
def test_a_helper_that_is_called_wrongly_says_file_and_line(tmp_path: Path, call: str, says: str) -> None:
    error = refusal(tmp_path, "{% include 'part.html' %}" + TABLE, part_html=f"\n{{{{ {call} }}}}".encode())
    assert str(error).startswith("part.html:2: ")
    assert says in str(error)


def test_a_page_too_low_for_a_row_says_by_how_much(tmp_path: Path) -> None:
    low = STYLE.replace("300pt", "90pt") + "table.rows thead { display: none }"
    with pytest.raises(rust_core.PlateError, match=r"a band of 13\.\d pt does not fit on a page, which has"):
        print_pdf(tmp_path / "r", DEFINITION, SQL.format(rows=5), style=low)
    assert not (tmp_path / "r" / "out.pdf").exists()


def test_cancelling_in_the_middle_leaves_no_file(tmp_path: Path) -> None:
    design, rows = designed(tmp_path / "r", DEFINITION, SQL.format(rows=600_000))
    control = rust_core.JobControl(2)
    plate = design.plate()
    pagination = rust_core.paginate(rows, plate, control)
    path, before = tmp_path / "out.pdf", control.progress()
    seen: list[bool] = []

    def cancel() -> None:
        while control.progress() == before and not control.cancelled:
            pass
        seen.append(path.exists())
        control.cancel()

    other = threading.Thread(target=cancel)
    other.start()
    with pytest.raises(rust_core.Cancelled):
        rust_core.write_pdf(rows, plate, pagination, str(path), control)
    other.join()
    assert seen == [True], "the file had been begun"
    assert not path.exists()


def test_a_deadline_in_the_middle_leaves_no_file(tmp_path: Path) -> None:
    design, rows = designed(tmp_path / "r", DEFINITION, SQL.format(rows=600_000))
    plate = design.plate()
    pagination = rust_core.paginate(rows, plate, rust_core.JobControl(2))
    with pytest.raises(rust_core.DeadlineExceeded):
        rust_core.write_pdf(rows, plate, pagination, str(tmp_path / "out.pdf"), rust_core.JobControl(2, 0.02))
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.parametrize("phase", [Phase.CRUNCHING, Phase.DESIGNING, Phase.WRITING])
def test_a_job_cancelled_in_any_phase_says_so_and_leaves_no_pdf(tmp_path: Path, phase: Phase) -> None:
    control = rust_core.JobControl(2)

    def stop(entered: Phase) -> None:
        if entered is phase:
            control.cancel()

    with pytest.raises(JobCancelled):
        run(tmp_path, tmp_path, control, stop)
    assert list(tmp_path.glob("*.pdf")) == []


class Entering(Unwatched):
    """Tells each phase to a function."""

    def __init__(self, told: Callable[[Phase], None]) -> None:
        self._told = told

    def enter(self, phase: Phase) -> None:
        self._told(phase)


def run(folder: Path, work: Path, control: rust_core.JobControl, told: Callable[[Phase], None]) -> None:
    """A whole job of 20,000 rows that prints into `work`."""
    report = folder / "report"
    report.mkdir()
    (report / "report.yaml").write_text(DEFINITION)
    (report / "report.html").write_text(f"<style>{STYLE}</style>{TABLE}")
    (folder / "rows.csv").write_text("n,v\n" + "".join(f"{i},{i}.25\n" for i in range(20_000)))
    build(
        Report(report, load_definition(report / "report.yaml")),
        [Dataset("rows", folder / "rows.csv", "csv")],
        {},
        ("pdf",),
        work,
        control=control,
        memory_limit_bytes=256 * 2**20,
        weasyprint_rows=2_000,
        watcher=Entering(told),
    )


def test_a_write_that_fails_half_way_leaves_no_file(tmp_path: Path) -> None:
    design, rows = designed(tmp_path / "r", DEFINITION, SQL.format(rows=20_000))
    plate, control = design.plate(), rust_core.JobControl(2)
    pagination = rust_core.paginate(rows, plate, control)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        with pytest.raises(rust_core.WriteError):
            rust_core.write_pdf(rows, plate, pagination, str(tmp_path / "out.pdf"), control)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (tmp_path / "out.pdf").exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 600 KiB: room for the spool, and for half of the pages."""
    with mounted(tmp_path / "disk", "600k") as disk:
        yield disk


def test_a_disk_that_fills_up_while_pages_are_written_is_named_and_no_pdf_is_left(
    tmp_path: Path, small_disk: Path
) -> None:
    phases: list[Phase] = []
    with pytest.raises(StorageFull, match=re.escape("printed.pdf")):
        run(tmp_path, small_disk, rust_core.JobControl(2), phases.append)
    assert phases[-1] is Phase.WRITING
    assert list(small_disk.glob("*.pdf")) == []
