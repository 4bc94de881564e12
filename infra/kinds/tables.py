"""The tables and views of the dataset, and the views that people read: Tillstream's own commands make them.

These commands also say what differs, as versions, columns and policies are the code's.
"""

from collections.abc import Sequence
from typing import Any

from infra.kinds.bigquery import API
from infra.resource import Ask, Command, Resource
from infra.stage import Stage

OURS = "tillstream"


class Told(Resource):
    """What differs is told by the command that mends it."""

    def differences(self, state: Any) -> list[str]:
        return list(state["differences"])


def tables(stage: Stage, within: Resource) -> Told:
    return _told("tables", f"of dataset {within.name}", ("deploy", "migrate", *_on(stage)), within)


def reports(stage: Stage, within: Resource, accounts: Sequence[str]) -> Told:
    """Views in the dataset `within`, and row access policies on the tables, which are there before.

    accounts: ids of the service accounts that see every row.
    """
    given = [f"--shown={within.name}"]
    given += [f"--reader={member}" for member in stage["READERS"].split()]
    given += [f"--account={stage.account(name)}" for name in accounts]
    return _told("reports", f"in dataset {within.name}", ("deploy", "reports", *_on(stage), *given), within)


def _on(stage: Stage) -> tuple[str, ...]:
    return (f"--project={stage.project}", f"--dataset={stage['DATASET']}", f"--location={stage.region}")


def _told(kind: str, name: str, words: tuple[str, ...], within: Resource) -> Told:
    ask = Ask((*words, "--check", "--json"), lambda _: kind, API, OURS)
    make = Command(words, program=OURS)
    return Told(kind, name, ask, {}, (make,), (make,), within=within, state_of=kind)
