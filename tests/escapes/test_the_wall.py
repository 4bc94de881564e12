"""The wall of the system holds by itself: here it is all that is between an attacker and the machine, without the check
of statements and without the locks of the engine."""

import json
import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from corpus import ESCAPES
from enclosed import ACTS, NUMBERS_OF_X86_64

from tillstream.adapters.local import enclosed_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this wall")
SECRET = "the-secret-of-the-home"
ALLOWED = {"read the allowed file", "write into the scratch folder"}
REFUSED = re.compile(r"PermissionError|OSError: \[Errno 18\]")
"""The second: Landlock's refusal of a link that would give a file other rights."""
NOT_OF_THE_WALL = {"settings", "tables", "rows", "memory", "crash"}
"""What other means hold: the process has no other rows, and its limits and its end concern nobody else."""


@dataclass(frozen=True)
class Machine:
    """A folder that the process may read, a secret beside it, a folder that it may write, and a listening port."""

    folder: Path
    listener: socket.socket

    @property
    def secret(self) -> Path:
        return self.folder / "home" / "server.json"

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def run(self, tasks: list[str]) -> tuple[list[str], list[list[str]]]:
        """What the wall is made of, and what became of each task; fewer if one ended the process."""
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("enclosed.py"))],
            input=json.dumps(tasks) + "\n",
            env={
                "SECRET": str(self.secret),
                "PORT": str(self.port),
                "PYTHONPATH": os.pathsep.join(sys.path),
                "JE_ARROW_MALLOC_CONF": "background_thread:false",
                "OPENBLAS_NUM_THREADS": "1",
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert lines, done.stderr
        return lines[0], lines[1:]

    def run_all(self, tasks: list[str]) -> list[list[str]]:
        """What became of every task; after one that ended the process, another one goes on."""
        results: list[list[str]] = []
        while len(results) < len(tasks):
            results += self.run(tasks[len(results) :])[1]
            if len(results) < len(tasks):
                results.append(["ended", ""])
        return results

    def was_called(self) -> bool:
        """Whether somebody connected to the port."""
        self.listener.setblocking(False)
        try:
            self.listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    for name in ("home", "readable", "scratch"):
        (folder / name).mkdir()
    (folder / "readable" / "allowed.txt").write_text("allowed")
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        machine = Machine(folder, listener)
        machine.secret.write_text(SECRET)
        yield machine


def test_it_is_made_of_what_the_system_has(machine: Machine) -> None:
    parts, _ = machine.run([])
    assert parts == [enclosed_process.LANDLOCK, enclosed_process.SECCOMP], "this kernel has both"


def test_a_process_behind_it_reaches_nothing_but_what_it_was_given(machine: Machine) -> None:
    acts = [act for act in ACTS if platform.machine() == "x86_64" or act not in NUMBERS_OF_X86_64]
    done = dict(zip(acts, machine.run(acts)[1], strict=True))
    assert {act for act, (what, _) in done.items() if what == "done"} == ALLOWED
    others = {act: why for act, (what, why) in done.items() if what == "failed" and not REFUSED.match(why)}
    assert others == {}
    assert (machine.secret.read_text(), machine.was_called()) == (SECRET, False)


def test_no_statement_gets_through(machine: Machine) -> None:
    statements = [one for one in ESCAPES if one.duckdb and one.reaches not in NOT_OF_THE_WALL]
    before = _files(machine)
    texts = [one.filled(one.duckdb, str(machine.secret), "/etc/passwd", machine.port) for one in statements]
    results = dict(zip((one.name for one in statements), machine.run_all(texts), strict=True))
    assert len(results) == len(statements), "names are unique"
    system = Path("/etc/passwd").read_text().splitlines()[0]
    assert {name: what for name, (_, what) in results.items() if SECRET in what or system in what} == {}
    assert (_files(machine), machine.was_called()) == (before, False)


def _files(machine: Machine) -> dict[str, bytes]:
    """The files that no statement may change."""
    folders = (machine.folder / "home", machine.folder / "readable")
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}
