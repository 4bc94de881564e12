"""The rows of user_scopes, by role."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from app_factory import build

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts, warehouse_scopes
from tillstream.people.account_store import User
from tillstream.settings import Settings

USER = User("ana@shop.example", "Ana", Role.ANALYST, (), (), None, False, False, "", "", "")


def rows(role: Role, **changes: object) -> set[tuple[str, str | None]]:
    user = replace(USER, role=role, **changes)  # type: ignore[arg-type]
    scopes = warehouse_scopes.scope_rows_of_users([user])
    assert {email for email, _, _ in scopes} <= {user.login}
    return {(bound, value) for _, bound, value in scopes}


EVERYTHING = {("region", None), ("store", None), ("salesperson", None)}


def test_an_admin_sees_everything() -> None:
    assert rows(Role.ADMIN) == EVERYTHING | {
        ("personal", None),
        ("costs", None),
        ("uploads", None),
        ("forecasts", None),
    }


def test_an_analyst_sees_no_people_and_no_uploads() -> None:
    everything = EVERYTHING | {("costs", None), ("forecasts", None)}
    assert rows(Role.ANALYST) == everything
    assert rows(Role.ANALYST, regions=("IN",)) == everything - {("region", None)} | {("region", "IN")}


def test_a_user_scoped_to_stores_sees_no_uploads_because_files_contain_other_stores() -> None:
    free = rows(Role.MANAGER, regions=("IN", "UK"))
    assert free == {("region", "IN"), ("region", "UK"), ("store", None), ("salesperson", None)} | {
        ("personal", None),
        ("costs", None),
        ("uploads", None),
        ("forecasts", None),
    }
    assert rows(Role.MANAGER, regions=("IN",), stores=("S1",)) == {
        ("region", "IN"),
        ("store", "S1"),
        ("salesperson", None),
        ("personal", None),
        ("costs", None),
        ("forecasts", None),
    }


def test_a_salesperson_sees_no_costs_no_forecasts_and_the_own_sales_and_without_an_id_none() -> None:
    scopes = rows(Role.SALESPERSON, regions=("IN",), salesperson="P1")
    assert scopes == {("region", "IN"), ("store", None), ("salesperson", "P1"), ("personal", None)}
    assert not [bound for bound, _ in rows(Role.SALESPERSON, regions=("IN",)) if bound == "salesperson"]


def test_users_without_sign_in_or_address_are_not_in_the_scopes() -> None:
    assert warehouse_scopes.scope_rows_of_users([replace(USER, disabled=True), replace(USER, login="ana")]) == []


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = build(Settings(home=tmp_path, samples=False, threads=1))
    yield app
    app.close()


@pytest.fixture
def stored_scopes(app: App) -> Callable[[], list[dict[str, object]]]:
    return lambda: app.ports.warehouse.query("SELECT * FROM user_scopes ORDER BY email, bound, value").to_pylist()


def test_the_warehouse_follows_the_accounts_and_is_written_only_when_they_changed(
    app: App, stored_scopes: Callable[[], list[dict[str, object]]]
) -> None:
    accounts.add_account(
        app.ports, "mia@shop.example", "Mia", Role.CLERK, regions=["IN"], password="a long one for Mia"
    )
    assert warehouse_scopes.sync_user_scopes(app.ports)
    assert not warehouse_scopes.sync_user_scopes(app.ports)
    assert {"email": "mia@shop.example", "bound": "region", "value": "IN"} in stored_scopes()
    accounts.assign_account(app.ports, "mia@shop.example", regions=["UK"])
    assert warehouse_scopes.sync_user_scopes(app.ports)
    assert {row["value"] for row in stored_scopes() if row["bound"] == "region"} == {"UK"}
    accounts.disable_account(app.ports, "mia@shop.example")
    assert warehouse_scopes.sync_user_scopes(app.ports)
    assert {row["bound"] for row in stored_scopes()} == {warehouse_scopes.NO_ROWS_BOUND}
    assert not warehouse_scopes.sync_user_scopes(app.ports)
