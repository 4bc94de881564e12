"""Buckets of Cloud Storage, and objects that the deploy uploads."""

import json
from typing import Any

from infra.resource import FILES, Resource, StateQuery, gcloud, labelled

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


def placed(source: Resource, name: str, file: str) -> Resource:
    """A local file as an object of one of our buckets; its name contains the digest of its content."""
    address = f"gs://{source.name}"
    query = StateQuery(("storage", "objects", "list", f"{address}/**"), lambda item: str(item["name"]), API)
    return Resource("package", name, query, {}, (gcloud("storage", "cp", file, f"{address}/{name}"),), within=source)
