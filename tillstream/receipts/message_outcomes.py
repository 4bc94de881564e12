"""Outcomes of store sales, one for each message, in the order of settlements.

A position is a settlement, a micro-batch and a row. Settlements are numbered in the order of their commits and never
change, so a reader who continues after a position misses nothing. A message appears again when a later settlement
decides about it: it was fixed, discarded or undone.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypedDict, cast

import sql
from tillstream.model import json_text
from tillstream.model.batch import receipt_time
from tillstream.model.errors import Rejected
from tillstream.model.messages import sale_time_warning
from tillstream.pipeline.reading.sale_messages import StoredMessage, read_messages
from tillstream.ports import Ports
from tillstream.ports.warehouse import QueryParams, Row
from tillstream.receipts.receipt import with_message
from tillstream.records import batch_originals, batch_records

BATCHES = 200
"""Micro-batches that one query reads; their originals are read if they contain a sale of the reader."""
ROUNDS = 20
"""Maximum times `BATCHES` for one page, so that a request for few sales among very many ends."""
ACCEPTED = frozenset({"counted", "duplicate", "superseded"})
UNDONE = {
    "code": "undone",
    "message": "The sales of this message were undone.",
    "remedy": "If the sale is right, send it again with a higher version.",
}

_NEWEST = "SELECT COALESCE(MAX(settlement_no), 0) AS settlement_no FROM settlements"


@dataclass(frozen=True, order=True)
class OutcomePosition:
    """After this row of this micro-batch, as this settlement decided it."""

    settlement_no: int = 0
    batch_no: int = 0
    row: int = 0


@dataclass(frozen=True)
class OutcomeReader:
    """Whose sales are read. region, store: narrows the query; empty: `sees` decides alone."""

    sees: Callable[[Mapping[str, Any]], bool]
    """Takes a message that may lack any field."""
    region: str = ""
    store: str = ""


class MessageFacts(TypedDict):
    """Fields of a message, None where it has none."""

    region: str | int | None
    store_id: str | int | None
    number: str | int | None
    version: str | int | None
    salesperson_id: str | int | None


class MessageOutcome(MessageFacts):
    """What a settlement decided about a message. problems: code, message and remedy of each."""

    till: str | None
    sequence: str | None
    outcome: str
    problems: list[dict[str, str]]
    settlement_no: int
    at: str


@dataclass(frozen=True)
class _Decision:
    settlement_no: int
    fix_number: int
    outcome: str
    problems: tuple[Mapping[str, Any], ...] = ()


Decisions = Mapping[tuple[int, int], list[_Decision]]
"""(batch_no, row number) → decisions about the row."""


@dataclass(frozen=True)
class OutcomePage:
    outcomes: list[MessageOutcome]
    next: OutcomePosition


def newest_position(ports: Ports) -> OutcomePosition:
    """The position after everything that is settled."""
    return OutcomePosition(int(ports.warehouse.query(_NEWEST).column("settlement_no")[0].as_py()), 1 << 62, 1 << 62)


def read_outcomes(ports: Ports, reader: OutcomeReader, since: OutcomePosition, limit: int) -> OutcomePage:
    """At most `limit` outcomes after a position, and the position to continue from."""
    outcomes: list[MessageOutcome] = []
    for _ in range(ROUNDS):
        start = since
        for position, outcome in _following(ports, reader, start):
            since = position
            if outcome:
                outcomes.append(outcome)
            if len(outcomes) >= limit:
                return OutcomePage(outcomes, since)
        if since == start:
            break
    return OutcomePage(outcomes, since)


def _following(
    ports: Ports, reader: OutcomeReader, since: OutcomePosition
) -> Iterator[tuple[OutcomePosition, MessageOutcome | None]]:
    """Positions after `since`, each with its outcome; the last one of a micro-batch has none."""
    values = {"settlement_no": since.settlement_no, "batch_no": since.batch_no, "limit": BATCHES}
    batches = ports.warehouse.query(sql.text("ledger/decided_messages"), values).to_pylist()
    decisions = _decisions(ports, reader, batches) if batches else {}
    decided = {batch_no for batch_no, _ in decisions}

    @cache
    def messages(batch_id: str) -> list[StoredMessage]:
        try:
            with batch_originals.open_whole_original(ports, batch_records.get_batch(ports, batch_id)) as stream:
                block = read_messages(stream)
        except Rejected:  # a named loss, which must not keep the outcomes of others from their tills
            return []
        return sorted([*block.messages, *block.unreadable], key=lambda message: message.row_number)

    for batch in batches:
        settlement_no, batch_no = batch["settlement_no"], batch["batch_no"]
        for message in messages(batch["batch_id"]) if batch_no in decided else ():
            position = OutcomePosition(settlement_no, batch_no, message.row_number)
            if position > since:
                yield position, _outcome(reader, message, batch, decisions)
        end = OutcomePosition(settlement_no, batch_no, 1 << 62)
        if end > since:
            yield end, None


def _decisions(ports: Ports, reader: OutcomeReader, batches: list[Row]) -> Decisions:
    values: QueryParams = {
        "batches": sorted({batch["batch_no"] for batch in batches}),
        "received": sorted({batch["received_date"] for batch in batches}),
    }
    days = ports.warehouse.query(sql.text("ledger/days_of_batches"), values).column("sale_date").to_pylist()
    own = {"region": reader.region, "store": reader.store}
    decisions: dict[tuple[int, int], list[_Decision]] = {}
    if days:
        accepted = ports.warehouse.query(sql.text("ledger/accepted_decisions"), values | own | {"days": days})
        for row in accepted.to_pylist():
            outcome = "superseded" if row["superseded"] else row["outcome"]
            decisions.setdefault((row["batch_no"], row["row_number"]), []).append(
                _Decision(row["settlement_no"], row["fix_number"], outcome)
            )
    for row in ports.warehouse.query(sql.text("ledger/rejected_decisions"), values | own).to_pylist():
        decisions.setdefault((row["batch_no"], row["row_number"]), []).append(
            _Decision(row["settlement_no"], row["fix_number"], row["outcome"], tuple(json.loads(row["problems"])))
        )
    return decisions


def _outcome(
    reader: OutcomeReader, message: StoredMessage, batch: Mapping[str, Any], decisions: Decisions
) -> MessageOutcome | None:
    """The outcome of a message by a settlement; None if that decided nothing about it, or if it is not the reader's."""
    settlement_no = batch["settlement_no"]
    rows = [decisions.get((batch["batch_no"], row), []) for row in message.rows]
    decided = [one for row in rows for one in row]
    if not (decided if batch["is_undone"] else any(one.settlement_no == settlement_no for one in decided)):
        return None
    facts = facts_of(message)
    if not reader.sees(facts):
        return None
    now = [_latest(row, settlement_no) for row in rows if row]
    outcome = "discarded" if batch["is_undone"] else _summary({one.outcome for one in now})
    problems = [UNDONE] if batch["is_undone"] else list(_problems(now))
    return {
        **facts,
        "till": message.signing.get("till"),
        "sequence": message.signing.get("sequence"),
        "outcome": outcome,
        "problems": problems + list(_time_warnings(message) if outcome in ACCEPTED else ()),
        "settlement_no": settlement_no,
        "at": batch["settled_at"].isoformat(),
    }


def _latest(decisions: Iterable[_Decision], settlement_no: int) -> _Decision:
    """What held about a row after a settlement; a row is decided before it is fixed."""
    until = [one for one in decisions if one.settlement_no <= settlement_no]
    return max(until or decisions, key=lambda one: (one.settlement_no, one.fix_number))


def _summary(outcomes: set[str]) -> str:
    """The outcome of a whole sale from those of its rows."""
    if "quarantined" in outcomes:
        return "quarantined"
    if outcomes & {"new", "corrected"}:
        return "counted"
    return next((name for name in ("superseded", "duplicate") if name in outcomes), "discarded")


def _problems(decisions: Iterable[_Decision]) -> Iterator[dict[str, str]]:
    shown: set[str] = set()
    for problem in (problem for one in decisions for problem in one.problems):
        complete = with_message(dict(problem), {})
        if complete["message"] not in shown:
            shown.add(complete["message"])
            yield {name: complete[name] for name in ("code", "message", "remedy")}


def _time_warnings(message: StoredMessage) -> Iterator[dict[str, str]]:
    """The warning of a sale whose time does not fit the time of its receipt, as on the page of its micro-batch."""
    if message.sale:
        sold_at, received = message.sale["sold_at"], receipt_time(message.sequence)
        code = sale_time_warning(datetime.fromisoformat(sold_at), received)
        if code:
            problem = {"code": code, "column": "sold_at", "value": sold_at, "detail": f"{received:%Y-%m-%d %H:%M} UTC"}
            complete = with_message(problem, {})
            yield {name: complete[name] for name in ("code", "message", "remedy")}


def facts_of(message: StoredMessage) -> MessageFacts:
    """The facts of a message; of one that is no sale, as far as it can be read. The store is that
    of the sender, so that a store does not see the outcome of a message that another one sent in its name."""
    sale: Any = message.sale
    if not sale:
        try:
            sale = json_text.decode_json(message.text)
        except ValueError:
            sale = {}
    if not isinstance(sale, dict):
        sale = {}
    texts = {name: sale.get(name) for name in MessageFacts.__annotations__}
    facts = {name: value if isinstance(value, str | int) else None for name, value in texts.items()}
    return cast("MessageFacts", facts | {"store_id": message.store or facts["store_id"]})
