"""Operations about numbers, measures, sale lines, forecasts, goals and quality; a catalogue describes the queries."""

from portal.api import schemas
from portal.api.operations.operation import (
    DAY,
    FILTERS,
    IF_NONE_MATCH,
    NOT_MODIFIED,
    NUMBERS_AS,
    OFFSET_ROWS,
    PAGED,
    TAGGED,
    Operation,
    pages,
    path,
    query,
)
from portal.api.queries import DEFAULT_LEDGER_ROWS, LISTS, MAX_ROWS, RESTRICTED
from portal.api.queries import MAX_LEDGER_ROWS as LINE_ROWS
from portal.api.schemas import Schema
from tillstream.analytics import query_catalogue
from tillstream.analytics.measures.definitions import all_measures
from tillstream.analytics.query_catalogue import QueryParameter
from tillstream.goals.targets import TARGET_FIELDS, GoalLevel, GoalMeasure
from tillstream.model.permissions import Action

MONTH = r"^(\d{4}-(0[1-9]|1[0-2]))?$"
GOAL_AMOUNTS = (
    "goal", "unassigned", "sold", "sold_since", "reached", "expected", "projected", "projected_low", "projected_high",
    "required_per_day", "cost_coverage",
)  # fmt: skip
CHECK_TEXTS = ("name", "mart", "kind", "description", "remedy", "checked_at", "failing_since")
MEASURE_TEXTS = (
    "name", "label", "format", "grain", "lines", "description", "formula", "rule", "query", "owner",
)  # fmt: skip
_KINDS: dict[str, Schema] = {
    "INT64": {"type": "integer", "minimum": 0},
    "STRING": {"type": "string"},
    "DATE": DAY,
    "NUMERIC": {"type": "string"},
    "TIMESTAMP": {"type": "string"},
}

SCHEMAS: dict[str, schemas.Schema] = {
    "ForecastAccuracy": schemas.object_of(
        {
            "run": {"type": ["object", "null"]},
            "windows": schemas.array_of({"type": "object"}),
            "importance": schemas.array_of({"type": "object"}),
        }
    ),
    "Goals": schemas.object_of(
        {
            "month": schemas.TEXT,
            "measure": {"type": "string", "enum": list(GoalMeasure)},
            "as_of": schemas.INSTANT,
            "rows": schemas.array_of(
                schemas.object_of(
                    dict.fromkeys(TARGET_FIELDS, schemas.TEXT_OR_NULL)
                    | {
                        "level": {"type": "string", "enum": list(GoalLevel)},
                        "measure": {"type": "string", "enum": list(GoalMeasure)},
                        "currency": schemas.TEXT_OR_NULL,
                        "origin": {"type": ["string", "null"], "enum": ["entered", "share", "sum", None]},
                        "complete_through": schemas.DAY,
                        "projection": {"type": ["string", "null"], "enum": ["forecast", "pace", None]},
                    }
                    | dict.fromkeys(GOAL_AMOUNTS, schemas.DECIMAL),
                    optional=("cost_coverage",),
                )
            ),
        }
    ),
    "Quality": schemas.object_of(
        {
            "checked_at": schemas.TEXT,
            "all_checked_at": schemas.TEXT,
            "left_out": schemas.array_of(schemas.TEXT),
            "failing": schemas.array_of(schemas.TEXT),
            "checks": schemas.array_of(
                schemas.object_of(
                    dict.fromkeys(CHECK_TEXTS, schemas.TEXT)
                    | {"failing_rows": {"type": "integer"}, "failing_days": {"type": "object"}}
                )
            ),
        }
    ),
    "Measures": schemas.object_of(
        {
            "measures": schemas.array_of(schemas.object_of(dict.fromkeys(MEASURE_TEXTS, schemas.TEXT))),
            "dimensions": schemas.array_of(
                schemas.object_of({"name": schemas.TEXT, "label": schemas.TEXT, "is_period": {"type": "boolean"}})
            ),
        }
    ),
    "Queries": schemas.object_of(
        {
            "queries": schemas.array_of(
                schemas.object_of(
                    {"name": schemas.TEXT, "description": schemas.TEXT, "parameters": schemas.array_of(schemas.TEXT)}
                )
            )
        }
    ),
    "Rows": schemas.object_of(
        {
            "columns": schemas.array_of(schemas.TEXT),
            "rows": schemas.array_of({"type": "object"}),
            "as_of": schemas.INSTANT,
            "currency": schemas.TEXT,
            "unconverted_lines": schemas.COUNT,
            "next_cursor": schemas.CURSOR,
        }
    ),
}
"""name → schema of an answer of these operations."""


def _own(one: QueryParameter) -> Schema:
    schema = dict(_KINDS[one.kind]) | ({"enum": list(one.words)} if one.words else {})
    default = int(one.default) if one.default and one.kind == "INT64" else one.default
    return query(one.name, schema | ({"default": default} if one.default else {}), one.description)


def own_parameters(name: str) -> tuple[Schema, ...]:
    """The parameters of a query, apart from those of paging."""
    return tuple(
        _own(one) for one in query_catalogue.describe_query(name).parameters if one.name not in {"limit", "offset"}
    )


def _list(name: str) -> Operation:
    described = query_catalogue.describe_query(name)
    default_limit = next(
        (int(one.default or MAX_ROWS) for one in described.parameters if one.name == "limit"), MAX_ROWS
    )
    personal = " Also requires the right `personal`." if described.needs is Action.SEE_PERSONAL else ""
    first, _, rest = described.description.partition(". ")
    right = "quality" if described.needs is Action.SEE_QUALITY else "numbers"
    return Operation(
        "Numbers", first.rstrip("."), {200: ("The list", f"list of {name}"), 304: NOT_MODIFIED},
        f"{rest}{personal}".strip(),
        (*own_parameters(name), *pages(MAX_ROWS, default_limit), OFFSET_ROWS, NUMBERS_AS, *FILTERS, IF_NONE_MATCH),
        right=right, headers=TAGGED | PAGED, errors=(409,), tabular=True,
    )  # fmt: skip


OPERATIONS: dict[str, Operation] = {
    "api.kpis": Operation(
        "Numbers", "Figures of the selected sales as one object",
        {200: ("The figures", "row of kpis"), 304: NOT_MODIFIED},
        query_catalogue.describe_query("kpis").description.partition(". ")[2], (NUMBERS_AS, *FILTERS, IF_NONE_MATCH),
        right="numbers", headers=TAGGED, tabular=True,
    ),
    **{f"api.{name}": _list(name) for name in (*LISTS, *RESTRICTED)},
    "api.sale-lines": Operation(
        "Lines and changes", "Sale lines with all their columns, latest day first",
        {200: ("The lines", "list of sale-lines"), 304: NOT_MODIFIED},
        "Pages by cursor stay right while sales arrive: no line is missing or repeated.",
        (*pages(LINE_ROWS, DEFAULT_LEDGER_ROWS), NUMBERS_AS, *FILTERS, IF_NONE_MATCH),
        right="numbers", headers=TAGGED | {"Link": PAGED["Link"]}, tabular=True,
    ),
    "api.changes": Operation(
        "Lines and changes", "Settlements that changed sale lines, newest first",
        {200: ("The settlements", "list of changes"), 304: NOT_MODIFIED},
        "A settlement adds files to the figures: lines added, corrected and removed, and the change of revenue.",
        (
            *pages(LINE_ROWS, DEFAULT_LEDGER_ROWS), NUMBERS_AS,
            query("after", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "Only settlements after this one"),
            query("since", DAY, "Only settlements of this day (UTC) or later"), IF_NONE_MATCH,
        ),
        right="numbers", headers=TAGGED | {"Link": PAGED["Link"]}, tabular=True,
    ),
    "measures.definitions": Operation(
        "Numbers", "Definitions of the measures, and the dimensions they can be grouped by",
        {200: ("The definitions", "Measures")}, right="numbers",
    ),
    "api.measure_values": Operation(
        "Numbers", "Values of measures by dimensions",
        {200: ("The list", "Rows"), 304: NOT_MODIFIED},
        "One row per group, sorted by its dimensions; without dimensions, one row. Measures that compare two periods "
        "cannot be grouped by a period.",
        (
            query("measures", {"type": "string"}, "Names of measures, separated by commas", "revenue,orders"),
            query("by", {"type": "string"}, "Names of dimensions, separated by commas", "month,store"),
            *pages(MAX_ROWS, MAX_ROWS), OFFSET_ROWS, NUMBERS_AS, *FILTERS, IF_NONE_MATCH,
        ),
        right="numbers", headers=TAGGED | PAGED, errors=(404, 409), tabular=True,
    ),
    "api.queries": Operation(
        "Numbers", "Queries that can be run by name", {200: ("The queries", "Queries")}, right="numbers",
    ),
    "api.query": Operation(
        "Numbers", "Rows of a query",
        {200: ("The list", "Rows"), 304: NOT_MODIFIED},
        "Takes the parameters of the query, besides the filters.",
        (
            path("name", "Name of the query"),
            *pages(MAX_ROWS, MAX_ROWS), OFFSET_ROWS, NUMBERS_AS, *FILTERS, IF_NONE_MATCH,
        ),
        right="numbers", headers=TAGGED | PAGED, errors=(409,), tabular=True,
    ),
    "forecast.accuracy_data": Operation(
        "Numbers", "Accuracy of the forecasts in their backtest",
        {200: ("The last run, its accuracy by level and window, and what the model relies on", "ForecastAccuracy")},
        "Windows without a cutoff date are all windows together. Relative measures divide by those of last week's "
        "sales as a forecast: below 1 is better.", right="numbers",
    ),
    "goals.data": Operation(
        "Numbers", "Goals of a month and what is reached of them",
        {200: ("The standings", "Goals")},
        "Without a level, the row of one target: that of region, store, salesperson and category, else the highest "
        "one that the user sees. Shares and sums follow from the goals above or below. Expected amounts are for the "
        "days until `complete_through`. A target that the user does not see has no row.",
        (
            query("month", {"type": "string", "pattern": MONTH}, "Month; default: this month", "2026-11"),
            query("measure", {"type": "string", "enum": [*GoalMeasure, ""], "default": "revenue"}, "Measure"),
            query("level", {"type": "string", "enum": [*GoalLevel, ""]}, "All targets of a level"),
            *(query(name, {"type": "string"}, f"The {name} of the targets") for name in TARGET_FIELDS),
        ),
        right="numbers",
    ),
    "quality.data": Operation(
        "Numbers", "Results of the quality checks of the marts",
        {200: ("The results", "Quality")},
        "Checks run after settlements on the days that changed, and once a day on all days; on Google Cloud every "
        "night.", right="quality",
    ),
    "measures.explanation_data": Operation(
        "Numbers", "Explain a figure: its definition, its uploads, and what is missing from it",
        {200: ("The figure", {"type": "object"})},
        parameters=(
            path("figure", "Name of the figure", {"type": "string", "enum": list(all_measures())}),
            query("page", {"type": "integer", "minimum": 1, "maximum": 10**6, "default": 1}, "Page of the uploads"),
            *FILTERS,
        ),
        right="numbers",
    ),
}  # fmt: skip
