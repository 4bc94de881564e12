"""DuckDB alone: CREATE TABLE AS read_csv, without validation, keys or receipts; the lower bound."""

import sys
from pathlib import Path

import duckdb


def main(file: str, folder: str) -> None:
    with duckdb.connect(str(Path(folder) / "raw.duckdb")) as connection:
        connection.execute("CREATE TABLE sales AS SELECT * FROM read_csv(?)", [file])


if __name__ == "__main__":
    main(*sys.argv[1:3])
