"""Environments of programs that the environment of the product lacks: Jupyter, Great Expectations, Spark, MLflow."""

import shutil
from pathlib import Path

import pytest
from emulator_fixtures import require

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def notebook_programs() -> Path:
    """The folder of the programs of the environment that `make notebooks` builds."""
    return _programs("notebook", "make notebooks")


@pytest.fixture(scope="session")
def expectations_python() -> Path:
    """The Python with Great Expectations of the environment that `make expectations` builds."""
    return _programs("expectations", "make expectations") / "python"


@pytest.fixture(scope="session")
def spark_python() -> Path:
    """The Python with pyspark and the product of the environment that `make spark` builds; Java is there."""
    require("" if shutil.which("java") else "Java is not on this machine")
    return _programs("spark", "make spark") / "python"


@pytest.fixture(scope="session")
def mlflow_programs() -> Path:
    """The folder of the programs of the environment that `make mlflow` builds."""
    return _programs("mlflow", "make mlflow")


def _programs(name: str, target: str) -> Path:
    environment = ROOT / f".venv-{name}"
    require("" if (environment / ".made").exists() else f"{target} has not been run")
    return environment / "bin"
