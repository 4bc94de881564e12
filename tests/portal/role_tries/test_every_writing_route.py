"""Each writing route in a valid form, sent by everybody: who may not is refused, and nothing in the home changes.

A route that is in neither the builders nor the kinds fails the test. The everyday run tries one route of each area and
kind; all of them are long. Of the people with one role who may, each commit tries another: the routes of one kind ask
for their stores and regions in the same way.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from role_tries.kinds import WHAT, Changes, changes_of, writing, wrong_kinds
from role_tries.more_acts import MORE
from role_tries.tries import PEOPLE, PROGRAMS, Person, Stand, Stopped, Try, visitors
from shop_steps import Shop
from test_audit_of_pages import ACTS
from turns import TURN
from visitor import People, Visitor, Work

from portal.access import access_of
from tillstream.app import App
from tillstream.model.permissions import Action, Role

BUILDERS: dict[str, Callable[[Shop], object]] = {name: act for name, (_, act) in ACTS.items()} | MORE
"""Endpoint → what an administrator does, with a valid request to it."""
WITHOUT_BUILDER = frozenset({"api.sync"})
"""Only homes call it, whose tries are those of tests/sync."""
WITHOUT_PERSON = frozenset({Changes.ANYONE, Changes.KEY})
ANSWERS_EACH_PART = frozenset({"goals.save", "sell.send"})
"""Answer 200 or 303 and say which parts they did not accept."""
NOT_BY_OTHERS = {
    **dict.fromkeys(("corrections.redo", "corrections.undo"), "these are steps of the person"),
    **dict.fromkeys(("catalogue.preview", "stock_files.preview"), "it shows why the rows cannot be saved"),
    "reports.unsubscribe": "this ends a subscription of the person",
    "sell.send": "a salesperson sells under the own name",
    "stock_files.record": "the preview is of who sent the file",
    "uploads.forget_all": "these are files of the person",
}
"""Requests that others of the same scope cannot send, although they may use the route."""


def _first_of_each() -> set[str]:
    """One endpoint of each area and kind, and one of those for administrators: test_access.py asks for all of these."""
    by_kind = {
        (one.partition(".")[0] if one in WHAT else "", WHAT.get(one)): one for one in sorted(BUILDERS, reverse=True)
    }
    return set(by_kind.values())


def sell(_admin: Visitor, _work: Work) -> None:
    """The home that says what a route asks for has no sales."""


QUICK = _first_of_each()


def _tried(endpoints: Iterable[str]) -> list[object]:
    return [pytest.param(one, marks=() if one in QUICK else pytest.mark.long) for one in sorted(endpoints)]


def test_every_writing_route_has_a_builder_and_a_kind(portal: Flask) -> None:
    assert wrong_kinds(portal) == []
    assert writing(portal) - set(BUILDERS) == WITHOUT_BUILDER


@pytest.mark.parametrize("endpoint", _tried(one for one in BUILDERS if WHAT.get(one) not in WITHOUT_PERSON))
def test_who_may_not_is_refused_and_changes_nothing(
    endpoint: str, portal: Flask, app: App, person: People, work: Work
) -> None:
    everybody = [*PEOPLE, *(PROGRAMS if endpoint.startswith("api.") else ())]
    refused = [one for one in everybody if not one.may(access_of(portal, endpoint), _changes(portal, endpoint))]
    tries = _try(Stand(portal, app, endpoint, tuple(refused), visitors(portal, app, person)), person, work)
    assert [(one.person.name, one.status, one.moved) for one in tries if one.moved] == []
    taken = [(one.person.name, one.status) for one in tries if one.status < 400]
    assert taken == [] or endpoint in ANSWERS_EACH_PART
    assert [(one.person.name, one.leaks) for one in tries if one.leaks] == []


OF_OTHERS = sorted(
    one
    for one in BUILDERS
    if WHAT.get(one, Changes.ADMIN) not in {Changes.OWN, *WITHOUT_PERSON} and one not in NOT_BY_OTHERS
)


@pytest.mark.long
@pytest.mark.parametrize("role", dict.fromkeys(one.role for one in PEOPLE if one.role))
@pytest.mark.parametrize("endpoint", OF_OTHERS)
def test_who_may_is_not_refused(
    endpoint: str, role: Role, may: Callable[[str, Person], bool], request: pytest.FixtureRequest
) -> None:
    able = [one for one in PEOPLE if one.role is role and may(endpoint, one)]
    if not able:
        pytest.skip("not theirs")
    one = able[(OF_OTHERS.index(endpoint) + TURN) % len(able)]
    portal, app, person, work = map(request.getfixturevalue, ("portal", "app", "person", "work"))
    (done,) = _try(Stand(portal, app, endpoint, (one,), visitors(portal, app, person), instead=True), person, work)
    assert done.status < 400, done.text[-2000:]
    changes = _changes(portal, endpoint)
    assert done.moved or changes is Changes.RUN or endpoint in {"completeness.preview", "corrections.count"}


@pytest.fixture(scope="module")
def may(sold_home: Any) -> Callable[[str, Person], bool]:
    """Whether a person may send the request of a builder."""
    flask = sold_home.portal

    def of(endpoint: str, one: Person) -> bool:
        access = access_of(flask, endpoint)
        return isinstance(access, Action) and one.may(access, _changes(flask, endpoint))

    return of


def _changes(portal: Flask, endpoint: str) -> Changes:
    changes = changes_of(portal, endpoint)
    assert changes is not None
    return changes


def _try(stand: Stand, person: People, work: Work) -> list[Try]:
    """Have the administrator act, and the people of the stand try."""
    stand.app.contracts.pin("IN")  # otherwise the first who uses it writes it
    stand.watch()
    with suppress(Stopped):
        BUILDERS[stand.endpoint](Shop(stand.app, stand.flask, person, work))
    assert stand.is_done, f"The builder of {stand.endpoint} sends no request to it."
    return stand.tries
