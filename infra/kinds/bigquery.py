"""BigQuery: a dataset, and who of ours may read and write it."""

from collections.abc import Iterable, Mapping
from typing import Any

from infra.kinds.iam import Policy, Role
from infra.resource import Ask, Command, Resource

API = "bigquery.googleapis.com"
AS_ROLES = {
    "READER": "roles/bigquery.dataViewer",
    "WRITER": "roles/bigquery.dataEditor",
    "OWNER": "roles/bigquery.dataOwner",
}
"""How a dataset's access list spells three roles."""


def bq(*words: str) -> Command:
    return Command(words, program="bq")


def _shown(project: str, name: str) -> Ask:
    words = ("show", "--format=json", "--dataset", f"{project}:{name}")
    return Ask(words, lambda item: str(item["datasetReference"]["datasetId"]), API, program="bq")


def dataset(
    project: str, name: str, region: str, labels: Mapping[str, str], says: str, *, holds_data: bool
) -> Resource:
    """Deleted or overwritten rows can be asked for during seven days."""
    made = [f"--label={key}:{value}" for key, value in labels.items()]
    kept = [f"--set_label={key}:{value}" for key, value in labels.items()]
    return Resource(
        "dataset",
        name,
        _shown(project, name),
        {"location": region, "labels": dict(labels), "description": says, "maxTimeTravelHours": "168"},
        create=(
            bq(
                *("mk", "--dataset", f"--location={region}", f"--description={says}", "--max_time_travel_hours=168"),
                *(*made, f"{project}:{name}"),
            ),
        ),
        change=(
            bq(
                "update",
                "--dataset",
                f"--description={says}",
                "--max_time_travel_hours=168",
                *kept,
                f"{project}:{name}",
            ),
        ),
        remove=(bq("rm", "--recursive", "--force", "--dataset", f"{project}:{name}"),),
        holds_data=holds_data,
        fixed=frozenset({"location"}),
    )


class Access(Policy):
    """Who may read or write a dataset: its state is the dataset's, whose access list is brought into IAM's words."""

    def differences(self, state: Any) -> list[str]:
        return super().differences(as_policy(state))

    def commands(self, state: Any) -> tuple[Command, ...]:
        return super().commands(as_policy(state))


def access(project: str, of: Resource, roles: Iterable[Role], ours: Iterable[str]) -> Access:
    """Granted by SQL, which touches one entry; the list as a whole would have to be read and written back."""

    def command(verb: str, role: Role) -> tuple[Command, ...]:
        does, to = ("GRANT", "TO") if verb == "add" else ("REVOKE", "FROM")
        sql = f'{does} `{role.role}` ON SCHEMA `{project}.{of.name}` {to} "{role.member}"'
        return (bq("query", "--use_legacy_sql=false", f"--location={of.wanted['location']}", sql),)

    return Access(
        "policy",
        f"of dataset {of.name}",
        of.ask,
        {},
        (),
        within=of,
        roles=frozenset(roles),
        ours=frozenset(ours),
        command=command,
        state_of=of.name,
    )


def as_policy(state: Any) -> dict[str, Any]:
    bindings = [
        {"role": AS_ROLES.get(entry["role"], entry["role"]), "members": [f"serviceAccount:{entry['userByEmail']}"]}
        for entry in (state or {}).get("access", ())
        if "userByEmail" in entry and "role" in entry
    ]
    return {"bindings": bindings}
