"""Runs gcloud and bq: asks for states, makes changes, and tries again where a project is not ready yet."""

import json
import random
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra.resource import FILES, Ask, Command
from tillstream.domain.errors import Rejected, Unavailable

ASKED_WITHIN = 120.0
DONE_WITHIN = 1_800.0
"""Seconds. The longest is a build of the portal's image or of a function."""
PATIENCE = 420.0
"""Seconds that a change is tried again: a new account or agent is known everywhere within seven minutes."""

ABSENT = re.compile(r"NOT_FOUND|not found|does not exist|HTTPError 404|404:|status: 404", re.IGNORECASE)
THERE = re.compile(r"ALREADY_EXISTS|already exists|HTTPError 409|409:", re.IGNORECASE)
NOT_READY: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (why, re.compile(words, re.IGNORECASE | re.DOTALL))
    for why, words in (
        ("a new service account is not known everywhere yet", r"service account \S+ does not exist"),
        (
            "a new service account is not known everywhere yet",
            r"does not exist.*serviceAccount|unknown service account",
        ),
        ("a new service account may not be used yet", r"iam\.serviceaccounts\.actAs"),
        ("the agent of Eventarc has no rights yet", r"Eventarc Service Agent"),
        ("the agent of Cloud Storage has no rights yet", r"Cloud Storage service account|gs-project-accounts"),
        ("the agent of Pub/Sub has no rights yet", r"gcp-sa-pubsub"),
        ("a service that was just enabled is not ready yet", r"SERVICE_DISABLED|has not been used in project"),
        ("somebody changed the policy in between", r"concurrent policy changes|etag"),
        (
            "the service is busy",
            r"ABORTED|RESOURCE_EXHAUSTED|rateLimitExceeded|HTTPError 429|UNAVAILABLE|HTTPError 50[234]",
        ),
    )
)


class Existing(Rejected):
    """What was to be made is there already."""


@dataclass(frozen=True)
class Gcloud:
    """Calls for one project. `folder` holds the files that commands read."""

    project: str
    folder: Path
    say: Callable[[str], None] = lambda _: None
    sleep: Callable[[float], None] = time.sleep

    def ask(self, ask: Ask) -> Any:
        """The answer, as JSON; None where what is asked about is not there. Raises `Rejected`, `Unavailable`."""
        command = Command(ask.words, program=ask.program)
        if ask.program == "gcloud":
            command = Command((*ask.words, "--format=json"))
        done = self._run(command, ASKED_WITHIN)
        if done.returncode == 0:
            return json.loads(done.stdout or "null")
        if ABSENT.search(done.stderr + done.stdout):
            return None
        raise Rejected(f"{told(command)}: {_reason(done)}")

    def do(self, command: Command) -> None:
        """Make one change. Raises `Existing`, `Rejected`, and `Unavailable` where it was never ready."""
        until, wait = time.monotonic() + PATIENCE, 4.0
        command = self._answered(command)
        while True:
            done = self._run(command, DONE_WITHIN)
            if done.returncode == 0:
                return
            reason = _reason(done)
            why = next((why for why, words in NOT_READY if words.search(done.stderr)), "")
            if not why:
                raise (Existing if THERE.search(done.stderr) else Rejected)(f"{told(command)}: {reason}")
            if time.monotonic() + wait > until:
                raise Unavailable(f"{told(command)}: {reason}")
            self.say(f"    {why}; once more in {wait:.0f} s")
            self.sleep(wait * random.uniform(0.75, 1.25))  # noqa: S311 - spreads tries, keeps no secret
            wait = min(wait * 2, 60.0)

    def line(self, command: Command) -> str:
        """The command as it is typed into a shell."""
        line = shlex.join(self._words(command))
        for name, asked in command.answers.items():
            given = shlex.join(self._words(Command(asked)))
            line = line.replace(f"'{{{name}}}'", f'"$({given})"')
        return f"openssl rand -hex 32 | {line}" if command.random_input else line

    def write(self, commands: Iterable[Command]) -> None:
        """The files that commands read."""
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
            return [command.program, *words]  # takes what it needs as it stands
        return ["gcloud", *words, f"--project={self.project}", "--quiet"]

    def _answered(self, command: Command) -> Command:
        """With what only the project knows put in."""
        words = command.words
        for name, asked in command.answers.items():
            done = self._run(Command(asked), ASKED_WITHIN)
            answer = done.stdout.strip()
            if done.returncode or not answer:
                raise Unavailable(f"{told(command)}: {_reason(done) if done.returncode else 'its name is not known'}")
            words = tuple(word.replace(f"{{{name}}}", answer) for word in words)
        return replace(command, words=words, answers={})

    def _run(self, command: Command, within: float) -> "subprocess.CompletedProcess[str]":
        self.write([command])
        words = self._words(command)
        beside = str(Path(sys.executable).parent)  # where our own command is
        found = shutil.which(words[0]) or shutil.which(words[0], path=beside)
        if not found:
            raise Rejected(
                f"{words[0]} is not on this machine: install the Google Cloud SDK, then `gcloud auth login`."
            )
        try:
            return subprocess.run(
                [found, *words[1:]],
                input=secrets.token_hex(32) if command.random_input else "",
                capture_output=True,
                text=True,
                timeout=within,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"{told(command)} did not end within {within:.0f} seconds.") from error


def told(command: Command) -> str:
    """The command in short, for a sentence."""
    return " ".join((command.program, *(word for word in command.words[:5] if not word.startswith("--"))))


def _reason(done: "subprocess.CompletedProcess[str]") -> str:
    """What it said last, without the rest of a long help."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR") or "error" in line.lower()]
    return (errors or lines or [f"ended with {done.returncode}"])[-1][:500]
