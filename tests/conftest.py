"""What every kind of test may use."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from emulated import bigquery, cloud_storage, emulated_folder, firestore, pubsub, storage_testbench

__all__ = ["bigquery", "cloud_storage", "emulated_folder", "firestore", "pubsub", "storage_testbench"]


hypothesis.settings.register_profile("untimed", deadline=None)  # how long an example takes says more of the machine
hypothesis.settings.load_profile("untimed")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-seconds", type=float, default=60, help="how long each long proof by fuzzing tries")
    parser.addoption("--pictures", default="", help="the folder that the pictures of the docs are written into")
    parser.addoption("--golden-write", action="store_true", help="write the files of tests/golden/outside anew")


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    """A command run in this process sets up logging for the whole process: no test may feel another's level."""
    structlog.reset_defaults()
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The optional real data beside the project."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data is not beside the project")
    return folder
