"""Search, filter and sort user accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.ports import Ports

STATES = ("active", "invited", "stopped")
SORTS: dict[str, Callable[[User], Any]] = {
    "name": lambda one: (one.name.casefold(), one.login),
    "role": lambda one: (one.role.value, one.login),
    "seen": lambda one: (one.last_seen, one.login),
    "made": lambda one: (one.created_at, one.login),
}


@dataclass(frozen=True)
class PeopleFilter:
    """Filters, where empty means any, and sort order: a key of SORTS, prefixed with - to sort descending."""

    text: str = ""
    role: str = ""
    state: str = ""
    sort: str = "name"


def find_users(ports: Ports, filters: PeopleFilter) -> list[User]:
    terms = filters.text.casefold().split()
    matches = [
        user
        for user in accounts.find(ports)
        if filters.role in ("", user.role.value) and filters.state in ("", user.state) and _matches(user, terms)
    ]
    matches.sort(key=SORTS.get(filters.sort.lstrip("-"), SORTS["name"]), reverse=filters.sort.startswith("-"))
    return matches


def _matches(user: User, terms: list[str]) -> bool:
    text = " ".join((user.login, user.name, *user.regions, *user.stores, user.salesperson or "")).casefold()
    return all(term in text for term in terms)
