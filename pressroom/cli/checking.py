"""What `check` looks at, in the order in which a job would meet it."""

from __future__ import annotations

import ast
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pressroom.errors import ProofFailed, TemplateFailed
from pressroom.parameters import check_parameters
from pressroom.reports import open_report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pressroom.reports import Report
    from pressroom.settings import Settings


def check_report(
    report_name: str,
    files: Mapping[str, Path],
    parameters: Mapping[str, str],
    *,
    settings: Settings,
    proof: Path | None = None,
) -> Iterator[str]:
    """One line for each thing found right; raises the first thing found wrong.

    Leaves the two drawings of the proof, and pictures of their pages, in the folder `proof`.
    """
    report = open_report(report_name, settings.report_dirs)
    definition = report.definition
    yield f"definition: {report.folder / 'report.yaml'}: {len(definition.columns)} columns, " + (
        f"{len(definition.groups)} groups, {len(definition.parameters)} parameters"
    )
    if parameters or files:
        check_parameters(definition, parameters)
        yield "parameters: every value fits"
    yield from _check_designs(report)
    if files or definition.data.tables:
        yield from _check_plates(report, files, parameters, settings, proof)
    else:
        yield "not checked without --data: the SQL, its fields, the plates"


def _check_designs(report: Report) -> Iterator[str]:
    if report.template is not None:
        from jinja2 import Environment, TemplateSyntaxError

        try:
            # Parsed, not rendered: nothing of it is shown to anyone.
            Environment(autoescape=True).parse(report.template.read_text(encoding="utf-8"))
        except TemplateSyntaxError as error:
            raise TemplateFailed(f"{report.template}:{error.lineno}: {error.message}") from None
        except UnicodeDecodeError as error:
            raise TemplateFailed(f"{report.template}: not UTF-8 at byte {error.start}") from None
        yield f"template: {report.template}: can be read"
    else:
        yield "template: the default one"
    if report.workbook is not None:
        try:
            ast.parse(report.workbook.read_bytes(), filename=str(report.workbook))
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None) or 1
            raise TemplateFailed(f"{report.workbook}:{line}: {getattr(error, 'msg', error)}") from None
        yield f"workbook: {report.workbook}: can be read"
    else:
        yield "workbook: the default one"


def _check_plates(
    report: Report,
    files: Mapping[str, Path],
    parameters: Mapping[str, str],
    settings: Settings,
    proof: Path | None,
) -> Iterator[str]:
    import rust_core
    from pressroom.build import SPOOL, core_errors
    from pressroom.cli.rendering import datasets
    from pressroom.plan import make_plan
    from pressroom.plates.pango import load_pango

    load_pango()
    from pressroom.plates.page import PageDesign
    from pressroom.plates.proof import prove_rows
    from pressroom.plates.proof_pictures import draw_pictures
    from pressroom.plates.sample import pick_rows, take_rows
    from pressroom.plates.sheet import make_sheet_plate
    from pressroom.plates.unreplayed import prints_alone
    from pressroom.sources.database import Databases
    from pressroom.sources.source import Source

    values = check_parameters(report.definition, parameters)
    control = rust_core.JobControl(0)
    with tempfile.TemporaryDirectory(prefix="pressroom-check-") as work, core_errors(control):
        with Source(
            report,
            datasets(files),
            values,
            threads=control.threads,
            memory_limit_bytes=settings.memory_limit_bytes,
            spill=Path(work),
            databases=Databases(settings.databases, settings.database_seconds),
        ) as source:
            plan = make_plan(report.definition, source.fields)
            yield f"SQL: gives {len(source.fields)} fields, every one that the report needs among them"
            crunched = rust_core.crunch(source.stream(), plan.to_json(), str(Path(work) / SPOOL), control)
            yield f"rows: {crunched.rows:,} read"
            design = PageDesign(report, plan, crunched, values, None)
            pagination = rust_core.paginate(crunched, design.plate(), control)
            design.surroundings(pagination.pages)
            before, through, total = design.stored_plate().extent
            after = total - through
            extra = f", between {before} and {after} pages of its own" if before or after else ""
            yield f"PDF: plate made; the table takes {pagination.pages:,} pages{extra}"
            for warning in (*design.warnings, *design.unreplayed):
                yield f"PDF: warning: {warning}"
            pdf = report.definition.pdf
            if prints_alone(design.unreplayed, pdf, crunched.rows, settings.weasyprint_rows):
                yield "PDF: these rows are printed by WeasyPrint alone, for the sake of that CSS"
            else:
                rows = take_rows(source.stream(), pick_rows(plan, crunched))
                folder = proof or Path(work) / "proof"
                verdict = prove_rows(report, plan, rows, values, Path(work), folder, control)
                yield f"PDF: proof: {verdict}"
                for difference in verdict.differences:
                    yield f"PDF: proof: {difference}"
                if proof is not None:
                    yield f"PDF: proof: {proof}: {draw_pictures(proof)} pages of both, side by side"
                if not (verdict.passed or design.unreplayed):
                    raise ProofFailed(
                        "PDF: the core would not draw what WeasyPrint draws: see the differences above",
                        hint="--proof DIR draws both side by side; please report a design that fails",
                    )
        make_sheet_plate(report, plan, crunched, values)
        yield "XLSX: plate made"
