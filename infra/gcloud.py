"""Run gcloud and bq: query states, make changes, and retry while a new project is not ready."""

import json
import os
import random
import re
import secrets
import shlex
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.resource import FILES, Command, StateQuery
from tillstream import gcloud as sdk
from tillstream.model.errors import Rejected, Unavailable

CREDENTIALS, QUOTA_PROJECT = "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_QUOTA_PROJECT"
QUERY_TIMEOUT = 120.0
CHANGE_TIMEOUT = 1_800.0
"""Seconds. The longest call builds the portal's image or a function."""
PATIENCE = 420.0
"""Seconds during which a change is retried: new accounts and agents take up to seven minutes to propagate."""
LOOKUP_WAITS = (2.0, 4.0, 8.0, 16.0)
"""Seconds between the tries of a lookup."""
METRIC, METRIC_PATIENCE = "a new log-based metric is not visible yet", 900.0
"""Reason for which a change is retried longer, and the seconds: alerts can name a new metric after ten minutes."""

NOT_FOUND = re.compile(r"NOT_FOUND|not found|does not exist|HTTPError 404|404:|status: 404", re.IGNORECASE)
ALREADY_EXISTS = re.compile(r"ALREADY_EXISTS|already exists|HTTPError 409|409:", re.IGNORECASE)
NOT_READY: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (why, re.compile(words, re.IGNORECASE | re.DOTALL))
    for why, words in (
        ("a new service account is not visible everywhere yet", r"service account \S+ does not exist"),
        (
            "a new service account is not visible everywhere yet",
            r"does not exist.*serviceAccount|unknown service account",
        ),
        (
            "a new service account cannot be used yet",
            r"iam\.serviceaccounts\.actAs|permission to act as service account",
        ),
        ("a new role is not visible everywhere yet", r"Role \S*projects/\S+ does not exist"),
        ("the account of the builds cannot read their source yet", r"could not resolve source"),
        ("a service cannot read its image yet", r"must have permission to read the image"),
        ("an account cannot read its secret yet", r"Permission denied on secret"),
        ("the agent of Cloud Storage has no rights yet", r"Cloud Storage service account|gs-project-accounts"),
        ("the agent of Pub/Sub has no rights yet", r"gcp-sa-pubsub"),
        ("a service that was just enabled is not ready yet", r"SERVICE_DISABLED|has not been used in project"),
        (METRIC, r"Cannot find metric"),
        ("the policy was changed in the meantime", r"concurrent policy changes|etag"),
        (
            "the service is busy",
            r"ABORTED|RESOURCE_EXHAUSTED|rateLimitExceeded|HTTPError 429|UNAVAILABLE|HTTPError 50[234]",
        ),
    )
)


class AlreadyExists(Rejected):
    """The resource to be created exists already."""


@dataclass(frozen=True)
class Gcloud:
    """Client for one project. folder: where the files that commands read are written."""

    project: str
    folder: Path
    report: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep

    def ask(self, ask: StateQuery) -> Any:
        """Run a query and return its JSON; None if the resource does not exist. Raises `Rejected`, `Unavailable`."""
        command = Command(ask.words, program=ask.program)
        if ask.program == "gcloud":
            command = Command((*ask.words, "--format=json"))
        done = self._run(command, QUERY_TIMEOUT)
        if done.returncode == 0:
            return json.loads(done.stdout or "null")
        if NOT_FOUND.search(_output(done)):
            return None
        raise Rejected(f"{summary(command)}: {sdk.reason(done)}")

    def do(self, command: Command) -> None:
        """Make one change. Raises `AlreadyExists`, `Rejected`, and `Unavailable` if the project never became ready."""
        started, wait = time.monotonic(), 4.0
        command = self._fill_in(command)
        while True:
            done = self._run(command, CHANGE_TIMEOUT)
            if done.returncode == 0:
                return
            reason = sdk.reason(done)
            output = _output(done)
            why = next((why for why, words in NOT_READY if words.search(output)), "")
            if not why:
                raise (AlreadyExists if ALREADY_EXISTS.search(output) else Rejected)(f"{summary(command)}: {reason}")
            if time.monotonic() + wait > started + (METRIC_PATIENCE if why == METRIC else PATIENCE):
                raise Unavailable(f"{summary(command)}: {reason}")
            self.report(f"    {summary(command)}: {why}; retrying in {wait:.0f} s")
            self.sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - spreads tries, keeps no secret
            wait = min(wait * 2, 60.0)

    def line(self, command: Command) -> str:
        """The command as typed into a shell."""
        line = shlex.join(self._words(command))
        for name, words in command.answers.items():
            lookup = shlex.join(self._words(Command(words)))
            line = line.replace(f"'{{{name}}}'", f'"$({lookup})"')
            for file, text in command.files.items():
                if f"{{{name}}}" in text:
                    line = f'sed -i "s|{{{name}}}|$({lookup})|" {shlex.quote(str(self.folder / file))} && {line}'
        return f"openssl rand -hex 32 | {line}" if command.random_input else line

    def write(self, commands: Iterable[Command]) -> None:
        """Write the files that the commands read."""
        for command in commands:
            for name, text in command.files.items():
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")

    def _words(self, command: Command) -> list[str]:
        words = [word.replace(FILES, str(self.folder)) for word in command.words]
        if command.program == "bq":
            return ["bq", f"--project_id={self.project}", "--quiet", "--headless", *words]
        if command.program != "gcloud":
            return [command.program, *words]  # has all options already
        return ["gcloud", *words, f"--project={self.project}", "--quiet"]

    def _environment(self, command: Command) -> dict[str, str]:
        """With the application default credentials of a person, Firestore requires a project for quotas."""
        if command.program in {"gcloud", "bq"} or CREDENTIALS in os.environ:
            return dict(os.environ)
        return {QUOTA_PROJECT: self.project, **os.environ}

    def _fill_in(self, command: Command) -> Command:
        """Replace the placeholders that only the project can resolve."""
        words, files = command.words, dict(command.files)
        for name, lookup in command.answers.items():
            answer = self._look_up(command, Command(lookup))
            words = tuple(word.replace(f"{{{name}}}", answer) for word in words)
            files = {file: text.replace(f"{{{name}}}", answer) for file, text in files.items()}
        return replace(command, words=words, files=files, answers={})

    def _look_up(self, command: Command, lookup: Command) -> str:
        """The first name that a lookup prints. Lists can lack for some seconds what was just created.

        It has no `--limit`, which gcloud applies before a filter that the service does not support.
        """
        for wait in LOOKUP_WAITS:
            done = self._run(lookup, QUERY_TIMEOUT)
            if not done.returncode and (names := done.stdout.split()):
                return names[0]
            self.sleep(wait)
        raise Unavailable(f"{summary(command)}: {sdk.reason(done) if done.returncode else 'unknown name'}")

    def _run(self, command: Command, timeout: float) -> "subprocess.CompletedProcess[str]":
        self.write([command])
        words = self._words(command)
        content = secrets.token_hex(32) if command.random_input else ""
        return sdk.run(words, timeout, summary(command), content=content, environment=self._environment(command))


def summary(command: Command) -> str:
    """A short form of the command, for messages."""
    return " ".join((command.program, *(word for word in command.words[:5] if not word.startswith("--"))))


def _output(done: "subprocess.CompletedProcess[str]") -> str:
    """Both outputs in one line: bq prints errors to its standard output, and breaks their lines."""
    return " ".join(f"{done.stderr} {done.stdout}".split())
