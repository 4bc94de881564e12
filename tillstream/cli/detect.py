"""Command `detect`."""

import json

import click

from tillstream.cli.runner import FILE, as_json, fail
from tillstream.domain.errors import TillstreamError
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

    Reads at most two megabytes of the file and stores nothing.
    """
    from tillstream.commands.detect import detect as detect_contract

    invalid = [answer for answer in answers if "=" not in answer]
    if invalid:
        raise click.BadParameter(f"{invalid[0]!r}: write KEY=VALUE", param_hint="--answer")
    settings = Settings()
    try:
        result = detect_contract(file, dict(answer.split("=", 1) for answer in answers), name, settings.contracts)
        result.data["saved"] = None
        if name and not result.code:
            result.data["saved"] = _save(settings, result.data["contract"])
    except TillstreamError as error:
        fail(str(error), json_=json_)
    if json_:
        click.echo(json.dumps(result.data, ensure_ascii=False))
    else:
        from tillstream.cli.output.detect import show_proposal

        show_proposal(result.data, as_yaml=as_yaml)
    raise Done(result.code)


def _save(settings: Settings, contract: dict[str, object]) -> object:
    from tillstream.commands.dispatch import execute
    from tillstream.commands.result import quiet

    return execute(settings, "contracts-save", {"contract": contract}, quiet).data
