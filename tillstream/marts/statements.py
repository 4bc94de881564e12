"""Statements with which other engines read an export: external tables, or a view of the files in DuckDB."""

from collections.abc import Callable, Mapping, Sequence

from tillstream.marts.manifest import PARTITION, Manifest, MartFile
from tillstream.marts.tables import BIGNUMERIC, MartTable, MartType
from tillstream.model.columns import ColumnKind

Files = Sequence[MartFile]
FOLDER = "statements"
SCHEMA = "tillstream"
_HIVE: Mapping[MartType, str] = {
    ColumnKind.STRING: "string",
    ColumnKind.DATE: "date",
    ColumnKind.NUMERIC: "decimal(38, 9)",
    BIGNUMERIC: "decimal(38, 18)",
    ColumnKind.INT64: "bigint",
    ColumnKind.BOOL: "boolean",
}
_REDSHIFT = {**_HIVE, ColumnKind.STRING: "varchar(65535)"}
_HEADER = "-- Written by tillstream marts export; run it again after an export.\n"


def statements(manifest: Manifest, location: str) -> dict[str, bytes]:
    """Name of each file → its statements, of all tables. location: of the folder, without a slash at the end."""
    return {
        f"{FOLDER}/{engine}.sql": (
            _HEADER + before + "\n".join(write(table, manifest.files_of(table), location) for table in manifest.tables)
        ).encode()
        for engine, (before, write) in _ENGINES.items()
    }


def _spark(table: MartTable, _files: Files, location: str) -> str:
    """Spark lists the column of partitions with the others."""
    name = f"`{SCHEMA}`.`{table.name}`"
    columns = _commented(table)
    if table.by_month:
        columns = f"{columns},\n  `{PARTITION}` string COMMENT 'Month of sale_date'"
    partitions = f"\nPARTITIONED BY (`{PARTITION}`)" if table.by_month else ""
    repair = f"MSCK REPAIR TABLE {name};\n" if table.by_month else f"REFRESH TABLE {name};\n"
    return (
        f"DROP TABLE IF EXISTS {name};\nCREATE TABLE {name} (\n{columns}\n)\nUSING PARQUET{partitions}\n"
        f"LOCATION '{_text(_uri(location))}/{table.name}';\n{repair}"
    )


def _athena(table: MartTable, files: Files, location: str) -> str:
    name = f"`{SCHEMA}`.`{table.name}`"
    partitioned = f"\nPARTITIONED BY (`{PARTITION}` string)" if table.by_month else ""
    added = "".join(
        f"ALTER TABLE {name} ADD IF NOT EXISTS PARTITION (`{PARTITION}` = '{file.month}') "
        f"LOCATION '{_text(location)}/{table.name}/{PARTITION}={file.month}/';\n"
        for file in files
        if file.month
    )
    return (
        f"DROP TABLE IF EXISTS {name};\nCREATE EXTERNAL TABLE {name} (\n{_commented(table)}\n){partitioned}\n"
        f"STORED AS PARQUET\nLOCATION '{_text(location)}/{table.name}/';\n{added}"
    )


def _commented(table: MartTable) -> str:
    return ",\n".join(
        f"  `{column.name}` {_HIVE[column.type]} COMMENT '{_text(table.descriptions[column.name])}'"
        for column in table.columns
    )


def _redshift(table: MartTable, files: Files, location: str) -> str:
    columns = ",\n".join(f'  "{column.name}" {_REDSHIFT[column.type]}' for column in table.columns)
    partitioned = f'\nPARTITIONED BY ("{PARTITION}" char(7))' if table.by_month else ""
    added = "".join(
        f"ALTER TABLE {SCHEMA}.{table.name} ADD IF NOT EXISTS PARTITION (\"{PARTITION}\" = '{file.month}') "
        f"LOCATION '{_text(location)}/{table.name}/{PARTITION}={file.month}/';\n"
        for file in files
        if file.month
    )
    return (
        f"DROP TABLE IF EXISTS {SCHEMA}.{table.name};\nCREATE EXTERNAL TABLE {SCHEMA}.{table.name} (\n{columns}\n)"
        f"{partitioned}\nSTORED AS PARQUET\nLOCATION '{_text(location)}/{table.name}/';\n{added}"
    )


def _duckdb(table: MartTable, files: Files, location: str) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    if files:
        listed = ",\n".join(f"  '{_quoted(location)}/{file.path}'" for file in files)
        source = f"read_parquet([\n{listed}\n], hive_partitioning = false)"
    else:
        types = {**_HIVE, ColumnKind.STRING: "varchar"}
        nulls = ", ".join(f'CAST(NULL AS {types[column.type]}) AS "{column.name}"' for column in table.columns)
        source = f"(SELECT {nulls}) WHERE FALSE"
    return f"CREATE OR REPLACE VIEW {SCHEMA}.{table.name} AS\nSELECT {columns}\nFROM {source};\n"


def _bigquery(table: MartTable, files: Files, location: str) -> str:
    types = {
        **_HIVE,
        ColumnKind.STRING: "STRING",
        ColumnKind.DATE: "DATE",
        ColumnKind.NUMERIC: "NUMERIC",
        BIGNUMERIC: "BIGNUMERIC",
    }
    types |= {ColumnKind.INT64: "INT64", ColumnKind.BOOL: "BOOL"}
    columns = ",\n".join(f"  `{column.name}` {types[column.type]}" for column in table.columns)
    partitioned = f"\nWITH PARTITION COLUMNS (`{PARTITION}` STRING)" if table.by_month else ""
    place = f"{_text(location)}/{table.name}"
    prefix = f",\n  hive_partition_uri_prefix = '{place}'" if table.by_month else ""
    # not the whole folder, which also has the log of a Delta table
    uris = [f"{place}/{PARTITION}=*"] if table.by_month else [f"{_text(location)}/{file.path}" for file in files]
    return (
        f"CREATE OR REPLACE EXTERNAL TABLE `{SCHEMA}`.`{table.name}` (\n{columns}\n){partitioned}\n"
        f"OPTIONS (\n  format = 'PARQUET',\n  uris = [{', '.join(map(repr, uris))}]{prefix}\n);\n"
    )


def _uri(location: str) -> str:
    return location if "://" in location else f"file://{location}"


def _text(words: str) -> str:
    """Words in single quotes: engines escape these differently, so that a typographic one takes their place."""
    return words.replace("\\", "/").replace("'", "’")


def _quoted(path: str) -> str:
    return path.replace("'", "''")


_ENGINES: Mapping[str, tuple[str, Callable[[MartTable, Files, str], str]]] = {
    "athena": (f"CREATE DATABASE IF NOT EXISTS `{SCHEMA}`;\n", _athena),
    "redshift": (
        f"-- First: CREATE EXTERNAL SCHEMA {SCHEMA} FROM DATA CATALOG DATABASE '{SCHEMA}' IAM_ROLE default\n"
        "-- CREATE EXTERNAL DATABASE IF NOT EXISTS;\n",
        _redshift,
    ),
    "spark": (f"CREATE DATABASE IF NOT EXISTS `{SCHEMA}`;\n", _spark),
    "duckdb": (f"CREATE SCHEMA IF NOT EXISTS {SCHEMA};\n", _duckdb),
    "bigquery": (f"CREATE SCHEMA IF NOT EXISTS `{SCHEMA}`;\n", _bigquery),
}
"""Engine → the beginning of its file, and the statements of a table."""
