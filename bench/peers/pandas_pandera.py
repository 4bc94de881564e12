"""A typical script: pandas reads, pandera validates, DuckDB stores."""

import sys
from pathlib import Path

import duckdb
import pandas as pd
import pandera.pandas as pandera


def main(file: str, folder: str) -> None:
    frame = pd.read_csv(file, parse_dates=["ordered_at"], date_format="%m/%d/%Y %H:%M")
    money = pandera.Column(float, pandera.Check.ge(0), coerce=True)
    schema = pandera.DataFrameSchema(
        {
            "order_id": pandera.Column(str),
            "line": pandera.Column(int, pandera.Check.ge(1)),
            "ordered_at": pandera.Column("datetime64[us]", coerce=True),
            "status": pandera.Column(str, pandera.Check.isin(["Shipped", "Pending", "Cancelled"])),
            "quantity": pandera.Column(int, pandera.Check.in_range(1, 1000)),
            "unit_price": money,
            "discount": money,
            "tax": money,
            "net_amount": money,
        }
    )
    checked = schema.validate(frame, lazy=True)
    checked["total"] = checked["quantity"] * checked["unit_price"] - checked["discount"]
    unique = checked.drop_duplicates(["order_id", "line"])
    with duckdb.connect(str(Path(folder) / "pandas.duckdb")) as connection:
        connection.register("checked", unique)
        connection.execute("CREATE TABLE sales AS SELECT * FROM checked")


if __name__ == "__main__":
    main(*sys.argv[1:3])
