"""The page "Connect a till": its commands run in an empty folder, against a real server, and print what it shows."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from docs.pages.tours import commands, matches
from python_program import write_program
from test_readme_tour import ROOT
from waiting import wait_for

from tillstream.app import build
from tillstream.people import store_credentials
from tillstream.settings import Settings

PAGE = ROOT / "docs" / "connect-a-till.md"
SHOWN_ADDRESS = "http://127.0.0.1:8080"
PATIENCE = 120
pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(sys.platform == "win32", reason="the page is written for a POSIX shell"),
]


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@contextmanager
def serving(environment: dict[str, str], address: str) -> Iterator[None]:
    port = address.rpartition(":")[2]
    program = "import sys; from tillstream.cli.start import script; sys.argv[0] = 'tillstream'; script()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--no-open", "--port", port],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            deadline = time.monotonic() + PATIENCE
            while True:
                try:
                    urllib.request.urlopen(f"{address}/healthz", timeout=5)
                    break
                except OSError:
                    assert time.monotonic() < deadline
                    assert process.poll() is None
                    time.sleep(0.2)
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)


def setup_code(home: Path, address: str) -> str:
    """Create the setup code as the portal does."""
    with closing(build(Settings(home=home, samples=False))) as app:
        code: str = store_credentials.connect_till(app.ports, address, "UK", "LON1", "front", "admin").code
    return code


def outcomes(folder: Path, environment: dict[str, str]) -> dict[str, int]:
    done = subprocess.run(
        ["tillstream", "till", "status", "--folder", "till", "--json"],
        cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    counts: dict[str, int] = json.loads(done.stdout)["outcomes"]
    return counts


def test_the_commands_of_the_page_lead_to_a_sale_that_counts(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    address, folder = free_address(), tmp_path / "empty"
    folder.mkdir()
    for name, content in re.findall(r"Save this\s+as `([\w.]+)`:\n\n```\w+\n(.*?)```", text, flags=re.DOTALL):
        (folder / name).write_text(content, encoding="utf-8")
    environment = os.environ | {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "TILLSTREAM_HOME": str(tmp_path / "home"),
        "TILLSTREAM_SAMPLES": "false",
        "TILLSTREAM_TILL_MARKERS": str(tmp_path / "markers"),
        "SETUP_CODE": setup_code(tmp_path / "home", address),
    }
    command = tmp_path / "bin" / "tillstream"
    command.parent.mkdir()
    write_program(command, "from tillstream.cli.start import script\nscript()\n")
    steps = commands(text)
    assert len(steps) >= 6
    with serving(environment, address):
        for typed, shown in steps:
            done = subprocess.run(
                typed, shell=True, cwd=folder, env=environment,
                capture_output=True, text=True, check=False, timeout=PATIENCE,
            )  # fmt: skip
            expected = [line.replace(SHOWN_ADDRESS, address) for line in shown]
            assert matches(expected, done.stdout.splitlines()), f"$ {typed}\n{done.stdout}{done.stderr}"
        [program] = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=folder, env=environment,
            capture_output=True, text=True, check=True, timeout=PATIENCE,
        )  # fmt: skip
        assert done.stdout == "UK/LON1/1002\n1\n"
        wait_for(lambda: outcomes(folder, environment).get("counted", 0) >= 2, "two counted sales", pause=0.5)
