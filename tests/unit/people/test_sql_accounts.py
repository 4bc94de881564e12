"""Accounts that run SQL of people: one scope at a time, its rows are there before a job starts, and who waits."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.people import UNRESTRICTED, Scope, scope_of
from tillstream.model.permissions import Role
from tillstream.people import accounts, warehouse_scopes
from tillstream.people.warehouse_scopes import (
    MIN_RESERVATION,
    SQL_ACCOUNTS_COLLECTION,
    SqlAccounts,
    scope_key,
    scope_rows_of_account,
)
from tillstream.settings import Settings

ONE, TWO = "sql-1@demo.iam.gserviceaccount.com", "sql-2@demo.iam.gserviceaccount.com"
INDIA, BRITAIN = scope_of(Role.ANALYST, ("IN",)), scope_of(Role.ANALYST, ("UK",))
SECONDS = 60.0


@dataclass
class Project:
    app: App
    pool: SqlAccounts
    running: set[str]

    def bind(self, scope: Scope, job: str) -> str:
        return self.pool.bind(self.app.ports.warehouse, scope, job, SECONDS)

    def regions(self, email: str) -> set[str | None]:
        rows = self.app.ports.warehouse.query("SELECT * FROM user_scopes").to_pylist()
        return {row["value"] for row in rows if (row["email"], row["bound"]) == (email, "region")}

    def wait(self) -> None:
        self.app.ports.clock.sleep((timedelta(seconds=SECONDS) + MIN_RESERVATION).total_seconds())


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    app = build(Settings(home=tmp_path, samples=False, threads=1), ManualClock())
    running = set[str]()
    pool = SqlAccounts((ONE, TWO), app.ports.documents, app.ports.clock, lambda _, job: job in running)
    yield Project(app, pool, running)
    app.close()


def test_the_rows_of_the_scope_are_there_before_the_job_starts(project: Project) -> None:
    assert project.bind(INDIA, "a") == ONE
    assert project.regions(ONE) == {"IN"}
    assert project.bind(BRITAIN, "b") == TWO
    assert (project.regions(ONE), project.regions(TWO)) == ({"IN"}, {"UK"})


def test_an_account_has_no_rights_that_sql_does_not_need() -> None:
    bounds = {bound for _, bound, _ in scope_rows_of_account(ONE, UNRESTRICTED)}
    assert bounds == {"region", "store", "salesperson", "costs", warehouse_scopes.SQL_BOUND}
    assert (ONE, "store", "S1") in scope_rows_of_account(ONE, scope_of(Role.MANAGER, ("IN",), ("S1",)))
    assert {
        value for _, bound, value in scope_rows_of_account(ONE, replace(INDIA, regions=())) if bound == "region"
    } == set()


def test_equal_scopes_share_an_account_and_write_its_rows_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Any] = []
    upsert = project.app.ports.warehouse.upsert
    monkeypatch.setattr(
        project.app.ports.warehouse, "upsert", lambda *arguments: (written.append(arguments), upsert(*arguments))
    )
    same = scope_of(Role.MANAGER, ("IN",))
    assert scope_key(same) == scope_key(INDIA)
    assert {project.bind(scope, job) for scope, job in ((INDIA, "a"), (same, "b"), (INDIA, "c"))} == {ONE}
    assert len(written) == 1


def test_an_account_in_use_is_not_bound_to_another_scope(project: Project) -> None:
    project.bind(INDIA, "a")
    project.bind(BRITAIN, "b")
    with pytest.raises(Rejected, match="Try again in a minute"):
        project.bind(UNRESTRICTED, "c")
    assert (project.regions(ONE), project.regions(TWO)) == ({"IN"}, {"UK"})
    project.pool.release(TWO, "b")
    project.pool.release(TWO, "b")
    assert project.bind(UNRESTRICTED, "c") == TWO
    assert project.regions(TWO) == {None}


def test_a_job_of_a_process_that_died_keeps_its_account_while_it_runs(project: Project) -> None:
    project.bind(INDIA, "a")
    project.bind(BRITAIN, "b")
    project.running |= {"a", "b"}
    project.wait()
    with pytest.raises(Rejected):
        project.bind(UNRESTRICTED, "c")
    project.running -= {"b"}
    assert project.bind(UNRESTRICTED, "c") == TWO


def test_the_account_that_was_used_longest_ago_is_bound_next(project: Project) -> None:
    project.bind(INDIA, "a")
    project.app.ports.clock.sleep(1)
    project.bind(BRITAIN, "b")
    project.app.ports.clock.sleep(1)
    project.bind(INDIA, "c")
    project.wait()
    assert project.bind(UNRESTRICTED, "d") == TWO


def test_a_withdrawn_right_is_gone_at_the_next_query(project: Project) -> None:
    """The scope is that of the request; rows that are not those of the scope are replaced before the job starts."""
    both = scope_of(Role.ANALYST, ("IN", "UK"))
    first = project.bind(both, "a")
    second = project.bind(INDIA, "b")
    assert first != second
    assert project.regions(second) == {"IN"}
    more = warehouse_scopes.scope_table([(second, "region", None)])
    project.app.ports.warehouse.upsert(warehouse_scopes.USER_SCOPES_TABLE, more, ("email",))
    assert project.bind(INDIA, "c") == second
    assert project.regions(second) == {"IN"}


def test_no_job_starts_on_rows_that_cannot_be_read_back(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project.app.ports.warehouse, "upsert", lambda *_: None)
    with pytest.raises(Conflict):
        project.bind(INDIA, "a")


def test_a_process_that_was_stopped_while_it_wrote_starts_no_job(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reservation ended, and another scope has the account."""
    upsert = project.app.ports.warehouse.upsert

    def slowly(*arguments: Any) -> None:
        monkeypatch.setattr(project.app.ports.warehouse, "upsert", upsert)
        project.wait()
        assert SqlAccounts((ONE,), project.pool.documents, project.pool.clock, lambda *_: False).bind(
            project.app.ports.warehouse, BRITAIN, "b", SECONDS
        )
        upsert(*arguments)

    monkeypatch.setattr(project.app.ports.warehouse, "upsert", slowly)
    with pytest.raises(Conflict):
        project.bind(INDIA, "a")
    document = project.pool.documents.get(SQL_ACCOUNTS_COLLECTION, ONE)
    assert document
    assert document.data["key"] == scope_key(BRITAIN)
    assert project.bind(BRITAIN, "c") == ONE
    assert project.regions(ONE) == {"UK"}


def test_the_scopes_of_people_are_written_beside_those_of_the_accounts(project: Project) -> None:
    ports = project.app.ports
    project.bind(INDIA, "a")
    accounts.add_account(ports, "mia@shop.example", "Mia", Role.CLERK, regions=["UK"], password="a long one for Mia")
    assert warehouse_scopes.sync_user_scopes(ports)
    assert not warehouse_scopes.sync_user_scopes(ports)
    assert (project.regions(ONE), project.regions("mia@shop.example")) == ({"IN"}, {"UK"})
