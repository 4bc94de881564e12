"""Secret Manager: secrets, and a generated first version for those without one."""

from collections.abc import Mapping

from infra.resource import Command, Resource, StateQuery, gcloud, labelled, last

API = "secretmanager.googleapis.com"
SECRETS = StateQuery(("secrets", "list"), last(), API)


def secret(name: str, region: str, labels: Mapping[str, str]) -> Resource:
    return Resource(
        "secret",
        name,
        SECRETS,
        {"labels": dict(labels)},
        create=(
            gcloud(
                *("secrets", "create", name, "--replication-policy=user-managed", f"--locations={region}"),
                f"--labels={labelled(labels)}",
            ),
        ),
        change=(gcloud("secrets", "update", name, f"--update-labels={labelled(labels)}"),),
        remove=(gcloud("secrets", "delete", name),),
    )


def value(of: Resource) -> Resource:
    """A first version with a random value. Users add later ones; any enabled version is accepted."""
    query = StateQuery(("secrets", "versions", "list", of.name, "--filter=state=ENABLED"), lambda _: of.name, API)
    add = Command(("secrets", "versions", "add", of.name, "--data-file=-"), random_input=True)
    return Resource("secret's value", of.name, query, {}, (add,), within=of)
