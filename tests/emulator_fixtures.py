"""The emulators of Google's services for tests: each starts once a session, where it is installed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devtools import emulators
from devtools.emulators import Emulator, Kind

if TYPE_CHECKING:
    from tillstream.adapters.google.bigquery.dataset import Dataset


def require(missing: str) -> None:
    """Skip for a part that this machine lacks; in CI it must be there. `missing`: why, in words; empty: it is there."""
    if not missing:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"In CI everything is there, but {missing}.")
    pytest.skip(missing)


@contextmanager
def _running(kind: Kind, folder: Path) -> Iterator[Emulator]:
    require(kind.missing())
    with emulators.started(kind, folder) as emulator, pytest.MonkeyPatch.context() as patch:
        for name, value in emulator.variables.items():
            patch.setenv(name, value)
        yield emulator


@pytest.fixture(scope="session")
def emulated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by Cloud Storage, which keeps objects in it, and BigQuery, which reads them there as gs://."""
    return tmp_path_factory.mktemp("emulators")


@pytest.fixture(scope="session")
def pubsub(emulated_folder: Path) -> Iterator[Emulator]:
    with _running(emulators.PUBSUB, emulated_folder) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def firestore(emulated_folder: Path) -> Iterator[Emulator]:
    with _running(emulators.FIRESTORE, emulated_folder) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def cloud_storage(emulated_folder: Path) -> Iterator[Emulator]:
    with _running(emulators.STORAGE, emulated_folder) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def bigquery(emulated_folder: Path) -> Iterator[Emulator]:
    with _running(emulators.BIGQUERY, emulated_folder) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def storage_testbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The exact Cloud Storage; no package has it, so its absence is nowhere a fault."""
    if not os.environ.get(emulators.TESTBENCH_DIR):
        pytest.skip(f"{emulators.TESTBENCH_DIR} names no checkout of Google's storage testbench")
    with _running(emulators.TESTBENCH, tmp_path_factory.mktemp("testbench")) as emulator:
        yield emulator


def dataset_of(emulator: Emulator, name: str, caller: str = "") -> "Dataset":
    """One of BigQuery's emulator; nothing is in it. caller: the address of the service account as which it is used."""
    from tillstream.adapters.google.bigquery.dataset import Dataset  # takes its time, and few tests need it

    variables = emulator.variables
    apis = {"api": variables["TILLSTREAM_BIGQUERY_API"], "storage_api": variables["TILLSTREAM_BIGQUERY_STORAGE_API"]}
    return Dataset(emulators.PROJECT, name, "EU", **apis, caller=caller)
