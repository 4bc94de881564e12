"""Cloud Run: the image of portal, jobs and functions, built by Cloud Build, and the services and jobs that run it.

A function is a service that runs an entry point of `functions/main.py`. Jobs are started through the API.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infra.function import Function
from infra.jobs import Job
from infra.resource import FILES, NO_FILES, Resource, RestObject, StateQuery, gcloud, labelled, last
from infra.source import Source
from infra.stage import Stage

API = "run.googleapis.com"
SERVICES = StateQuery(("run", "services", "list"), lambda item: str(item["metadata"]["name"]), API)
REGISTRY = "artifactregistry.googleapis.com"
IMAGE_AGE, IMAGES_KEPT = "2592000s", 10
"""Images older than 30 days are deleted, except for the latest ten."""
PORTAL_SECONDS = 300
"""Timeout of a request to the portal."""

EGRESS, ANNOTATION = "private-ranges-only", "run.googleapis.com"
JOBS = StateQuery(("run", "jobs", "list"), lambda item: str(item["metadata"]["name"]), API)

PRIVATE = (
    "--no-allow-unauthenticated",
    "--cpu-boost",
    "--clear-base-image",  # of a service that was a function of Google's in an earlier version
)


def repository(stage: Stage, name: str, labels: Mapping[str, str]) -> Resource:
    """The repository of the image. Old images are deleted, except for the latest, to which a rollback can return."""
    options, file = (name, f"--location={stage.region}"), "cleanup.json"
    rules = [
        {"name": "delete-old", "action": {"type": "DELETE"}, "condition": {"tagState": "ANY", "olderThan": IMAGE_AGE}},
        {"name": "keep-latest", "action": {"type": "KEEP"}, "mostRecentVersions": {"keepCount": IMAGES_KEPT}},
    ]
    clean = gcloud(
        *("artifacts", "repositories", "set-cleanup-policies", *options, "--no-dry-run"),
        f"--policy={FILES}/{file}",
        files={file: json.dumps(rules, indent=1)},
    )
    wanted = {
        "delete-old": {"action": "DELETE", "condition": {"tagState": "ANY", "olderThan": IMAGE_AGE}},
        "keep-latest": {"action": "KEEP", "mostRecentVersions": {"keepCount": IMAGES_KEPT}},
    }
    return Resource(
        "repository",
        name,
        StateQuery(("artifacts", "repositories", "list", f"--location={stage.region}"), last(), REGISTRY),
        {"format": "DOCKER", "labels": dict(labels), "cleanupPolicies": wanted, "cleanupPolicyDryRun": False},
        create=(
            gcloud(
                *("artifacts", "repositories", "create", *options, "--repository-format=docker"),
                f"--labels={labelled(labels)}",
            ),
            clean,
        ),
        change=(gcloud("artifacts", "repositories", "update", *options, f"--update-labels={labelled(labels)}"), clean),
        remove=(gcloud("artifacts", "repositories", "delete", *options),),
        fixed=frozenset({"format"}),
    )


def image(stage: Stage, of: Resource, source: Source) -> Resource:
    """The image, built by Cloud Build. Its name is its address; the tag is the digest of its source.

    The log goes to Cloud Logging only, as the account of the builds can write to no bucket.
    """
    path = f"{stage.region}-docker.pkg.dev/{stage.project}/{of.name}/portal"
    tag, file = f"{path}:{source.digest}", "image.cloudbuild.json"
    config = {
        "steps": [{"name": "gcr.io/cloud-builders/docker", "args": ["build", f"--tag={tag}", "."]}],
        "images": [tag],
        "options": {"logging": "CLOUD_LOGGING_ONLY"},
        "timeout": "1500s",
    }
    build = gcloud(
        *("builds", "submit", source.archive, f"--config={FILES}/{file}", f"--region={stage.region}"),
        f"--gcs-source-staging-dir=gs://{stage.bucket('source')}/builds",
        f"--service-account=projects/{stage.project}/serviceAccounts/{stage.account('tillstream-build')}",
        "--suppress-logs",
        files={file: json.dumps(config, indent=1)},
    )
    query = StateQuery(
        ("artifacts", "docker", "images", "list", path, f"--filter=tags:{source.digest}", "--include-tags"),
        lambda _: tag,
        REGISTRY,
    )
    return Resource("image", tag, query, {}, (build,), within=of)


def spark_image(stage: Stage, of: Resource, portal: Resource, source: Source) -> Resource:
    """The image of batches of Dataproc: that of the portal with what Dataproc needs, under the digest and `latest`.

    It counts as missing while `latest` is another image: after an earlier source is deployed again, it is built again.
    """
    path = f"{stage.region}-docker.pkg.dev/{stage.project}/{of.name}/spark"
    tags, file = [f"{path}:{source.digest}", f"{path}:latest"], "spark.cloudbuild.json"
    options = [f"--build-arg=IMAGE={portal.name}", "--file=infra/spark.Dockerfile", *(f"--tag={tag}" for tag in tags)]
    config = {
        "steps": [{"name": "gcr.io/cloud-builders/docker", "args": ["build", *options, "."]}],
        "images": tags,
        "options": {"logging": "CLOUD_LOGGING_ONLY"},
        "timeout": "1500s",
    }
    (build,) = image(stage, of, source).create
    words = (word.replace("image.cloudbuild.json", file) for word in build.words)
    where = f"tags:{source.digest} AND tags:latest"
    query = StateQuery(
        (*("artifacts", "docker", "images", "list", path), f"--filter={where}", "--include-tags"),
        lambda _: tags[0],
        REGISTRY,
    )
    return Resource(
        "spark image", tags[0], query, {}, (gcloud(*words, files={file: json.dumps(config, indent=1)}),), within=of
    )


@dataclass(frozen=True)
class Container:
    """What an instance of a service runs. An empty image is not compared."""

    image: str
    command: tuple[str, ...]
    """Program and arguments."""
    memory: str
    cpu: str
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=lambda: NO_FILES)
    """Variable → secret."""

    def options(self) -> tuple[str, ...]:
        """The options of `gcloud run deploy`."""
        program, *arguments = self.command
        return (
            *(f"--image={self.image}", f"--command={program}", f"--args={','.join(arguments)}"),
            *(f"--memory={self.memory}", f"--cpu={self.cpu}"),
            f"--set-env-vars=^|^{'|'.join(f'{name}={value}' for name, value in self.settings.items())}",
            secret_option(self.secrets),
        )

    def wanted(self) -> RestObject:
        """In the format of Cloud Run."""
        program, *arguments = self.command
        return {
            **({"image": self.image} if self.image else {}),
            "command": [program],
            "args": arguments,
            "env": environment(self.settings, self.secrets),
            "resources": {"limits": {"cpu": self.cpu, "memory": self.memory}},
        }


def address(stage: Stage, name: str) -> str:
    """The URL of a service, which is known before it exists; also the audience of its callers' tokens."""
    return f"https://{name}-{stage.number}.{stage.region}.run.app"


def printed_address(stage: Stage, name: str) -> tuple[str, ...]:
    """The arguments of the call that prints the other URL of a service, which Cloud Run chooses."""
    return ("run", "services", "describe", name, f"--region={stage.region}", "--format=value(status.url)")


def service(
    stage: Stage,
    kind: str,
    name: str,
    container: Container,
    labels: Mapping[str, str],
    *,
    account: str,
    concurrency: int,
    timeout: int,
    instances: tuple[str, str],
    options: tuple[str, ...],
) -> Resource:
    """A service. account: the id of its service account; instances: the least and the most."""
    least, most = instances
    deploy = gcloud(
        *("run", "deploy", name, f"--region={stage.region}", f"--service-account={stage.account(account)}"),
        *container.options(),
        *(f"--concurrency={concurrency}", f"--timeout={timeout}", "--port=8080"),
        *(f"--min-instances={least}", f"--max-instances={most}", *options, f"--labels={labelled(labels)}"),
    )
    template: RestObject = {
        "metadata": {
            "annotations": {"autoscaling.knative.dev/minScale": least, "autoscaling.knative.dev/maxScale": most}
        },
        "spec": {
            "serviceAccountName": stage.account(account),
            "containerConcurrency": concurrency,
            "timeoutSeconds": timeout,
            "containers": [container.wanted()],
        },
    }
    return Resource(
        kind,
        name,
        SERVICES,
        {"metadata": {"labels": dict(labels)}, "spec": {"template": template}},
        create=(deploy,),
        change=(deploy,),
        remove=(gcloud("run", "services", "delete", name, f"--region={stage.region}"),),
    )


def portal(
    stage: Stage,
    image_address: str,
    secrets: Mapping[str, str],
    labels: Mapping[str, str],
    functions: Mapping[str, str],
    sql_accounts: Sequence[str],
) -> Resource:
    """The portal's service. secrets: variable → secret; functions: those that it calls → their addresses; sql_accounts:
    the ids of the accounts as which it runs SQL of people. An empty image is not compared.

    The command has no option for who may call it: `--no-allow-unauthenticated` would revoke what the policy grants.
    """
    urls = " ".join(f"{name}={url}" for name, url in functions.items())
    settings = {"TILLSTREAM_FUNCTION_URLS": urls, "TILLSTREAM_PUBLIC_URL": address(stage, "portal")} | stage.settings
    settings |= {"TILLSTREAM_SECURE_COOKIES": "true", "TILLSTREAM_PROXIES": "1"}
    settings |= {
        "TILLSTREAM_REPORTS_DATASET": stage["REPORTS_DATASET"],
        "TILLSTREAM_SQL_ACCOUNTS": " ".join(map(stage.account, sql_accounts)),
    }
    container = Container(
        image_address,
        ("gunicorn", "--config", "python:portal.gunicorn_conf"),
        memory=stage["PORTAL_MEMORY"],
        cpu=stage["PORTAL_CPU"],
        settings=settings,
        secrets=secrets,
    )
    return service(
        *(stage, "portal", "portal", container, labels),
        account="tillstream-portal",
        concurrency=int(stage["PORTAL_CONCURRENCY"]),
        timeout=PORTAL_SECONDS,
        instances=(stage["PORTAL_LEAST"], stage["PORTAL_MOST"]),
        options=("--session-affinity",),
    )


def secret_option(secrets: Mapping[str, str]) -> str:
    """The option of a deploy for variables whose values are secrets."""
    values = ",".join(f"{name}={secret}:latest" for name, secret in secrets.items())
    return f"--set-secrets={values}" if values else "--clear-secrets"


def environment(settings: Mapping[str, str], secrets: Mapping[str, str]) -> list[RestObject]:
    """The variables of a container, in the format of Cloud Run."""
    references = {name: {"secretKeyRef": {"key": "latest", "name": secret}} for name, secret in secrets.items()}
    plain = [{"name": name, "value": value} for name, value in settings.items()]
    return [*plain, *({"name": name, "valueFrom": reference} for name, reference in references.items())]


def job(stage: Stage, spec: Job, image_address: str, labels: Mapping[str, str]) -> Resource:
    """A job, which Cloud Run never retries: a later run continues what failed. An empty image is not compared."""
    settings, secrets, account = spec.settings(stage), spec.secrets(stage), stage.account(spec.account)
    memory, cpu, seconds = spec.size(stage, "MEMORY"), spec.size(stage, "CPU"), spec.hours * 3600
    deploy = gcloud(
        *("run", "jobs", "deploy", spec.name, f"--region={stage.region}", f"--image={image_address}"),
        *("--command=tillstream", f"--args={','.join(spec.arguments)}", f"--service-account={account}"),
        *(f"--memory={memory}", f"--cpu={cpu}", "--tasks=1", "--max-retries=0", f"--task-timeout={seconds}s"),
        f"--set-env-vars=^|^{'|'.join(f'{name}={value}' for name, value in settings.items())}",
        secret_option(secrets),
        *_network_options(spec.subnet(stage)),
        f"--labels={labelled(labels)}",
    )
    container: RestObject = {
        **({"image": image_address} if image_address else {}),
        "command": ["tillstream"],
        "args": list(spec.arguments),
        "env": environment(settings, secrets),
        "resources": {"limits": {"cpu": cpu, "memory": memory}},
    }
    task = {
        "serviceAccountName": account,
        "maxRetries": 0,
        "timeoutSeconds": seconds,
        "containers": [container],
    }
    return Resource(
        "job",
        spec.name,
        JOBS,
        {
            "metadata": {"labels": dict(labels)},
            "spec": {
                "template": {**_network(spec.subnet(stage)), "spec": {"taskCount": 1, "template": {"spec": task}}}
            },
        },
        create=(deploy,),
        change=(deploy,),
        remove=(gcloud("run", "jobs", "delete", spec.name, f"--region={stage.region}"),),
    )


def _network_options(subnet: str) -> tuple[str, ...]:
    """Requests to private addresses leave through the subnet, all others as without it."""
    return (f"--subnet={subnet}", f"--vpc-egress={EGRESS}") if subnet else ()


def _network(subnet: str) -> RestObject:
    """What Cloud Run reports of the options; a job without a subnet is not compared with one."""
    interface = json.dumps([{"subnetwork": subnet}], separators=(",", ":"))
    annotations = {f"{ANNOTATION}/network-interfaces": interface, f"{ANNOTATION}/vpc-access-egress": EGRESS}
    return {"metadata": {"annotations": annotations}} if subnet else {}


def function(stage: Stage, spec: Function, image: str, labels: Mapping[str, str]) -> Resource:
    """A function. An empty image is not compared."""
    container = Container(
        image,
        ("functions-framework", f"--target={spec.name}"),
        memory=stage.size(spec.name, "MEMORY", spec.memory),
        cpu=stage.size(spec.name, "CPU", spec.cpu),
        settings=stage.settings | dict(spec.environment) | {"THREADS": str(spec.concurrency)},
    )
    return service(
        *(stage, "function", spec.name, container, labels),
        account=spec.account,
        concurrency=spec.concurrency,
        timeout=spec.timeout,
        instances=(stage.size(spec.name, "LEAST", spec.least), stage.size(spec.name, "MOST", spec.most)),
        options=PRIVATE,
    )
