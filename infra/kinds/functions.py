"""Functions: services of Cloud Run that run an entry point of `functions/main.py` with the portal's image."""

from collections.abc import Mapping

from infra.function import Function
from infra.kinds.run import Container, service
from infra.resource import Resource
from infra.stage import Stage

PRIVATE = (
    "--no-allow-unauthenticated",
    "--cpu-boost",
    "--clear-base-image",  # of a service that was a function of Google's in an earlier version
)


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
