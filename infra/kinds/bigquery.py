"""BigQuery: a dataset, the roles on it, its tables, and views that use the job lists of the project.

The tables, views and reporting views of the dataset and its index are created by Tillstream's own commands. The same
commands report the differences, because versions, columns and policies are defined in code.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infra.kinds.iam import Policy, Role
from infra.resource import Command, Resource, RestObject, StateQuery
from infra.stage import Stage

API = "bigquery.googleapis.com"
AS_ROLES = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
"""Role in a dataset's access list → IAM role."""

PROGRAM = "tillstream"


def bq(*words: str) -> Command:
    return Command(words, program="bq")


def _show(project: str, name: str) -> StateQuery:
    words = ("show", "--format=json", "--dataset", f"{project}:{name}")
    return StateQuery(words, lambda item: str(item["datasetReference"]["datasetId"]), API, program="bq")


def dataset(
    project: str, name: str, region: str, labels: Mapping[str, str], description: str, *, holds_data: bool
) -> Resource:
    """A dataset. Deleted or overwritten rows can be queried for seven days."""
    labels_on_create = [f"--label={key}:{value}" for key, value in labels.items()]
    labels_on_update = [f"--set_label={key}:{value}" for key, value in labels.items()]
    return Resource(
        "dataset",
        name,
        _show(project, name),
        {"location": region, "labels": dict(labels), "description": description, "maxTimeTravelHours": "168"},
        create=(
            bq(
                *(
                    "mk",
                    "--dataset",
                    f"--location={region}",
                    f"--description={description}",
                    "--max_time_travel_hours=168",
                ),
                *(*labels_on_create, f"{project}:{name}"),
            ),
        ),
        change=(
            bq(
                "update",
                "--dataset",
                f"--description={description}",
                "--max_time_travel_hours=168",
                *labels_on_update,
                f"{project}:{name}",
            ),
        ),
        remove=(bq("rm", "--recursive", "--force", "--dataset", f"{project}:{name}"),),
        holds_data=holds_data,
        fixed=frozenset({"location"}),
    )


def view(project: str, within: Resource, name: str, query: str, description: str) -> Resource:
    """A view in the dataset `within`. query: its SELECT."""
    address = f"{project}:{within.name}.{name}"
    options = ("--use_legacy_sql=false", f"--view={query}", f"--description={description}", address)
    return Resource(
        "view",
        name,
        StateQuery(
            ("show", "--format=json", address), lambda item: str(item["tableReference"]["tableId"]), API, program="bq"
        ),
        {"view": {"query": query, "useLegacySql": False}, "description": description},
        create=(bq("mk", *options),),
        change=(bq("update", *options),),
        remove=(bq("rm", "--force", "--table", address),),
        within=within,
    )


class Access(Policy):
    """The roles on a dataset; the access list in the state of the dataset is converted to an IAM policy."""

    def differences(self, state: Any) -> list[str]:
        return super().differences(as_policy(state))

    def commands(self, state: Any) -> tuple[Command, ...]:
        return super().commands(as_policy(state))


def access(project: str, of: Resource, roles: Iterable[Role], managed: Iterable[str]) -> Access:
    """The policy of a dataset.

    Roles are granted by SQL, which changes one entry; otherwise the whole list has to be read and written back.
    """

    def command(verb: str, role: Role) -> tuple[Command, ...]:
        keyword, preposition = ("GRANT", "TO") if verb == "add" else ("REVOKE", "FROM")
        sql = f'{keyword} `{role.role}` ON SCHEMA `{project}.{of.name}` {preposition} "{role.member}"'
        return (bq("query", "--use_legacy_sql=false", f"--location={of.wanted['location']}", sql),)

    return Access(
        "policy",
        f"of dataset {of.name}",
        of.ask,
        {},
        (),
        within=of,
        roles=frozenset(roles),
        managed=frozenset(managed),
        command=command,
        state_key=of.name,
    )


def as_policy(state: Any) -> RestObject:
    bindings = [
        {"role": AS_ROLES.get(entry["role"], entry["role"]), "members": [f"serviceAccount:{entry['userByEmail']}"]}
        for entry in (state or {}).get("access", ())
        if "userByEmail" in entry and "role" in entry
    ]
    return {"bindings": bindings}


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
