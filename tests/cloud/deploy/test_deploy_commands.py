"""The real gcloud accepts every command of a dry run."""

import re
import shutil
from pathlib import Path

import pytest
from emulator_fixtures import require
from gcloud_lint import lint_errors

from infra import stage
from infra.declared import Declared
from infra.deploy import Deploy
from infra.gcloud import Gcloud
from infra.kinds.bigquery import PROGRAM
from infra.kinds.iam import Policy
from infra.resource import Command, Resource
from infra.source import UNKNOWN
from tillstream.cli.deploy import deploy

VERBS = "add|add-iam-policy-binding|create|deploy|enable|submit|update"
"""The words of commands that names follow."""


def everything() -> list[Resource]:
    overrides = {
        "ALERT_EMAIL": "night@example.com",
        "TILLSTREAM_SIGN_IN": "oidc",
        "TILLSTREAM_MAIL_FROM": "a@example.com",
        "BILLING_ACCOUNT": "012345-ABCDEF-012345",
        "BUDGET_MONTHLY": "200",
        "SPARK": "yes",
    }
    return Declared(stage.read("prod", "demo", "123", overrides), UNKNOWN).resources()


def lines(gcloud: Gcloud, resources: list[Resource]) -> list[str]:
    """What is asked, made, changed, granted, taken away and removed."""
    commands: list[Command] = []
    for each in resources:
        if each.ask.words:
            commands.append(Command((*each.ask.words, "--format=json"), program=each.ask.program))
        commands += [*each.commands(None), *each.change, *each.remove]
        if isinstance(each, Policy):
            commands += [command for role in each.roles for command in each.command("remove", role)]
        commands += [Command(words) for command in commands for words in command.answers.values()]
    gcloud.write(commands)
    plain = [Command(command.words, program=command.program) for command in commands]
    return sorted({gcloud.line(command) for command in plain})


def of_each_form(commands: list[str]) -> list[str]:
    """One of each: the same words and options with other names and values need no second look."""
    forms = {}
    for line in commands:
        plain = re.sub(r"'[^']*'|\S*(gs://|@|tillstream)\S*", "", line)
        words = re.match(rf"gcloud [a-z -]*?\b(?:{VERBS})\b", plain)
        options = frozenset(re.findall(r" (--[a-z-]+)", plain))
        forms[(words and words[0]) or plain, options] = line
    return list(forms.values())


@pytest.mark.long
def test_every_command_of_a_dry_run_is_one_that_gcloud_takes(tmp_path: Path) -> None:
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    gcloud = Gcloud("demo", tmp_path)
    taken = [line for line in lines(gcloud, everything()) if line.startswith("gcloud ")]
    assert len(taken) > 200
    assert lint_errors(taken, tmp_path) == {}


def test_each_form_of_command_that_makes_something_is_one_that_gcloud_takes(tmp_path: Path) -> None:
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    output: list[str] = []
    Deploy(everything(), Gcloud("demo", tmp_path), output.append).commands()
    commands = [line[line.index("gcloud ") :] for line in output if re.match(r"(openssl .*)?gcloud ", line)]
    assert lint_errors([line for line in of_each_form(commands) if "$(" not in line], tmp_path) == {}


def test_every_command_of_our_own_is_one_that_we_take() -> None:
    overrides = {"READERS": "group:sales@example.com domain:example.com"}
    resources = Declared(stage.read("prod", "demo", "123", overrides), UNKNOWN).resources()
    queries = [each.ask.words for each in resources if each.ask.program == PROGRAM]
    changes = [command.words for each in resources for command in each.commands(None) if command.program == PROGRAM]
    assert (
        {words[:2] for words in queries}
        == {words[:2] for words in changes}
        == {
            ("deploy", "migrate"),
            ("deploy", "writers"),
            ("deploy", "index"),
            ("deploy", "reports"),
        }
    )
    for _, name, *arguments in (*queries, *changes):
        deploy.commands[name].make_context(name, list(arguments))


def test_gcloud_distinguishes_wrong_commands_from_right_ones(tmp_path: Path) -> None:
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    errors = lint_errors(["gcloud pubsub topics list", "gcloud pubsub topics list --colour=red"], tmp_path)
    assert list(errors) == ["gcloud pubsub topics list --colour=red"]
