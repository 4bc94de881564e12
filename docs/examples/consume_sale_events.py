"""Keep a table of sale lines up to date from sale events, in any order and with repeats.

    tillstream subscribe --name ledger-copy | python consume_sale_events.py copy.sqlite

The table has one row per line, with the number of the settlement that changed it last. An event changes the row only if
its settlement is later, so repeated and late events change nothing. A removed line keeps its row, marked as removed:
otherwise an earlier event that arrives later would bring it back.
"""

import json
import sqlite3
import sys
from collections.abc import Iterable

TABLE = """CREATE TABLE IF NOT EXISTS lines (
    region TEXT, sale_id TEXT, line_key TEXT, settlement_no INTEGER, removed INTEGER, net_amount TEXT, currency TEXT,
    PRIMARY KEY (region, sale_id, line_key))"""
APPLY = """INSERT INTO lines VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (region, sale_id, line_key) DO UPDATE SET settlement_no = excluded.settlement_no,
    removed = excluded.removed, net_amount = excluded.net_amount, currency = excluded.currency
    WHERE excluded.settlement_no > lines.settlement_no"""


def apply(database: sqlite3.Connection, texts: Iterable[str]) -> None:
    """Apply events, one JSON text each. Each is stored before the next one is read."""
    database.execute(TABLE)
    for text in texts:
        event = json.loads(text)
        line = event["line"]
        key = (line["region"], line["sale_id"], line["line_key"])
        removed = event["type"] == "sale.removed"
        with database:
            database.execute(APPLY, (*key, event["settlement_no"], removed, line["net_amount"], line["currency"]))


if __name__ == "__main__":
    apply(sqlite3.connect(sys.argv[1]), sys.stdin)
