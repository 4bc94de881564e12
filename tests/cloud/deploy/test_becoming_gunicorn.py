"""`tillstream serve` on a project becomes gunicorn: the same process, with the arguments that were asked for.

A program of that name stands in for it and tells how it was called; tests/cloud/test_served_portal.py has the true
one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from examples import one_in

pytestmark = pytest.mark.system
ROOT = Path(__file__).resolve().parents[3]
TELLS = """
import json, os, sys
project = os.environ["TILLSTREAM_PROJECT"]
print(json.dumps({"arguments": sys.argv[1:], "process": os.getpid(), "module": __spec__.name, "project": project}))
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with a gunicorn that prints how it was called."""
    gunicorn = tmp_path / "programs" / "gunicorn"
    gunicorn.mkdir(parents=True)
    (gunicorn / "__init__.py").write_text("")
    (gunicorn / "__main__.py").write_text(TELLS)
    return gunicorn.parent


def served(programs: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    """What the fake gunicorn prints when `tillstream serve` is called with the arguments, from an empty folder."""
    home = programs.parent / "home"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TILLSTREAM_")}
    settings = {
        "PYTHONPATH": f"{programs}{os.pathsep}{ROOT}",
        "TILLSTREAM_PROJECT": "shop",
        "TILLSTREAM_HOME": str(home),
    }
    command = [sys.executable, "-c", "from tillstream.cli.main import script; script()", "serve", *arguments]
    with subprocess.Popen(
        command, env=kept | settings | variables, cwd=programs, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err.decode()
    report: dict[str, Any] = json.loads(out)
    assert report.pop("process") == process.pid, "it takes the place of the command, so that signals reach it"
    assert report.pop("module") == "gunicorn.__main__"
    assert report.pop("project") == "shop"
    assert not home.exists(), "on a project nothing is kept in a folder"
    return report


CONFIG = "--config=python:portal.gunicorn_conf"


CALLS: dict[str, tuple[list[str], dict[str, str], list[str]]] = {
    "as the image says": (["--host", "0.0.0.0"], {"PORT": "8081"}, [CONFIG]),
    "of the variable PORT": ([], {}, [CONFIG]),
    "a port": (["--port", "9000"], {}, [CONFIG, "--bind=127.0.0.1:9000"]),
    "said before set": (["--port", "9000"], {"TILLSTREAM_PORT": "9001"}, [CONFIG, "--bind=127.0.0.1:9000"]),
    "host and port": (["--host", "0.0.0.0", "--port", "9000"], {}, [CONFIG, "--bind=0.0.0.0:9000"]),
    "settings": ([], {"TILLSTREAM_PORT": "9001", "TILLSTREAM_HOST": "10.0.0.1"}, [CONFIG, "--bind=10.0.0.1:9001"]),
}


@pytest.mark.parametrize("call", one_in(3, list(CALLS)))
def test_serving_a_project_becomes_gunicorn(programs: Path, call: str) -> None:
    arguments, variables, wanted = CALLS[call]
    assert served(programs, *arguments, **variables) == {"arguments": wanted}
