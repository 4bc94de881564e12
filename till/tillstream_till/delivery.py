"""Delivers the messages of an outbox in order and in batches, and stores what the server replied."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tillstream_till.errors import RequestRefused, RequestTooLarge, TransportError
from tillstream_till.outbox.database import transaction
from tillstream_till.outbox.messages import Message, now
from tillstream_till.outbox.outbox import Outbox
from tillstream_till.outbox.state import IS_ANSWERED, LAST_CONTACT, LAST_ERROR, LAST_QUERY, SKEW
from tillstream_till.transport.reply import MISSING, STORED, Reply, Transport

BATCH_MESSAGES = 500
BATCH_BYTES = 1_000_000
QUERY_SECONDS, QUERY_MESSAGES, QUERY_DAYS = 60.0, 500, 7
"""How often the server is asked for acknowledged messages, how many at once, and how old they may be: its queue keeps
messages for seven days."""
SENT_AGAIN = "sent-again"
MOST_SKEW = 120.0
"""Seconds by which the clocks may differ before status shows it."""
FIRST_DELAY, LONGEST_DELAY = 1.0, 300.0


@dataclass(frozen=True)
class Delivered:
    """One batch that was settled."""

    sent: int
    refused: int


def deliver(outbox: Outbox, transport: Transport, till: str) -> Iterator[Delivered]:
    """Send every unsent message, in order; yield after each batch. What the server lost is sent again.

    A refused message is kept in the list of refused ones and does not stop the others. Raises `TransportError`, after
    which the messages of the batch are still unsent.
    """
    limit, has_queried = BATCH_MESSAGES, False
    while True:
        messages = outbox.messages.next_unsent(limit, BATCH_BYTES)
        queried = [] if has_queried else _to_query(outbox, has_messages=bool(messages))
        if not messages and not queried:
            return
        if messages:
            outbox.mark_attempt(messages[-1].sequence)
        try:
            reply = transport.send(messages, till, queried)
        except (RequestTooLarge, RequestRefused) as error:
            if queried:  # perhaps the server refuses the question: that must not refuse a sale
                _note_answer(outbox, is_answered=False)
                has_queried = True
                continue
            if len(messages) > 1:
                limit = len(messages) // 2
                continue
            detail = error.detail if isinstance(error, RequestRefused) else str(error)
            outbox.messages.settle([], [(messages[0], error.code, detail)])
            limit = BATCH_MESSAGES
            yield Delivered(0, 1)
        except TransportError as error:
            with transaction(outbox.connection):
                outbox.state.set(LAST_ERROR, f"{now()} {error}")
            raise
        else:
            delivered = _settle(outbox, messages, reply)
            if queried:
                _take_answer(outbox, queried, reply.acknowledged)
                has_queried = True
            yield delivered


def _to_query(outbox: Outbox, *, has_messages: bool) -> list[Message]:
    """What was acknowledged and is not known to be stored, if the server is to be asked for it now.

    It is asked each `QUERY_SECONDS`, and at the first contact after it could not be reached. Only a server that answers
    gets a request of its own.
    """
    if not has_messages and not outbox.state.get(IS_ANSWERED):
        return []
    at = datetime.now().astimezone()
    last = outbox.state.get(LAST_QUERY)
    if last and not outbox.state.get(LAST_ERROR):
        seconds = (at - datetime.fromisoformat(last)).total_seconds()
        if 0 <= seconds < QUERY_SECONDS:
            return []
    return outbox.messages.acknowledged(QUERY_MESSAGES, (at - timedelta(days=QUERY_DAYS)).isoformat(timespec="seconds"))


def _take_answer(outbox: Outbox, queried: list[Message], states: list[str] | None) -> None:
    _note_answer(outbox, is_answered=states is not None)
    pairs = list(zip(queried, states or [], strict=False))
    missing = [message for message, state in pairs if state == MISSING]
    outbox.messages.confirm((message for message, state in pairs if state == STORED), missing)
    if missing and all(notice["code"] != SENT_AGAIN for notice in outbox.state.notices()):
        with transaction(outbox.connection):
            detail = f"The portal lost messages ({len(missing)}). They are sent again, and each counts once."
            outbox.state.notify(SENT_AGAIN, detail)


def _note_answer(outbox: Outbox, *, is_answered: bool) -> None:
    with transaction(outbox.connection):
        outbox.state.set(LAST_QUERY, now())
        outbox.state.set(IS_ANSWERED, "yes" if is_answered else "")


def _settle(outbox: Outbox, messages: list[Message], reply: Reply) -> Delivered:
    pairs = list(zip(messages, reply.results, strict=True))
    sent = [message for message, result in pairs if result.accepted]
    refused = [(message, result.code, result.detail) for message, result in pairs if not result.accepted]
    outbox.messages.settle(sent, refused)
    with transaction(outbox.connection):
        outbox.state.set(LAST_CONTACT, now())
        outbox.state.set(LAST_ERROR, "")
        if reply.skew is not None:
            outbox.state.set(SKEW, f"{reply.skew:.1f}")
    if reply.last_sequence > outbox.state.last_sequence:
        outbox.recognise_copy("The server has newer messages of this outbox: an older state of it was restored.")
    return Delivered(len(sent), len(refused))


def delay_before(attempt: int, retry_after: float | None, chance: float | None = None) -> float:
    """Return the seconds before the next attempt: doubled each time, with jitter, and never before `retry_after`.

    attempt: 1 after the first failure. chance: 0 to 1; random by default.
    """
    import random

    chance = random.random() if chance is None else chance  # noqa: S311 - spreads tills over time, nothing secret
    backoff: float = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(attempt - 1, 16)) * (0.5 + chance / 2)
    return max(backoff, (retry_after or 0.0) * (1 + chance / 10))


def clock_notice(skew: str) -> str:
    """Return the sentence for a clock that is too far off; empty if it is not. skew: seconds, ahead of the server."""
    seconds = float(skew or 0)
    if abs(seconds) <= MOST_SKEW:
        return ""
    direction = "ahead of" if seconds > 0 else "behind"
    return (
        f"The clock of this machine ({datetime.now().astimezone():%Y-%m-%d %H:%M}) is {_duration(abs(seconds))} "
        f"{direction} the server's. The times of recorded sales are not changed: set the clock."
    )


def _duration(seconds: float) -> str:
    for size, name in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
