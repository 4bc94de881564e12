"""The two commands on the machine of a new user: not root, without git and a compiler, in a path with a space."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from turns import TURN

ROOT = Path(__file__).resolve().parents[2]
COUNTRIES = ("AT", "IN", "US", "TR")
PARTS = 3
AS_NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
OTHER_USER = () if os.name == "nt" or os.geteuid() else AS_NOBODY
NEEDED = ("bash", "make", "tar", "setsid", "setpriv")

pytestmark = [pytest.mark.long, pytest.mark.timeout(2_400)]


@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"needs {', '.join(NEEDED)} of Linux")
def test_both_commands_work_for_a_new_user() -> None:
    """On another interpreter, in another country and with another third of the tests for each commit."""
    pythons = subprocess.run(
        ["sh", ROOT / "devtools" / "pythons.sh", "--all"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    usable = [
        python for python in pythons if subprocess.run([*OTHER_USER, python, "-c", ""], check=False).returncode == 0
    ]
    if not usable:
        pytest.skip("every Python here is in a folder that only root can enter")
    part = f"{TURN // len(COUNTRIES) % PARTS}/{PARTS}"
    words = [usable[-1 - TURN % len(usable)], COUNTRIES[TURN % len(COUNTRIES)], part]
    done = subprocess.run([ROOT / "devtools" / "new_user.sh", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
