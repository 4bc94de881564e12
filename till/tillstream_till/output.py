"""Texts of the command line of a till."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from tillstream_till.reports import FileReport, SendReport


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


def initialised(status: dict[str, Any]) -> Iterator[str]:
    yield f"{status['folder']} is the till {status['till']} of {status['store']}. It sends to {status['server']}."
    yield from _notices(status)


def recorded(receipts: list[dict[str, Any]]) -> Iterator[str]:
    for receipt in receipts:
        yield f"{receipt['id']} {'was recorded before' if receipt['repeated'] else 'is recorded'}."


def sent(report: dict[str, Any]) -> Iterator[str]:
    yield f"{report['sent']} sent, {report['refused']} refused, {report['unsent']} unsent."
    if report["error"]:
        yield report["error"]
    if report["error"] and report["unsent"]:
        yield "Nothing is lost: what is unsent stays on this machine, and the next send tries again."
    if report["refused"]:
        yield "Refused messages are kept. See: tillstream till status"


def exported(values: dict[str, Any]) -> Iterator[str]:
    yield f"{values['messages']} messages are in {values['file']}."


def status(values: dict[str, Any]) -> Iterator[str]:
    yield f"Till {values['till']} of {values['store']}, sends to {values['server']}."
    since = f", the oldest since {values['oldest_unsent_at']}" if values["unsent"] else ""
    yield f"Unsent: {values['unsent']}{since}."
    outcomes = ", ".join(f"{count} {name}" for name, count in values["outcomes"].items())
    if outcomes:
        yield f"Outcomes: {outcomes}."
    if values["refused"]:
        yield "Refused by the server; correct these sales and record them with a higher version:"
    for refused in values["refused"]:
        yield f"  {refused['number']}: {refused['code']}: {refused['detail']}"
    if values["quarantined"]:
        yield "Quarantined, so they do not count; a sale is corrected here, and recorded with a higher version:"
    for sale in values["quarantined"]:
        for each in sale["problems"]:
            remedy = f" {each['remedy']}" if each.get("remedy") else ""
            yield f"  {sale['number']}: {each.get('code', '')}: {each.get('message', '')}{remedy}"
    for day in values["days_to_close_again"]:
        yield f"Sales of {day} changed after its day close. Run: tillstream till close {day}"
    yield from _notices(values)


def _notices(values: dict[str, Any]) -> Iterator[str]:
    if values["last_error"]:
        yield f"Last error: {values['last_error']}"
    if values["clock"]:
        yield values["clock"]
    for notice in values["notices"]:
        yield f"{notice['at']} {notice['code']}: {notice['detail']}"


def _file(report: dict[str, Any]) -> Iterator[str]:
    yield f"{report['file']}: {report['recorded']} recorded, {report['repeated']} recorded before."
    for problem in report["problems"]:
        yield f"  {problem}"
