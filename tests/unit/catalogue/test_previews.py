"""Files of previews that are never imported."""

from datetime import timedelta

import pytest

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.errors import NotFound
from tillstream.model.events import STAGING
from tillstream.operations import reconcile
from tillstream.pipeline import tabular

FIRST, SECOND = "0" * 32, "1" * 32


def test_the_sweep_deletes_previews_that_are_older_than_a_week(app: App, clock: ManualClock) -> None:
    ports = app.ports
    tabular.write_preview(ports, "ana", FIRST, b"first")
    with ports.objects.writer(STAGING, "catalogue/0123456789abcdef.jsonl") as out:
        out.write(b"an import that is applied")
    clock.advance(timedelta(days=4).total_seconds())
    tabular.write_preview(ports, "ana", SECOND, b"second")
    reconcile.run_sweep(ports, app.contracts)
    assert tabular.read_preview(ports, "ana", FIRST) == b"first"

    clock.advance(timedelta(days=3, minutes=1).total_seconds())
    reconcile.run_sweep(ports, app.contracts)
    with pytest.raises(NotFound):
        tabular.read_preview(ports, "ana", FIRST)
    assert tabular.read_preview(ports, "ana", SECOND) == b"second"
    assert tabular.delete_old_previews(ports) == 0
    assert ports.objects.stat(STAGING, "catalogue/0123456789abcdef.jsonl")


def test_a_preview_is_that_of_its_user(app: App) -> None:
    tabular.write_preview(app.ports, "ana", FIRST, b"first")
    for login, preview_id in (("ben", FIRST), ("ana", "../x")):
        with pytest.raises(NotFound):
            tabular.read_preview(app.ports, login, preview_id)
