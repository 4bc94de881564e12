"""What the stand-in for Google's APIs adds to a resource that is made, as the real services do."""

import json
from pathlib import Path
from typing import Any

from devtools.emulators import sdk

PROJECT, NUMBER = "demo", "123456789"
LIST_KEYS = {
    "serviceAccounts": "accounts",
    **dict.fromkeys(("b", "o", "notificationConfigs", "run/services", "run/jobs"), "items"),
}
"""Collection, where others share its name with its API → the field of the list, where that is not its own name."""
COLLECTIONS = {
    *("topics", "subscriptions", "schemas", "b", "o", "serviceAccounts", "services", "functions", "triggers", "jobs"),
    *(
        "fields",
        "secrets",
        "versions",
        "repositories",
        "databases",
        "indexes",
        "metrics",
        "alertPolicies",
        "dockerImages",
    ),
    *("notificationChannels", "uptimeCheckConfigs", "datasets", "notificationConfigs", "dashboards"),
}
LONG_RUNNING = {"cloudfunctions", "eventarc", "artifactregistry", "firestore"}
"""APIs whose changes are answered with an operation; here it is done at once."""


def discovery() -> dict[str, Any]:
    """BigQuery's discovery document, which bq requests: the copy in the SDK, with a local address."""
    file = (sdk() or Path()) / "platform" / "bq" / "discovery_next" / "bigquery.json"
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document | {"rootUrl": "http://bigquery.test/", "baseUrl": "http://bigquery.test/bigquery/v2/"}


def as_created(api: str, path: str, payload: dict[str, Any]) -> dict[str, Any]:
    """`payload` with the fields that the service adds."""
    name = path.partition("/")[2]
    last = name.rpartition("/")[2]
    named = payload | {"name": name}
    if api == "iam" and "/roles/" in path:
        return named
    if api == "iam":
        email = f"{last}@{PROJECT}.iam.gserviceaccount.com"
        return named | {"email": email, "name": f"projects/{PROJECT}/serviceAccounts/{email}"}
    if "/notificationConfigs/" in path:
        return payload | {"id": last, "topic": f"//pubsub.googleapis.com/{payload['topic']}"}
    if api == "storage":
        return payload | {"location": payload["location"].upper(), "metageneration": "1", "projectNumber": NUMBER}
    if "/notificationChannels/" in path:
        return {"enabled": True} | named
    if api == "logging":
        return payload
    if api == "run":
        ready = [{"type": kind, "status": "True"} for kind in ("Ready", "ConfigurationsReady", "RoutesReady")]
        served = {"observedGeneration": 1, "conditions": ready, "url": "https://portal.test"}
        return payload | {"metadata": payload["metadata"] | {"generation": 1}, "status": served}
    if api == "cloudscheduler":
        return named | {"state": "ENABLED"}
    return named
