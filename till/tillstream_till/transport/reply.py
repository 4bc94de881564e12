"""What a server replied to a batch of messages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from tillstream_till.errors import TransportError
from tillstream_till.outbox.messages import Message
from tillstream_till.schema_check import JsonObject, SaleOutcome

ACCEPTED, REFUSED = "accepted", "refused"
STORED, MISSING = "stored", "missing"


@dataclass(frozen=True)
class Result:
    """The result of one message. code, detail: why the server refused it."""

    accepted: bool
    code: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Reply:
    """The results of a batch, in its order.

    skew: seconds by which the clock of the till is ahead of the server's; None if the server has no clock.
    last_sequence: the highest sequence of this epoch that the server had before the batch; 0 if it does not state one.
    acknowledged: the states of the messages that it was asked for, in their order; None if it does not state them.
    """

    results: list[Result]
    skew: float | None = None
    last_sequence: int = 0
    acknowledged: list[str] | None = None


@dataclass(frozen=True)
class Outcomes:
    """A page of the server's outcomes. next: where the following page starts."""

    outcomes: list[SaleOutcome] = field(default_factory=list)
    next: str = ""


class Transport(Protocol):
    """Each method raises `TransportError`; the caller may repeat it."""

    def send(self, messages: list[Message], till: str, queried: Sequence[Message] = ()) -> Reply:
        """Send messages. queried: what the server acknowledged before, and whose state it is asked for."""

    def outcomes(self, since: str) -> Outcomes: ...


def parse_results(body: bytes, messages: list[Message]) -> tuple[list[Result], JsonObject]:
    """Return the results of the messages and the whole reply.

    Raises `TransportError` unless the reply has exactly one result for each message, in their order: what is not
    acknowledged for certain stays in the outbox.
    """
    try:
        reply = json.loads(body)
        listed = reply["results"]
        results = [_result(each, message) for each, message in zip(listed, messages, strict=True)]
    except (ValueError, TypeError, KeyError) as error:
        raise unreadable(error) from error
    return results, reply


def unreadable(error: Exception) -> TransportError:
    """The error of a reply that the portal did not write, or not whole."""
    return TransportError(
        "The reply is not one of the portal, perhaps that of a network's sign-in page or of a proxy. Open the address "
        f"of the portal in a browser on this machine. ({error})",
        "unreadable-reply",
    )


def _result(values: JsonObject, message: Message) -> Result:
    if message.signature and str(values["sequence"]) != str(message.sequence):
        raise ValueError(f"result of message {values['sequence']} in place of {message.sequence}")
    if values["status"] not in {ACCEPTED, REFUSED}:
        raise ValueError(f"status {values['status']}")
    return Result(values["status"] == ACCEPTED, str(values.get("code") or "refused"), str(values.get("detail") or ""))


def skew_of(server_time: object, start: datetime, end: datetime) -> float | None:
    """Return by how many seconds the till's clock is ahead; None if the server's time cannot be read."""
    try:
        then = datetime.fromisoformat(str(server_time))
        middle = start + (end - start) / 2
        return (middle - then) / timedelta(seconds=1)
    except (ValueError, TypeError):
        return None
