"""The command line: help, exit statuses, one line and a hint."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pressroom.cli.app import BAD_USE, DONE, FAILED, app, main
from pressroom.cli.options import parse_data, parse_outputs, parse_parameters
from pressroom.errors import BadRequest
from tests.services import free_port

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = (
    "render",
    "up",
    "submit",
    "status",
    "jobs",
    "cancel",
    "retry",
    "download",
    "check",
    "api",
    "worker",
    "reaper",
    "flower",
    "migrate",
    "health",
)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert isinstance(left.value.code, int)
    return left.value.code


def test_the_commands_are_those_of_the_contract() -> None:
    assert {command.callback.__name__ for command in app.registered_commands if command.callback} == set(
        COMMANDS
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == DONE
    assert f"pressroom {command}" in capsys.readouterr().out.partition("Example:")[2]


def test_help_imports_nothing_heavy() -> None:
    heavy = (
        "rust_core",
        "duckdb",
        "weasyprint",
        "sqlalchemy",
        "pydantic",
        "httpx",
        "celery",
        "fastapi",
        "rich",
    )
    code = f"import sys, pressroom.cli\nprint([m for m in {heavy!r} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("render",),
        ("render", "examples/flights"),
        ("render", "x", "--data", "no-such-file.csv"),
        ("render", "x", "--data", __file__, "--format", "docx"),
        ("render", "x", "--data", __file__, "--format", ""),
        ("render", "x", "--data", __file__, "-p", "novalue"),
        ("render", "x", "--data", __file__, "--threads", "-1"),
        ("render", "x", "--data", __file__, "--nonsense"),
        ("render", "no_such_report", "--data", __file__),
        ("check", "no_such_report"),
        ("render", "x", "--data", __file__, "--stats", "/no/such/folder/stats.json"),
        ("render", "x", "--data", __file__, "--stats", "/"),
        ("submit", "x", "--data", __file__, "--url", "notaurl"),
        ("jobs", "--url", "localhost:8000"),
        ("jobs", "--url", "ftp://localhost"),
        ("jobs", "--url", "http://"),
        ("jobs", "--url", "http://[x"),
        ("jobs", "--url", "http://localhost:port"),
        ("worker",),
        ("worker", "--queue", "lazy"),
        ("up", "--port", "70000"),
    ],
)
def test_bad_use_is_status_2_with_one_line_and_a_hint(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == BAD_USE
    said = capsys.readouterr()
    lines = said.err.splitlines()
    assert lines[0].startswith("error: ")
    assert len(lines) <= 2
    assert all(line.startswith("hint: ") for line in lines[1:])
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_broken_definition_is_status_2_and_names_file_line_and_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "broken"
    report.mkdir()
    (report / "report.yaml").write_text(
        "name: broken\ntitle: Broken\ndata: {sql: SELECT 1 AS n}\ncolumns:\n  - {field: n, colour: red}\n"
    )
    assert run("check", str(report)) == BAD_USE
    error = capsys.readouterr().err
    assert f"{report}/report.yaml:5: columns.0.colour: unknown key" in error


def test_check_says_what_it_has_looked_at_and_what_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "fine"
    report.mkdir()
    (report / "report.yaml").write_text(
        "name: fine\ntitle: Fine\ndata: {sql: SELECT 1 AS n}\ncolumns:\n  - {field: n}\n"
    )
    assert run("check", str(report)) == DONE
    said = capsys.readouterr().out
    assert "definition:" in said
    assert "not checked without --data: the SQL" in said


@pytest.mark.parametrize(
    ("file", "content", "where"),
    [
        ("report.html", "<h1>{{ title }</h1>\n", "report.html:1"),
        ("workbook.py", "\ndef design(:\n", "workbook.py:2"),
    ],
)
def test_check_finds_a_design_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, content: str, where: str
) -> None:
    report = tmp_path / "design"
    report.mkdir()
    (report / "report.yaml").write_text(
        "name: design\ntitle: D\ndata: {sql: SELECT 1 AS n}\ncolumns:\n  - {field: n}\n"
    )
    (report / file).write_text(content)
    assert run("check", str(report)) == BAD_USE
    assert where in capsys.readouterr().err


def test_a_server_that_is_not_there_is_status_1_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("jobs", "--url", f"http://127.0.0.1:{free_port()}") == FAILED
    error = capsys.readouterr().err
    assert "does not answer" in error
    assert "hint: is it running?" in error


def test_an_address_that_is_none_is_named_with_one_that_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("jobs", "--url", "notaurl") == BAD_USE
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "error: --url notaurl: not the address of a server"
    assert hint == "hint: --url http://127.0.0.1:8000"


def test_a_folder_for_the_figures_is_missed_before_anything_is_rendered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stats = tmp_path / "nowhere" / "stats.json"
    out = tmp_path / "out"
    assert run("render", "x", "--data", __file__, "--out", str(out), "--stats", str(stats)) == BAD_USE
    assert capsys.readouterr().err.startswith(f"error: --stats {stats}: no such folder")
    assert not out.exists()


def test_a_setting_that_is_wrong_is_status_2_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PRESSROOM_PORT", "eight thousand")
    assert run("check", "nope") == BAD_USE
    assert capsys.readouterr().err.startswith("error: PRESSROOM_PORT: ")


def test_debug_may_stand_anywhere_and_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (("--debug", "check", "nope"), ("check", "nope", "--debug")):
        assert run(*arguments) == BAD_USE
        assert "Traceback" in capsys.readouterr().err


def test_data_files_are_known_by_their_own_names(tmp_path: Path) -> None:
    for name in ("flights.csv", "2013 Über.parquet", "a=b.csv"):
        (tmp_path / name).touch()
    given = [
        str(tmp_path / "flights.csv"),
        f"planes={tmp_path / 'flights.csv'}",
        str(tmp_path / "2013 Über.parquet"),
    ]
    found = parse_data([*given, str(tmp_path / "a=b.csv")])
    assert list(found) == ["flights", "planes", "data_2013_ber", "a_b"]
    with pytest.raises(BadRequest, match="two files are called 'flights'"):
        parse_data([str(tmp_path / "flights.csv")] * 2)
    with pytest.raises(BadRequest, match="not a file"):
        parse_data([str(tmp_path)])


def test_parameters_are_split_at_the_first_equals_sign() -> None:
    assert parse_parameters(["a=b=c", "d="]) == {"a": "b=c", "d": ""}
    with pytest.raises(BadRequest, match="given twice"):
        parse_parameters(["a=1", "a=2"])


def test_outputs_keep_their_order_and_are_named_once() -> None:
    assert parse_outputs("XLSX, pdf,pdf") == ("xlsx", "pdf")
