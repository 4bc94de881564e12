"""The cloud version on one machine: `python -m devtools.cloud_local [--port 8080]`, until it is interrupted.

The portal under gunicorn, a functions-framework process for each function and a process for each run of a job, on the
emulators of Google's services, wired by events as in a project. Nothing stays: what was kept ends with it.
"""

import argparse
import secrets
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from devtools import emulators, local_jobs
from devtools.emulators import HERE, HOST, PROJECT, Kind, free_port, started
from devtools.local_triggers import LOOK_EVERY, Relay, call, make_subscription, make_topic, start_periodic
from infra.deliveries import FORWARDED, LISTED, PULLED, PUSHED
from infra.function import Function, Pushed, Scheduled
from infra.functions import FUNCTIONS
from tillstream.app.google import project_tables
from tillstream.model.events import (
    DEAD_LETTERS,
    INBOX,
    TOPIC_BATCHES,
    TOPIC_OBJECTS,
    TOPIC_SALE_EVENTS,
    TOPIC_STORE_SALES,
    WEBHOOK_PLACES,
)
from tillstream.ports.jobs import CALLED_FUNCTIONS
from tillstream.server.process import interrupt_on_stop
from tillstream.settings import Settings

NEEDED = (emulators.PUBSUB, emulators.FIRESTORE, emulators.STORAGE, emulators.BIGQUERY)
INSTANCES = 2
"""Maximum of instances of each function, as a laptop has few cores."""

PRIVATE = frozenset({"TILLSTREAM_LOG_FORMAT", "TILLSTREAM_SESSION_SECRET", "TILLSTREAM_FIRST_PASSWORD"})
"""Variables that other processes do not need."""

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class CloudLocal:
    """The running services: addresses without trailing slash, and environment variables for other processes."""

    portal: str
    password: str
    functions: Mapping[str, str]
    variables: Mapping[str, str]
    logs: Path


def missing() -> str:
    """Why the cloud version cannot run here, as text; empty if it can."""
    return next(filter(None, (kind.missing() for kind in NEEDED)), "")


@dataclass(frozen=True)
class Source:
    """Source of the functions: `main.py`, its import path, and a Python with the required packages."""

    main: Path = HERE / "functions" / "main.py"
    path: Path = HERE
    python: str = sys.executable


@contextmanager
def running(
    folder: Path, port: int = 0, source: Source = Source(), settings_of_all: Mapping[str, str] = NO_SETTINGS
) -> Iterator[CloudLocal]:
    """Run all services within the block. Raises `RuntimeError` if one cannot run here or fails to start.

    settings_of_all: further variables of every process.
    """
    password = secrets.token_urlsafe(12)
    stopping = threading.Event()
    with ExitStack() as stack:
        variables = {
            "TILLSTREAM_PROJECT": PROJECT,
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "TILLSTREAM_FIRST_PASSWORD": password,
            "TILLSTREAM_SESSION_SECRET": secrets.token_urlsafe(32),
            "TILLSTREAM_LOG_FORMAT": "json",
            **settings_of_all,
        }
        for kind in NEEDED:
            variables |= stack.enter_context(started(kind, folder)).variables
        jobs = local_jobs.LocalJobs(folder)
        variables["TILLSTREAM_RUN_API"] = stack.enter_context(local_jobs.served(jobs))
        jobs.variables = variables
        settings = Settings(
            project=PROJECT,
            bigquery_api=variables["TILLSTREAM_BIGQUERY_API"],
            bigquery_storage_api=variables["TILLSTREAM_BIGQUERY_STORAGE_API"],
        )
        storage, pubsub = variables["STORAGE_EMULATOR_HOST"], f"http://{variables['PUBSUB_EMULATOR_HOST']}"
        _create_resources(settings, storage, pubsub)
        served = {
            spec.name: f"http://{HOST}:{stack.enter_context(started(_function(spec, variables, source), folder)).port}"
            for spec in FUNCTIONS
        }
        called = " ".join(f"{name}={served[name]}" for name in CALLED_FUNCTIONS)
        portal = stack.enter_context(started(_portal(variables, called), folder, [port or free_port()]))
        stack.callback(stopping.set)
        for thread in _start_triggers(settings, storage, pubsub, served, stopping):
            stack.callback(thread.join)
        stack.callback(stopping.set)  # runs before the joins
        yield CloudLocal(f"http://{HOST}:{portal.port}", password, served, variables, folder)


def _create_resources(settings: Settings, storage: str, pubsub: str) -> None:
    """Create the resources that a deployment creates in a project."""
    for bucket in settings.buckets.values():
        call("POST", f"{storage}/storage/v1/b?project={PROJECT}", {"name": bucket})
    for topic in (TOPIC_OBJECTS, TOPIC_BATCHES, TOPIC_STORE_SALES, TOPIC_SALE_EVENTS, DEAD_LETTERS):
        make_topic(pubsub, topic)
    make_subscription(pubsub, DEAD_LETTERS, DEAD_LETTERS, LISTED)
    make_subscription(pubsub, "receive", TOPIC_STORE_SALES, PULLED)
    for name in WEBHOOK_PLACES:
        make_subscription(pubsub, name, TOPIC_SALE_EVENTS, FORWARDED)
    project_tables.migrate_tables(settings)


def _start_triggers(
    settings: Settings, storage: str, pubsub: str, addresses: Mapping[str, str], stopping: threading.Event
) -> Iterator[threading.Thread]:
    for spec in FUNCTIONS:
        to = addresses[spec.name]
        for trigger in spec.triggers:
            match trigger:
                case Pushed():
                    make_subscription(pubsub, trigger.subscription, trigger.topic, PUSHED, trigger, to)
                case Scheduled():
                    job = partial(call, "POST", to, {})
                    yield start_periodic(60.0 * trigger.minutes, job, stopping, f"scheduler-{spec.name}")
    yield start_periodic(LOOK_EVERY, Relay(storage, settings.buckets[INBOX], pubsub).look, stopping, "relay-inbox")


def _function(spec: Function, variables: Mapping[str, str], source: Source) -> Kind:
    is_for_events = any(isinstance(trigger, Pushed) for trigger in spec.triggers)
    signature = "cloudevent" if is_for_events else "http"
    function_variables = {
        "PYTHONPATH": str(source.path),
        "THREADS": str(spec.concurrency),
        "WORKERS": str(min(spec.most, INSTANCES)),
        "K_SERVICE": spec.name,
    }
    return Kind(
        f"function-{spec.name}",
        lambda: "",
        lambda ports, _: [
            *(source.python, "-m", "functions_framework", "--target", spec.name, "--source", str(source.main)),
            *("--signature-type", signature, "--host", HOST, "--port", str(ports[0])),
        ],
        lambda _: {},
        lambda _: {**variables, **spec.environment, **function_variables},
        ready="/robots.txt",  # answered without calling the function
    )


def _portal(variables: Mapping[str, str], function_urls: str) -> Kind:
    return Kind(
        "portal",
        lambda: "",
        lambda ports, _: [
            *(sys.executable, "-m", "gunicorn", "-c", "python:portal.gunicorn_conf", "-b", f"{HOST}:{ports[0]}"),
        ],
        lambda _: {},
        lambda _: {**variables, "PYTHONPATH": str(HERE), "TILLSTREAM_FUNCTION_URLS": function_urls},
        ready="/healthz",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m devtools.cloud_local", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="the portal's port")
    options = parser.parse_args()
    interrupt_on_stop()
    if reason := missing():
        parser.exit(1, f"The cloud version cannot run here: {reason}.\n")
    with tempfile.TemporaryDirectory(prefix="tillstream-cloud-") as folder:
        try:
            with running(Path(folder), options.port) as cloud:
                sys.stdout.write(_summary(cloud))
                sys.stdout.flush()
                threading.Event().wait()
        except KeyboardInterrupt:
            sys.stdout.write("Everything has ended, and nothing was kept.\n")
        except RuntimeError as error:
            parser.exit(1, f"{error}\n")


def _summary(cloud: CloudLocal) -> str:
    variables = "".join(
        f"  export {name}={value}\n" for name, value in sorted(cloud.variables.items()) if name not in PRIVATE
    )
    return (
        f"Tillstream as in the cloud is at {cloud.portal}. Sign in as admin with the password {cloud.password}.\n"
        f"Logs are in {cloud.logs}. With these, the command line works on the same project:\n{variables}"
        "Stop it with Ctrl-C; nothing is kept.\n"
    )


if __name__ == "__main__":
    main()
