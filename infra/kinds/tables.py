"""The tables, views and reporting views of the dataset and its index, created by Tillstream's own commands.

The same commands report the differences, because versions, columns and policies are defined in code.
"""

from collections.abc import Sequence
from typing import Any

from infra.kinds.bigquery import API
from infra.resource import Command, Resource, StateQuery
from infra.stage import Stage

PROGRAM = "tillstream"


class SelfChecked(Resource):
    """A resource whose own command reports the differences and resolves them."""

    def differences(self, state: Any) -> list[str]:
        return list(state["differences"])


def tables(stage: Stage, within: Resource) -> SelfChecked:
    return _self_checked("tables", f"of dataset {within.name}", ("deploy", "migrate", *_options(stage)), within)


def sale_index(stage: Stage, ledger: Resource, within: Resource) -> SelfChecked:
    """The index of the ledger in the documents `within`. Functions settle only if it is complete."""
    return _self_checked("sale index", f"of dataset {ledger.name}", ("deploy", "index", *_options(stage)), within)


def reports(
    stage: Stage, within: Resource, of: Resource, accounts: Sequence[str], restricted: Sequence[str]
) -> SelfChecked:
    """Reporting views in the dataset `within`, and row access policies on the tables `of`.

    accounts: ids of the service accounts that see every row; restricted: of those that see the rows of a scope.
    """
    options = [f"--shown={within.name}"]
    options += [f"--reader={member}" for member in stage["READERS"].split()]
    options += [f"--reader=serviceAccount:{stage.account(name)}" for name in restricted]
    options += [f"--account={stage.account(name)}" for name in accounts]
    words = ("deploy", "reports", *_options(stage), *options)
    return _self_checked("reports", f"in dataset {within.name}", words, within, of)


def writers(stage: Stage, within: Resource, of: Resource, accounts: Sequence[tuple[str, str]]) -> SelfChecked:
    """Which accounts may write single ones of the tables `of`. accounts: (table, id of the service account)."""
    options = [f"--writer={table}={stage.account(name)}" for table, name in accounts]
    words = ("deploy", "writers", *_options(stage), *options)
    return _self_checked("writers", f"of tables in {within.name}", words, within, of)


def _options(stage: Stage) -> tuple[str, ...]:
    return (f"--project={stage.project}", f"--dataset={stage['DATASET']}", f"--location={stage.region}")


def _self_checked(
    kind: str, name: str, words: tuple[str, ...], within: Resource, follows: Resource | None = None
) -> SelfChecked:
    """follows: the tables, if a migration that recreates some of them undoes it."""
    query = StateQuery((*words, "--check", "--json"), lambda _: kind, API, PROGRAM)
    command = Command(words, program=PROGRAM)
    return SelfChecked(kind, name, query, {}, (command,), (command,), within=within, follows=follows, state_key=kind)
