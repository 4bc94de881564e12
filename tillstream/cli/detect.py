"""Command `detect`."""

from functools import partial
from typing import Any

import click

from tillstream.cli.runner import FILE, as_json, fail, print_result, read_settings
from tillstream.model.errors import TillstreamError
from tillstream.server.process import Done
from tillstream.settings import Settings


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--answer", "answers", multiple=True, metavar="KEY=VALUE", help="Answer a question by its key; can be repeated."
)
@click.option("--save", "name", default="", help="Save the contract under this name, unless a question is open.")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print only the contract, as YAML.")
@as_json
def detect(file: str, answers: tuple[str, ...], name: str, as_yaml: bool, json_: bool) -> None:
    """Propose a contract for a file, with evidence and open questions; exits with 4 while a question is open.

    If contracts fit the file, asks for its source first; an answer to a question about the content means a new one.
    While a question is open, samples at most two megabytes of the file. Then reads all of it and prints its figures;
    --save prints them, and confirms them for the first load. If its region has sales already, a sample of the file is
    compared with them.
    """
    from tillstream.commands.detect import detect as detect_contract
    from tillstream.commands.dispatch import has_ledger

    invalid = [answer for answer in answers if "=" not in answer]
    if invalid:
        raise click.BadParameter(f"{invalid[0]!r}: write KEY=VALUE", param_hint="--answer")
    settings = read_settings()
    try:
        search = partial(_run, settings, "delivered-lines") if has_ledger(settings) else None
        answers_by_key = dict(answer.split("=", 1) for answer in answers)
        result = detect_contract(file, answers_by_key, name, settings.contracts, search)
        result.data["saved"] = None
        if name and not result.code:
            result.data["saved"] = _run(settings, "contracts-save", contract=result.data["contract"])
    except TillstreamError as error:
        fail(str(error), json_=json_)
    from tillstream.cli.output.detect import show_proposal

    print_result(result.data, lambda data: show_proposal(data, as_yaml=as_yaml), json_=json_)
    raise Done(result.code)


def _run(settings: Settings, command: str, **arguments: object) -> Any:
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import quiet

    return execute(settings, command, arguments, quiet).data
