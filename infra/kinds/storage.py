"""Buckets of Cloud Storage, and their notifications."""

import json
from collections.abc import Sequence
from typing import Any

from infra.resource import FILES, Command, Resource, RestObject, StateQuery, differences, gcloud, labelled

API = "storage.googleapis.com"
CORS: RestObject = {
    "method": ["PUT", "POST", "GET", "OPTIONS"],
    "responseHeader": ["Content-Type", "Content-Range", "Range", "x-goog-resumable", "x-goog-hash"],
    "maxAgeSeconds": 3600,
}
"""What a browser may send to a bucket, from each of its origins."""
BUCKETS = StateQuery(("storage", "buckets", "list"), lambda item: str(item["name"]), API)


def bucket(
    name: str,
    region: str,
    labels: dict[str, str],
    *,
    versioning: bool = False,
    uploads: bool = False,
    lifecycle: tuple[RestObject, ...] = (),
) -> Resource:
    """A private bucket in one region, with access by IAM only. uploads: whether it has `upload_origins`."""
    address = f"gs://{name}"
    rules = {"rule": list(lifecycle)}
    files = {f"{name}.lifecycle.json": json.dumps(rules, indent=1)} if lifecycle else {}
    settings = gcloud(
        *("storage", "buckets", "update", address, "--uniform-bucket-level-access", "--public-access-prevention"),
        "--versioning" if versioning else "--no-versioning",
        f"--lifecycle-file={FILES}/{name}.lifecycle.json" if lifecycle else "--clear-lifecycle",
        *(() if uploads else ("--clear-cors",)),
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
            **({} if uploads else {"cors_config": []}),
            "lifecycle_config": rules if lifecycle else {},
            "labels": labels,
        },
        create=(create, settings),
        change=(settings,),
        remove=(gcloud("storage", "rm", address, "--recursive", "--all-versions"),),
        holds_data=True,
        fixed=frozenset({"location"}),
    )


class UploadOrigins(Resource):
    """The addresses from which browsers may upload. wanted: `origins`, to which the address of Cloud Run is added."""

    def differences(self, state: Any) -> list[str]:
        rules = state.get("cors_config") or [{}]
        origins = rules[0].get("origin", ())
        if set(self.wanted["origins"]) <= set(origins) and len(origins) > len(self.wanted["origins"]):
            return list(differences(CORS, rules[0]))
        return [f"uploads are allowed from {', '.join(origins) or 'nowhere'}"]


def upload_origins(bucket: Resource, origins: Sequence[str], of_service: tuple[str, ...]) -> UploadOrigins:
    """CORS of a bucket.

    of_service: the arguments of the call that prints the address that Cloud Run chose for the portal. It contains a
    hash, so it is only available once the portal exists.
    """
    file = f"{bucket.name}.cors.json"
    rules = [{"origin": [*origins, "{portal}"], **CORS}]
    update = Command(
        ("storage", "buckets", "update", f"gs://{bucket.name}", f"--cors-file={FILES}/{file}"),
        {file: json.dumps(rules, indent=1)},
        answers={"portal": of_service},
    )
    return UploadOrigins(
        *("upload origins", bucket.name, BUCKETS, {"origins": list(origins)}, (update,), (update,)), within=bucket
    )


def notification(project: str, bucket: Resource, topic: str) -> Resource:
    """Messages to the topic for finalised objects of a bucket. It cannot be updated, so a change recreates it."""
    address, full = f"gs://{bucket.name}", f"projects/{project}/topics/{topic}"
    group = ("storage", "buckets", "notifications")
    listing = (*group, "list", address)
    key = "Notification Configuration"
    number = (*listing, f'--filter="{key}".topic~{full}$', f'--format=value("{key}".id)')
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
