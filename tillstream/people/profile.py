"""Profile: what a person says of themself."""

import zoneinfo
from functools import cache
from typing import Any

from tillstream.audit import What
from tillstream.people import account_store
from tillstream.people.assigned import WrongField
from tillstream.people.user import User
from tillstream.ports import Ports

LOCALES = {
    "en-GB": "English (United Kingdom)",
    "en-US": "English (United States)",
    "en-IN": "English (India)",
    "de-DE": "Deutsch",
    "es-ES": "Español",
    "fr-FR": "Français",
    "hi-IN": "हिन्दी",
    "it-IT": "Italiano",
    "ja-JP": "日本語",
    "nl-NL": "Nederlands",
    "pl-PL": "Polski",
    "pt-BR": "Português (Brasil)",
    "sv-SE": "Svenska",
}
"""How dates and numbers are written; the words of the pages stay English."""


@cache
def zones() -> tuple[str, ...]:
    """The names of time zones, as people choose them."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name and name[:4] != "Etc/"))


def save(ports: Ports, login: str, *, name: str, locale: str, time_zone: str) -> User:
    """The person's own choice. Raises `WrongField`."""
    if not name.strip():
        raise WrongField("name", "Enter your name.")
    if locale and locale not in LOCALES:
        raise WrongField("locale", f"There is no way of writing called {locale}.")
    if time_zone and time_zone not in {*zones(), "UTC"}:
        raise WrongField("time_zone", f"There is no time zone {time_zone}; they are called like Asia/Kolkata.")
    chosen: dict[str, Any] = {"name": name.strip(), "locale": locale, "time_zone": time_zone}
    own = account_store.plain(login)
    return account_store.change(ports, login, lambda data: data | chosen, own, What.USER_PROFILE_CHANGED)
