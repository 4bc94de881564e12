"""Pages whose previews are computed by the function `decide` are those of a portal that computes them itself."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from faults.functions_in_process import FunctionsInProcess
from flask import Flask
from portal_factory import create_app
from shop_steps import BAD, FILE, Shop
from upload_steps import look_at
from visitor import People, Visitor

from tillstream.app import App
from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Scope
from tillstream.model.permissions import Action, Role
from tillstream.operations.delegated_decisions import (
    DecisionContext,
    DecisionKind,
    UserDecision,
    perform_decision,
    request_decision,
)
from tillstream.operations.reconcile import sweep_in_function
from tillstream.people import accounts
from tillstream.records import batch_records


@pytest.fixture
def functions(app: App) -> FunctionsInProcess:
    return FunctionsInProcess(app)


@pytest.fixture
def cloud(app: App, functions: FunctionsInProcess) -> Flask:
    """A portal beside the one of the shop, on the same data, that may not write the ledger."""
    return create_app(replace(app, ports=replace(app.ports, functions=functions)), testing=True)


@pytest.fixture
def boss(shop: Shop, cloud: Flask) -> Visitor:
    """The admin of the shop, at the portal in the cloud."""
    visitor = Visitor(cloud.test_client())
    visitor.sign_in("boss")
    return visitor


def content(visitor: Visitor, path: str) -> str:
    """A page without what differs from request to request."""
    answer = visitor.client.get(path)
    assert answer.status_code == 200, answer.text
    return re.sub(r'(nonce|csrf[a-z-]*|name="csrf_token" value|content)="[^"]*"', "", answer.text)


PAGES: dict[DecisionKind, Callable[[Shop], str]] = {
    DecisionKind.PREVIEW_UNDO: lambda shop: f"/uploads/{shop.upload()}/undo",
    DecisionKind.PREVIEW_CONFIRMATION: lambda shop: f"/waiting/{shop.held()}",
    DecisionKind.PREVIEW_REPLAY: lambda shop: f"/uploads/{shop.upload(BAD, 'bad.csv')}/replay",
    DecisionKind.DRY_RUN: lambda shop: f"{look_at(shop.boss, FILE)}?contract=IN",
}


@pytest.mark.parametrize("wanted", PAGES)
def test_a_preview_by_the_function_is_the_page_of_a_portal_on_a_laptop(
    wanted: DecisionKind, shop: Shop, boss: Visitor, functions: FunctionsInProcess
) -> None:
    path = PAGES[wanted](shop)
    functions.called.clear()
    assert content(boss, path) == content(shop.boss, path)
    assert functions.called == [wanted.value]


def test_an_undo_by_the_function_leads_to_its_settlement(
    shop: Shop, boss: Visitor, functions: FunctionsInProcess
) -> None:
    batch = shop.upload()
    answer = boss.post(f"/uploads/{batch}/undo")
    assert (answer.status_code, functions.called) == (303, ["undo"])
    assert "/changes/" in answer.location
    assert batch_records.get_batch(shop.app.ports, batch).state is BatchState.UNDONE


def test_an_undo_without_an_answer_shows_that_it_goes_on(
    shop: Shop, boss: Visitor, functions: FunctionsInProcess
) -> None:
    batch, functions.is_reachable = shop.upload(), False
    answer = boss.post(f"/uploads/{batch}/undo")
    assert answer.location.endswith(f"/uploads/{batch}")
    assert "is being undone" in boss.client.get(f"/uploads/{batch}").text


def test_a_preview_without_an_answer_can_be_tried_again(
    shop: Shop, boss: Visitor, functions: FunctionsInProcess
) -> None:
    path, functions.is_reachable = PAGES[DecisionKind.PREVIEW_UNDO](shop), False
    answer = boss.client.get(path)
    assert answer.status_code == 503
    assert "Try again" in answer.text


def test_a_sweep_and_the_refresh_of_totals_are_done_by_functions(
    shop: Shop, boss: Visitor, functions: FunctionsInProcess
) -> None:
    assert boss.post("/pipeline/sweep").status_code == 303
    assert boss.post("/quality").status_code == 303
    assert functions.called == ["sweep", "project"]


def test_the_function_checks_the_rights_of_the_account_again(shop: Shop, person: People) -> None:
    ports, batch = shop.app.ports, shop.upload()
    ledger = DecisionContext(ports, shop.app.contracts, shop.app.queries)
    person(Role.MANAGER, "UK", login="mia")
    for login, error in (("asha", Rejected), ("mia", NotFound), ("nora", NotFound)):
        with pytest.raises(error):
            perform_decision(ledger, UserDecision(DecisionKind.UNDO, login, {"batch": batch}))
    accounts.disable_account(ports, "mia", by="boss")
    with pytest.raises(Rejected, match="disabled"):
        perform_decision(ledger, UserDecision(DecisionKind.UNDO, "mia", {"batch": batch}))
    with pytest.raises(Rejected, match="sweep"):
        sweep_in_function(ports, shop.app.contracts, "asha")
    assert batch_records.get_batch(ports, batch).state is not BatchState.UNDONE


def test_a_token_limits_what_the_function_does(shop: Shop) -> None:
    batch = shop.upload()
    ledger = DecisionContext(shop.app.ports, shop.app.contracts, shop.app.queries)
    reader = Scope(Role.ADMIN, only=frozenset({Action.SEE_NUMBERS}))
    of_uk = Scope(Role.ADMIN, regions=("UK",), only=frozenset(Action))
    of_none = Scope(Role.ADMIN, regions=(), only=frozenset(Action))
    for scope, error in ((reader, Rejected), (of_uk, NotFound), (of_none, NotFound)):
        decision = UserDecision.from_json(
            UserDecision.from_request(DecisionKind.UNDO, "boss", scope, batch=batch).to_json()
        )
        with pytest.raises(error):
            request_decision(ledger, decision)


@pytest.mark.parametrize(
    "data", [None, {}, {"work": "drop", "by": "boss", "arguments": {}, "actions": None, "regions": []}]
)
def test_what_is_no_decision_is_refused(data: object) -> None:
    with pytest.raises(Rejected, match="not a decision"):
        UserDecision.from_json(data)
