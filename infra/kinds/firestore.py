"""Firestore: the database, and the indexes of `firestore.indexes.json` in the form that Firebase's tools read too."""

import json
from importlib import resources
from typing import Any

from infra.resource import Ask, Resource, gcloud, last

API = "firestore.googleapis.com"
DATABASES = Ask(("firestore", "databases", "list"), last(), API)


def database(name: str, location: str) -> Resource:
    """Protected against deletion, with every version of the last seven days for a restore."""
    kept = ("--delete-protection", "--enable-pitr")
    given = (f"--database={name}", f"--location={location}", "--type=firestore-native")
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
        create=(gcloud("firestore", "databases", "create", *given, *kept),),
        change=(gcloud("firestore", "databases", "update", f"--database={name}", *kept),),
        remove=(
            gcloud("firestore", "databases", "update", f"--database={name}", "--no-delete-protection"),
            gcloud("firestore", "databases", "delete", f"--database={name}"),
        ),
        holds_data=True,
        fixed=frozenset({"locationId", "type"}),
    )


def indexes(documents: Resource) -> list[Resource]:
    """The composite indexes that the queries of the code need, and the fields that are asked for by nobody."""
    text = resources.files("infra").joinpath("firestore.indexes.json").read_text(encoding="utf-8")
    told = json.loads(text)
    unasked = [_field(documents, each["collectionGroup"], each["fieldPath"]) for each in told["fieldOverrides"]]
    return [*unasked, *(_index(documents, index) for index in told["indexes"])]


def _field(documents: Resource, group: str, path: str) -> Resource:
    """Long texts: an index of them would cost at every write, and refuse what is longer than 1,500 bytes."""
    on = (f"--database={documents.name}", f"--collection-group={group}")
    off = gcloud("firestore", "indexes", "fields", "update", path, *on, "--disable-indexes", "--async")
    asked = Ask(("firestore", "indexes", "fields", "list", f"--database={documents.name}"), _of_group, API)
    name = f"{group}.{path}"
    return Resource(
        "field without index", name, asked, {"indexConfig": {"indexes": []}}, (off,), (off,), within=documents
    )


def _of_group(field: dict[str, Any]) -> str:
    group, _, path = field["name"].rpartition("/collectionGroups/")[2].partition("/fields/")
    return f"{group}.{path}"


def _index(documents: Resource, index: dict[str, Any]) -> Resource:
    made = gcloud(
        *("firestore", "indexes", "composite", "create", f"--database={documents.name}", "--async"),
        f"--collection-group={index['collectionGroup']}",
        f"--query-scope={index['queryScope'].lower().replace('_', '-')}",
        *(f"--field-config={_config(field)}" for field in index["fields"]),
    )
    asked = Ask(("firestore", "indexes", "composite", "list", f"--database={documents.name}"), _name, API)
    return Resource("index", _name(index), asked, {}, (made,), within=documents)


def _config(field: dict[str, str]) -> str:
    if "arrayConfig" in field:
        return f"field-path={field['fieldPath']},array-config={field['arrayConfig'].lower()}"
    return f"field-path={field['fieldPath']},order={field['order'].lower()}"


def _name(index: dict[str, Any]) -> str:
    """What it is of. Firestore ends each index with the field __name__, in the last field's direction."""
    group = index.get("collectionGroup") or index["name"].split("/collectionGroups/")[1].partition("/")[0]
    fields = [
        f"{field['fieldPath']} {field.get('order') or field.get('arrayConfig')}".lower()
        for field in index["fields"]
        if field["fieldPath"] != "__name__"
    ]
    return f"{group} by {', '.join(fields)}"
