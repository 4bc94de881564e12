"""Jobs of Cloud Run, which use the portal's image and are started through the API."""

import json
from collections.abc import Mapping
from typing import Any

from infra.jobs import Job
from infra.kinds.run import API, environment, secret_option
from infra.resource import Resource, StateQuery, gcloud, labelled
from infra.stage import Stage

EGRESS, ANNOTATION = "private-ranges-only", "run.googleapis.com"
JOBS = StateQuery(("run", "jobs", "list"), lambda item: str(item["metadata"]["name"]), API)


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
    container: dict[str, Any] = {
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


def _network(subnet: str) -> dict[str, Any]:
    """What Cloud Run reports of the options; a job without a subnet is not compared with one."""
    interface = json.dumps([{"subnetwork": subnet}], separators=(",", ":"))
    annotations = {f"{ANNOTATION}/network-interfaces": interface, f"{ANNOTATION}/vpc-access-egress": EGRESS}
    return {"metadata": {"annotations": annotations}} if subnet else {}
