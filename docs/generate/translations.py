"""`sql/duckdb.json`: the files of sql/ translated, so that no start has to."""

from pathlib import Path

from tillstream.adapters.local.googlesql.translation_cache import translate_all
from tillstream.receipts import batch_queries
from tillstream.workflows.operations import ledger_agreement

SQL = Path(__file__).resolve().parents[2] / "sql"


def page() -> str:
    texts = [path.read_text(encoding="utf-8") for path in sorted(SQL.rglob("*.sql")) if path.suffixes == [".sql"]]
    of_batches = (batch_queries.text(name) for name in batch_queries.NAMES)
    return translate_all([*(text for text in texts if "visible_" not in text), *of_batches, ledger_agreement.of_days()])
