"""The day close of a till: how many sales it recorded for a business day, and their total."""

import json
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext

from tillstream_till.errors import CannotClose
from tillstream_till.outbox.messages import DAY_CLOSE, Draft
from tillstream_till.outbox.state import INCOMPLETE, State
from tillstream_till.sale_facts import as_text
from tillstream_till.schema_check import PRECISION, JsonObject
from tillstream_till.setup_code import Setup

SCHEMA = "day-close/1"
MAX_CLOSE_BYTES = 256 * 1024
MAX_NUMBERS = 200_000
_MOST_DIGITS = 18
"""Longer numbers are no part of a range."""
_EASTERNMOST = timedelta(hours=14)
"""The greatest offset from UTC: a later day has begun nowhere."""
_RANGE = re.compile(r"[0-9]+-[0-9]+|=.*", re.DOTALL)


@dataclass(frozen=True)
class DayTotals:
    """The sales of a day. numbers: of all of them; sales, totals: without cancelled ones."""

    sales: int
    totals: list[dict[str, str]]
    numbers: list[str]


def draft_of(connection: sqlite3.Connection, setup: Setup, day: str, *, accept_gaps: bool) -> tuple[Draft, bool]:
    """Return the day close and whether the last one of this day has the same content. Raises `CannotClose`."""
    try:
        day = date.fromisoformat(day).isoformat()
    except ValueError as error:
        raise CannotClose(f"{day} is not a date, such as 2026-11-20.") from error
    if day > (datetime.now(UTC) + _EASTERNMOST).date().isoformat():
        raise CannotClose(f"{day} is in the future. Check the date, and the clock of this machine.")
    incomplete = State(connection).get(INCOMPLETE)
    if day <= incomplete and not accept_gaps:
        raise CannotClose(
            f"The outbox may lack sales of {day}, because it was damaged or copied on {incomplete}. Compare the day "
            f"with the till. Then close it with --accept-gaps."
        )
    content = {
        "schema": SCHEMA,
        "region": setup.region,
        "store_id": setup.store_id,
        "till_id": setup.till,
        "date": day,
        "closed_at": datetime.now().astimezone().isoformat(timespec="seconds"),
    } | vars(totals_of(connection, day))
    last = _last(connection, day)
    is_repeated = last is not None and last | {"closed_at": ""} == content | {"closed_at": ""}
    payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    _check_size(connection, day, len(payload))
    return Draft(DAY_CLOSE, day, 0, payload), is_repeated


def _check_size(connection: sqlite3.Connection, day: str, size: int) -> None:
    """Raise `CannotClose` for a day close that the server would refuse."""
    [sales] = connection.execute("SELECT count(*) FROM sales WHERE day = ?", (day,)).fetchone()
    if size > MAX_CLOSE_BYTES or sales > MAX_NUMBERS:
        raise CannotClose(
            f"The day close of {day} lists {sales:,} sale numbers in {size // 1024:,} KB; {MAX_NUMBERS:,} in "
            f"{MAX_CLOSE_BYTES // 1024} KB are the most. Its sales are sent all the same. Number sales 10001, 10002, "
            "10003 and so on, which take no space, or set up a till of its own for each counter."
        )


def totals_of(connection: sqlite3.Connection, day: str) -> DayTotals:
    """Return the totals of the sales of a day, in their latest versions."""
    rows = connection.execute("SELECT number, cancelled, currency, net FROM sales WHERE day = ?", (day,)).fetchall()
    counted = [row for row in rows if not row["cancelled"]]
    totals: dict[str, Decimal] = {}
    with localcontext(prec=PRECISION):
        for row in counted:
            totals[row["currency"]] = totals.get(row["currency"], Decimal(0)) + Decimal(row["net"])
    return DayTotals(
        sales=len(counted),
        totals=[{"currency": currency, "net": as_text(totals[currency])} for currency in sorted(totals)],
        numbers=ranges(row["number"] for row in rows),
    )


def unclosed_changes(connection: sqlite3.Connection) -> list[str]:
    """Return the closed days whose sales changed after the close."""
    days = connection.execute("SELECT DISTINCT number FROM messages WHERE kind = ? ORDER BY number", (DAY_CLOSE,))
    return [
        row["number"]
        for row in days.fetchall()
        if (last := _last(connection, row["number"])) is not None
        and {name: last.get(name) for name in ("sales", "totals", "numbers")}
        != vars(totals_of(connection, row["number"]))
    ]


def ranges(numbers: Iterable[str]) -> list[str]:
    """Return sale numbers as compact ranges: whole numbers of one length as `1001-1350`, any other by itself.

    A number that looks like a range has the prefix `=`.
    """
    digits: list[str] = []
    others: list[str] = []
    for number in numbers:
        is_whole = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
        (digits if is_whole else others).append(number)
    listed: list[str] = []
    first = last = ""
    for number in sorted(digits, key=lambda each: (len(each), each)):
        if last and len(number) == len(last) and int(number) == int(last) + 1:
            last = number
            continue
        listed += _range(first, last)
        first = last = number
    listed += _range(first, last)
    return listed + [f"={number}" if _RANGE.fullmatch(number) else number for number in sorted(others)]


def _range(first: str, last: str) -> list[str]:
    if not first:
        return []
    return [first] if first == last else [f"{first}-{last}"]


def _last(connection: sqlite3.Connection, day: str) -> JsonObject | None:
    row = connection.execute(
        "SELECT payload FROM messages WHERE kind = ? AND number = ? ORDER BY position DESC LIMIT 1", (DAY_CLOSE, day)
    ).fetchone()
    content: JsonObject | None = json.loads(row["payload"]) if row else None
    return content
