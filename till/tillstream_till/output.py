"""Texts of the command line of a till."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tillstream_till.day_close import ranges
from tillstream_till.outbox.messages import KEY_CODES
from tillstream_till.reports import FileReport, SendReport
from tillstream_till.schema_check import JsonObject

if TYPE_CHECKING:
    from tillstream_till.status import TillStatus

MOST_NUMBERS = 20
"""Sale numbers that one line lists; the JSON has all."""


def show(value: Any, text: Callable[[Any], Iterator[str]], as_json: bool) -> None:
    """Print a value as JSON, or as lines of text."""
    if as_json:
        print(json.dumps(value, ensure_ascii=False), flush=True)
        return
    for each in text(value):
        print(printable(each), flush=True)


def line(report: SendReport | FileReport | str, as_json: bool) -> None:
    """Print a report of a loop."""
    if isinstance(report, str):
        show({"notice": report}, lambda _: iter([report]), as_json)
    elif isinstance(report, SendReport):
        show(asdict(report), sent, as_json)
    else:
        show(asdict(report), _file, as_json)


def printable(text: str) -> str:
    """Return a text without control characters, which could change what a terminal shows."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def initialised(status: "TillStatus") -> Iterator[str]:
    yield f"{status['folder']} is the till {status['till']} of {status['store']}. It sends to {status['server']}."
    yield from _notices(status)


def recorded(receipts: list[JsonObject]) -> Iterator[str]:
    if not receipts:
        yield "Nothing is recorded: the input contains no sale."
    for receipt in receipts:
        yield f"{receipt['id']} {'was recorded before' if receipt['repeated'] else 'is recorded'}."


def sent(report: JsonObject) -> Iterator[str]:
    yield f"{report['sent']} sent, {report['refused']} refused, {report['unsent']} unsent."
    if report["error"]:
        yield report["error"]
    if report["error"] and report["unsent"]:
        yield "Nothing is lost: what is unsent stays on this machine, and the next send tries again."
    if report["refused"]:
        yield "Refused messages are kept. See: tillstream till status"


def warn(lines: Iterable[str]) -> None:
    """Print lines to standard error, also if the output is JSON."""
    for each in lines:
        print(printable(each), file=sys.stderr, flush=True)


def notice_text(notice: dict[str, str]) -> str:
    return (
        f"{notice['at']} {notice['code']}: {notice['detail']} To remove this notice: tillstream till status --dismiss"
    )


def exported(values: JsonObject) -> Iterator[str]:
    yield f"{values['messages']} messages are in {values['file']}."


def status(values: "TillStatus") -> Iterator[str]:
    yield f"Till {values['till']} of {values['store']}, sends to {values['server']}."
    since = f", the oldest since {values['oldest_unsent_at']}" if values["unsent"] else ""
    yield f"Unsent: {values['unsent']}{since}."
    outcomes = ", ".join(f"{count} {name}" for name, count in values["outcomes"].items())
    if outcomes:
        yield f"Outcomes: {outcomes}."
    by_key = [each for each in values["refused"] if each["code"] in KEY_CODES]
    refused = [each for each in values["refused"] if each["code"] not in KEY_CODES]
    lists = (
        ("Refused because of the key; create a new setup code in the portal, and run init again:", by_key),
        ("Refused by the server; correct these sales and record them with a higher version:", refused),
    )
    for title, messages in lists:
        if messages:
            yield title
            yield from _grouped((each["number"], f"{each['code']}: {each['detail']}") for each in messages)
    decided = (
        (
            "Quarantined, so they do not count; a sale is corrected here, and recorded with a higher version:",
            [sale for sale in values["quarantined"] if sale["number"] not in {each["number"] for each in by_key}],
        ),
        ("Counted with a warning:", values["warned"]),
    )
    for title, sales in decided:
        if sales:
            yield title
            yield from _grouped((sale["number"], _problem(each)) for sale in sales for each in sale["problems"])
    for day in values["days_to_close_again"]:
        yield f"Sales of {day} changed after its day close. Run: tillstream till close {day}"
    yield from _notices(values)
    if values.get("dismissed"):
        yield f"Notices removed: {values['dismissed']}."


def _notices(values: "TillStatus") -> Iterator[str]:
    if values["last_error"]:
        yield f"Last error: {values['last_error']}"
    if values["clock"]:
        yield values["clock"]
    for notice in values["notices"]:
        yield notice_text(notice)


def _problem(problem: dict[str, str]) -> str:
    return f"{problem.get('code', '')}: {problem.get('message', '')} {problem.get('remedy') or ''}".rstrip()


def _grouped(problems: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines of (number, text): each text once, with the numbers of its sales."""
    numbers: dict[str, list[str]] = {}
    for number, text in problems:
        numbers.setdefault(text, []).append(number)
    for text, listed in numbers.items():
        shown = ranges(listed)
        more = f" and {len(shown) - MOST_NUMBERS:,} more" if len(shown) > MOST_NUMBERS else ""
        yield f"  {', '.join(shown[:MOST_NUMBERS])}{more}: {text}"


def _file(report: JsonObject) -> Iterator[str]:
    yield f"{report['file']}: {report['recorded']} recorded, {report['repeated']} recorded before."
    for each in (*report["problems"], *report["warnings"]):
        yield f"  {each}"
