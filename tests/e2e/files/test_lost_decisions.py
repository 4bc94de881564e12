"""An undo that the portal leaves to a function is done once, whatever is lost on the way."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from faults.functions_in_process import FunctionsInProcess
from large_settlements import StartedJobs, with_jobs

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.audit import AuditAction
from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.operations import large_settlements, reconcile
from tillstream.operations.delegated_decisions import DecisionContext, DecisionKind, UserDecision, request_decision
from tillstream.people import accounts
from tillstream.pipeline.settling import large_job, settle
from tillstream.pipeline.staging import stage
from tillstream.ports.jobs import SETTLE_LARGE_JOB
from tillstream.ports.warehouse import Settlement, SettlementResult
from tillstream.records import audit_log, batch_records
from tillstream.review import undo
from tillstream.settings import Settings

ROWS = 1_000
CONTRACT = """
name: North
region: North
currency: EUR
columns: {sale_id: number, line_key: line, date: day, store_id: store, product_id: product, quantity: quantity,
          unit_price: price}
"""
FILE = b"number,line,day,store,product,quantity,price\n1,1,2026-01-05,S1,A,1,2.50\n2,1,2026-01-05,S1,A,1,2.50\n"


class Killed(Exception):
    """The process of the function ended."""


class KilledAfterSettling:
    """A warehouse after whose next settlement the process ends."""

    def __init__(self, warehouse: Any) -> None:
        self._warehouse = warehouse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)

    def settle(self, settlement: Settlement) -> SettlementResult:
        self._warehouse.settle(settlement)
        raise Killed


class Company:
    """A portal, its functions, the job and the sweep of a project, and a settled file."""

    def __init__(self, local: App) -> None:
        self.app, self.jobs = with_jobs(local, ROWS)
        self.functions = FunctionsInProcess(self.app)
        for login in ("boss", "ann"):
            accounts.add_account(local.ports, login, login, Role.ADMIN)
        upload = inbox.receive_file(local.ports, local.contracts.pin("North"), "june.csv", BytesIO(FILE), "emma")
        self.batch = upload.batch_id
        stage.stage(local.ports, self.batch)
        settle.settle_all(local.ports, local.contracts)

    def undo(self) -> Any:
        ports = replace(self.app.ports, functions=self.functions)
        ledger = DecisionContext(ports, self.app.contracts, self.app.queries)
        return request_decision(
            ledger, UserDecision.from_request(DecisionKind.UNDO, "boss", UNRESTRICTED, batch=self.batch)
        )

    def kill_the_function(self) -> None:
        warehouse: Any = KilledAfterSettling(self.app.ports.warehouse)
        self.functions = FunctionsInProcess(replace(self.app, ports=replace(self.app.ports, warehouse=warehouse)))

    def wait(self) -> None:
        self.app.ports.clock.sleep(undo.UNDO_LOST_AFTER.total_seconds() + 1)

    def sweep(self) -> dict[str, Any]:
        return reconcile.run_sweep(self.app.ports, self.app.contracts, delegate=True)

    def run_job(self) -> dict[str, Any]:
        return large_settlements.settle_large(self.app.ports, self.app.contracts)

    def is_undone_once(self) -> None:
        ports = self.app.ports
        assert batch_records.get_batch(ports, self.batch).state is BatchState.UNDONE
        assert ports.documents.get(large_job.REQUEST_COLLECTION, self.batch) is None
        (row,) = ports.warehouse.query("SELECT COUNT(*) AS n, SUM(removed) AS removed FROM settlements").to_pylist()
        assert row == {"n": 2, "removed": 2}
        undos = audit_log.find_entries(ports, audit_log.AuditFilter(what=AuditAction.UPLOAD_UNDONE))
        assert [entry.who for entry in undos] == ["boss"]


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "North.yaml").write_text(CONTRACT)
    local = build(Settings(home=tmp_path, threads=1), ManualClock())
    yield Company(local)
    local.close()


def started(jobs: StartedJobs) -> list[str]:
    return [name for name in jobs.starts if name == SETTLE_LARGE_JOB]


def test_an_undo_is_recorded_before_the_call_and_the_function_removes_the_record(company: Company) -> None:
    done = company.undo()
    assert (done["settlement_no"], done["changes"]["removed"], "requested" in done) == (2, 2, False)
    company.is_undone_once()


def test_a_lost_call_is_resumed_by_the_job_that_the_sweep_starts_later(company: Company) -> None:
    company.functions.is_reachable = False
    assert company.undo()["requested"]
    assert undo.is_undo_requested(company.app.ports, company.batch)
    company.sweep()
    assert started(company.jobs) == []  # the function may still do it
    company.wait()
    company.sweep()
    assert started(company.jobs) == [SETTLE_LARGE_JOB]
    assert company.run_job()["undone"] == 1
    company.is_undone_once()


def test_an_undo_whose_answer_is_lost_is_not_repeated(company: Company) -> None:
    company.functions.loses_answers = True
    assert company.undo()["requested"]
    company.is_undone_once()
    company.wait()
    company.sweep()
    assert started(company.jobs) == []
    company.is_undone_once()


def test_a_function_that_is_killed_after_its_settlement_is_completed_once(company: Company) -> None:
    company.kill_the_function()
    assert company.undo()["requested"]
    assert batch_records.get_batch(company.app.ports, company.batch).state is not BatchState.UNDONE
    company.wait()
    company.sweep()
    company.run_job()
    company.is_undone_once()


def test_what_the_function_refuses_is_not_requested_any_more(company: Company) -> None:
    accounts.disable_account(company.app.ports, "boss", by="boss")
    with pytest.raises(Rejected, match="disabled"):
        company.undo()
    assert not undo.is_undo_requested(company.app.ports, company.batch)
    company.wait()
    company.sweep()
    assert started(company.jobs) == []
