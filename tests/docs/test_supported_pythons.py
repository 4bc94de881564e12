"""pyproject.toml states which releases of Python are supported; files that cannot read it agree with it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "devtools" / "pythons.sh"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
RANGE = re.fullmatch(r">=(3\.(\d+)\.(\d+)),<3\.(\d+)", PROJECT["project"]["requires-python"])
assert RANGE, "devtools/pythons.sh reads this form"
LOWEST, MINORS = RANGE[1], range(int(RANGE[2]), int(RANGE[4]))
NEWEST = f"3.{MINORS[-1]}"
PAGES = ("README.md", "CONTRIBUTING.md", "docs/faq.md", "docs/installing.md", "run.bat")

posix = pytest.mark.skipif(os.name == "nt", reason="a script of a POSIX shell")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_this_interpreter_is_supported() -> None:
    assert (3, MINORS[0], int(RANGE[3])) <= sys.version_info[:3] < (3, MINORS[-1] + 1)


def test_the_classifiers_are_the_releases_of_the_range() -> None:
    named = [name.rpartition(" ")[2] for name in PROJECT["project"]["classifiers"] if ":: Python :: 3." in name]
    assert named == [f"3.{minor}" for minor in MINORS]


@pytest.mark.parametrize("name", PAGES)
def test_pages_name_the_range(name: str) -> None:
    text = " ".join(read(name).split())
    assert re.search(rf"{re.escape(LOWEST)}\b.{{1,20}}\b{re.escape(NEWEST)}\b", text)


def test_the_till_needs_no_newer_one() -> None:
    assert tomllib.loads(read("till/pyproject.toml"))["project"]["requires-python"] == f">={LOWEST}"
    for name in ("till/README.md", "docs/connect-a-till.md"):
        assert f"Python {LOWEST} or newer" in " ".join(read(name).split())


def test_checks_and_locks_are_for_the_oldest_release() -> None:
    assert PROJECT["tool"]["ruff"]["target-version"] == f"py3{MINORS[0]}"
    assert set(re.findall(r"--python-version (\S+)", read("Makefile"))) == {f"3.{MINORS[0]}"}


@pytest.mark.parametrize("name", ["Dockerfile", "infra/builder.Dockerfile"])
def test_images_have_a_release_of_the_range(name: str) -> None:
    releases = set(re.findall(r"^FROM python:3\.(\d+)-", read(name), flags=re.MULTILINE))
    assert len(releases) == 1
    assert int(*releases) in MINORS


def test_the_starter_of_windows_tries_each_release_from_the_newest() -> None:
    text = read("run.bat")
    tried = re.findall(r"for %%v in \(([\d. ]+)\)", text)
    assert tried == [" ".join(f"3.{minor}" for minor in reversed(MINORS))]
    assert f"({LOWEST.replace('.', ', ')}) <= sys.version_info[:3] < (3, {MINORS[-1] + 1})" in text


class Machine:
    """A path with the tools of a shell and with the Pythons that a test gives it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "programs of mine"
        self.folder.mkdir()
        for tool in ("sh", "dirname"):
            (self.folder / tool).symlink_to(str(shutil.which(tool)))

    def add_program(self, name: str, program: str = f'exec "{sys.executable}" "$@"') -> None:
        file = self.folder / name
        file.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
        file.chmod(0o755)

    def choose(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["sh", str(SCRIPT), *arguments],
            env={"PATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


NOT_SUPPORTED = "exit 1"


@posix
def test_the_newest_release_is_chosen(machine: Machine) -> None:
    for name in ("python3.11", "python3.13", "python3", "python"):
        machine.add_program(name)
    assert machine.choose().stdout == f"{machine.folder / 'python3.13'}\n"


@posix
def test_what_is_not_supported_is_passed_over(machine: Machine) -> None:
    machine.add_program("python3.13", NOT_SUPPORTED)
    machine.add_program("python3.99")
    machine.add_program("python3")
    assert machine.choose().stdout == f"{machine.folder / 'python3'}\n"


TOO_OLD, TOO_NEW = f"(3, {MINORS[0]}, {int(RANGE[3]) - 1})", f"(3, {MINORS[-1] + 1}, 0)"


@posix
@pytest.mark.parametrize("version", [TOO_OLD, "(3, 9, 18)", TOO_NEW])
def test_the_ends_of_the_range_are_compared_as_numbers(machine: Machine, version: str) -> None:
    other = f"import sys; sys.version_info = {version}; exec(sys.argv.pop(1))"
    machine.add_program("python3", f"""shift; exec "{sys.executable}" -c '{other}' "$@" """)
    result = machine.choose()
    assert result.returncode == 1
    assert f"needs Python {LOWEST} or newer, up to {NEWEST}" in result.stderr
    assert "python.org" in result.stderr


@posix
def test_without_venv_the_message_names_its_package(machine: Machine, tmp_path: Path) -> None:
    """As on Debian, where `python3-venv` is a package of its own."""
    (tmp_path / "ensurepip.py").write_text("raise ImportError", encoding="utf-8")
    machine.add_program("python3.12", f'PYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"')
    result = machine.choose()
    assert result.returncode == 1
    assert "sudo apt install python3.12-venv" in result.stderr
    machine.add_program("python3")
    assert machine.choose().stdout == f"{machine.folder / 'python3'}\n", "another that can is taken"


@posix
def test_a_named_one_is_the_only_choice(machine: Machine) -> None:
    machine.add_program("python3")
    machine.add_program("mine", NOT_SUPPORTED)
    assert machine.choose(str(machine.folder / "python3")).stdout == f"{machine.folder / 'python3'}\n"
    result = machine.choose(str(machine.folder / "mine"))
    assert result.returncode == 1
    assert f"mine is not a Python from {LOWEST} to {NEWEST}" in result.stderr


@posix
def test_all_are_one_of_each_release(machine: Machine) -> None:
    for name in ("python3.11", "python3.13", "python3"):
        machine.add_program(name)
    lines = machine.choose("--all").stdout.splitlines()
    assert Path(lines[0]).samefile(sys.executable)
    assert len({Path(line).resolve() for line in lines}) == len(lines)


@posix
def test_the_script_is_sound() -> None:
    check = Path(sys.executable).with_name("shellcheck")
    for name in ("devtools/pythons.sh", "run.sh"):
        done = subprocess.run([check, ROOT / name], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout
