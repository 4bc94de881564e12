"""What the steps work on: a deployed stage, its portal and its ports, and calls as other accounts."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from infra.resource import Command, gcloud
from infra.smoke import Api
from infra.stage import Stage
from tillstream.app import App
from tillstream.model.errors import Rejected, Unavailable
from tillstream.people import personal_tokens
from tillstream.ports.warehouse import Row

BY = "prove"
PAUSE = 1.0
"""Seconds between two looks at a state."""
Facts = dict[str, Any]
OPERATOR = "{operator}"
"""Placeholder of the signed-in account."""
RUNS_AS = "tillstream-sweep"
"""The account of a function that sees every row, and writes documents and objects."""


class Project(Protocol):
    """What a step needs of the project, besides the ports of the application."""

    def do(self, command: Command) -> None:
        """Run one command. Raises `Rejected`, `Unavailable`."""

    def as_function(self) -> AbstractContextManager[None]:
        """Within the block, our own commands run as the account of a function, which sees every row."""

    def rows_as(self, address: str, query: str) -> list[Row]:
        """The rows of a BigQuery query by the service account with this address."""


@dataclass
class Proof:
    """A stage under test. files: name → (contract, content) of the sample files."""

    stage: Stage
    project: Project
    folder: Path
    files: Mapping[str, tuple[str, bytes]]
    open_app: Callable[[], App]
    portal_address: str = ""
    pace: float = 5.0
    """Seconds between two till sales of the step `freshness`."""
    _opened: list[App] = field(default_factory=list)

    @property
    def app(self) -> App:
        """The application on the ports of the project, opened when the project is deployed."""
        if not self._opened:
            self._opened.append(self.open_app())
        return self._opened[0]

    @property
    def api(self) -> Api:
        rights = ["numbers", "uploads", "upload"]
        text = personal_tokens.issue_personal_token(self.app.ports, "admin", BY, rights, by=BY)[1]
        return Api(self.portal_address, text)

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()


def impersonation(stage: Stage, name: str) -> Command:
    """Let the operator act as a service account."""
    role = "--role=roles/iam.serviceAccountTokenCreator"
    words = ("iam", "service-accounts", "add-iam-policy-binding", stage.account(name))
    return gcloud(*words, f"--member=user:{OPERATOR}", role)


def run_all(proof: Proof, commands: Sequence[Command]) -> None:
    """Run the commands in order, our own ones as the account of a function."""
    for command in commands:
        if command.program == "tillstream":
            with proof.project.as_function():
                proof.project.do(command)
        else:
            proof.project.do(command)


def wait_for(reached: Callable[[], bool], what: str, within: float) -> float:
    """The seconds until it is reached. Raises `Unavailable` after `within` seconds."""
    started = time.monotonic()
    while not reached():
        if time.monotonic() - started > within:
            raise Unavailable(f"{what}: not within {within:.0f} seconds.")
        time.sleep(PAUSE)
    return time.monotonic() - started


def expect(actual: object, wanted: object, what: str) -> None:
    """Raise `Rejected` unless the two are equal."""
    if actual != wanted:
        raise Rejected(f"{what}: {actual} instead of {wanted}.")


def percentile_95(values: Sequence[float]) -> float:
    """The smallest value that 19 of 20 do not exceed. values: at least one."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * 19 // 20) - 1]
