"""The process of each connector that reads files is killed at each step: no sale is lost, and none counts twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from connectors.files.file_servers import CREDENTIAL, SERVERS
from faults.connector_rig import FILES, PAGES, Rig, killed_at
from turns import in_turns
from unit.connectors.connector_steps import sales

OFTEN = [("documents.put batches received", "before", 1), ("documents.put connector_states", "before", 2)]
"""The object is stored and its record is not; the record is, and the cursor or the keys are not."""
EVERYDAY = ("imap", "sftp")
"""One kind for each step; test_kill_of_connectors.py kills what all kinds share."""
BY_PAGES = ("imap", "web_files")
BY_FILES = [kind for kind in SERVERS if kind not in BY_PAGES]
EVERY = [(kind, *step) for kind, step in (*in_turns(3, BY_FILES, FILES), *in_turns(3, BY_PAGES, PAGES))]
"""Each kind at a third of the steps, at another with each commit: the steps are those of a run, which kinds share."""


@pytest.fixture
def rig(kind: str, tmp_path: Path) -> Iterator[Rig]:
    """A server of the kind with three files of two lines each."""
    folder = tmp_path / "files"
    folder.mkdir()
    server = SERVERS[kind](folder)
    for number in range(1, 4):
        server.put(f"{number}.csv", sales(number, number + 10))
    environment = {CREDENTIAL: server.credential, "TILLSTREAM_CONNECT_PRIVATE": "127.0.0.1"}
    yield Rig(kind, server.settings, 6, environment=environment)
    server.close()


ONE_STEP = [(kind, *OFTEN[number % 2]) for number, kind in enumerate(SERVERS)]


@pytest.mark.parametrize(
    ("kind", "step", "when", "count"),
    [pytest.param(*one, marks=() if one[0] in EVERYDAY else pytest.mark.long) for one in ONE_STEP],
)
def test_sales_are_exact_after_a_kill(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, rig, monkeypatch, step, when, count)


@pytest.mark.long
@pytest.mark.parametrize(("kind", "step", "when", "count"), EVERY)
def test_sales_are_exact_after_a_kill_at_any_step(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, when: str, count: int
) -> None:
    killed_at(tmp_path, rig, monkeypatch, step, when, count)
