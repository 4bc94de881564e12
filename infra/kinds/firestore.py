"""Firestore: the database, and the indexes of `firestore.indexes.json`, which Firebase's tools can also read."""

import json
from importlib import resources

from infra.resource import Resource, RestObject, StateQuery, gcloud, last

API = "firestore.googleapis.com"
DATABASES = StateQuery(("firestore", "databases", "list"), last(), API)


def database(name: str, location: str) -> Resource:
    """A database with delete protection, and point-in-time recovery for seven days."""
    protection = ("--delete-protection", "--enable-pitr")
    options = (f"--database={name}", f"--location={location}", "--type=firestore-native")
    return Resource(
        "documents",
        name,
        DATABASES,
        {
            "locationId": location,
            "type": "FIRESTORE_NATIVE",
            "deleteProtectionState": "DELETE_PROTECTION_ENABLED",
            "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_ENABLED",
        },
        create=(gcloud("firestore", "databases", "create", *options, *protection),),
        change=(gcloud("firestore", "databases", "update", f"--database={name}", *protection),),
        remove=(
            gcloud("firestore", "databases", "update", f"--database={name}", "--no-delete-protection"),
            gcloud("firestore", "databases", "delete", f"--database={name}"),
        ),
        holds_data=True,
        fixed=frozenset({"locationId", "type"}),
    )


def indexes(documents: Resource) -> list[Resource]:
    """The composite indexes that queries need, and exemptions for fields that no query uses."""
    text = resources.files("infra").joinpath("firestore.indexes.json").read_text(encoding="utf-8")
    declared = json.loads(text)
    unindexed = [
        _field(documents, override["collectionGroup"], override["fieldPath"]) for override in declared["fieldOverrides"]
    ]
    return [*unindexed, *(_index(documents, index) for index in declared["indexes"])]


def _field(documents: Resource, group: str, path: str) -> Resource:
    """Exempt a field from indexing: an index costs at every write, and rejects strings of more than 1,500 bytes."""
    scope = (f"--database={documents.name}", f"--collection-group={group}")
    off = gcloud("firestore", "indexes", "fields", "update", path, *scope, "--disable-indexes", "--async")
    query = StateQuery(("firestore", "indexes", "fields", "list", f"--database={documents.name}"), _of_group, API)
    name = f"{group}.{path}"
    return Resource(
        "field without index", name, query, {"indexConfig": {"indexes": []}}, (off,), (off,), within=documents
    )


def _of_group(field: RestObject) -> str:
    group, _, path = field["name"].rpartition("/collectionGroups/")[2].partition("/fields/")
    return f"{group}.{path}"


def _index(documents: Resource, index: RestObject) -> Resource:
    create = gcloud(
        *("firestore", "indexes", "composite", "create", f"--database={documents.name}", "--async"),
        f"--collection-group={index['collectionGroup']}",
        f"--query-scope={index['queryScope'].lower().replace('_', '-')}",
        *(f"--field-config={_config(field)}" for field in index["fields"]),
    )
    query = StateQuery(("firestore", "indexes", "composite", "list", f"--database={documents.name}"), _name, API)
    return Resource("index", _name(index), query, {}, (create,), within=documents)


def _config(field: dict[str, str]) -> str:
    if "arrayConfig" in field:
        return f"field-path={field['fieldPath']},array-config={field['arrayConfig'].lower()}"
    return f"field-path={field['fieldPath']},order={field['order'].lower()}"


def _name(index: RestObject) -> str:
    """The group and fields of an index. Firestore appends the field __name__, in the direction of the last field."""
    group = index.get("collectionGroup") or index["name"].split("/collectionGroups/")[1].partition("/")[0]
    fields = [
        f"{field['fieldPath']} {field.get('order') or field.get('arrayConfig')}".lower()
        for field in index["fields"]
        if field["fieldPath"] != "__name__"
    ]
    return f"{group} by {', '.join(fields)}"
