"""Files with which a tool opens the marts or a live file: Power BI (`.pbids`), Tableau (`.tds`), dbt sources (`.yml`).

They have no passwords. Formats: https://learn.microsoft.com/power-bi/connect-data/desktop-data-sources#create-pbids-files,
https://docs.getdbt.com/reference/source-properties; Tableau's is that of the files which Tableau Desktop saves.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import yaml

from tillstream.marts.tables import BIGNUMERIC, TABLES, MartTable
from tillstream.model.columns import ColumnKind
from tillstream.model.errors import Rejected

PBIDS_MEDIA_TYPE = "application/json"
NOTE = "# Written by `tillstream marts connection-file`; do not edit.\n"
CONNECTION = "postgres.tillstream"
"""Name of the connection within a file of Tableau."""
_POSTGRESQL: Mapping[str, str] = {
    ColumnKind.STRING: "text",
    ColumnKind.DATE: "date",
    ColumnKind.NUMERIC: "numeric(38,9)",
    BIGNUMERIC: "numeric(38,18)",
    ColumnKind.INT64: "bigint",
    ColumnKind.BOOL: "boolean",
}


@dataclass(frozen=True)
class CopyAddress:
    """Where a read copy of the marts is. user: reads it; empty: the tool asks."""

    host: str
    database: str
    user: str = ""
    port: int = 5432
    schema: str = "tillstream"
    encrypted: bool = True


def connection_file(suffix: str, copy: CopyAddress) -> str:
    """The content of the file for a read copy. suffix: pbids, tds or yml. Raises `Rejected` for another one."""
    if suffix not in WRITERS:
        raise Rejected(f"The file must end with one of: {', '.join(f'.{one}' for one in WRITERS)}.")
    return WRITERS[suffix](copy)


def pbids_of_web(url: str) -> str:
    """A data source file of Power BI for a file at an address."""
    return _pbids({"protocol": "http", "address": {"url": url}})


def _pbids_of_copy(copy: CopyAddress) -> str:
    server = copy.host if copy.port == CopyAddress.port else f"{copy.host}:{copy.port}"
    return _pbids({"protocol": "postgresql", "address": {"server": server, "database": copy.database}})


def _pbids(details: dict[str, Any]) -> str:
    connection = {"details": details, "options": {}, "mode": "Import"}
    return json.dumps({"version": "0.1", "connections": [connection]}, indent=2) + "\n"


def _tds(copy: CopyAddress) -> str:
    """A data source of Tableau: the facts joined with each dimension."""
    source = ET.Element("datasource", {"formatted-name": "Tillstream", "inline": "true", "version": "18.1"})
    federated = ET.SubElement(source, "connection", {"class": "federated"})
    named = ET.SubElement(
        ET.SubElement(federated, "named-connections"), "named-connection", {"caption": copy.host, "name": CONNECTION}
    )
    attributes = {
        "authentication": "username-password",
        "class": "postgres",
        "dbname": copy.database,
        "one-time-sql": "",
        "port": str(copy.port),
        "server": copy.host,
        "sslmode": "require" if copy.encrypted else "",
        "username": copy.user,
    }
    ET.SubElement(named, "connection", attributes)
    fact, *dimensions = TABLES
    relation = _relation(fact, copy)
    for dimension in dimensions:
        relation = _joined(relation, fact, dimension, copy)
    federated.append(relation)
    ET.indent(source)
    return ET.tostring(source, encoding="unicode", xml_declaration=False) + "\n"


def _relation(table: MartTable, copy: CopyAddress) -> ET.Element:
    attributes = {"connection": CONNECTION, "name": table.name, "table": f"[{copy.schema}].[{table.name}]"}
    return ET.Element("relation", attributes | {"type": "table"})


def _joined(left: ET.Element, fact: MartTable, dimension: MartTable, copy: CopyAddress) -> ET.Element:
    """An inner join, which loses no line: every key of the facts is in its dimension once."""
    joined = ET.Element("relation", {"join": "inner", "type": "join"})
    equal = ET.SubElement(ET.SubElement(joined, "clause", {"type": "join"}), "expression", {"op": "="})
    (key,) = dimension.key
    for table in (fact, dimension):
        ET.SubElement(equal, "expression", {"op": f"[{table.name}].[{key}]"})
    joined.extend((left, _relation(dimension, copy)))
    return joined


def _dbt(copy: CopyAddress) -> str:
    """A file of dbt sources: the tables with their columns, types and keys."""
    source = {
        "name": "tillstream",
        "description": "Facts and dimensions of Tillstream, in a read copy.",
        "database": copy.database,
        "schema": copy.schema,
        "loader": "tillstream",
        "tables": [_dbt_table(table) for table in TABLES],
    }
    return NOTE + yaml.safe_dump({"version": 2, "sources": [source]}, sort_keys=False, allow_unicode=True, width=118)


WRITERS: Mapping[str, Callable[[CopyAddress], str]] = {"pbids": _pbids_of_copy, "tds": _tds, "yml": _dbt}
"""Ending of a file → what writes its content."""


def _dbt_table(table: MartTable) -> dict[str, Any]:
    unique = ["unique", "not_null"] if len(table.key) == 1 else ["not_null"]
    columns = [
        {"name": column.name, "description": table.descriptions[column.name], "data_type": _POSTGRESQL[column.type]}
        | ({"data_tests": unique} if column.name in table.key else {})
        for column in table.columns
    ]
    return {"name": table.name, "description": table.description, "columns": columns}
