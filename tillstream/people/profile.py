"""Profile: the settings that users change themselves."""

import zoneinfo
from collections.abc import Collection
from functools import cache
from typing import Any

from tillstream.audit import AuditAction
from tillstream.people import account_store
from tillstream.people.account_fields import WrongField
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
"""Formats of dates and numbers; the pages stay in English."""

REPORTING = "reporting"
"""Display currency of people who want the reporting currency."""


@cache
def zones() -> tuple[str, ...]:
    """Names of the time zones that a user can choose."""
    return tuple(sorted(name for name in zoneinfo.available_timezones() if "/" in name and name[:4] != "Etc/"))


def save(
    ports: Ports,
    login: str,
    *,
    name: str,
    locale: str,
    time_zone: str,
    display_currency: str = "",
    currencies: Collection[str] = (),
) -> User:
    """Update name, locale, time zone and display currency. Raises `WrongField`, `NotFound`.

    display_currency: one of `currencies`, `REPORTING`, or empty for that of the user's regions.
    """
    if not name.strip():
        raise WrongField("name", "Enter your name.")
    if locale and locale not in LOCALES:
        raise WrongField("locale", f"There is no number and date format {locale}.")
    if time_zone and time_zone not in {*zones(), "UTC"}:
        raise WrongField("time_zone", f"There is no time zone {time_zone}. Use a name such as Asia/Kolkata.")
    if display_currency and display_currency not in {*currencies, REPORTING}:
        raise WrongField("display_currency", f"There is no exchange rate of {display_currency}.")
    chosen: dict[str, Any] = {
        "name": name.strip(),
        "locale": locale,
        "time_zone": time_zone,
        "display_currency": display_currency,
    }
    actor = account_store.normalize_login(login)
    return account_store.change(ports, login, lambda data: data | chosen, actor, AuditAction.USER_PROFILE_CHANGED)
