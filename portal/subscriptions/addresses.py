"""Addresses of tables in the form of a subscription: from the link of an export, and with another period."""

from urllib.parse import urlencode

from flask import request

from tillstream.delivery.schedule import MONTH
from tillstream.delivery.subscribed_tables import LINES, LINES_FILE, PRESET
from tillstream.delivery.subscriptions import EXPLORE, TABLES, SubscriptionDraft, address_arguments
from tillstream.model.dates import ALL_TIME, DATE_FILTERS, OWN_DATES, PERIOD_PRESETS
from tillstream.model.errors import Rejected

FORMAT = "format"
FROM_FILES = {f"{EXPLORE}/file": EXPLORE, LINES_FILE: TABLES + LINES}
"""Path of a file → path of its table."""


def address_of(link: str) -> str:
    """The address of a table from the link to its file. Raises `Rejected`."""
    path, arguments = address_arguments(link)
    path = FROM_FILES.get(path, path)
    if path != EXPLORE and not path.startswith(TABLES):
        raise Rejected("This page has no table to subscribe to.")
    return _joined(path, {name: values for name, values in arguments.items() if name != FORMAT})


def own_days(address: str) -> list[str]:
    """The days that an address contains; none if it has a preset."""
    arguments = address_arguments(address)[1]
    if any(arguments.get(PRESET, [])):
        return []
    return [arguments[name][0] for name in DATE_FILTERS if any(arguments.get(name, []))]


def period_of(address: str) -> str:
    """The preset of an address, `OWN` for days of its own, or empty."""
    chosen = next(iter(address_arguments(address)[1].get(PRESET, [])), "")
    return chosen if chosen in {ALL_TIME, *PERIOD_PRESETS} else OWN_DATES if own_days(address) else ""


def of_form() -> SubscriptionDraft:
    """What the form of this request contains. Raises `Rejected`."""
    form = request.form
    return SubscriptionDraft(
        name=form.get("name", ""),
        address=_with_period(address_of(form.get("address", "")), form.get(PRESET, "")),
        format=form.get(FORMAT, ""),
        to=form.get("to", ""),
        every=form.get("every", ""),
        day=form.get("monthday" if form.get("every") == MONTH else "weekday", 0, type=int),
        hour=form.get("hour", 7, type=int),
        view=form.get("view", ""),
        skip_empty=form.get("skip_empty") == "yes",
        destination=form.get("destination", ""),
        file_name=form.get("file_name", ""),
        keeps=form.get("keeps") == "yes",
    )


def _with_period(address: str, preset: str) -> str:
    if preset == OWN_DATES:
        return address
    path, arguments = address_arguments(address)
    kept = {name: values for name, values in arguments.items() if name not in {*DATE_FILTERS, PRESET}}
    return _joined(path, kept | ({PRESET: [preset]} if preset else {}))


def _joined(path: str, arguments: dict[str, list[str]]) -> str:
    query = urlencode(arguments, doseq=True)
    return path + (f"?{query}" if query else "")
