"""What a home holds, without what a mere visit changes."""

import hashlib
import json
import sqlite3
from pathlib import Path

from tillstream.app import App

VISITS = frozenset({"sessions", "call_counts", "last_seen", "login_throttle", "portal", "upkeep"})
"""Documents that a request changes whatever its answer is."""
LEDGER = "SELECT COALESCE(MAX(settlement_no), 0) AS newest, COUNT(*) AS settlements FROM settlements"
Contents = dict[str, str]


def contents(app: App) -> Contents:
    """Place of each document, message and file → a digest of what it holds."""
    home = app.settings.home
    held = {f"ledger/{name}": str(value) for name, value in app.ports.warehouse.query(LEDGER).to_pylist()[0].items()}
    for collection, id_, data in _rows(home / "documents.sqlite", "SELECT collection, id, data FROM documents"):
        if collection not in VISITS:
            held[f"{collection}/{id_}"] = _digest(json.dumps(_stated(json.loads(data)), sort_keys=True).encode())
    for number, body in _rows(home / "queue.sqlite", "SELECT id, body FROM messages"):
        held[f"queue/{number}"] = _digest(body if isinstance(body, bytes) else str(body).encode())
    for path in (home / "objects").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            held[str(path.relative_to(home))] = str(path.stat().st_size)
    return held


def changed(before: Contents, after: Contents) -> list[str]:
    """The places whose contents differ."""
    return sorted(one for one in before.keys() | after.keys() if before.get(one) != after.get(one))


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(path, timeout=10) as reader:
        rows = reader.execute(query).fetchall()
    reader.close()
    return rows


def _stated(data: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in data.items() if name not in {"last_used", "last_seen", "seen_at"}}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
