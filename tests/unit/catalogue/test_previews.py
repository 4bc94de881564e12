"""Files of previews that are never imported."""

from datetime import timedelta

import pytest

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.errors import NotFound
from tillstream.model.events import STAGING
from tillstream.operations import reconcile
from tillstream.pipeline import tabular


def test_the_sweep_deletes_previews_that_are_older_than_a_week(app: App, clock: ManualClock) -> None:
    ports = app.ports
    first = tabular.write_preview(ports, "ana", b"first")
    with ports.objects.writer(STAGING, "catalogue/0123456789abcdef.jsonl") as out:
        out.write(b"an import that is applied")
    clock.advance(timedelta(days=4).total_seconds())
    second = tabular.write_preview(ports, "ana", b"second")
    reconcile.run_sweep(ports, app.contracts)
    assert tabular.read_preview(ports, "ana", first) == b"first"

    clock.advance(timedelta(days=3, minutes=1).total_seconds())
    reconcile.run_sweep(ports, app.contracts)
    with pytest.raises(NotFound):
        tabular.read_preview(ports, "ana", first)
    assert tabular.read_preview(ports, "ana", second) == b"second"
    assert tabular.delete_old_previews(ports) == 0
    assert ports.objects.stat(STAGING, "catalogue/0123456789abcdef.jsonl")


def test_a_preview_is_that_of_its_user(app: App) -> None:
    preview_id = tabular.write_preview(app.ports, "ana", b"first")
    for login, wrong_id in (("ben", preview_id), ("ana", "../x")):
        with pytest.raises(NotFound):
            tabular.read_preview(app.ports, login, wrong_id)
