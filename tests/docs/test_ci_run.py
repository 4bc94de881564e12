"""Continuous integration runs every long proof, in bundles; it leaves none out but for lack of time."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
LONG = re.compile(r"pytest\.mark\.long|\b(?:in_long_proofs|one_in|long_but)\(")
BUNDLES = re.findall(r'^  "(\d+) ([^"]+)"$', SCRIPT, flags=re.MULTILINE)


def paths(bundle: str) -> list[str]:
    return [path for path in re.sub(r"--ignore \S+", "", bundle).split() if path.startswith("tests/")]


def test_every_file_with_long_proofs_is_in_one_bundle() -> None:
    marked = [path for path in (ROOT / "tests").rglob("*.py") if LONG.search(path.read_text(encoding="utf-8"))]
    names = [str(path.relative_to(ROOT)) for path in marked if path.parent != ROOT / "tests"]
    assert len(names) > 30
    for name in names:
        into = [bundle for _, bundle in BUNDLES if any(Path(name).is_relative_to(path) for path in paths(bundle))]
        into = [bundle for bundle in into if f"--ignore {name}" not in bundle]
        assert len(into) == 1 or name == "tests/docs/test_ci_run.py", f"{name}: {into}"


@pytest.mark.parametrize("path", sorted({path for _, bundle in BUNDLES for path in paths(bundle)}))
def test_every_path_of_a_bundle_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_script_is_sound() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "shellcheck", ROOT / ".ci" / "run"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
