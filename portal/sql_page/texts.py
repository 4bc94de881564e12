"""Texts of the page for SQL."""

from tillstream.ad_hoc.examples import EXAMPLE, EXAMPLES

__all__ = ["EXAMPLE", "EXAMPLES"]
NOTHING = "Write a SELECT first."
FILE = "sql"


def too_many_rows(most: int) -> str:
    return f"A file has at most {most:,} rows, and this query has more. Add a condition, or group the rows."


def preparing(done: int, total: int) -> str:
    return f"Preparing the data of your regions and stores: {done:,} of {total:,} files."


def in_use(most: int) -> str:
    return f"{most} of your queries are running. Wait for one of them, or cancel it."
