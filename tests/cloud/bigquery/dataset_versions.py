"""Datasets as earlier versions of Tillstream created them."""

import json
import re
from pathlib import Path

from google.cloud.bigquery import SchemaField, Table

import sql
from tillstream.adapters.google.bigquery import tables
from tillstream.adapters.google.bigquery.dataset import Dataset

FOLDER = Path(__file__).with_name("versions")
"""What each version of sql/migrations made of an empty dataset: NUMBER.json, table → column → type and mode."""
Shape = dict[str, str]


def shapes_of(number: int) -> dict[str, Shape]:
    shapes: dict[str, Shape] = json.loads((FOLDER / f"{number:03}.json").read_text(encoding="utf-8"))
    return shapes


def as_of(dataset: Dataset, number: int, shapes: dict[str, Shape]) -> None:
    """The dataset as a version created it, with these columns.

    Tables that a later migration creates again have no layout.
    """
    dataset.client.create_dataset(dataset.name)
    later = {name for _, _, script in sql.migrations()[number:] for name in re.findall(r"\b(\w+)_before_\d", script)}
    for name, shape in shapes.items():
        columns = [SchemaField(column, *words.split()) for column, words in shape.items()]
        table = Table(dataset.table(name), columns)
        if name not in later:
            table = tables.table_resource(dataset.table(name))
            table.schema = columns
        dataset.client.create_table(table)
    for version, name, _ in sql.migrations()[:number]:
        dataset.ask(
            f"INSERT INTO {tables.SCHEMA_VERSIONS} (version, name, migrated_at) VALUES (@version, @name, "
            "CURRENT_TIMESTAMP())",
            {"version": version, "name": name},
        )
