"""docs/warehouse.md, from the list of tables and the headers of the SQL files."""

from importlib.resources import files
from itertools import takewhile

import sql
from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from sql.quality import checks
from tillstream.adapters.google.bigquery.tables import LAYOUTS, OWN_TABLES
from tillstream.analytics import query_catalogue
from tillstream.analytics.filters import COLUMNS
from tillstream.analytics.query_catalogue import QueryParameter
from tillstream.model.columns import SALE_LINE
from tillstream.model.tables.warehouse_tables import TABLES

INTRO = """
The warehouse is the system of record; everything else can be rebuilt from it. Its tables are defined in
`tillstream/model/tables/warehouse_tables.py`, its views and queries in the GoogleSQL files of `sql/`. Rows of the
ledger are only added; only a few flags change. In `day_sums`, `product_sums` and `customer_sums`, several rows can have
the same dimensions; they add up. For `hash128` and `hash64`, see [the ADR](adr/001-keys-and-hashes.md).
"""
LINE = """
`personal` columns are hidden from analysts. Numbers are NUMERIC(38, 9), times are UTC. The columns from `batch_id`
on, and `source_version`, belong to the sighting that makes the content current.
"""
BIGQUERY = """
On BigQuery, `sale_versions` is a view, and these tables exist in addition. For partitions, see
[the ADR](adr/032-bigquery-tables.md).
"""
ACCESS = """
Row access policies and views for reports: for the reasons, see [the ADR](adr/030-rows-by-who-asks.md).
"""
DECLARED = ("reads: ", "amounts: ", "follows: ", "measures of ", "dimensions of ")
"""Lines of a header that are for the query layer."""
QUERIES = """
`tillstream query NAME --param KEY=VALUE` runs any of them; the portal and the [API](api.md) use the same files. In
addition to its own parameters, each query accepts the filters
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
        table(("column", "type", "part", "required", "personal", "meaning"), line),
        "## Tables",
        *(_table(name) for name in TABLES),
        "## Tables of BigQuery",
        BIGQUERY,
        table(("table", "content"), [(f"`{name}`", LAYOUTS[name].description) for name in OWN_TABLES]),
        "## Views",
        *(f"### {path}\n\n{_header(path)}{_checked(path.rpartition('/')[2])}" for path in sql.BIGQUERY_VIEWS),
        "## Queries of the pipeline",
        *(f"### {path}\n\n{_header(path)}" for path in _others() if not path.startswith("row_access/")),
        "## Row access in BigQuery",
        ACCESS,
        *(f"### {path}\n\n{_header(path)}" for path in _others() if path.startswith("row_access/")),
        "## Queries",
        f"{QUERIES.strip()} {filters}. `currency` converts all amounts to another currency than the reporting currency "
        "with the rates of each day ([exchange rates](exchange-rates.md)).",
        *(_query(name) for name in query_catalogue.query_names()),
    )


def _table(name: str) -> str:
    rows = [(f"`{f.name}`", str(f.kind), "yes" if f.required else "", f.description) for f in TABLES[name]]
    return f"### {name}\n\n" + table(("column", "type", "required", "meaning"), rows)


def _others() -> list[str]:
    root = files(sql)
    described = [
        f"{folder.name}/{file.name.removesuffix('.sql')}"
        for folder in root.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".sql") and folder.name != "queries"
    ]
    return sorted(set(described) - set(sql.BIGQUERY_VIEWS))


def _header(path: str) -> str:
    head = takewhile(lambda line: line.startswith("--"), sql.text(path).splitlines())
    words = (line.removeprefix("--").strip() for line in head)
    return "\n".join(line for line in words if not line.startswith(DECLARED))


def _checked(mart: str) -> str:
    """What the quality checks of a mart ensure."""
    ensured = " ".join(check.description for check in checks().values() if check.mart == mart)
    return f"\n\n[Checked](quality.md): {ensured}" if ensured else ""


def _query(name: str) -> str:
    query = query_catalogue.describe_query(name)
    parts = [f"### {name}", query.description]
    if query.needs:
        parts.append(f"Requires the permission: {query.needs.value}.")
    if query.parameters:
        parts.append(table(("parameter", "type", "default", "meaning"), map(_parameter, query.parameters)))
    return "\n\n".join(parts)


def _parameter(parameter: QueryParameter) -> tuple[str, str, str, str]:
    words = f" ({', '.join(parameter.words)})" if parameter.words else ""
    default = "required" if parameter.default is None else f"`{parameter.default}`" if parameter.default else "empty"
    return f"`{parameter.name}`", parameter.kind, default, parameter.description + words
