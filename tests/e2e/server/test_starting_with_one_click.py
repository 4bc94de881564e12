"""run.sh in a folder as it is downloaded, and the built package in an environment of its own."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PARTS = (
    "tillstream",
    "till",
    "portal",
    "functions",
    "sql",
    "pyproject.toml",
    "README.md",
    "requirements.lock",
    "run.sh",
    "devtools/pythons.sh",
)


@pytest.fixture
def download(tmp_path: Path) -> Path:
    """The project without what was built, and an environment whose packages are there already."""
    folder = tmp_path / "Tillstream with a space"
    folder.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (folder / part).parent.mkdir(exist_ok=True)
            shutil.copy(source, folder / part)
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/tillstream").symlink_to(Path(sys.executable).parent / "tillstream")
    (folder / ".venv/.runtime").touch()
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="run.bat is for Windows")
def test_run_sh_starts_from_any_folder(download: Path, tmp_path: Path) -> None:
    result = subprocess.run(
        [str(download / "run.sh"), "--help"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    assert "Run the portal and the worker" in result.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="run.bat is for Windows")
def test_run_sh_reports_that_python_is_missing(download: Path, tmp_path: Path) -> None:
    shutil.rmtree(download / ".venv")
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname", "touch"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    result = subprocess.run(
        [str(download / "run.sh")], env={"PATH": str(tools)}, capture_output=True, text=True, check=False, timeout=60
    )
    assert result.returncode == 1
    assert "needs Python 3.11.2 or newer" in result.stderr


def test_a_built_package_holds_all_that_it_reads(tmp_path: Path, download: Path) -> None:
    """Pages, scripts, SQL, contracts and schemas are data: the package of a forgotten one breaks at its first use."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    built = subprocess.run(
        [*command, "-w", str(tmp_path), "."],
        cwd=download, env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}, capture_output=True, text=True,
        check=False, timeout=240,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("tillstream-*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        str(path.relative_to(ROOT))
        for part in ("tillstream", "portal", "functions", "sql")
        for path in (ROOT / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in {".pyc", ".so"}
    }
    assert not {path for path in wanted - held if not Path(path).name.startswith(".")}
