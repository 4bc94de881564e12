"""A shelf to connect, and the schedule that runs what is due."""

from collections.abc import Callable

import pytest
from unit.connectors.shelf import Shelf, put_up

from tillstream.app import App
from tillstream.connectors import run


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return put_up(monkeypatch)


@pytest.fixture
def run_due(app: App) -> Callable[[], None]:
    """Run the connectors that are due, as the server does."""
    from tillstream.connectors.access import SourceAccess

    return lambda: run.run_due(app.ports, app.contracts, SourceAccess(app.ports.clock, {}))
