"""What people read of a home, as `expected.json` keeps it: figures, receipts, people, tokens, the audit log."""

from typing import Any

from tests.golden.sample_home import run

OF_A_USER = ("login", "name", "role", "regions", "stores", "salesperson", "disabled")
OF_A_TOKEN = ("id", "login", "name", "rights", "regions")


def home_answers() -> dict[str, Any]:
    """Of the home that TILLSTREAM_HOME names."""
    _, status = run("status")
    return figures() | {
        "batches": status["batches"],
        "users": _of(run("users", "list")[1], OF_A_USER),
        "tokens": _of(run("tokens", "list")[1], OF_A_TOKEN),
        "contract": run("contracts", "shop")[1],
        "audit": _of(run("audit", "--limit", "1000")[1], ("who", "what", "subject")),
    }


def figures() -> dict[str, Any]:
    """What the ledger answers."""
    queries = {name: run("query", name)[1] for name in ("kpis", "sale-lines", "sales-by-region", "sales-by-product")}
    receipts = [_without_words(one) for one in run("receipts", "--limit", "1000")[1]]
    return {"receipts": receipts, "queries": {name: answer["rows"] for name, answer in queries.items()}}


def _without_words(receipt: dict[str, Any]) -> dict[str, Any]:
    """Codes and numbers of a receipt: a later version may use other words."""
    kept = {name: value for name, value in receipt.items() if name not in {"error", "proposal"}}
    return kept | {"holds": [hold["code"] for hold in receipt["holds"]], "refused": bool(receipt["error"])}


def _of(rows: Any, names: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = rows if isinstance(rows, list) else next(value for value in rows.values() if isinstance(value, list))
    return [{name: row.get(name) for name in names} for row in rows]


def missing(expected: Any, actual: Any, place: str = "") -> list[str]:
    """Where what was kept is not found again. A later version may answer more fields, but none less or otherwise."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            word
            for key, value in expected.items()
            for word in (missing(value, actual[key], f"{place}/{key}") if key in actual else [f"{place}/{key} is gone"])
        ]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return [word for at, (old, new) in pairs for word in missing(old, new, f"{place}/{at}")]
    return [] if expected == actual else [f"{place} was {expected!r} and is {actual!r}"]
