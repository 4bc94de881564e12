"""The real server process: it owns the folder, commands go through it, and everybody gets a turn without it."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import pytest
from waiting import wait_for

from tillstream.commands.demo_shop import people as demo_people
from tillstream.commands.demo_shop import sales, web_shop
from tillstream.commands.demo_shop.sales import DAILY_FILES, last_day
from tillstream.samples import sample_files
from tillstream.server.serve import with_free_port
from tillstream.settings import Settings

TILLSTREAM = str(Path(sys.executable).parent / "tillstream")
pytestmark = pytest.mark.system
DEMO_FILES = 3 * 3 + 3 * DAILY_FILES - 1 + 4 + 1
"""A history, a newest month, corrections and the newest days of three regions, but for one missing day; the files
that need a person, and the rows of the connector."""
SAMPLE_DAY = sample_files.date(2026, 10, 31)


def environment(home: Path, **more: str) -> dict[str, str]:
    return os.environ | {"TILLSTREAM_HOME": str(home), "TILLSTREAM_SAMPLES": "false", "TILLSTREAM_THREADS": "1"} | more


def command(home: Path, *arguments: str) -> tuple[int, Any]:
    done = subprocess.run(
        [TILLSTREAM, *arguments, "--json"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    def __init__(
        self,
        home: Path,
        err: IO[str] | int = subprocess.DEVNULL,
        before: Sequence[str] = (),
        out: int = subprocess.PIPE,
        **settings: str,
    ) -> None:
        self.home, self.port = home, free_port()
        self.process = subprocess.Popen(
            [*before, TILLSTREAM, "serve", "--port", str(self.port)],
            env=environment(home, **settings),
            stdout=out,
            stderr=err,
            text=True,
        )
        wait_for(
            lambda: self._has_written(home / "server.json"),
            "a server that listens",
            state=lambda: self.process.stdout.read() if self.process.stdout and self.process.poll() is not None else "",
            is_running=lambda: self.process.poll() is None,
            patience=60,
            pause=0.05,
        )

    def _has_written(self, file: Path) -> bool:
        """Whether the file is of this server: one that was killed leaves its own."""
        return file.exists() and str(self.port) in file.read_text()

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as response:
            status: int = response.status
            return status

    def stop(self, how: int = signal.SIGINT) -> int:
        self.process.send_signal(how)
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()  # where it did not stop in time
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path)
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that neither stop it nor load a file."""
    server = Server(tmp_path_factory.mktemp("served"))
    yield server
    server.stop()


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """The smallest sample file."""
    one = next(each for each in sample_files.files_of_regions(until=SAMPLE_DAY, scale=0.01) if each.contract == "IN")
    with (tmp_path / one.name).open("wb") as out:
        one.write(out)
    return tmp_path / one.name


def test_commands_go_through_the_running_server_which_stops_cleanly(
    server: Server, tmp_path: Path, sample: Path
) -> None:
    assert server.get("/healthz") == 200
    code, receipt = command(tmp_path, "ingest", str(sample), "--region", "IN")
    assert (code in (0, 3), receipt["rows"]["new"] > 100) == (True, True)
    code, answer = command(tmp_path, "query", "kpis")
    assert (code, answer["rows"][0]["lines"]) == (0, receipt["rows"]["new"])
    code, wrong = command(tmp_path, "receipts", "nonsense")
    assert (code, "no batch nonsense" in wrong["error"]) == (1, True)
    assert server.stop() == 0
    assert not (tmp_path / "server.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status"], "Nothing has been settled yet."),
        (["announce"], "All settlements are already announced."),
        (["users", "add", "carla", "--role", "admin"], "carla · carla · admin · sees everything"),
    ],
)
def test_a_command_through_the_server_prints_text_too(running: Server, arguments: list[str], words: str) -> None:
    result = subprocess.run(
        [TILLSTREAM, *arguments], env=environment(running.home), capture_output=True, text=True, check=True, timeout=120
    )
    assert words in result.stdout
    assert "{" not in result.stdout


def test_progress_is_shown_on_a_terminal_and_nowhere_else(server: Server, tmp_path: Path, sample: Path) -> None:
    pty = pytest.importorskip("pty")
    ingest = [TILLSTREAM, "ingest", str(sample), "--region", "IN"]
    screen, terminal = pty.openpty()
    shown = subprocess.run(
        ingest,
        env=environment(tmp_path, TERM="xterm"),
        stdout=subprocess.DEVNULL,
        stderr=terminal,
        check=False,
        timeout=120,
    )
    os.close(terminal)
    output = b""
    with suppress(OSError):  # Linux raises this at the end of a terminal
        while read := os.read(screen, 65_536):
            output += read
    os.close(screen)
    assert shown.returncode in (0, 3)
    assert b"storing files" in output
    assert b"reading rows" in output
    unseen = subprocess.run(ingest, env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=120)
    assert (unseen.returncode in (0, 3), unseen.stderr) == (True, "")


def test_without_its_token_the_command_door_stays_shut(running: Server) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/control/status", b"{}", {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=60)
    assert caught.value.code == 403
    caught.value.close()


def test_a_killed_server_leaves_the_folder_free(tmp_path: Path, sample: Path) -> None:
    server = Server(tmp_path)
    server.stop(signal.SIGKILL)
    assert (tmp_path / "server.json").exists()
    assert command(tmp_path, "ingest", str(sample), "--region", "IN")[1]["status"] == "settled"


STOPPED_WHILE_STARTING = """
import os, signal, sys
from pathlib import Path
from tillstream.server.serve import serve
from tillstream.settings import Settings

def say(line):
    os.kill(os.getpid(), signal.SIGTERM)

serve(Settings(home=Path(sys.argv[1]), port=int(sys.argv[2]), project=""), say)
"""


def test_a_server_stopped_during_its_start_stops_afterwards(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STOPPED_WHILE_STARTING, str(tmp_path), str(free_port())]
    assert subprocess.run(command, env=environment(tmp_path), check=False, timeout=60).returncode == 0
    assert not (tmp_path / "server.json").exists()


def test_what_nohup_ignores_stays_ignored_and_sigterm_releases_all_resources(tmp_path: Path) -> None:
    ignoring = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
    )
    server = Server(tmp_path, before=[sys.executable, "-c", ignoring])
    server.process.send_signal(signal.SIGHUP)
    assert server.get("/healthz") == 200
    assert server.stop(signal.SIGTERM) == 0
    assert not (tmp_path / "server.json").exists()


@pytest.mark.long
def test_a_server_stopped_while_it_loads_the_samples_complains_of_nothing_and_the_next_loads_all(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    until = last_day(datetime.now(UTC))
    expected = {
        region: facts.lines for region, facts in sample_files.expected_facts(until=until, days=DAILY_FILES).items()
    }
    expected[demo_people.REGION] += sales.SENT_SALES
    expected["IN"] += len(web_shop.ORDERS)
    with log.open("w") as err:
        first = Server(tmp_path, err, TILLSTREAM_SAMPLES="true")
        assert first.get("/healthz") == 200
        assert first.stop() == 0
        second = Server(tmp_path, err, TILLSTREAM_SAMPLES="true")
        lines: dict[str, int] = {}

        def has_all() -> bool:
            rows = command(tmp_path, "query", "sales-by-region")[1]["rows"]
            lines.clear()
            lines.update({row["region"]: row["lines"] for row in rows})
            return lines == expected

        # each query takes a second from the server
        wait_for(has_all, "all samples", state=lambda: (lines, expected), patience=170, pause=5)
        uploads = [one["file"] for one in command(tmp_path, "receipts", "--limit", "100")[1]]
        assert second.stop() == 0
    assert lines == expected
    assert sum(not file.endswith(("store sale", "store sales")) for file in uploads) == DEMO_FILES, (
        "sales of a till are as many batches as the worker takes"
    )
    assert "leaked" not in log.read_text()
    assert "Traceback" not in log.read_text()


def test_several_commands_at_once_without_a_server_all_get_their_turn(tmp_path: Path, sample: Path) -> None:
    running = [
        subprocess.Popen(
            [TILLSTREAM, "ingest", str(sample), "--region", "IN", "--json"],
            env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    receipts = []
    for process in running:
        out, err = process.communicate(timeout=120)
        assert "lock" not in err.lower(), err
        receipts.append(json.loads(out))
    new = sorted(receipt["rows"]["new"] for receipt in receipts)
    assert new[:3] == [0, 0, 0]
    assert new[3] > 100


def test_a_second_start_shows_the_address_of_the_first(running: Server) -> None:
    again = subprocess.run(
        [TILLSTREAM, "serve"], env=environment(running.home), capture_output=True, text=True, check=True, timeout=60
    )
    assert f"is already running at http://127.0.0.1:{running.port}, with its data in {running.home}" in again.stderr


def test_a_used_port_is_reported_with_a_free_one(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [TILLSTREAM, "serve", "--port", str(port)],
            env=environment(tmp_path), capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is in use" in done.stderr
    assert f"--port {port + 1}" in done.stderr


def test_the_next_free_port_is_taken_if_none_was_chosen(tmp_path: Path) -> None:
    """As the server of a second home, while the first one has the default."""
    with socket.socket() as taken:
        with suppress(OSError):  # something on this machine listens there already
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        settings = with_free_port(Settings(home=tmp_path))
    assert settings.port > 8080
