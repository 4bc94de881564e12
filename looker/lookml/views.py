"""LookML views: one for each reporting view, with dimensions of its columns and the measures of their definitions."""

import re
from collections.abc import Iterator, Mapping, Sequence

from looker.definitions import Field, Measure, Source
from looker.lookml.syntax import Block, Parameter, Raw, Sql

TABLE = "`@{PROJECT}.@{DATASET}.{view}`"
FORMATS: Mapping[str, Parameter] = {
    "money": ("value_format_name", Raw("decimal_2")),
    "count": ("value_format_name", Raw("decimal_0")),
    "quantity": ("value_format", "#,##0.###"),
    "share": ("value_format_name", Raw("percent_1")),
    "growth": ("value_format_name", Raw("percent_1")),
}
"""Format of a measure → parameter and value."""
TYPES = {"Text": "string", "Country": "string", "Number": "number", "Boolean": "yesno"}
FUNCTIONS = {"SUM": "sum", "COUNT DISTINCT": "count_distinct", "MIN": "date", "MAX": "date"}
DATE_FRAMES = ("raw", "date", "week", "month", "quarter", "year")
KEYS = {"fact_sales": "CONCAT(${TABLE}.order_id, '|', ${TABLE}.line_key)"}
"""View → its primary key, if that is not a column that ends with `_key`."""
STORE_OF_KEY = r"REGEXP_EXTRACT(${TABLE}.store_key, r'^[^|]*\|(.*)@[^@]*$')"
"""The store in a store key, without reading dim_store."""


def view(source: Source, measures: Sequence[Measure]) -> Block:
    fields = {field.name for field in source.fields}
    summed = [field for field in source.fields if field.aggregation == "sum"]
    defined = {one.name for one in measures}
    blocks = [_dimension(source.view, field) for field in source.fields if field not in summed]
    if source.view in KEYS:
        blocks.insert(0, _key(KEYS[source.view]))
    if "store_key" in fields and "store_id" not in fields:
        blocks.append(_store())
    blocks += [_measure(one) for one in measures]
    blocks += [_total(field) for field in summed if field.name not in defined]
    table = Sql(TABLE.replace("{view}", source.view))
    return Block("view", source.view, [("sql_table_name", table), *blocks])


def group_name(column: str) -> str:
    """Name of the dimension group of a date, whose field `…_date` is one of its time frames."""
    return column.removesuffix("_date")


def _dimension(view: str, field: Field) -> Block:
    head = [*_grants(is_cost=field.is_cost), ("description", field.description)]
    if field.type in {"Date", "Date & Time"}:
        is_date = field.type == "Date"
        kind: list[Parameter] = [("datatype", Raw("date")), ("convert_tz", False)] if is_date else []
        frames = DATE_FRAMES if is_date else ("time", *DATE_FRAMES)
        parameters = [*head, ("type", Raw("time")), ("timeframes", frames), *kind, ("sql", _column(field.name))]
        return Block("dimension_group", group_name(field.name), parameters)
    extra: list[Parameter] = [("map_layer_name", Raw("countries"))] if field.type == "Country" else []
    if field.name == next(iter(_primary_keys(view)), ""):
        extra += [("primary_key", True), ("hidden", True)]
    elif field.name.endswith("_key") or field.aggregation == "count distinct":
        extra += [("hidden", True)]
    return Block(
        "dimension", field.name, [*head, ("type", Raw(TYPES[field.type])), *extra, ("sql", _column(field.name))]
    )


def _primary_keys(view: str) -> Iterator[str]:
    """The column that identifies a row of a dimension."""
    if view.startswith("dim_"):
        name = view.removeprefix("dim_").removesuffix("_people")
        yield "sale_date" if name == "date" else f"{name}_key"


def _key(sql: str) -> Block:
    parameters: list[Parameter] = [("type", Raw("string")), ("primary_key", True), ("hidden", True), ("sql", Sql(sql))]
    return Block("dimension", "line_id", parameters)


def _store() -> Block:
    parameters: list[Parameter] = [
        ("description", "Store that sold"),
        ("type", Raw("string")),
        ("sql", Sql(STORE_OF_KEY)),
    ]
    return Block("dimension", "store_id", parameters)


def _measure(one: Measure) -> Block:
    expression = _qualified(one.expression) if one.function else one.expression
    kind = FUNCTIONS.get(one.function, "number")
    return Block(
        "measure",
        one.name,
        [
            *_grants(is_cost=one.is_cost),
            ("label", one.label),
            ("description", one.description),
            ("type", Raw(kind)),
            FORMATS.get(one.format, ("convert_tz", False)),
            ("sql", Sql(f"{one.function}({expression})" if kind == "date" else expression)),
        ],
    )


def _total(field: Field) -> Block:
    parameters = [
        *_grants(is_cost=field.is_cost),
        ("description", field.description),
        ("type", Raw("sum")),
        ("value_format", "#,##0.##"),
        ("sql", _column(field.name)),
    ]
    return Block("measure", field.name, parameters)


def _grants(*, is_cost: bool) -> list[Parameter]:
    return [("required_access_grants", ["costs"])] if is_cost else []


def _column(name: str) -> Sql:
    return Sql(f"${{TABLE}}.{name}")


def _qualified(expression: str) -> str:
    """The expression with its columns as ${TABLE}.name; columns are in lower case, functions are not."""
    pattern = r"'[^']*'|\b[a-z_]+\b"
    return re.sub(pattern, lambda word: word[0] if word[0].startswith("'") else f"${{TABLE}}.{word[0]}", expression)
