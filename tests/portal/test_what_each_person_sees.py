"""Every page, endpoint, export and feed × role × scope: nobody's view depends on what they may not see.

The routes are walked as the portal has them: a new one is tested without a line here (see tests/routes.py).
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from difflib import unified_diff
from typing import Any

import pytest
from routes import ENDLESS, address, addresses, routes_of
from werkzeug.routing import Rule
from worlds import FILES, PEOPLE, File, Row, Someone, World, alike, world

from portal.access import FILES as STATIC
from portal.access import access_of
from portal.dashboard.tiles import TILES
from tillstream.analytics.queries import PERSONAL_COLUMNS
from tillstream.batches import records
from tillstream.domain.people import PERMISSIONS, Action, Role

OTHERS = [one for one in PEOPLE if one.role is not Role.ADMIN]
HIDDEN_ROWS = {
    "region": "UK", "store": "LON1", "category": "Secret goods", "product": "P-Secret", "channel": "phone",
    "salesperson": "O5", "country": "Ruritania", "q": "5001",
}  # fmt: skip
"""filter → a value that only rows of another region have."""
HIDDEN_FILES = ("london-secret.csv", "leeds-undone-secret.csv", "broken-secret.csv")


QUICK = frozenset({"manager-store"})
WALKERS = [pytest.param(one, id=one.login, marks=() if one.login in QUICK else pytest.mark.long) for one in OTHERS]
"""Everybody in the long tests; in the quick ones the one with the most to be kept from."""

Worlds = dict[str, list[World]]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("whole"), lambda file: file.rows, whole=True) as made:
        for rule in routes_of(made.portal):  # whatever is kept in memory is there before others ask
            if rule.endpoint not in ENDLESS | STATIC:
                for path in addresses(rule):
                    made.see("boss", path)
        yield made


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """Per person the worlds that hold only theirs; two where a file may hold more than theirs."""
    with ExitStack() as stack:
        made: dict[tuple[Any, ...], World] = {}

        def of(one: Someone, *, files_whole: bool) -> World:
            def keep(file: File) -> tuple[Row, ...]:
                rows = tuple(row for row in file.rows if one.may_see(row))
                return () if files_whole and rows != file.rows else rows

            key = (one.regions, one.stores, one.seller, files_whole)
            if key not in made:
                made[key] = stack.enter_context(world(tmp_path_factory.mktemp("own"), keep))
            return made[key]

        yield {
            one.login: [of(one, files_whole=files_whole) for files_whole in (False, True)[: 1 + bool(one.stores)]]
            for one in OTHERS
        }


@pytest.fixture(scope="module")
def minded(whole: World) -> dict[str, list[str]]:
    """address → itself with each filter for what is hidden that changes what an admin sees there."""
    found: dict[str, list[str]] = {}
    for rule in _walkable(whole):
        access = access_of(whole.portal, rule.endpoint)
        if rule.arguments - {"tile"} or not isinstance(access, Action) or access is Action.ADMINISTER:
            continue
        for known in _tiles(rule):
            path = addresses(rule, **known)[0]
            plain = ask(whole, "boss", path, {})
            named = [("store", HIDDEN_ROWS["store"])] if known else HIDDEN_ROWS.items()
            asked = (f"{path}{'&' if '?' in path else '?'}{name}={value}" for name, value in named)
            found[path] = [one for one in asked if ask(whole, "boss", one, {}) != plain]
    return found


def _tiles(rule: Rule) -> list[dict[str, str]]:
    return [{"tile": name} for name in TILES] if "tile" in rule.arguments else [{}]


def questions(rule: Rule, one: Someone, minded: dict[str, list[str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """What is asked of a route: as it stands, with each filter for what is hidden, and about each own file."""
    if "batch_id" in rule.arguments:
        for file in FILES:
            rows = [one.may_see(row) for row in file.rows]
            if all(rows):
                yield address(rule, batch_id="{batch}"), {"batch": file.name}
        return
    for known in _tiles(rule):
        for path in addresses(rule, **known):
            yield path, {}
            for filtered in minded.get(path, ()):
                yield filtered, {}


def ask(made: World, login: str, path: str, about: dict[str, str]) -> tuple[int, str]:
    if about:
        path = path.replace("%7Bbatch%7D", made.ids[about["batch"]])
    status, text = made.see(login, path)
    return status, alike(text)


def _walkable(made: World) -> list[Rule]:
    return [rule for rule in routes_of(made.portal) if rule.endpoint not in ENDLESS | STATIC | {"plotly"}]


@pytest.mark.parametrize("one", WALKERS)
def test_nothing_that_a_person_sees_depends_on_what_is_hidden_from_them(
    whole: World, own: Worlds, minded: dict[str, list[str]], one: Someone
) -> None:
    wrong: list[str] = []
    for rule in _walkable(whole):
        for path, about in questions(rule, one, minded):
            status, text = ask(whole, one.login, path, about)
            answers = [ask(made, one.login, path, about) for made in own[one.login]]
            if (status, text) not in answers:
                wrong.append(f"{path} {about}: {status}, not {answers[0][0]}\n{_difference(text, answers[0][1])}")
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("one", WALKERS)
def test_numbers_are_those_that_an_admin_sees_where_nothing_else_is(whole: World, own: Worlds, one: Someone) -> None:
    personal = Action.SEE_PERSONAL in PERMISSIONS[one.role]
    compared = 0
    for rule in _walkable(whole):
        if not rule.rule.startswith("/api/") or rule.arguments - {"name"}:
            continue
        for path in addresses(rule):
            status, text = ask(whole, one.login, path, {})
            if status == 403 or rule.endpoint == "api.docs_page":  # which is a page
                continue
            admins = [ask(made, "boss", path, {}) for made in own[one.login]]
            assert _numbers(text, personal=True) in [_numbers(theirs, personal=personal) for _, theirs in admins], path
            compared += 1
    assert compared >= 7


@pytest.mark.parametrize("one", WALKERS)
def test_what_others_have_is_as_unknown_as_what_is_not_there(whole: World, one: Someone) -> None:
    """Batches, settlements and regions of others, read or acted on: told as ones that never were."""
    theirs = [whole.ids[file.name] for file in FILES if not any(one.may_see(row) for row in file.rows)]
    hidden: dict[str, list[Any]] = {
        "batch_id": ["0" * 20, *theirs],
        "number": [10**6, *(records.get(whole.app.ports, batch).settlement_no for batch in theirs)],
        "region": ["Nowhere", "UK"] if one.regions else ["Nowhere"],
    }
    assert (len(theirs) > 0) == bool(one.regions)
    asked = 0
    both = [(rule, method) for method in ("GET", "POST") for rule in routes_of(whole.portal, method)]
    for rule, method in both:
        for name in rule.arguments & set(hidden):
            unknown, *values = hidden[name]
            expected = ask_by(whole, one, address(rule, **{name: unknown}), method, unknown)
            for value in values:
                path = address(rule, **{name: value})
                assert ask_by(whole, one, path, method, value) == expected, (path, method)
                asked += 1
    assert asked or not theirs


def ask_by(made: World, one: Someone, path: str, method: str, value: Any) -> tuple[int, str]:
    status, text = made.see(one.login, path, method)
    return status, alike(text if isinstance(value, int) else text.replace(value, "…"))


def _numbers(text: str, *, personal: bool) -> Any:
    """The answer as JSON, for those who see no person without the personal columns."""
    answer = json.loads(text)
    if personal or "columns" not in answer:
        return answer
    columns = [name for name in answer["columns"] if name not in PERSONAL_COLUMNS]
    return answer | {"columns": columns, "rows": [{name: row[name] for name in columns} for row in answer["rows"]]}


def _difference(text: str, expected: str) -> str:
    return "\n".join(
        list(unified_diff(expected.splitlines(), text.splitlines(), "alone", "whole", n=0, lineterm=""))[:12]
    )
