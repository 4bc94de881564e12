"""What `status` and `export` show of an outbox."""

from typing import NotRequired, TypedDict, cast

from tillstream_till import day_close, outcomes
from tillstream_till.delivery import clock_notice
from tillstream_till.outbox.messages import Message
from tillstream_till.outbox.outbox import Outbox
from tillstream_till.outbox.state import LAST_CONTACT, LAST_ERROR, SKEW
from tillstream_till.schema_check import JsonObject, SaleOutcome
from tillstream_till.setup_code import Setup


class RefusedEntry(TypedDict):
    kind: str
    number: str
    version: int
    code: str
    detail: str
    recorded_at: str


class TillStatus(TypedDict):
    """The state of a till. unsent: number of messages; outcomes: of sales by kind. folder: of a till that is new."""

    till: str
    store: str
    server: str
    epoch: str
    unsent: int
    oldest_unsent_at: str
    refused: list[RefusedEntry]
    quarantined: list[SaleOutcome]
    warned: list[SaleOutcome]
    outcomes: dict[str, int]
    days_to_close_again: list[str]
    last_contact: str
    last_error: str
    clock: str
    notices: list[JsonObject]
    folder: NotRequired[str]
    dismissed: NotRequired[int]


def status_of(outbox: Outbox, setup: Setup, offline: str) -> TillStatus:
    """Return the state of the outbox. offline: why the server could not be reached; empty if it could."""
    oldest = outbox.connection.execute("SELECT min(recorded_at) AS at FROM messages WHERE state = 'unsent'").fetchone()
    return {
        "till": setup.till,
        "store": f"{setup.region}/{setup.store_id}",
        "server": setup.url,
        "epoch": outbox.state.epoch,
        "unsent": unsent(outbox),
        "oldest_unsent_at": oldest["at"] or "",
        "refused": [_refused(message) for message in outbox.messages.refused()],
        "quarantined": outcomes.unresolved(outbox.connection),
        "warned": outcomes.warned(outbox.connection),
        "outcomes": outcomes.counts(outbox.connection),
        "days_to_close_again": day_close.unclosed_changes(outbox.connection),
        "last_contact": outbox.state.get(LAST_CONTACT),
        "last_error": offline or outbox.state.get(LAST_ERROR),
        "clock": clock_notice(outbox.state.get(SKEW)),
        "notices": outbox.state.notices(),
    }


def unsent(outbox: Outbox) -> int:
    """Return how many messages are not sent yet; refused ones are not among them."""
    row = outbox.connection.execute("SELECT count(*) AS messages FROM messages WHERE state = 'unsent'").fetchone()
    return int(row["messages"])


def exported(message: Message, setup: Setup) -> dict[str, str | int]:
    """Return a message as a line of an export."""
    return {
        "state": message.state,
        "code": message.code,
        "detail": message.detail,
        "recorded_at": message.recorded_at,
        "region": setup.region,
        "store_id": setup.store_id,
        "key": message.key,
        "till": setup.till,
        "epoch": message.epoch,
        "sequence": str(message.sequence),
        "signature": message.signature,
        "payload": message.payload.decode(errors="backslashreplace"),
    }


def _refused(message: Message) -> RefusedEntry:
    return cast("RefusedEntry", {name: getattr(message, name) for name in RefusedEntry.__annotations__})
