"""Secret Manager: secrets, and a first version where none was given."""

from collections.abc import Mapping

from infra.resource import Ask, Command, Resource, gcloud, labelled, last

API = "secretmanager.googleapis.com"
SECRETS = Ask(("secrets", "list"), last(), API)


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
    """The first version, of random words. Later ones are people's; any that is enabled will do."""
    asked = Ask(("secrets", "versions", "list", of.name, "--filter=state=ENABLED", "--limit=1"), lambda _: of.name, API)
    add = Command(("secrets", "versions", "add", of.name, "--data-file=-"), random_input=True)
    return Resource("secret's value", of.name, asked, {}, (add,), within=of)
