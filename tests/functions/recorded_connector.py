"""A connector of a project, with the calls of the sweep that finds it due and of the job that runs it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from app_factory import build
from call_recorder import Calls, record_calls, recorded_access
from connectors import listed_kind
from large_settlements import with_jobs
from unit.connectors.connector_steps import Connected, sales

from tillstream.adapters.local.clock import ManualClock
from tillstream.connectors import due_runs, run_history
from tillstream.intake import connector_deliveries
from tillstream.model.events import INBOX
from tillstream.model.messages import store_sale_schema
from tillstream.settings import Settings


def bring(folder: Path, sweeping: Calls, running: Calls) -> None:
    """Bring a file, a sale, and a file whose run ended once it was stored; then nothing more."""
    with pytest.MonkeyPatch.context() as patch:
        listed_kind.register(patch)
        patch.setenv("TILLSTREAM_SOURCE_LIST", listed_kind.PASSWORD)
        clock = ManualClock()
        shop, _ = with_jobs(build(Settings(home=folder / "home", threads=1, samples=False), clock))
        connected = Connected(shop, clock, folder / "list.json")
        files = [{"key": name, "file": f"{name}.csv", "text": sales(number)} for number, name in enumerate("ab", 1)]
        connected.offer(*files, {"text": json.dumps(store_sale_schema()["examples"][0]), "is_sales": True})
        connector = connected.add()
        name = connector_deliveries.item_object_name(connector.name, "a", "a.csv", connector.contract)
        with shop.ports.objects.writer(INBOX, name) as writer:
            writer.write(sales(1).encode())
        for items in (2, 0):
            assert due_runs.start_job_if_due(record_calls(shop, sweeping).ports)
            job = record_calls(shop, running)
            (ended,) = due_runs.run_all_due(job.ports, job.contracts, recorded_access(shop, running))
            assert (ended.outcome, ended.items) == (run_history.DONE, items), ended.error
            clock.sleep(timedelta(hours=1).total_seconds())
        shop.close()
