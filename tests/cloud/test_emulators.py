"""The emulators start, listen at their printed addresses, and leave nothing behind."""

import os
import socket
from pathlib import Path

import pytest
from emulator_fixtures import require

from devtools import emulators
from devtools.emulators import Kind


@pytest.mark.parametrize("kind", emulators.ALL, ids=lambda kind: kind.name)
def test_an_emulator_listens_while_its_block_lasts_and_no_longer(kind: Kind, tmp_path: Path) -> None:
    require(kind.missing())
    before = dict(os.environ)
    with emulators.started(kind, tmp_path) as emulator:
        socket.create_connection((emulators.HOST, emulator.port), timeout=5).close()
        assert dict(os.environ) == before
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((emulators.HOST, emulator.port), timeout=5)


def test_a_missing_emulator_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(emulators, "ENVIRONMENTS", tmp_path)
    with pytest.raises(RuntimeError, match="make emulators"), emulators.started(emulators.BIGQUERY, tmp_path):
        pass
