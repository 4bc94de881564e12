"""The page “Use in another tool”: the address of a live file, and the steps for each tool."""

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures
from portal.access import allow
from portal.api import named_queries
from portal.api import texts as api_texts
from portal.live_files import contents, file, texts
from portal.live_files.titles import title
from portal.token_auth import IN_ADDRESS
from portal.urls import with_args
from tillstream.analytics.explorations import (
    BY,
    DEFAULT_BY,
    DEFAULT_MEASURES,
    FIRST,
    GOALS,
    HAVING,
    HIGH,
    IS,
    LOW,
    MEASURE,
    UNGROUPED,
)
from tillstream.analytics.filters import CURRENCY
from tillstream.delivery.export_formats import FORMATS
from tillstream.model.dates import DATE_FILTERS
from tillstream.model.errors import NotFound
from tillstream.model.people import Action

NAME = "name"
_OF_PAGES = frozenset({"format", "across", "chart", "against", "column", "sort", FIRST, GOALS, HAVING, IS, LOW, HIGH})
"""Arguments of exports that live files do not have."""


@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Addresses of a live file, and how to use them in other tools."""
    chosen = request.args.get(NAME, file.MEASURES)
    if chosen not in file.NAMES:
        raise NotFound(api_texts.no_query(chosen, file.NAMES))
    args = {name: values for name, values in request.args.lists() if name not in {NAME, IN_ADDRESS}}
    if chosen == file.MEASURES:
        args = {"measures": [",".join(DEFAULT_MEASURES)], "by": [",".join(DEFAULT_BY)]} | args
    return render_template(
        "live_files/show.html",
        name=chosen,
        contents=contents.of(chosen, args),
        args=args,
        offered=list(_offered()),
        addresses={suffix: file.address(chosen, suffix, args) for suffix in FORMATS},
        with_token=_with_token(file.address(chosen, "csv", args)),
        power_bi=f"{url_for('live_files.file', live_file=chosen, suffix=file.PBIDS)}?{with_args(args)}",
        placeholder=texts.TOKEN,
    )


def _with_token(address: str) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{IN_ADDRESS}={texts.TOKEN}"


def _offered() -> Iterator[tuple[str, str]]:
    yield file.MEASURES, texts.MEASURES
    yield file.LINES, texts.LINES
    for one in named_queries.available():
        yield one.name, title(one.name)  # descriptions name columns that a role may not see


def tool_address(export: str) -> str:
    """Address of the page for the rows of an export; empty if they have no live file. export: its address."""
    parts = urlsplit(export)
    args: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query):
        if name not in _OF_PAGES:
            args.setdefault({MEASURE: "measures"}.get(name, name), []).append(value)
    if parts.path == url_for("explore.export"):
        across = [value for name, value in parse_qsl(parts.query) if name == "across"]
        by = [one for one in [*args.get(BY, []), *across] if one != UNGROUPED]
        args |= {"measures": [",".join(args.get("measures", []))], BY: [",".join(by) or UNGROUPED]}
        if not any(name in args for name in (file.PRESET, *DATE_FILTERS)):
            args[file.PRESET] = [file.LATEST]
        args.setdefault(CURRENCY, [figures.currency()])
        return url_for("live_files.show") + f"?{with_args(args, name=file.MEASURES)}"
    if parts.path.startswith("/tables/"):
        return url_for("live_files.show") + f"?{with_args(args, name=parts.path.removeprefix('/tables/'))}"
    return ""
