"""A LookML project over the reporting views: its model, explores and views."""

from collections.abc import Iterator

from looker.definitions import Measures, Source, sources
from looker.lookml.syntax import Block, Parameter, Raw, Sql, parameter, written
from looker.lookml.views import group_name, view

NOTE = "# Written by `tillstream looker lookml`; do not edit.\n"
JOINS = {
    "dim_date": "sale_date",
    "dim_store": "store_key",
    "dim_product": "product_key",
    "dim_channel": "channel_key",
    "dim_currency": "currency_key",
    "dim_customer": "customer_key",
    "dim_customer_people": "customer_key",
    "dim_salesperson": "salesperson_key",
    "dim_salesperson_people": "salesperson_key",
}
"""Dimension → the column that a fact has of it."""
DAYS = "28 days"
FILTERED = frozenset({"sales", "sales_with_people", "fact_sales", "fact_sales_daily"})
"""Views that are read by partitions, whose explores always have a filter of days."""
ATTRIBUTES = {"region": "region", "store_id": "store"}
"""Column → the user attribute of Looker that limits its values."""
GRANTS = ("costs", "personal")
"""User attributes with the value `yes` for users who may see costs, or personal data."""


def files(project: str, dataset: str, connection: str, measures: Measures) -> Iterator[tuple[str, str]]:
    """Yield (path, text) of each file of the project. connection: name of the connection to BigQuery in Looker."""
    yield "manifest.lkml", NOTE + _manifest(project, dataset)
    yield "tillstream.model.lkml", NOTE + _model(connection)
    for name, source in sources().items():
        yield f"views/{name}.view.lkml", f"{NOTE}{written(view(source, measures.get(name, ())))}\n"


def _manifest(project: str, dataset: str) -> str:
    constants = {"PROJECT": project, "DATASET": dataset}
    blocks = [
        Block("constant", name, [("value", value), ("export", Raw("override_optional"))])
        for name, value in constants.items()
    ]
    return "\n".join([parameter("project_name", "tillstream"), *map(written, blocks)]) + "\n"


def _model(connection: str) -> str:
    blocks = [
        *(
            Block("access_grant", name, [("user_attribute", Raw(name)), ("allowed_values", ['"yes"'])])
            for name in GRANTS
        ),
        *(_explore(source) for source in sources().values() if not source.view.startswith("dim_")),
    ]
    head = [parameter("connection", connection), parameter("include", "/views/*.view.lkml")]
    return "\n".join([*head, *map(written, blocks)]) + "\n"


def _explore(source: Source) -> Block:
    columns = {field.name for field in source.fields}
    name = source.view
    limited = {*columns, "store_id"} if "store_key" in columns else columns
    joined = {view: key for view, key in JOINS.items() if key in columns} if name.startswith("fact_") else {}
    parameters: list[Parameter | Block] = [("description", source.description), *_grants(name)]
    if name in FILTERED:
        parameters.append(Block("always_filter", "", [("filters", [f'{name}.sale_date: "{DAYS}"'])]))
    parameters += [_access_filter(name, column) for column in ATTRIBUTES if column in limited]
    parameters += [_join(name, dimension, key) for dimension, key in joined.items()]
    return Block("explore", name, parameters)


def _access_filter(view: str, column: str) -> Block:
    return Block("access_filter", "", [("field", Raw(f"{view}.{column}")), ("user_attribute", Raw(ATTRIBUTES[column]))])


def _join(view: str, dimension: str, key: str) -> Block:
    condition = Sql(f"${{{view}.{_reference(key)}}} = ${{{dimension}.{_reference(key)}}}")
    kind: list[Parameter] = [("type", Raw("left_outer")), ("relationship", Raw("many_to_one")), ("sql_on", condition)]
    return Block("join", dimension, [*_grants(dimension), *kind])


def _grants(view: str) -> list[Parameter]:
    return [("required_access_grants", ["personal"])] if sources()[view].is_personal else []


def _reference(column: str) -> str:
    """How LookML refers to a column: by the time frame of a date."""
    return f"{group_name(column)}_raw" if column.endswith("_date") else column
