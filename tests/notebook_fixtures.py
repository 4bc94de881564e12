"""The environment that `make notebooks` builds, with Jupyter, which the environment of the product lacks."""

from pathlib import Path

import pytest
from emulator_fixtures import require

ENVIRONMENT = Path(__file__).resolve().parents[1] / ".venv-notebook"


@pytest.fixture(scope="session")
def notebook_programs() -> Path:
    """The folder of the environment's programs."""
    require("" if (ENVIRONMENT / ".made").exists() else "make notebooks has not been run")
    return ENVIRONMENT / "bin"
