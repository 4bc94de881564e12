"""Receive the messages that a till exported to a file, as if the till had sent them with the token of its store."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from tillstream.model import audit, json_text
from tillstream.people.store_credentials import StoreToken
from tillstream.ports import Ports
from tillstream.records import audit_log
from tillstream.workflows.intake import store_messages
from tillstream.workflows.intake.store_messages import MAX_MESSAGES, UNREADABLE, Result

Line = tuple[int, Any]
"""Line number and decoded content; None if it is not JSON."""


def receive(ports: Ports, text: str, file: str, by: str) -> list[tuple[int, Result]]:
    """Publish the messages of an export, a JSON object on each line; return the result of each with its line number.

    Signatures are verified as usual. The till may also send the messages later: each sale counts once. Raises
    `Unavailable`.
    """
    lines = [(number, _decoded(line)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    results = [result for group in _groups(lines) for result in _publish(ports, group)]
    refused = sum(bool(result.code) for _, result in results)
    details = {"messages": len(results), "refused": refused}
    audit_log.record(ports, by, audit.AuditAction.SALE_FILE_RECEIVED, file, None, details)
    return results


def _decoded(line: str) -> Any:
    try:
        return json_text.decode_json(line)
    except ValueError:
        return None


def _groups(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines that follow each other and are of one store, at most as many as a request may have."""
    for _, group in groupby(lines, key=lambda line: _store(line[1])):
        listed = list(group)
        for start in range(0, len(listed), MAX_MESSAGES):
            yield listed[start : start + MAX_MESSAGES]


def _store(content: Any) -> tuple[str, str] | None:
    """Region and store of the till that exported a message; None if the line is not of an export."""
    if not isinstance(content, Mapping):
        return None
    region, store_id = content.get("region"), content.get("store_id")
    return (region, store_id) if isinstance(region, str) and isinstance(store_id, str) else None


def _publish(ports: Ports, lines: Sequence[Line]) -> list[tuple[int, Result]]:
    numbers, messages = [number for number, _ in lines], [content for _, content in lines]
    store = _store(messages[0])
    if store is None:
        wrong = Result("", "", UNREADABLE, "the line is not a message that a till exported")
        return [(number, wrong) for number in numbers]
    results, _ = store_messages.publish(ports, StoreToken("export", *store), messages)
    return list(zip(numbers, results, strict=True))
