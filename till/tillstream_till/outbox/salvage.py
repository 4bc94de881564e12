"""Builds a new outbox from the readable messages of a damaged one, which is kept."""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tillstream_till.errors import CannotStore
from tillstream_till.folder import sync_folder
from tillstream_till.outbox import database
from tillstream_till.outbox.leaf_pages import StoredRow, rows
from tillstream_till.outbox.messages import SALE, Message, digest_of, store_facts
from tillstream_till.outbox.state import INCOMPLETE, State
from tillstream_till.sale_facts import SaleFacts, facts_of

SALVAGED = "outbox-salvaged"
_STATES = {"unsent": 0, "refused": 1, "sent": 2, "stored": 3}


def salvage(path: Path, cutoff: str, reason: str) -> str:
    """Replace a damaged outbox by one with its readable messages; return what happened.

    The damaged file stays in the folder. Only messages whose bytes have their digest are taken. Days up to today cannot
    be closed by themselves, because some of their sales may be lost. Raises `CannotStore`; then nothing is changed.
    """
    at = datetime.now(UTC)
    kept = path.with_name(f"damaged-{at:%Y%m%dT%H%M%S%f}.sqlite")
    new = path.with_name(path.name + ".salvaged")
    with database.translated():
        content = path.read_bytes()
    messages, facts = _readable(content, cutoff)
    unsent = sum(message.state not in {"sent", "stored"} for message in messages)
    notice = (
        f"{reason} {len(messages)} messages were recovered, {unsent} of them not sent yet; others may be lost. Compare "
        f"the sales of the last days with the till. The damaged file is {kept.name}."
    )
    new.unlink(missing_ok=True)
    database.create(new)
    with closing(database.connect(new)) as connection, database.transaction(connection):
        state = State(connection)
        state.new_epoch()
        state.new_instance()
        state.set(INCOMPLETE, datetime.now().astimezone().date().isoformat())
        state.notify(SALVAGED, notice)
        for message in messages:
            values = vars(message) | _renumbered(message, state)
            names = ", ".join(values)
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO messages({names}) VALUES ({marks})", tuple(values.values()))
        for each in facts:
            store_facts(connection, each)
    _exchange(path, kept, new)
    return notice


def _renumbered(message: Message, state: State) -> dict[str, object]:
    if message.state != "unsent":
        return {}
    return {"epoch": state.epoch, "sequence": state.take_sequence()}


def _exchange(path: Path, kept: Path, new: Path) -> None:
    """Keep the damaged file under another name first: `finish_exchange` continues where this is interrupted."""
    with database.translated():
        path.replace(kept)
        path.with_name(path.name + "-journal").unlink(missing_ok=True)
        new.replace(path)
        sync_folder(path.parent)


def finish_exchange(path: Path) -> None:
    """Put the salvaged file in place if that was interrupted. Raises `CannotStore`."""
    new = path.with_name(path.name + ".salvaged")
    if not path.exists() and new.exists():
        if not any(path.parent.glob("damaged-*.sqlite")):
            raise CannotStore(f"{path} is missing, and {new.name} is not complete.")
        path.with_name(path.name + "-journal").unlink(missing_ok=True)
        new.replace(path)


def _readable(content: bytes, cutoff: str) -> tuple[list[Message], list[SaleFacts]]:
    """Return the intact messages in the order of their positions, and the facts of sales."""
    best: dict[int, Message] = {}
    facts: list[SaleFacts] = []
    for row in rows(content):
        message = _message(row)
        if message and (message.position not in best or _STATES[message.state] > _STATES[best[message.position].state]):
            best[message.position] = message
    messages = [best[position] for position in sorted(best)]
    facts = [facts_of(json.loads(each.payload), cutoff) for each in messages if each.kind == SALE]
    return messages, facts


def _message(row: StoredRow) -> Message | None:
    """Return the message of a row; None for rows of other tables and for damaged ones."""
    names = database.MESSAGE_COLUMNS
    if len(row.values) != len(names):
        return None
    values = dict(zip(names, row.values, strict=True)) | {"position": row.row_id}
    types = Message.__annotations__
    if not all(isinstance(values[name], types[name]) for name in names):
        return None
    message = Message(**values)  # type: ignore[arg-type]
    is_intact = message.state in _STATES and digest_of(message.payload) == message.digest
    return message if is_intact else None
