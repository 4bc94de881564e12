"""What the stand-in for Google's APIs adds to a resource that is made, as the real services do."""

import json
from pathlib import Path
from typing import Any

from devtools.emulators import sdk

PROJECT, NUMBER = "demo", "123456789"
LIST_KEYS = {"serviceAccounts": "accounts", "b": "items", "o": "items", "run/services": "items"}
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
    *("notificationChannels", "uptimeCheckConfigs", "datasets"),
}
GIVEN = {
    "runtimes": [{"name": "python311", "environment": "GEN_2", "stage": "GA", "displayName": "Python 3.11"}],
}
"""Collections that are the same in every project."""
LONG_RUNNING = {"cloudfunctions", "eventarc", "artifactregistry", "firestore"}
"""APIs whose changes are answered with an operation; here it is done at once."""


def discovery() -> dict[str, Any]:
    """BigQuery's description of itself, which bq asks for; the one that the SDK carries, at an address of ours."""
    file = (sdk() or Path()) / "platform" / "bq" / "discovery_next" / "bigquery.json"
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told | {"rootUrl": "http://bigquery.test/", "baseUrl": "http://bigquery.test/bigquery/v2/"}


def as_made(api: str, path: str, given: dict[str, Any]) -> dict[str, Any]:
    """`given` with what the service adds."""
    name = path.partition("/")[2]
    last = name.rpartition("/")[2]
    made = given | {"name": name}
    if api == "iam":
        email = f"{last}@{PROJECT}.iam.gserviceaccount.com"
        return made | {"email": email, "name": f"projects/{PROJECT}/serviceAccounts/{email}"}
    if api == "storage":
        return given | {"location": given["location"].upper(), "metageneration": "1", "projectNumber": NUMBER}
    if "/notificationChannels/" in path:
        return {"enabled": True} | made
    if api == "logging":
        return given
    if api == "cloudfunctions":
        service = {"service": f"projects/{PROJECT}/locations/europe-west1/services/{last}", "uri": "https://x.test"}
        return made | {"state": "ACTIVE", "environment": "GEN_2", "serviceConfig": given["serviceConfig"] | service}
    if api == "run":
        ready = [{"type": kind, "status": "True"} for kind in ("Ready", "ConfigurationsReady", "RoutesReady")]
        served = {"observedGeneration": 1, "conditions": ready, "url": "https://portal.test"}
        return given | {"metadata": given["metadata"] | {"generation": 1}, "status": served}
    if api == "cloudscheduler":
        return made | {"state": "ENABLED"}
    if api == "eventarc":
        carried = {"pubsub": {"subscription": f"projects/{PROJECT}/subscriptions/eventarc-europe-west1-{last}-sub-001"}}
        return made | {"transport": carried}
    return made
