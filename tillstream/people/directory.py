"""Directory: everybody with an account, searched, filtered, sorted."""

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
class Asked:
    """Empty fields bind nothing. sort: one of SORTS, with a minus in front the other way round."""

    text: str = ""
    role: str = ""
    state: str = ""
    sort: str = "name"


def people(ports: Ports, asked: Asked) -> list[User]:
    words = asked.text.casefold().split()
    found = [
        one
        for one in accounts.find(ports)
        if asked.role in ("", one.role.value) and asked.state in ("", one.state) and _holds(one, words)
    ]
    found.sort(key=SORTS.get(asked.sort.lstrip("-"), SORTS["name"]), reverse=asked.sort.startswith("-"))
    return found


def _holds(user: User, words: list[str]) -> bool:
    text = " ".join((user.login, user.name, *user.regions, *user.stores, user.salesperson or "")).casefold()
    return all(word in text for word in words)
