"""`sql/duckdb.json`: the files of sql/ translated, so that no start has to."""

from pathlib import Path

from tillstream.adapters.local.duckdb.warehouse import translate_all
from tillstream.operations import ledger_agreement
from tillstream.receipts import receipt
from tillstream.sync import agreement

RELATIONS = ("visible_", "compared_")
"""Prefixes of the relations that depend on the request; queries that read these are translated with them."""
SQL = Path(__file__).resolve().parents[2] / "sql"


def page() -> str:
    texts = [path.read_text(encoding="utf-8") for path in sorted(SQL.rglob("*.sql")) if path.suffixes == [".sql"]]
    of_batches = (receipt.query_text(name) for name in receipt.QUERY_NAMES)
    whole = (text for text in texts if not any(prefix in text for prefix in RELATIONS))
    return translate_all(
        [*whole, *of_batches, ledger_agreement.unverified_batches_sql(), agreement.query_of_batch_sums()]
    )
