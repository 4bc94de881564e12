"""A file of sources for dbt: the reporting views with their columns, keys and measures.

Properties: https://docs.getdbt.com/reference/source-properties; `meta` is in `config`, as from dbt 1.10.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from looker.definitions import Field, Measure, Measures, Source, sources
from looker.lookml import FILTERED, JOINS

NOTE = "# Written by `tillstream looker dbt`; do not edit.\n"
DESCRIPTION = "Sales, dimensions, stock and forecasts of Tillstream, as reports read them."
TYPES = {"Text": "STRING", "Country": "STRING", "Boolean": "BOOL", "Date": "DATE", "Date & Time": "TIMESTAMP"}
"""Type of a field → data type; numbers have several."""


DbtNode = dict[str, Any]
"""A part of a file of dbt, as its YAML has it."""


def sources_file(project: str, dataset: str, measures: Measures) -> str:
    """The YAML of the file."""
    source = {
        "name": "tillstream",
        "description": DESCRIPTION,
        "database": project,
        "schema": dataset,
        "loader": "tillstream",
        "tables": [_table(one, measures.get(name, ())) for name, one in sources().items()],
    }
    content = {"version": 2, "sources": [source]}
    return NOTE + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=118)


def _table(source: Source, measures: Sequence[Measure]) -> DbtNode:
    meta = {
        "personal": source.is_personal,
        "filter_by": "sale_date" if source.view in FILTERED else "",
        "measures": {one.name: {"label": one.label, "sql": one.sql, "format": one.format} for one in measures},
    }
    return {
        "name": source.view,
        "description": source.description,
        **_config(meta),
        "columns": [_column(source.view, field) for field in source.fields],
    }


def _column(view: str, field: Field) -> DbtNode:
    dimension = next((name for name, key in JOINS.items() if view.startswith("fact_") and key == field.name), "")
    meta = {
        "total": field.aggregation if field.aggregation != "none" else "",
        "key_of": dimension,
        "costs": field.is_cost,
    }
    kind = {"data_type": TYPES[field.type]} if field.type in TYPES else {}
    return {"name": field.name, "description": field.description, **kind, **_config(meta)}


def _config(meta: DbtNode) -> DbtNode:
    """`config` with the entries that are not empty."""
    filled = {name: value for name, value in meta.items() if value}
    return {"config": {"meta": filled}} if filled else {}
