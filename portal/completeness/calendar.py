"""Data completeness: which day of which region and store has arrived, is late, held or missing."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, formats
from portal.access import allow
from portal.completeness import day_closes, held_files, nothing_sold, texts
from portal.connectors import scoped as connectors
from portal.context import me, ports, scope
from portal.uploads import scoped
from tillstream.analytics import completeness
from tillstream.analytics.completeness import (
    WATERMARK_WINDOW,
    CalendarRow,
    DeliveryFacts,
    MissingDaysEmail,
    missing_days_email,
)
from tillstream.analytics.filters import Filters
from tillstream.contracts import source_settings
from tillstream.model.batch import receipt_time
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.people import Action


@allow(Action.SEE_UPLOADS)
def show() -> ResponseReturnValue:
    view = "week" if request.args.get("view") == "week" else "month"
    today = ports().clock.now().date()
    latest = today - timedelta(days=1)  # the last day that is over: on the first, no day of the month is due
    first, last = _window(view, _day(request.args.get("day", ""), latest))
    rows = _rows(first, last)
    return render_template(
        "completeness/show.html",
        view=view,
        first=first,
        last=last,
        days=[first + timedelta(days=number) for number in range((last - first).days + 1)],
        before=_window(view, first - timedelta(days=1))[0],
        after=_window(view, last + timedelta(days=1))[0],
        today=today,
        latest=latest,
        rows=rows,
        opened=[row.region for row in rows if row.region in request.args.getlist("open")],
        words=texts.WORDS,
        reminders=[reminder for row in rows if (reminder := _reminder(row))],
        connectors=[one for one in connectors.connectors() if one.state.needs_attention],
    )


@allow(Action.SEE_UPLOADS)
def day(region: str, on: str) -> ResponseReturnValue:
    """One day of a region or store: its uploads, held files and the reminder to send."""
    requested_day, store = _day(on, None), request.args.get("store") or None
    row = next((one for one in _rows(requested_day, requested_day) if one.region == region), None)
    if row is not None and store is not None:
        row = next((one for one in row.stores if one.store == store), None)
    if row is None or not scope().covers_region(region):
        abort(404)
    filters = Filters(requested_day, requested_day, region=(region,), store=(store,) if store else None)
    held = held_files.of_day(region, requested_day, store)
    return render_template(
        "completeness/day.html",
        row=row,
        cell=row.cells[0],
        day=requested_day,
        uploads=[
            one | {"at": receipt_time(one["received_seq"])}
            for one in figures.ask("uploads-of-a-day", filters).to_pylist()
        ],
        held=held,
        words=texts.WORDS,
        nothing=nothing_sold.choices(region, requested_day, row.cells[0], held)
        if store is None
        else nothing_sold.Choices(),
        reminder=_reminder(row),
        connectors=[one for one in connectors.connectors() if one.region == region],
    )


def _rows(first: date, last: date) -> list[CalendarRow]:
    return rows_of(source_settings.with_expectations(ports(), scoped.contracts()), first, last)


def rows_of(contracts: Sequence[Contract], first: date, last: date) -> list[CalendarRow]:
    """The calendar of contracts, by their expectations and for the stores of the user."""
    now = ports().clock.now()
    contracts = [_own(contract) for contract in contracts]
    earlier = Filters(min(first, now.date() - WATERMARK_WINDOW), max(last, now.date()))
    expected = any(contract.schedule.cadence for contract in contracts)
    facts = DeliveryFacts(
        figures.ask("delivered-days", Filters(first, last)).to_pylist(),
        [row for row in figures.ask("refused-days", Filters(), first=first, last=last).to_pylist() if _mine(row)],
        held_files.days_by_region(),
        figures.ask("told-days", earlier).to_pylist() if expected else [],
        day_closes.of_scope(min(first, now.date() - WATERMARK_WINDOW), max(last, now.date())),
    )
    return completeness.delivery_calendar(contracts, facts, first, last, now)


def _own(contract: Contract) -> Contract:
    """The contract limited to the stores of the user, so that no others are shown."""
    stores = scope().stores
    if stores is None or not contract.stores:
        return contract
    return contract.model_copy(update={"stores": tuple(store for store in contract.stores if store in stores)})


def _mine(row: dict[str, Any]) -> bool:
    stores = scope().stores
    return stores is None or row["store_id"] in stores


def _reminder(row: CalendarRow) -> MissingDaysEmail | None:
    return missing_days_email(row, me().name)


def _window(view: str, on: date) -> tuple[date, date]:
    """First and last day of the week (from Monday) or month of a day."""
    if view == "week":
        first = on - timedelta(days=on.weekday())
        return first, first + timedelta(days=6)
    first = on.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _day(text: str, default: date | None) -> date:
    parsed = formats.day_in(text) or default
    if parsed is None:
        raise Rejected(formats.not_a_date(text))
    if not 1900 < parsed.year < 2200:
        raise Rejected(texts.out_of_range(parsed))
    return parsed
