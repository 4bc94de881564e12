"""docs/warehouse.md, from the list of tables and the headers of the SQL files."""

from importlib.resources import files
from itertools import takewhile

import sql
from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from tillstream.analytics import catalogue
from tillstream.analytics.catalogue import Parameter
from tillstream.analytics.filters import COLUMNS
from tillstream.domain.columns import SALE_LINE
from tillstream.domain.tables import TABLES

INTRO = """
The warehouse is the truth; everything else can be made again from it. Its tables derive from
`tillstream/domain/tables.py`, its views and queries are the files of `sql/` in GoogleSQL. Rows of the ledger are only
added; just a few flags move. `hash128` and `hash64` are explained in [an ADR](adr/001-keys-and-hashes.md).
"""
LINE = """
`personal` columns are hidden from analysts. Numbers are NUMERIC(38, 9), instants are UTC. The columns from `batch_id`
on, and `source_version`, are those of the content's greatest sighting that is not undone.
"""
ACCESS = """
Row access policies and the views of people's own reports: [why so](adr/030-rows-by-who-asks.md).
"""
QUERIES = """
`tillstream query NAME --param KEY=VALUE` answers any of them; the same files stand behind the portal and the
[API](api.md). Beside its own parameters each takes the filters
"""


def page() -> str:
    line = [
        (f"`{c.name}`", c.kind.value, c.part, "yes" if c.required else "", "yes" if c.personal else "", c.description)
        for c in SALE_LINE
    ]
    filters = ", ".join(f"`{name}`" for name in ("from", "to", *COLUMNS))
    return markdown(
        "The warehouse",
        INTRO,
        "## A sale line",
        LINE,
        table(("column", "type", "part", "needed", "personal", "meaning"), line),
        "## Tables",
        *(_table(name) for name in TABLES),
        "## Views",
        *(f"### {path}\n\n{_header(path)}" for path in sql.VIEWS),
        "## What the pipeline asks",
        *(f"### {path}\n\n{_header(path)}" for path in _others() if not path.startswith("row_access/")),
        "## Who sees which rows in BigQuery",
        ACCESS,
        *(f"### {path}\n\n{_header(path)}" for path in _others() if path.startswith("row_access/")),
        "## Queries",
        f"{QUERIES.strip()} {filters}.",
        *(_query(name) for name in catalogue.names()),
    )


def _table(name: str) -> str:
    rows = [(f"`{f.name}`", str(f.kind), "yes" if f.required else "", f.description) for f in TABLES[name]]
    return f"### {name}\n\n" + table(("column", "type", "needed", "meaning"), rows)


def _others() -> list[str]:
    root = files(sql)
    described = [
        f"{folder.name}/{file.name.removesuffix('.sql')}"
        for folder in root.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".sql") and folder.name != "queries"
    ]
    return sorted(set(described) - set(sql.VIEWS))


def _header(path: str) -> str:
    head = takewhile(lambda line: line.startswith("--"), sql.text(path).splitlines())
    return "\n".join(line.removeprefix("--").strip() for line in head)


def _query(name: str) -> str:
    query = catalogue.describe(name)
    parts = [f"### {name}", query.description]
    if query.needs:
        parts.append(f"For people who may: {query.needs.value}.")
    if query.parameters:
        parts.append(table(("parameter", "type", "default", "meaning"), map(_parameter, query.parameters)))
    return "\n\n".join(parts)


def _parameter(parameter: Parameter) -> tuple[str, str, str, str]:
    words = f" ({', '.join(parameter.words)})" if parameter.words else ""
    default = "needed" if parameter.default is None else f"`{parameter.default}`" if parameter.default else "empty"
    return f"`{parameter.name}`", parameter.kind, default, parameter.description + words
