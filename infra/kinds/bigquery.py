"""BigQuery: a dataset, the roles on it, and views that use the job lists of the project."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.kinds.iam import Policy, Role
from infra.resource import Command, Resource, StateQuery

API = "bigquery.googleapis.com"
AS_ROLES = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
"""Role in a dataset's access list → IAM role."""


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


def as_policy(state: Any) -> dict[str, Any]:
    bindings = [
        {"role": AS_ROLES.get(entry["role"], entry["role"]), "members": [f"serviceAccount:{entry['userByEmail']}"]}
        for entry in (state or {}).get("access", ())
        if "userByEmail" in entry and "role" in entry
    ]
    return {"bindings": bindings}
