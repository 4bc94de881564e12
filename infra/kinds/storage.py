"""Buckets of Cloud Storage, and their notifications."""

import json
from typing import Any

from infra.resource import FILES, Command, Resource, StateQuery, gcloud, labelled

API = "storage.googleapis.com"
BUCKETS = StateQuery(("storage", "buckets", "list"), lambda item: str(item["name"]), API)


def bucket(
    name: str,
    region: str,
    labels: dict[str, str],
    *,
    versioning: bool = False,
    origin: str = "",
    lifecycle: tuple[dict[str, Any], ...] = (),
) -> Resource:
    """A private bucket in one region, with access by IAM only. origin: allowed to upload from a browser."""
    address = f"gs://{name}"
    cors = [
        {
            "origin": [origin],
            "method": ["PUT", "POST", "GET", "OPTIONS"],
            "responseHeader": ["Content-Type", "Content-Range", "Range", "x-goog-resumable", "x-goog-hash"],
            "maxAgeSeconds": 3600,
        }
    ]
    rules = {"rule": list(lifecycle)}
    files = {f"{name}.lifecycle.json": json.dumps(rules, indent=1)} if lifecycle else {}
    if origin:
        files[f"{name}.cors.json"] = json.dumps(cors, indent=1)
    settings = gcloud(
        *("storage", "buckets", "update", address, "--uniform-bucket-level-access", "--public-access-prevention"),
        "--versioning" if versioning else "--no-versioning",
        f"--lifecycle-file={FILES}/{name}.lifecycle.json" if lifecycle else "--clear-lifecycle",
        f"--cors-file={FILES}/{name}.cors.json" if origin else "--clear-cors",
        f"--update-labels={labelled(labels)}",
        files=files,
    )
    create = gcloud(
        *("storage", "buckets", "create", address, f"--location={region}"),
        *("--uniform-bucket-level-access", "--public-access-prevention"),
    )
    return Resource(
        "bucket",
        name,
        BUCKETS,
        {
            "location": region.upper(),
            "uniform_bucket_level_access": True,
            "public_access_prevention": "enforced",
            "versioning_enabled": versioning,
            "cors_config": cors if origin else [],
            "lifecycle_config": rules if lifecycle else {},
            "labels": labels,
        },
        create=(create, settings),
        change=(settings,),
        remove=(gcloud("storage", "rm", address, "--recursive", "--all-versions"),),
        holds_data=True,
        fixed=frozenset({"location"}),
    )


def notification(project: str, bucket: Resource, topic: str) -> Resource:
    """Messages to the topic for finalised objects of a bucket. It cannot be updated, so a change recreates it."""
    address, full = f"gs://{bucket.name}", f"projects/{project}/topics/{topic}"
    group = ("storage", "buckets", "notifications")
    listing = (*group, "list", address)
    key = "Notification Configuration"
    number = (*listing, f'--filter="{key}".topic~{full}$', "--limit=1", f'--format=value("{key}".id)')
    create = gcloud(
        *(*group, "create", address, f"--topic={topic}", "--skip-topic-setup"),
        *("--event-types=OBJECT_FINALIZE", "--payload-format=json"),
    )
    delete = Command(
        (*group, "delete", f"projects/_/buckets/{bucket.name}/notificationConfigs/{{number}}"),
        answers={"number": number},
    )
    return Resource(
        "notification",
        bucket.name,
        StateQuery(listing, lambda item: bucket.name if item[key]["topic"].endswith(full) else "", API),
        {key: {"event_types": ["OBJECT_FINALIZE"], "payload_format": "JSON_API_V1"}},
        create=(create,),
        change=(delete, create),
        remove=(delete,),
        within=bucket,
        replaced=True,
    )
