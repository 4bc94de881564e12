"""Output of the commands `sync …`."""

import json
from typing import Any

import click

_DAYS = 5
"""Days that are named."""


def show_sync(synced: dict[str, Any]) -> None:
    if synced["question"]:
        click.echo(f"Held: {synced['question']}")
        return
    if synced["recovered"]:
        click.echo(f"Taken back after a restore: {synced['recovered']:,} batches.")
    if synced["recovered_movements"]:
        click.echo(f"Taken back after a restore: {_movements(synced['recovered_movements'])}.")
    sent = f"{synced['entries']:,} {_settlements(synced['entries'])}, {_movements(synced['movements'])}"
    click.echo(f"Sent to {synced['to']}: {sent}.")
    if synced["to"].startswith("http://"):
        click.echo(
            "Warning: the connection is not encrypted, so others in its network can read what is sent.", err=True
        )
    exchanged = synced["reference_sent"], synced["reference_taken"]
    if any(exchanged):
        click.echo(f"Catalogue, goals and rates: {exchanged[0]:,} entries sent, {exchanged[1]:,} taken.")
    _show_open(synced["questions"])
    if synced["requests"]:
        click.echo(f"Open requests of the head office: {synced['requests']:,}. To list them: tillstream sync requests")
    if synced["differing"]:
        click.echo(f"The ledgers differ on {_named(synced['differing'])}.")
    else:
        click.echo(f"Both ledgers agree up to settlement {synced['number']:,}.")
    _show_differing_stock(synced)


def show_questions(questions: list[dict[str, Any]]) -> None:
    for question in questions:
        click.echo(f"{question['id']}  {question['subject']}")
        if question["why"]:
            click.echo(f"  {question['why']}")
            continue
        for name, sides in question["fields"].items():
            click.echo(f"  {name}: {_value(sides['here'])} here, {_value(sides['head_office'])} at the head office")
    if not questions:
        click.echo("There is no open question.")
    elif not all(question["why"] for question in questions):
        click.echo("To decide: tillstream sync decide QUESTION --keep here|head-office")


def show_requests(requests: list[dict[str, Any]]) -> None:
    for request in requests:
        show_request(request)
    if not requests:
        click.echo("There is no request.")


def show_request(request: dict[str, Any]) -> None:
    to = f"to {request['home']}" if request["home"] else "to this home"
    click.echo(f"{request['batch_id']}  {request['state']}  undo {request['file']}, {to}: {request['reason']}")
    if request["answer"]:
        click.echo(f"  {request['answer']}")
    elif not request["home"]:
        batch = request["batch_id"]
        click.echo(f"  To carry it out: tillstream undo {batch}. Otherwise: tillstream sync decline {batch} --reason …")


def show_decided(result: dict[str, Any]) -> None:
    count = result["decided"]
    click.echo(f"Decided: {count:,} {_questions(count)}. What counts is exchanged with the next sync.")


def show_identity(own: dict[str, Any]) -> None:
    click.echo(f"Home: {own['home_id']}")
    click.echo(f"Key: {own['public_key']}")
    click.echo(f"At the head office: tillstream sync homes add NAME {own['public_key']}")


def show_sync_status(status: dict[str, Any]) -> None:
    if not status["to"]:
        click.echo("This home does not sync. To begin: tillstream sync --to https://HEAD-OFFICE")
    else:
        stopped = " The sync is stopped." if status["is_stopped"] else ""
        click.echo(f"This home syncs to {status['to']}.{stopped}")
    if status["home_id"]:
        click.echo(f"Home {status['home_id']}, key {status['public_key']}")
    count = status["unsent_settlements"]
    since = f", the first of {status['unsent_since']}" if count else ""
    click.echo(f"Not yet sent: {count:,} {_settlements(count)}{since}.")
    if status["unsent_movements"]:
        click.echo(f"Not yet sent: {_movements(status['unsent_movements'])}.")
    _show_open(status["questions"])
    if status["agreed_at"]:
        click.echo(f"Last agreement: {status['agreed_at']}, up to settlement {status['agreed_number']:,}.")
    if status["differing"]:
        click.echo(f"The ledgers differ on {_named(status['differing'])}.")
    _show_differing_stock(status)
    if status["error"]:
        click.echo(f"Last failure, {status['error_at']}: {status['error']}")


def show_homes(homes: list[dict[str, Any]]) -> None:
    for home in homes:
        show_home(home)
    if not homes:
        click.echo("No home syncs to this one. To add one: tillstream sync homes add NAME KEY")


def show_home(home: dict[str, Any]) -> None:
    click.echo(f"{home['name']} · {home['home_id']} · {_state(home)}")
    if home["held"]:
        click.echo(f"  {home['held']}")


def _state(home: dict[str, Any]) -> str:
    if home["removed_at"]:
        return f"removed {home['removed_at']}"
    if not home["contact_at"]:
        return "no contact yet"
    parts = [f"last contact {home['contact_at']}", f"settlement {home['number']:,}"]
    count = home["missing_settlements"]
    parts += [f"{count:,} {_settlements(count)} to come"] if count else []
    parts += ["held"] if home["held"] else []
    if home["differing"]:
        parts.append(f"the ledgers differ on {_named(home['differing'])}")
    elif home["agreed_at"]:
        parts.append(f"agreed {home['agreed_at']}")
    if home["differing_stock"]:
        parts.append(f"the stock movements differ on {_named(home['differing_stock'])}")
    return " · ".join(parts)


def _show_differing_stock(synced: dict[str, Any]) -> None:
    if synced["differing_stock"]:
        click.echo(f"The stock movements that were recorded on {_named(synced['differing_stock'])} differ.")


def _movements(count: int) -> str:
    return "1 stock movement" if count == 1 else f"{count:,} stock movements"


def _settlements(count: int) -> str:
    return "settlement" if count == 1 else "settlements"


def _named(days: list[str]) -> str:
    more = f" and {len(days) - _DAYS} more days" if len(days) > _DAYS else ""
    return ", ".join(days[:_DAYS]) + more


def _show_open(count: int) -> None:
    if count:
        click.echo(f"{count:,} {_questions(count)} about entries of both sides: tillstream sync questions")


def _questions(count: int) -> str:
    return "question" if count == 1 else "questions"


def _value(value: Any) -> str:
    return "nothing" if value in (None, "") or value == [] else json.dumps(value, ensure_ascii=False)
