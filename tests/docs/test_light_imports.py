"""What starts often starts light: heavy libraries load where frames are handled, and nowhere else."""

import subprocess
import sys

import pytest

HEAVY = ("pandas", "pandera")


@pytest.mark.parametrize("module", ["functions.main", "tillstream.handlers", "tillstream.cli", "tillstream.commands"])
def test_importing_a_light_module_loads_no_frames(module: str) -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules, sep='\\n')"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert module in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_validation_does_load_them_so_this_test_can_see_them() -> None:
    code = "import sys, tillstream.pipeline.validate; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert set(HEAVY) <= set(loaded)
