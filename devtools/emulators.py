"""Emulators of Google services as child processes on free ports, for tests and `make cloud-local`.

Those of Pub/Sub and Firestore are part of the gcloud SDK and need Java. Those of BigQuery and Cloud Storage are Python
programs with conflicting dependencies, so `make emulators` installs each in its own environment. The two share a
folder: the BigQuery emulator reads the stored objects as gs:// URIs.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ENVIRONMENTS = HERE / ".venv-emulators"
"""Virtual environments created by `make emulators`, one for each emulator in Python."""
PROJECT = "demo"
HOST = "127.0.0.1"
ISOLATED = ("-P",)
"""Keeps this folder off the path of our programs in other environments; its modules would shadow others."""
START_TIMEOUT = 60.0
"""Timeout in seconds."""
TESTBENCH_DIR = "STORAGE_TESTBENCH_DIR"
"""Variable with the path of a checkout of googleapis/storage-testbench whose environment is in `.venv`."""

_PUBSUB = ("pubsub-emulator", "bin", "cloud-pubsub-emulator")
_FIRESTORE = ("cloud-firestore-emulator", "cloud-firestore-emulator.jar")


@dataclass(frozen=True)
class Emulator:
    """A running emulator: its first port, and the variables with its address for client libraries and Tillstream."""

    port: int
    variables: Mapping[str, str]
    log: Path


@dataclass(frozen=True)
class Kind:
    """An emulator that can be started: its requirements, and its command for ports and a folder."""

    name: str
    missing: Callable[[], str]
    """Why it cannot run here, as text; empty if it can."""
    command: Callable[[Sequence[int], Path], Sequence[str]]
    variables: Callable[[Sequence[int]], Mapping[str, str]]
    environment: Callable[[Path], Mapping[str, str]] = field(default=lambda _: {})
    ports: int = 1
    ready: str = "/"
    """Path that returns any status once the emulator listens."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def objects(folder: Path) -> Path:
    """Folder in which the emulated Cloud Storage stores `BUCKET/OBJECT` as files."""
    return folder / ".cloudstorage"


@contextmanager
def started(kind: Kind, folder: Path, ports: Sequence[int] = ()) -> Iterator[Emulator]:
    """Run an emulator within the block. Raises `RuntimeError` if it cannot run here or does not start in time."""
    if reason := kind.missing():
        raise RuntimeError(reason)
    folder.mkdir(parents=True, exist_ok=True)
    objects(folder).mkdir(exist_ok=True)
    ports = ports or [free_port() for _ in range(kind.ports)]
    log = folder / f"{kind.name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            kind.command(ports, folder),
            env={**os.environ, **kind.environment(folder)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its own children are stopped with it
        )
        try:
            _wait(process, f"http://{HOST}:{ports[0]}{kind.ready}", log)
            yield Emulator(ports[0], kind.variables(ports), log)
        finally:
            _stop(process)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.1)
    output = log.read_text(errors="replace")[-2_000:]
    raise RuntimeError(f"The emulator of {log.stem} did not come up:\n{output}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for ending in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, ending)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            break
    with contextlib.suppress(ProcessLookupError):  # children that outlive it
        os.killpg(process.pid, signal.SIGKILL)


# ---- The emulators --------------------------------------------------------------------------------------------------


@cache
def sdk() -> Path | None:
    """Return the folder of the gcloud SDK, or None."""
    gcloud = shutil.which("gcloud")
    if not gcloud:
        return None
    root = Path(gcloud).resolve().parent.parent
    if (root / "platform").is_dir():
        return root
    command = [gcloud, "info", "--format=value(installation.sdk_root)"]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def _in_sdk(*parts: str) -> Path:
    return (sdk() or Path("no-sdk")).joinpath("platform", *parts)


def _needs_sdk(*parts: str) -> Callable[[], str]:
    def missing() -> str:
        if not shutil.which("java"):
            return "Java is not on this machine"
        if not _in_sdk(*parts).exists():
            return f"the gcloud SDK with its {parts[0]} is not on this machine"
        return ""

    return missing


PUBSUB = Kind(
    "pubsub",
    _needs_sdk(*_PUBSUB),
    # Run the script directly: if started through gcloud, its Java child outlives it.
    lambda ports, _: [str(_in_sdk(*_PUBSUB)), f"--host={HOST}", f"--port={ports[0]}"],
    # The emulator does not count waiting messages.
    lambda ports: {"PUBSUB_EMULATOR_HOST": f"{HOST}:{ports[0]}", "TILLSTREAM_MONITORING_API": ""},
    lambda _: {"CLOUD_PUBSUB_EMULATOR_OPTS": "-Xmx256m"},
)
FIRESTORE = Kind(
    "firestore",
    _needs_sdk(*_FIRESTORE),
    lambda ports, _: [
        "java",
        "-Xmx256m",
        "-Duser.language=en",
        "-cp",
        str(_in_sdk(*_FIRESTORE)),
        "com.google.cloud.datastore.emulator.firestore.CloudFirestore",
        f"--host={HOST}",
        f"--port={ports[0]}",
    ],
    lambda ports: {"FIRESTORE_EMULATOR_HOST": f"{HOST}:{ports[0]}"},
)


def _program(environment: str, name: str) -> Path:
    return ENVIRONMENTS / environment / "bin" / name


def _needs_program(environment: str, name: str) -> Callable[[], str]:
    def missing() -> str:
        return "" if _program(environment, name).exists() else f"the emulator {name} is not installed (make emulators)"

    return missing


STORAGE = Kind(
    "storage",
    _needs_program("storage", "gcp-storage-emulator"),
    lambda ports, folder: [
        *(str(_program("storage", "python")), *ISOLATED, str(Path(__file__).with_name("storage_emulator.py"))),
        *("-d", str(folder), "start", "--host", HOST, "--port", str(ports[0]), "-q"),
    ],
    lambda ports: {"STORAGE_EMULATOR_HOST": f"http://{HOST}:{ports[0]}"},
)
BIGQUERY = Kind(
    "bigquery",
    _needs_program("bigquery", "bqemulator"),
    lambda ports, _: [
        str(_program("bigquery", "python")),
        *ISOLATED,
        str(Path(__file__).with_name("bigquery_emulator.py")),
        *("start", "--rest-port", str(ports[0]), "--grpc-port", str(ports[1]), "--ephemeral"),
        *("--project", PROJECT, "--log-level", "warning"),
    ],
    lambda ports: {
        "TILLSTREAM_BIGQUERY_API": f"http://{HOST}:{ports[0]}",
        "TILLSTREAM_BIGQUERY_STORAGE_API": f"{HOST}:{ports[1]}",
    },
    lambda folder: {
        "HOME": str(ENVIRONMENTS / "bigquery"),  # `make emulators` installs DuckDB extensions there
        "BQEMU_GCS_LOCAL_ROOT": str(objects(folder)),
        "BQEMU_UPLOAD_STAGING_DIR": str(folder / "bigquery-uploads"),
    },
    ports=2,
    ready="/healthz",
)

ALL = (PUBSUB, FIRESTORE, STORAGE, BIGQUERY)


def _testbench(*parts: str) -> Path:
    return Path(os.environ.get(TESTBENCH_DIR, "no-testbench"), ".venv", *parts)


TESTBENCH = Kind(
    "testbench",
    lambda: (
        "" if _testbench("bin", "gunicorn").exists() else f"{TESTBENCH_DIR} names no storage testbench with a .venv"
    ),
    lambda ports, _: [
        str(_testbench("bin", "gunicorn")),
        *("--chdir", str(_testbench().parent), "--bind", f"{HOST}:{ports[0]}"),
        *("--worker-class", "sync", "--threads", "10", "testbench:run()"),
    ],
    lambda _: {},  # runs together with STORAGE, which sets the variables
)
"""Google's storage testbench, which is accurate and can inject faults; optional, as it is not a package."""
