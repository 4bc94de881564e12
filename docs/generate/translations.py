"""`sql/duckdb.json`: the files of sql/ translated, so that no start has to."""

from pathlib import Path

from tillstream.adapters.local.duckdb.warehouse import translate_all
from tillstream.analytics.query_catalogue import describe_query, query_names
from tillstream.operations import ledger_agreement
from tillstream.receipts import receipt
from tillstream.sync import agreement

RELATIONS = ("visible_", "compared_", "earlier_", "year_earlier_")
"""Prefixes of the relations that depend on the request; queries that read these are translated with them."""
SQL = Path(__file__).resolve().parents[2] / "sql"


def page() -> str:
    paths = [path for path in sorted(SQL.rglob("*.sql")) if path.suffixes == [".sql"] and path.parent.name != "queries"]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    whole = [text for text in texts if not any(prefix in text for prefix in RELATIONS[:2])]
    queries = map(describe_query, query_names())
    named = [query.text for query in queries if not any(one.startswith(RELATIONS) for one in query.relations)]
    of_batches = (receipt.query_text(name) for name in receipt.QUERY_NAMES)
    return translate_all(
        [*whole, *named, *of_batches, ledger_agreement.unverified_batches_sql(), agreement.query_of_batch_sums()]
    )
