"""Sends a request that is valid for an administrator as other people first, and notes what each of them got.

The builders of requests are the acts of the test of the audit log: they are valid, because there they leave an entry.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from role_tries.digest import changed, contents
from role_tries.kinds import Changes
from visitor import People, Visitor
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from portal.access import Access
from tillstream.app import App
from tillstream.model.permissions import PERMISSIONS, Action, Role
from tillstream.people import personal_tokens

STORE, OTHER_STORE, REGION, OTHER_REGION = "MUM01", "PNQ1", "IN", "UK"
OF_OTHERS = (STORE, "DEL02", "Asha Rao", "june.csv", "bad.csv", "july.csv")
"""Stores, customers and files of the shop of the acts."""


@dataclass(frozen=True)
class Person:
    """Who tries. No role: somebody who is not signed in. is_token: a program with all rights that a token can have."""

    name: str
    role: Role | None = None
    regions: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    is_token: bool = False

    def may(self, access: Access, changes: Changes) -> bool:
        """Whether the person may send the request of somebody else: what the page about people says."""
        if self.role is None or not isinstance(access, Action):
            return self.role is not None and changes is not Changes.OWN
        if access not in PERMISSIONS[self.role] or changes in {Changes.OWN, Changes.ADMIN}:
            return False
        sees_region = self.role is Role.ANALYST or REGION in self.regions
        match changes:
            case Changes.COMPANY:
                return False  # nobody here is an administrator
            case Changes.REGION:
                return sees_region and not self.stores
            case Changes.FILE:
                return sees_region
            case Changes.STORE:
                return sees_region and (not self.stores or STORE in self.stores)
        return True


PEOPLE = (
    Person("stranger"),
    Person("seller", Role.SALESPERSON, (REGION,), (STORE,)),
    Person("analyst", Role.ANALYST, (REGION,)),
    Person("clerk-abroad", Role.CLERK, (OTHER_REGION,)),
    Person("manager-abroad", Role.MANAGER, (OTHER_REGION,)),
    Person("clerk-next-door", Role.CLERK, (REGION,), (OTHER_STORE,)),
    Person("manager-next-door", Role.MANAGER, (REGION,), (OTHER_STORE,)),
    Person("clerk-of-store", Role.CLERK, (REGION,), (STORE,)),
    Person("manager-of-store", Role.MANAGER, (REGION,), (STORE,)),
    Person("clerk", Role.CLERK, (REGION,)),
    Person("manager", Role.MANAGER, (REGION,)),
)
PROGRAMS = tuple(
    Person(f"{one.name}-token", one.role, one.regions, one.stores, is_token=True) for one in PEOPLE if one.role
)


@dataclass(frozen=True)
class Try:
    """What somebody got. moved: places in the home that changed."""

    person: Person
    status: int
    text: str
    moved: list[str]
    sent: str

    @property
    def leaks(self) -> list[str]:
        """Words that only the things of others contain, and that the request did not name itself."""
        return [one for one in OF_OTHERS if one in self.text and one not in self.sent]


class Stopped(Exception):
    """The act need not go on."""


@dataclass
class Stand:
    """Between an administrator and the portal: at the first request to an endpoint, `people` send it before.

    instead: the administrator does not send it then, and the act ends with `Stopped`.
    """

    flask: Flask
    app: App
    endpoint: str
    people: tuple[Person, ...]
    visitor_of: Callable[[Person], Visitor]
    tries: list[Try] = field(default_factory=list)
    instead: bool = False
    is_done: bool = False

    def watch(self) -> None:
        """From now on every new client of the portal passes here."""
        stand = self

        class Watched(FlaskClient):
            def open(self, *args: Any, **kwargs: Any) -> Any:
                if not stand.is_done and args and isinstance(args[0], str):
                    method = str(kwargs.get("method", "GET")).upper()
                    if method not in {"GET", "HEAD"} and stand.endpoint_of(args[0], method) == stand.endpoint:
                        stand.is_done = True
                        kwargs |= _again(kwargs)
                        stand.everybody(args[0], method, kwargs)
                        if stand.instead:
                            raise Stopped
                return super().open(*args, **kwargs)

        self.flask.test_client_class = Watched

    def endpoint_of(self, address: str, method: str) -> str:
        parts = urlsplit(address)
        try:
            endpoint, _ = self.flask.url_map.bind("localhost").match(unquote(parts.path), method)
        except HTTPException:
            return ""
        return str(endpoint)

    def everybody(self, address: str, method: str, kwargs: dict[str, Any]) -> None:
        visitors = {person: self.visitor_of(person) for person in self.people}
        before = contents(self.app)
        for person, visitor in visitors.items():
            answer = _send(visitor, person, address, method, _again(kwargs))
            after = contents(self.app)
            sent = f"{address} {kwargs.get('data')} {kwargs.get('json')}"
            shown = answer.text
            if answer.status_code in {302, 303} and answer.headers["Location"].startswith("/"):
                shown += visitor.get("/profile").text  # with the messages that a page shows next
            self.tries.append(Try(person, answer.status_code, shown, changed(before, after), sent))
            before = after


def visitors(flask: Flask, app: App, person: People) -> Callable[[Person], Visitor]:
    """Signs people in when they are needed."""
    signed_in: dict[str, Visitor] = {}

    def visitor_of(one: Person) -> Visitor:
        if one.name not in signed_in:
            client = FlaskClient(flask, flask.response_class)
            if one.role is None:
                signed_in[one.name] = Visitor(client)
            elif one.is_token:
                owner = one.name.removesuffix("-token")
                visitor_of(next(each for each in PEOPLE if each.name == owner))
                key = personal_tokens.issue_personal_token(app.ports, owner, "try", _rights(one.role), by=owner)[1]
                client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
                signed_in[one.name] = Visitor(client)
            else:
                signed_in[one.name] = person(one.role, *one.regions, login=one.name, stores=one.stores)
        return signed_in[one.name]

    return visitor_of


def _rights(role: Role) -> Iterable[str]:
    return [name for name, action in personal_tokens.TOKEN_RIGHTS.items() if action in PERMISSIONS[role]]


def _send(visitor: Visitor, person: Person, address: str, method: str, kwargs: dict[str, Any]) -> TestResponse:
    """The same request with the person's own token against forged requests."""
    if not person.is_token and person.role is not None:
        token = visitor.token()
        data, headers = kwargs.get("data"), dict(kwargs.get("headers") or {})
        if isinstance(data, dict) and "csrf_token" in data:
            kwargs["data"] = data | {"csrf_token": token}
        if "X-CSRFToken" in headers:
            kwargs["headers"] = headers | {"X-CSRFToken": token}
    kwargs |= {"method": method, "buffered": True}
    return visitor.client.open(address, **kwargs)


def _again(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments with files that can be read from their beginning."""
    data = kwargs.get("data")
    if not isinstance(data, dict):
        return dict(kwargs)
    return kwargs | {"data": {name: _file(value) for name, value in data.items()}}


def _file(value: Any) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], BytesIO):
        return (BytesIO(value[0].getvalue()), *value[1:])
    return value
