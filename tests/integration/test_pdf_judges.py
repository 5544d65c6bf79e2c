"""Judges that are none of ours find our PDFs sound, and find what is damaged on purpose."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pikepdf
import pytest

from tests.integration.page_prints import STYLE, TABLE, Print, page_texts, print_pdf, table
from tests.judges.ledger import ledger
from tests.judges.pages import JUDGES, mupdf, pdfium, poppler, qpdf, structure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Judge = Callable[[Path], list[str]]

COLUMNS = (
    'field: id, label: Id, format: "0"',
    "field: ref, label: Reference",
    "field: text, label: Text",
    'field: amount, label: Amount, format: "#,##0.00", total: sum',
)
FLAT = table(*COLUMNS)
GROUPED = table(*COLUMNS, groups="  - {field: account, label: Account, bookmark: true}\n")
SQL = """
SELECT i AS id, 'REF-' || lpad((i * 31)::VARCHAR, 8, '0') AS ref,
  ['Wire transfer', 'Office rent', 'Café Zürich', 'Fee'][1 + i % 4] AS text,
  ((i * 7368787) % 20000003 - 1000000)::DECIMAL(14, 0) / 100 AS amount,
  'A' || lpad((i // {size})::VARCHAR, 5, '0') AS account
FROM range({rows}) t(i) ORDER BY i
"""
A4 = STYLE.replace("420pt 300pt", "A4")
LOGO = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><circle r='8' fill='teal'/></svg>"
AROUND = (
    "<section style='break-after: page'><h1>Cover</h1><a href='#here'>here</a>"
    f"<p id=here>{LOGO}</p></section>{TABLE}<h1>Notes</h1><p><a href='https://example.org/'>out</a></p>"
)


def sql(rows: int, size: int = 37) -> str:
    return SQL.format(rows=rows, size=size)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Print:
    """A grouped ledger between a cover and notes."""
    return print_pdf(tmp_path_factory.mktemp("judged") / "r", GROUPED, sql(300), body=AROUND)


@pytest.mark.parametrize("judge", JUDGES)
def test_a_judge_finds_a_report_with_pages_around_its_table_sound(printed: Print, judge: Judge) -> None:
    assert printed.warnings == printed.unreplayed == ()
    assert judge(printed.path) == []


def test_every_judge_finds_a_thousand_pages_sound(tmp_path: Path) -> None:
    made = print_pdf(tmp_path / "r", GROUPED, sql(15_000))
    assert made.written.pages > 1_000
    assert {judge.__name__: judge(made.path) for judge in JUDGES} == {j.__name__: [] for j in JUDGES}


@pytest.mark.parametrize("rows", [0, 1, 2])
def test_every_judge_finds_a_report_of_few_rows_sound(tmp_path: Path, rows: int) -> None:
    made = print_pdf(tmp_path / "r", GROUPED, sql(rows))
    found = {judge.__name__: judge(made.path) for judge in JUDGES}
    assert found == {judge.__name__: [] for judge in JUDGES}


@pytest.mark.parametrize("definition", [FLAT, GROUPED], ids=["flat", "grouped"])
def test_the_text_of_a_ledger_holds_every_row_once_in_order_and_its_amounts_add_up(
    tmp_path: Path, definition: str
) -> None:
    made = print_pdf(tmp_path / "r", definition, sql(20_000), style=A4)
    assert len(made.texts) == made.written.pages
    assert ledger(made.texts, 20_000) == []


def test_the_same_report_has_the_same_bytes_on_any_number_of_threads_and_in_every_run(tmp_path: Path) -> None:
    files = [
        print_pdf(tmp_path / name, GROUPED, sql(6_000), body=AROUND, threads=threads).path.read_bytes()
        for name, threads in (("one", 1), ("two", 2), ("again", 2), ("seven", 7))
    ]
    assert files[1:] == files[:1] * 3


def test_another_row_makes_another_file_identifier(tmp_path: Path) -> None:
    identifiers = set()
    for rows in (5, 6):
        with pikepdf.open(print_pdf(tmp_path / str(rows), FLAT, sql(rows)).path) as pdf:
            identifiers.add(bytes(pdf.trailer.ID[0]))
    assert len(identifiers) == 2


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def garbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    start = data.index(b"stream\n", len(data) // 3) + 20
    data[start : start + 40] = bytes(40)
    path.write_bytes(data)


def updated(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n%%EOF\n")


def changed(change: Callable[[pikepdf.Pdf], None]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with pikepdf.open(path, allow_overwriting_input=True) as pdf:
            change(pdf)
            pdf.save(path)

    damage.__name__ = change.__name__
    return damage


@changed
def without_contents(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[2].obj["/Contents"]


@changed
def with_empty_contents(pdf: pikepdf.Pdf) -> None:
    pdf.pages[2].obj.Contents = pdf.make_stream(b" ")


def rewritten(old: bytes, new: bytes) -> Callable[[Path], None]:
    """Other bytes of the same length in a plain copy: libqpdf mends page trees when it writes them."""

    def damage(path: Path) -> None:
        with pikepdf.open(path) as pdf:
            pdf.save(
                path.with_suffix(".plain"), qdf=True, object_stream_mode=pikepdf.ObjectStreamMode.disable
            )
        data = path.with_suffix(".plain").read_bytes()
        assert re.search(old, data)
        path.write_bytes(re.sub(old, new, data, count=1))
        assert path.stat().st_size == len(data)

    damage.__name__ = new.decode()
    return damage


@changed
def with_unknown_operators(pdf: pikepdf.Pdf) -> None:
    pdf.pages[2].obj.Contents = pdf.make_stream(b"/F99 12 Tf BT (x) Tj ET Q Q << /x")


@changed
def with_a_font_left_out(pdf: pikepdf.Pdf) -> None:
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary):
            for key in ("/FontFile2", "/FontFile3"):
                if key in item:
                    del item[key]


@changed
def without_unicode(pdf: pikepdf.Pdf) -> None:
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and "/ToUnicode" in item:
            del item["/ToUnicode"]


@pytest.mark.parametrize(
    ("judge", "damage"),
    [
        (qpdf, truncated),
        (qpdf, garbled),
        (poppler, truncated),
        (poppler, with_a_font_left_out),
        (poppler, without_unicode),
        (mupdf, garbled),
        (mupdf, with_unknown_operators),
        (pdfium, without_contents),
        (pdfium, with_empty_contents),
        (structure, truncated),
        (structure, updated),
        (structure, without_contents),
        (structure, with_empty_contents),
        (structure, rewritten(rb"/Resources(?=[^>]*/Type /Page\n)", b"/Resourced")),
        (structure, rewritten(rb"/MediaBox(?=[^>]*/Type /Page\n)", b"/MediaBag")),
        (structure, rewritten(rb"/Count [0-9](?=[^>]*/Kids)", b"/Count 0")),
        (structure, rewritten(rb"/ID ", b"/IE ")),
    ],
)
def test_a_judge_finds_what_is_damaged(
    printed: Print, tmp_path: Path, judge: Judge, damage: Callable[[Path], None]
) -> None:
    copy = tmp_path / "damaged.pdf"
    shutil.copyfile(printed.path, copy)
    damage(copy)
    assert judge(copy)


def test_the_judge_of_structure_finds_an_object_that_nothing_leads_to(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    pdf.Root.Left = pdf.make_indirect(pikepdf.Dictionary(Number=1))
    pdf.save(tmp_path / "left.pdf", object_stream_mode=pikepdf.ObjectStreamMode.disable)
    data = (tmp_path / "left.pdf").read_bytes()
    number = data[data.index(b"/Left ") + 6 :].split()[0].decode()
    (tmp_path / "left.pdf").write_bytes(data.replace(f"/Left {number} 0 R".encode(), b"/Left null ", 1))
    assert f"object {number}: nothing leads to it" in structure(tmp_path / "left.pdf")


LEDGER_FAULTS = {
    "a page is missing": (lambda pdf, _: pdf.pages.__delitem__(2), "where row"),
    "a page is there twice": (lambda pdf, _: pdf.pages.insert(2, pdf.pages[2]), "where row"),
    "two pages changed places": (
        lambda pdf, _: (pdf.pages.append(pdf.pages[2]), pdf.pages.__delitem__(2)),
        "where row",
    ),
    "one amount is another": (lambda pdf, other: pdf.pages.__setitem__(2, other.pages[2]), "add up to"),
    "the last page is missing": (lambda pdf, _: pdf.pages.__delitem__(-1), "grand total is None"),
}


@pytest.mark.parametrize("fault", LEDGER_FAULTS)
def test_the_judge_of_ledgers_finds_a_fault(tmp_path: Path, fault: str) -> None:
    change, says = LEDGER_FAULTS[fault]
    made = print_pdf(tmp_path / "r", GROUPED, sql(100))
    wrong = sql(100).replace("AS amount", "+ CASE WHEN i = 30 THEN 0.01 ELSE 0 END AS amount")
    other = print_pdf(tmp_path / "other", GROUPED, wrong)
    assert ledger(made.texts, 100) == []
    damaged = tmp_path / "damaged.pdf"
    with pikepdf.open(made.path) as pdf, pikepdf.open(other.path) as opened:
        change(pdf, opened)
        pdf.save(damaged)
    found = ledger(page_texts(damaged), 100)
    assert any(says in one for one in found), found
