"""The outcomes of sent sales, which the server decides after it has accepted them."""

import json
import sqlite3
from typing import cast

from tillstream_till.outbox.database import transaction
from tillstream_till.outbox.messages import KEY_CODES, SALE, now
from tillstream_till.outbox.state import CURSOR, State
from tillstream_till.schema_check import SaleOutcome
from tillstream_till.transport.reply import Transport

UNRESOLVED, COUNTED = "quarantined", "counted"
ACCEPTED = (COUNTED, "duplicate", "superseded")
UNVERIFIED, UNDONE = "unverified-message", "undone"
_MOST_PAGES = 1000


def refresh(connection: sqlite3.Connection, transport: Transport, till: str) -> None:
    """Read the outcomes since the last time. Raises `TransportError`; what was read before is stored.

    A page can be empty although others follow it: the server reads sales of other stores as well.
    """
    state = State(connection)
    for _ in range(_MOST_PAGES):
        since = state.get(CURSOR)
        page = transport.outcomes(since)
        with transaction(connection):
            for outcome in page.outcomes:
                if _is_own(connection, outcome, till):
                    _store(connection, outcome)
                    _settle_refused(connection, outcome)
            state.set(CURSOR, page.next)
        if page.next == since:
            return


def unresolved(connection: sqlite3.Connection) -> list[SaleOutcome]:
    """Return the sales that the server has quarantined and that are not resolved."""
    return _with_outcome(connection, UNRESOLVED)


def warned(connection: sqlite3.Connection) -> list[SaleOutcome]:
    """Return the sales that count, and to which the server added a warning."""
    return [sale for sale in _with_outcome(connection, COUNTED) if sale["problems"]]


def _with_outcome(connection: sqlite3.Connection, outcome: str) -> list[SaleOutcome]:
    rows = connection.execute(
        "SELECT number, version, outcome, problems, at FROM outcomes WHERE outcome = ? ORDER BY number", (outcome,)
    )
    return [cast("SaleOutcome", dict(row) | {"problems": json.loads(row["problems"])}) for row in rows.fetchall()]


def counts(connection: sqlite3.Connection) -> dict[str, int]:
    """Return how many sales have each outcome."""
    rows = connection.execute("SELECT outcome, count(*) AS sales FROM outcomes GROUP BY outcome ORDER BY outcome")
    return {row["outcome"]: row["sales"] for row in rows.fetchall()}


def _is_own(connection: sqlite3.Connection, outcome: SaleOutcome, till: str) -> bool:
    """Whether this till recorded the sale. Who sent a message that cannot be verified is not certain."""
    if outcome.get("till") and not _is_unverified(outcome):
        return bool(outcome["till"] == till)
    number, version = str(outcome.get("number", "")), int(outcome.get("version") or 0)
    recorded = "SELECT version FROM sales WHERE number = ?"
    row = connection.execute(recorded, (number,)).fetchone()
    return row is not None and (not _is_unverified(outcome) or version <= row["version"])


def _settle_refused(connection: sqlite3.Connection, outcome: SaleOutcome) -> None:
    """Take a sale that counts from the refused ones: a person accepted the message that its key did not verify."""
    if outcome["outcome"] not in ACCEPTED:
        return
    marks = ", ".join("?" * len(KEY_CODES))
    connection.execute(
        "UPDATE messages SET state = 'sent', settled_at = ?, code = '', detail = '' WHERE state = 'refused'"
        f" AND kind = ? AND number = ? AND version = ? AND code IN ({marks})",
        (now(), SALE, str(outcome["number"]), int(outcome.get("version") or 0), *KEY_CODES),
    )


def _is_unverified(outcome: SaleOutcome) -> bool:
    return any(problem.get("code") == UNVERIFIED for problem in outcome.get("problems") or [])


def _is_discard(outcome: SaleOutcome) -> bool:
    """Whether a person discarded the message, and no undo removed its sale."""
    return outcome["outcome"] == "discarded" and all(
        problem.get("code") != UNDONE for problem in outcome.get("problems") or []
    )


def _store(connection: sqlite3.Connection, outcome: SaleOutcome) -> None:
    """Store the outcome of a sale, unless one of a higher version is stored. A repeat of a message changes nothing.

    The outcome of a message that cannot be verified replaces only those of lower versions. A discard ends a quarantine:
    a sale that counts by another message of the same version still counts.
    """
    lower = ">" if _is_unverified(outcome) else ">="
    values = (
        str(outcome["number"]),
        int(outcome.get("version") or 0),
        str(outcome["outcome"]),
        json.dumps(outcome.get("problems") or [], ensure_ascii=False),
        outcome.get("settlement_no"),
        str(outcome.get("at") or ""),
    )
    connection.execute(
        "INSERT INTO outcomes(number, version, outcome, problems, settlement_no, at) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(number) DO UPDATE SET version = excluded.version, outcome = excluded.outcome,"
        " problems = excluded.problems, settlement_no = excluded.settlement_no, at = excluded.at"
        f" WHERE excluded.version {lower} outcomes.version AND"
        " (excluded.version > outcomes.version OR outcomes.outcome = 'quarantined' OR NOT ?)",
        (*values, _is_discard(outcome)),
    )
