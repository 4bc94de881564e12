"""The packages that the code imports are declared and locked, and the data files it reads are shipped."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from tillstream.optional_packages import OWN_LOCK, PACKAGES

ROOT = Path(__file__).resolve().parents[2]
OURS = ("tillstream", "till/tillstream_till", "portal", "functions", "sql", "looker", "infra")
APART = {"_typeshed", "bqemulator", "gcp_storage_emulator"}
"""For the type checker alone, and the emulators, which live in environments of their own."""
LOCKS = {
    "requirements.lock": (),
    "requirements-dev.lock": ("dev",),
    "requirements-connectors.lock": ("connectors",),
    "requirements-pandas.lock": ("pandas",),
    "requirements-google.lock": ("google", "connectors"),
    "requirements-notebook.lock": ("notebook",),
    "requirements-lake.lock": ("lake",),
    "requirements-spark.lock": ("spark",),
}
COMPANIONS = {"botocore", "urllib3"}
"""Packages that connectors import besides the one that the message names; the same extra installs them."""
MAX_PACKAGES = 58
"""Of a base install, besides pip, setuptools and Tillstream."""
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def of_extra(extra: str) -> Iterator[str]:
    """What an extra declares, also by way of others: tillstream[ONE,OTHER]."""
    for wanted in PROJECT["optional-dependencies"][extra]:
        if others := re.fullmatch(r"tillstream\[(.+)\]", wanted):
            yield from (one for other in others[1].split(",") for one in of_extra(other))
        else:
            yield wanted


def declared(*extras: str) -> set[str]:
    wanted = [*PROJECT["dependencies"], *(one for extra in extras for one in of_extra(extra))]
    return {normal(re.split(r"[\[<>=!~; ]", one)[0]) for one in wanted}


@cache
def imported() -> set[str]:
    """Names of other people's packages that the product imports."""
    packages: set[str] = set()
    for path in (path for package in OURS for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                packages |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                packages.add(node.module.partition(".")[0])
    return packages - {Path(name).name for name in OURS} - sys.stdlib_module_names - APART


def installed(name: str) -> set[str]:
    """The first parts of the paths that a distribution installs: its packages, and its modules without their suffix."""
    record = distribution(name).read_text("RECORD") or ""
    return {re.split(r"[/.,]", line, maxsplit=1)[0] for line in record.splitlines()}


def test_every_imported_package_is_declared() -> None:
    provided = set[str]().union(*(installed(name) for name in declared("google", "connectors", "pandas")))
    assert "duckdb" in imported() & provided
    assert imported() - provided == declared("lake", "spark") - declared("pandas")


def test_each_package_that_a_message_names_is_in_the_extra_that_it_names() -> None:
    named = {extra: {package} for package, extra in PACKAGES.values()}
    assert {extra: names & declared(extra) - declared() for extra, names in named.items()} == named
    of_connectors = declared("connectors") - declared()
    assert of_connectors - COMPANIONS == {package for package, extra in PACKAGES.values() if extra not in OWN_LOCK}


def test_every_declared_package_is_locked_to_one_version() -> None:
    for lock, extras in LOCKS.items():
        lines = [line for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if line]
        assert all("==" in line for line in lines), lock
        assert declared(*extras) <= {normal(line.partition("==")[0]) for line in lines}, lock


def pins(lock: str) -> set[str]:
    """Each package with its version, and the Python that the line is for; conditions on PyPy are left out."""
    return set(
        re.findall(r"^\S+==\S+(?: ; python_full_version \S+ \S+)?", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    )


def test_the_locks_agree_with_each_other() -> None:
    base = pins("requirements.lock")
    assert len(base) == len((ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines())
    for lock in LOCKS:
        assert base <= pins(lock), lock


def test_a_base_install_has_few_packages() -> None:
    assert len({line.partition("==")[0] for line in pins("requirements.lock")}) <= MAX_PACKAGES


def test_locks_name_no_host() -> None:
    for lock in LOCKS:
        assert "://" not in (ROOT / lock).read_text(encoding="utf-8")
