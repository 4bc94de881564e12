"""`tillstream catalogue …`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tillstream.commands.declaration import Group, InputFile, Option, OutputFile, read_file, write_file
from tillstream.commands.printing import ImportProblem, count_words, print_line, print_problems, problem_rows, show_list
from tillstream.commands.result import COMMAND_LINE, DONE, FAILED, Result

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.catalogue.file_import import ImportPlan

catalogue = Group("catalogue", "Manage products, prices, costs, stores, salespeople, suppliers and promotions.")
CATALOGUE_KINDS = ("products", "prices", "costs", "stores", "salespeople", "suppliers", "promotions")
Kind = Annotated[str, Option(metavar="KIND", choices=CATALOGUE_KINDS)]


def show_catalogue_import(
    *,
    problem_count: int,
    problems: list[ImportProblem],
    ignored_columns: list[str],
    added: int,
    changed: int,
    rows: int,
    file: str,
    imported: bool,
) -> None:
    count = problem_count
    print_problems(ignored_columns, problems, count)
    changes = f"{added:,} added, {changed:,} changed, of {rows:,} rows"
    if count:
        print_line(f"Nothing was imported: {count_words(count, 'problem', 'problems')}.")
    else:
        print_line(f"{file}: {changes}." if imported else f"{file} would be imported: {changes}.")


def show_catalogue_export(*, kind: str, file: str) -> None:
    print_line(f"The {kind} are in {file}.")


@catalogue.command("import", show_catalogue_import)
def import_catalogue(
    app: "App",
    kind: Kind,
    file: InputFile,
    *,
    dry: Annotated[bool, Option("Show what would change without storing anything.", names=("--dry-run",))] = False,
) -> Result:
    """Import a CSV file or a workbook: all rows, or none if one has a problem.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.catalogue import file_import, warehouse_mirror
    from tillstream.catalogue.file_export import parse_file_kind
    from tillstream.catalogue.file_import import ImportRules, plan_import

    content, name = read_file(file), Path(file).name
    file_import.resume_import(app.ports)
    rules = ImportRules(app.contracts.regions(), app.settings.reporting_currency)
    planned = plan_import(app.ports, parse_file_kind(kind), content, rules)
    applies = not planned.problems and not dry
    if applies:
        file_import.apply_import(app.ports, planned, file=name, by=COMMAND_LINE)
        warehouse_mirror.follow_change(app.ports)
    return Result(_summary(planned, name, imported=applies), FAILED if planned.problems else DONE)


@catalogue.command("list", show_list, reads=True)
def list_catalogue(app: "App", kind: Kind) -> Result:
    """List all entries of a kind.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.catalogue import file_export

    headers, rows = file_export.export_table(app.ports, file_export.parse_file_kind(kind))
    return Result([dict(zip(headers, cells, strict=True)) for cells in rows])


@catalogue.command("export", show_catalogue_export)
def export_catalogue(
    app: "App",
    kind: Kind,
    *,
    out: Annotated[OutputFile, Option("The file to write; it ends with .csv or .xlsx.")],
) -> Result:
    """Write all entries of a kind to a file, which can be imported again.

    KIND: products, prices, costs, stores, salespeople, suppliers or promotions.
    """
    from tillstream.catalogue import file_export

    form = Path(out).suffix.removeprefix(".").lower()
    write_file(out, file_export.export_catalogue(app.ports, file_export.parse_file_kind(kind), form))
    return Result({"kind": kind, "file": out})


def _summary(planned: "ImportPlan", file: str, *, imported: bool) -> dict[str, object]:
    names = ("line", "code", "field", "value", "detail", "message", "remedy")
    return {
        "kind": planned.kind.value,
        "file": file,
        "imported": imported,
        "rows": planned.rows,
        "added": planned.added,
        "changed": planned.changed,
        "problem_count": len(planned.problems),
        "problems": problem_rows(planned.problems, *names),
        "ignored_columns": planned.ignored_headers,
    }
