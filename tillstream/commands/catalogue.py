"""Import, list and export the catalogue from the command line."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tillstream.app import App
from tillstream.catalogue import file_export, file_import, warehouse_mirror
from tillstream.catalogue.file_export import parse_file_kind
from tillstream.catalogue.file_import import ImportPlan, ImportRules, plan_import
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, Progress, Result
from tillstream.model.errors import Rejected

MAX_PROBLEMS = 1_000
"""Problems that are listed; `problem_count` counts all."""


@dataclass(frozen=True, kw_only=True)
class ImportCatalogue:
    """kind: products, prices, costs, stores, salespeople, suppliers or promotions. dry: only show what would change."""

    kind: str
    file: str
    dry: bool = False


@dataclass(frozen=True, kw_only=True)
class CatalogueKind:
    kind: str


@dataclass(frozen=True, kw_only=True)
class ExportCatalogue:
    """out: a file ending with .csv or .xlsx."""

    kind: str
    out: str


def import_catalogue(app: App, progress: Progress, arguments: ImportCatalogue) -> Result:
    """Import a file, all rows or none."""
    kind, path = parse_file_kind(arguments.kind), Path(arguments.file)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    file_import.resume_import(app.ports)
    rules = ImportRules(app.contracts.regions(), app.settings.reporting_currency)
    planned = plan_import(app.ports, kind, content, rules)
    applies = not planned.problems and not arguments.dry
    if applies:
        file_import.apply_import(app.ports, planned, file=path.name, by=COMMAND_LINE)
        warehouse_mirror.follow_change(app.ports)
    return Result(_summary(planned, path.name, imported=applies), FAILED if planned.problems else DONE)


def list_catalogue(app: App, progress: Progress, arguments: CatalogueKind) -> Result:
    headers, rows = file_export.export_table(app.ports, parse_file_kind(arguments.kind))
    return Result([dict(zip(headers, cells, strict=True)) for cells in rows])


def export_catalogue(app: App, progress: Progress, arguments: ExportCatalogue) -> Result:
    kind, out = parse_file_kind(arguments.kind), Path(arguments.out)
    content = file_export.export_catalogue(app.ports, kind, out.suffix.removeprefix(".").lower())
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    return Result({"kind": kind.value, "file": str(out)})


def _summary(planned: ImportPlan, file: str, *, imported: bool) -> dict[str, Any]:
    problems = [
        {"line": one.line, **asdict(one.problem), "message": one.problem.message, "remedy": one.problem.remedy}
        for one in planned.problems[:MAX_PROBLEMS]
    ]
    return {
        "kind": planned.kind.value,
        "file": file,
        "imported": imported,
        "rows": planned.rows,
        "added": planned.added,
        "changed": planned.changed,
        "problem_count": len(planned.problems),
        "problems": problems,
        "ignored_columns": planned.ignored_headers,
    }
