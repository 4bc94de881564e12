"""Functions (second generation), called over HTTP by our own triggers, and triggers for finalised objects."""

import re
from collections.abc import Mapping
from typing import Any

from infra.function import Function
from infra.kinds import pubsub
from infra.kinds.pubsub import Delivery
from infra.resource import Command, Resource, StateQuery, gcloud, labelled, last
from infra.stage import Stage

API = "cloudfunctions.googleapis.com"
FUNCTIONS = StateQuery(("functions", "list", "--v2"), last(), API)
RUNTIME = "python311"
"""The Python version of the tests and the image."""


def function(stage: Stage, spec: Function, source: str, labels: Mapping[str, str], version: str) -> Resource:
    """A function. source: address of the package; version: its digest, stored in the label `package`."""
    settings = stage.settings | dict(spec.environment)
    memory = stage.size(spec.name, "MEMORY", spec.memory)
    least, most = stage.size(spec.name, "LEAST", spec.least), stage.size(spec.name, "MOST", spec.most)
    cpu = stage.size(spec.name, "CPU", spec.cpu)
    account, builder = stage.account(spec.account), stage.account("tillstream-build")
    own = dict(labels) | ({"package": version} if version else {})
    service: dict[str, Any] = {
        "availableMemory": memory,
        "availableCpu": cpu,
        "maxInstanceRequestConcurrency": spec.concurrency,
        "timeoutSeconds": spec.timeout,
        "minInstanceCount": least,
        "maxInstanceCount": most,
        "ingressSettings": "ALLOW_ALL",
        "serviceAccountEmail": account,
        "environmentVariables": settings,
    }
    deploy = gcloud(
        *("functions", "deploy", spec.name, "--gen2", f"--region={stage.region}", f"--runtime={RUNTIME}"),
        *(f"--source={source}", f"--entry-point={spec.name}", "--trigger-http", "--no-allow-unauthenticated"),
        *(
            f"--service-account={account}",
            f"--build-service-account=projects/{stage.project}/serviceAccounts/{builder}",
        ),
        f"--docker-repository=projects/{stage.project}/locations/{stage.region}/repositories/tillstream",
        *(f"--memory={memory}", f"--cpu={cpu}", f"--concurrency={spec.concurrency}", f"--timeout={spec.timeout}"),
        *(f"--min-instances={least}", f"--max-instances={most}", "--ingress-settings=all"),
        f"--set-env-vars=^|^{'|'.join(f'{name}={value}' for name, value in settings.items())}",
        f"--update-labels={labelled(own)}",
    )
    return Resource(
        "function",
        spec.name,
        FUNCTIONS,
        {
            "state": "ACTIVE",
            "labels": own,
            "buildConfig": {"runtime": RUNTIME, "entryPoint": spec.name},
            "serviceConfig": service,
        },
        create=(deploy,),
        change=(deploy,),
        remove=(gcloud("functions", "delete", spec.name, "--gen2", f"--region={stage.region}"),),
    )


def address(stage: Stage, name: str) -> str:
    """The URL of a function; also the audience of its callers' tokens."""
    return f"https://{stage.region}-{stage.project}.cloudfunctions.net/{name}"


def finalized(stage: Stage, target: str, bucket: str, caller: str, labels: Mapping[str, str]) -> Resource:
    """An Eventarc trigger, in the location of the bucket. It cannot be updated, so a change recreates it."""
    name = f"{target}-finalized"
    options = (
        f"--location={stage.region}",
        f"--destination-run-service={target}",
        f"--destination-run-region={stage.region}",
        "--destination-run-path=/",
        "--event-filters=type=google.cloud.storage.object.v1.finalized",
        f"--event-filters=bucket={bucket}",
        f"--service-account={caller}",
        f"--labels={labelled(labels)}",
    )
    create = gcloud("eventarc", "triggers", "create", name, *options)
    delete = gcloud("eventarc", "triggers", "delete", name, f"--location={stage.region}")
    return Resource(
        "trigger",
        name,
        StateQuery(("eventarc", "triggers", "list", f"--location={stage.region}"), last(), "eventarc.googleapis.com"),
        {
            "destination": {"cloudRun": {"service": target, "region": stage.region}},
            "eventFilters": _filters(bucket),
            "serviceAccount": caller,
            "labels": dict(labels),
        },
        create=(create,),
        change=(delete, create),
        remove=(delete,),
        replaced=True,
    )


def _filters(bucket: str) -> list[dict[str, str]]:
    return [
        {"attribute": "bucket", "value": bucket},
        {"attribute": "type", "value": "google.cloud.storage.object.v1.finalized"},
    ]


def carrier(stage: Stage, trigger: Resource, delivery: Delivery) -> Resource:
    """The subscription that Eventarc created for a trigger, under a name that only the trigger has.

    By default its ack deadline is ten seconds and it has no dead-letter policy.
    """
    describe = ("eventarc", "triggers", "describe", trigger.name, f"--location={stage.region}")
    update = Command(
        ("pubsub", "subscriptions", "update", "{carrier}", *delivery.words()),
        answers={"carrier": (*describe, "--format=value(transport.pubsub.subscription)")},
    )
    name = re.compile(rf"eventarc-{stage.region}-{trigger.name}-sub-\d+")
    list_words = pubsub.SUBSCRIPTIONS.words
    return Resource(
        "carrier of trigger",
        trigger.name,
        StateQuery(list_words, lambda item: trigger.name if name.fullmatch(last()(item)) else "", pubsub.API),
        delivery.wanted(stage.project),
        create=(update,),
        change=(update,),
        within=trigger,
    )
