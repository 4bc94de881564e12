"""The portal: its image in Artifact Registry, built by Cloud Build, and the Cloud Run service."""

from collections.abc import Mapping
from typing import Any

from infra.resource import Resource, StateQuery, gcloud, labelled, last
from infra.source import Source
from infra.stage import Stage

API = "run.googleapis.com"
SERVICES = StateQuery(("run", "services", "list"), lambda item: str(item["metadata"]["name"]), API)
REGISTRY = "artifactregistry.googleapis.com"


def repository(stage: Stage, name: str, labels: Mapping[str, str]) -> Resource:
    options = (name, f"--location={stage.region}")
    return Resource(
        "repository",
        name,
        StateQuery(("artifacts", "repositories", "list", f"--location={stage.region}"), last(), REGISTRY),
        {"format": "DOCKER", "labels": dict(labels)},
        create=(
            gcloud(
                *("artifacts", "repositories", "create", *options, "--repository-format=docker"),
                f"--labels={labelled(labels)}",
            ),
        ),
        change=(gcloud("artifacts", "repositories", "update", *options, f"--update-labels={labelled(labels)}"),),
        remove=(gcloud("artifacts", "repositories", "delete", *options),),
        fixed=frozenset({"format"}),
    )


def image(stage: Stage, of: Resource, source: Source) -> Resource:
    """The image, built by Cloud Build. Its name is its address; the tag is the digest of its source."""
    path = f"{stage.region}-docker.pkg.dev/{stage.project}/{of.name}/portal"
    build = gcloud(
        *("builds", "submit", source.folder, f"--tag={path}:{source.image}", f"--region={stage.region}"),
        f"--gcs-source-staging-dir=gs://{stage.bucket('source')}/builds",
        f"--service-account=projects/{stage.project}/serviceAccounts/{stage.account('tillstream-build')}",
        "--default-buckets-behavior=regional-user-owned-bucket",
    )
    query = StateQuery(
        ("artifacts", "docker", "images", "list", path, "--include-tags", f"--filter=tags:{source.image}"),
        lambda _: f"{path}:{source.image}",
        REGISTRY,
    )
    return Resource("image", f"{path}:{source.image}", query, {}, (build,), within=of)


def portal(
    stage: Stage,
    image_address: str,
    secrets: Mapping[str, str],
    labels: Mapping[str, str],
    functions: Mapping[str, str],
) -> Resource:
    """The portal's service. secrets: variable → secret; functions: those that it calls → their addresses. An empty
    image is not compared.

    The command has no option for who may call it: `--no-allow-unauthenticated` would revoke what the policy grants.
    """
    address = f"https://portal-{stage.number}.{stage.region}.run.app"
    urls = " ".join(f"{name}={url}" for name, url in functions.items())
    settings = {"TILLSTREAM_FUNCTION_URLS": urls, "TILLSTREAM_PUBLIC_URL": address} | stage.settings
    settings |= {"TILLSTREAM_SECURE_COOKIES": "true", "TILLSTREAM_PROXIES": "1"}
    account = stage.account("tillstream-portal")
    least, most = stage["PORTAL_LEAST"], stage["PORTAL_MOST"]
    deploy = gcloud(
        *("run", "deploy", "portal", f"--region={stage.region}", f"--image={image_address}"),
        *(f"--service-account={account}", "--session-affinity", "--port=8080"),
        *("--timeout=300", "--command=gunicorn", "--args=--config,python:portal.gunicorn_conf"),
        *(f"--memory={stage['PORTAL_MEMORY']}", f"--cpu={stage['PORTAL_CPU']}"),
        *(f"--concurrency={stage['PORTAL_CONCURRENCY']}", f"--min-instances={least}", f"--max-instances={most}"),
        f"--set-env-vars=^|^{'|'.join(f'{name}={value}' for name, value in settings.items())}",
        secret_option(secrets),
        f"--labels={labelled(labels)}",
    )
    template: dict[str, Any] = {
        "metadata": {"annotations": {"autoscaling.knative.dev/maxScale": most}},
        "spec": {
            "serviceAccountName": account,
            "containerConcurrency": int(stage["PORTAL_CONCURRENCY"]),
            "timeoutSeconds": 300,
            "containers": [
                {
                    **({"image": image_address} if image_address else {}),
                    "command": ["gunicorn"],
                    "args": ["--config", "python:portal.gunicorn_conf"],
                    "env": environment(settings, secrets),
                    "resources": {"limits": {"cpu": stage["PORTAL_CPU"], "memory": stage["PORTAL_MEMORY"]}},
                }
            ],
        },
    }
    return Resource(
        "portal",
        "portal",
        SERVICES,
        {"metadata": {"labels": dict(labels)}, "spec": {"template": template}},
        create=(deploy,),
        change=(deploy,),
        remove=(gcloud("run", "services", "delete", "portal", f"--region={stage.region}"),),
    )


def secret_option(secrets: Mapping[str, str]) -> str:
    """The option of a deploy for variables whose values are secrets."""
    values = ",".join(f"{name}={secret}:latest" for name, secret in secrets.items())
    return f"--set-secrets={values}" if values else "--clear-secrets"


def environment(settings: Mapping[str, str], secrets: Mapping[str, str]) -> list[dict[str, Any]]:
    """The variables of a container, in the format of Cloud Run."""
    references = {name: {"secretKeyRef": {"key": "latest", "name": secret}} for name, secret in secrets.items()}
    plain = [{"name": name, "value": value} for name, value in settings.items()]
    return [*plain, *({"name": name, "valueFrom": reference} for name, reference in references.items())]
