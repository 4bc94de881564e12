"""Every page, endpoint, export and feed × role × scope: no response depends on rows outside the user's scope.

All registered routes are requested, so new ones are tested automatically (see tests/routes.py).
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from difflib import unified_diff
from functools import cache
from typing import Any, Protocol

import pytest
from deployments import FILES, USERS, Deployment, File, Row, User, deploy, masked
from routes import ENDLESS, address, addresses, routes_of
from werkzeug.routing import Rule

from examples import long_but
from portal.access import FILES as STATIC
from portal.access import access_of
from portal.dashboard.tiles import TILES
from portal.urls import API_ALIAS, API_ROOT
from tillstream.analytics.queries import PERSONAL_COLUMNS
from tillstream.model.columns import COSTS
from tillstream.model.permissions import PERMISSIONS, Action, Role
from tillstream.records import batch_records

RESTRICTED_USERS = [one for one in USERS if one.role is not Role.ADMIN]
HIDDEN_ROWS = {
    "region": "UK", "store": "LON1", "category": "Secret goods", "product": "P-Secret", "channel": "phone",
    "salesperson": "O5", "country": "Ruritania", "q": "5001",
}  # fmt: skip
"""filter → a value that only rows of another region have."""
HIDDEN_FILES = ("london-secret.csv", "leeds-undone-secret.csv", "broken-secret.csv")


MOST_RESTRICTED = next(one for one in USERS if one.login == "manager-store")
TESTED_USERS = long_but([MOST_RESTRICTED], RESTRICTED_USERS)
"""All users in the long tests; with each change the one with the fewest rows."""

Restricted = Callable[[User], Iterator[Deployment]]


class Filtered(Protocol):
    """The addresses of a path with filters by hidden values: all that change the response for an admin, or one."""

    def __call__(self, path: str, *, every: bool) -> list[str]: ...


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deploy(tmp_path_factory.mktemp("whole"), lambda file: file.rows, complete=True) as deployment:
        for rule in routes_of(deployment.portal):  # fill caches before other users ask
            if rule.endpoint not in ENDLESS | STATIC:
                for path in addresses(rule):
                    deployment.fetch("boss", path)
        yield deployment


@pytest.fixture(scope="module")
def restricted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Restricted]:
    """Deployments with only the rows of a user; two if a file may also contain other rows. Each is made when needed."""
    with ExitStack() as stack:
        deployments: dict[tuple[Any, ...], Deployment] = {}

        def of(one: User, *, complete_files_only: bool) -> Deployment:
            def keep(file: File) -> tuple[Row, ...]:
                rows = tuple(row for row in file.rows if one.can_see(row))
                return () if complete_files_only and rows != file.rows else rows

            key = (one.regions, one.stores, one.seller, complete_files_only)
            if key not in deployments:
                deployments[key] = stack.enter_context(deploy(tmp_path_factory.mktemp("own"), keep))
            return deployments[key]

        def every(one: User) -> Iterator[Deployment]:
            for complete_files_only in (False, True)[: 1 + bool(one.stores)]:
                yield of(one, complete_files_only=complete_files_only)

        yield every


@pytest.fixture(scope="module")
def filtered(complete: Deployment) -> Filtered:
    """The path with each filter by a hidden value that changes the response for an admin, or with one of the filters,
    each path with the next one."""
    listed: dict[str, list[str]] = {}
    for rule in _readable_rules(complete):
        access = access_of(complete.portal, rule.endpoint)
        if rule.arguments - {"tile"} or not isinstance(access, Action) or access is Action.ADMINISTER:
            continue
        for arguments in _tiles(rule):
            path = addresses(rule, **arguments)[0]
            named = [("store", HIDDEN_ROWS["store"])] if arguments else HIDDEN_ROWS.items()
            listed[path] = [f"{path}{'&' if '?' in path else '?'}{name}={value}" for name, value in named]
    turns = {path: number for number, path in enumerate(listed)}

    @cache
    def of(path: str, *, every: bool) -> list[str]:
        if path not in listed:
            return []
        if not every:
            return [listed[path][turns[path] % len(listed[path])]]
        plain = fetch(complete, "boss", path, {})
        return [one for one in listed[path] if fetch(complete, "boss", one, {}) != plain]

    return of


def _tiles(rule: Rule) -> list[dict[str, str]]:
    return [{"tile": name} for name in TILES] if "tile" in rule.arguments else [{}]


def requests_for(rule: Rule, one: User, filtered: Filtered, *, every: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """Requests of a route: plain, with filters by hidden values, and for each of the user's files."""
    if "batch_id" in rule.arguments:
        for file in FILES:
            rows = [one.can_see(row) for row in file.rows]
            if all(rows):
                yield address(rule, batch_id="{batch}"), {"batch": file.name}
        return
    for arguments in _tiles(rule):
        for path in addresses(rule, **arguments):
            yield path, {}
            for with_filter in filtered(path, every=every):
                yield with_filter, {}


def fetch(deployment: Deployment, login: str, path: str, about: dict[str, str]) -> tuple[int, str]:
    if about:
        path = path.replace("%7Bbatch%7D", deployment.ids[about["batch"]])
    status, text = deployment.fetch(login, path)
    return status, masked(text)


def _readable_rules(deployment: Deployment) -> list[Rule]:
    """Routes that can be read, without files, without the token of a session, which differs each time, and without the
    aliases of version 1 of the API, which are its views."""
    return [
        rule
        for rule in routes_of(deployment.portal)
        if rule.endpoint not in ENDLESS | STATIC | {"swagger_ui", "sign_in.current"}
        and (not rule.rule.startswith(API_ALIAS) or rule.rule.startswith((API_ROOT, "/api/docs")))
    ]


WITHOUT_SAME_ROWS = {"api.docs_page", "api.reference", "measures.definitions", "api.queries", "goals.data"}
"""Pages; lists of what a role may ask for; goals, whose rows are the highest targets that a user sees all sales of."""

STOCK_TILE = re.compile('<ul class="stock-tile">.*?</ul>', re.DOTALL)
"""The number of products by status; salespeople see those of their stores, which sales of others change."""


def _is_of_stores(rule: Rule, one: User) -> bool:
    """Whether a salesperson sees the stock of a store there, which sales of others change."""
    return one.seller is not None and rule.endpoint.startswith(("stock", "api.stock"))


@pytest.mark.parametrize(
    ("one", "every"),
    [
        pytest.param(MOST_RESTRICTED, False, id=f"{MOST_RESTRICTED.login} with one filter of each page"),
        *(pytest.param(one, True, id=one.login, marks=pytest.mark.long) for one in RESTRICTED_USERS),
    ],
)
def test_no_response_depends_on_hidden_rows(
    complete: Deployment, restricted: Restricted, filtered: Filtered, one: User, every: bool
) -> None:
    def answer(deployment: Deployment, path: str, about: dict[str, str]) -> tuple[int, str]:
        status, text = fetch(deployment, one.login, path, about)
        return status, STOCK_TILE.sub("", text) if one.seller else text

    wrong: list[str] = []
    for rule in _readable_rules(complete):
        if _is_of_stores(rule, one):
            continue
        for path, about in requests_for(rule, one, filtered, every=every):
            whole = answer(complete, path, about)
            alone: list[tuple[int, str]] = []
            for deployment in restricted(one):
                alone.append(answer(deployment, path, about))
                if alone[-1] == whole:
                    break
            else:
                wrong.append(f"{path} {about}: {whole[0]}, not {alone[0][0]}\n{_difference(whole[1], alone[0][1])}")
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("one", TESTED_USERS, ids=lambda one: one.login)
def test_numbers_equal_those_of_an_admin_who_has_only_these_rows(
    complete: Deployment, restricted: Restricted, one: User
) -> None:
    hidden = _hidden_columns(one)
    compared, wrong = 0, []
    for rule in _readable_rules(complete):
        if not rule.rule.startswith("/api/") or rule.arguments - {"name"}:
            continue
        for path in addresses(rule):
            status, text = fetch(complete, one.login, path, {})
            if status == 403 or rule.endpoint in WITHOUT_SAME_ROWS or _is_of_stores(rule, one):
                continue
            admins = [fetch(deployment, "boss", path, {}) for deployment in restricted(one)]
            if _numbers(text, frozenset()) not in [_numbers(expected, hidden) for _, expected in admins]:
                wrong.append(path)
            compared += 1
    assert wrong == []
    assert compared >= 7


@pytest.mark.parametrize("one", TESTED_USERS, ids=lambda one: one.login)
def test_hidden_records_look_like_missing_ones(complete: Deployment, one: User) -> None:
    """A request for a batch, settlement or region of others has the same response as for a missing one."""
    other_batches = [complete.ids[file.name] for file in FILES if not any(one.can_see(row) for row in file.rows)]
    hidden: dict[str, list[Any]] = {
        "batch_id": ["0" * 20, *other_batches],
        "number": [
            10**6,
            *(batch_records.get_batch(complete.app.ports, batch).settlement_no for batch in other_batches),
        ],
        "region": ["Nowhere", "UK"] if one.regions else ["Nowhere"],
    }
    assert (len(other_batches) > 0) == bool(one.regions)
    requested = 0
    both = [(rule, method) for method in ("GET", "POST") for rule in routes_of(complete.portal, method)]
    for rule, method in both:
        for name in rule.arguments & set(hidden):
            unknown, *values = hidden[name]
            expected = fetch_with_method(complete, one, address(rule, **{name: unknown}), method, unknown)
            for value in values:
                path = address(rule, **{name: value})
                assert fetch_with_method(complete, one, path, method, value) == expected, (path, method)
                requested += 1
    assert requested or not other_batches


def fetch_with_method(deployment: Deployment, one: User, path: str, method: str, value: Any) -> tuple[int, str]:
    status, text = deployment.fetch(one.login, path, method)
    return status, masked(text if isinstance(value, int) else text.replace(value, "…"))


def _hidden_columns(user: User) -> frozenset[str]:
    permissions = PERMISSIONS[user.role]
    personal = frozenset() if Action.SEE_PERSONAL in permissions else PERSONAL_COLUMNS
    return personal if Action.SEE_COSTS in permissions else personal | COSTS


def _numbers(text: str, hidden: frozenset[str]) -> Any:
    """The response as JSON, without the hidden columns."""
    answer = json.loads(text)
    if "columns" not in answer:
        return answer
    columns = [name for name in answer["columns"] if name not in hidden]
    return answer | {"columns": columns, "rows": [{name: row[name] for name in columns} for row in answer["rows"]]}


def _difference(text: str, expected: str) -> str:
    return "\n".join(
        list(unified_diff(expected.splitlines(), text.splitlines(), "alone", "whole", n=0, lineterm=""))[:12]
    )
