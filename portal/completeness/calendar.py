"""Data completeness: which day of which region and store has arrived, is late, held or missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, formats
from portal.access import allow
from portal.connectors import scoped as connectors
from portal.context import me, ports, scope
from portal.translation import N_, _
from portal.uploads import scoped
from portal.urls import go_to
from portal.user_stores import is_row_of_user
from tillstream.analytics import completeness
from tillstream.analytics.completeness import (
    WATERMARK_WINDOW,
    CalendarDay,
    CalendarRow,
    DayState,
    DeliveryFacts,
    MissingDaysEmail,
    missing_days_email,
)
from tillstream.analytics.filters import Filters
from tillstream.contracts import source_settings
from tillstream.contracts.source_settings import NothingSold
from tillstream.model.batch import Batch, BatchState, receipt_time
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import EARLIEST_ZONE
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import extent_of, may_change
from tillstream.model.permissions import Action
from tillstream.receipts import receipt
from tillstream.review import day_closes

WORDS: dict[DayState, tuple[str, str, str]] = N_(
    {
        DayState.MISSING: ("✗", N_("missing"), "Expected by now, but not received"),
        DayState.HELD: ("?", "needs review", "Received, and held until it is reviewed"),
        DayState.REFUSED: ("!", "rows to fix", "Received; some rows are not imported until they are fixed"),
        DayState.MISMATCH: (
            "≠",
            "totals differ",
            "Received; some line totals are not quantity × price, or the day close of a till does not agree",
        ),
        DayState.LATE: ("◔", "arrived late", "Complete, but after the deadline"),
        DayState.ARRIVED: ("✓", N_("arrived"), "Complete"),
        DayState.DUE: ("…", "not due yet", "Expected; the deadline has not passed"),
        DayState.QUIET: ("–", "no sales", "The file is received and has no sales of this day"),
        DayState.NOTHING: ("", "nothing expected", "Nothing is expected, and nothing arrived"),
    }
)
"""state → sign, label and meaning; colour only repeats them."""
CADENCES = N_(
    {
        "": "Nothing is expected",
        "daily": "Every day",
        "weekdays": "Every weekday, Monday to Friday",
        "weekly": "Every week, Monday to Sunday",
        "monthly": "Every month",
    }
)


def held_files_of_day(region: str, day: date, store: str | None = None) -> list[Batch]:
    """Held files of a region with rows of a day, or of one of its stores on that day."""
    return [
        one
        for one in _held()
        if one.region == region and any(on == day and store in {None, of} for of, on in _store_days(one))
    ]


def held_days_by_region() -> dict[str, list[tuple[str | None, date]]]:
    """region → (store, day) of its held files."""
    days: dict[str, list[tuple[str | None, date]]] = {}
    for upload in _held():
        days.setdefault(upload.region, []).extend(_store_days(upload))
    return days


def _held() -> list[Batch]:
    return [one for one in scoped.newest_batches(state=BatchState.HELD) if one.staged]


def _store_days(upload: Batch) -> set[tuple[str | None, date]]:
    stores = scope().stores
    return {one for one in receipt.staged_store_days(ports(), upload) if stores is None or one[0] in stores}


def day_closes_of_scope(first: date, last: date) -> dict[tuple[str, str], dict[date, bool]]:
    """(region, store) → day → whether all day closes of the day agree or are accepted.

    One that was only just received is left out: its sales may still arrive.
    """
    now, limits = ports().clock.now(), scope()
    closes: dict[tuple[str, str], dict[date, bool]] = {}
    for one in day_closes.day_closes_between(ports(), first, last):
        is_settled = one.state != "open" or one.is_question(now)
        if is_settled and limits.covers_region(one.region) and limits.covers_stores([one.store_id]):
            days, day = closes.setdefault((one.region, one.store_id), {}), date.fromisoformat(one.date)
            days[day] = days.get(day, True) and one.state != "open"
    return closes


@dataclass(frozen=True)
class NothingSoldChoices:
    """What can be recorded on the page of a day.

    silent: sources from which no file has arrived. recorded: sources without sales on the day, and who recorded it.
    """

    silent: Sequence[Contract] = ()
    recorded: Sequence[tuple[Contract, NothingSold]] = ()
    may_record: bool = False


def nothing_sold_choices(region: str, day: date, cell: CalendarDay, held: Sequence[Batch]) -> NothingSoldChoices:
    """What the user can record, or see recorded, about a day of a region. held: held files with rows of the day."""
    silent, recorded, came = [], [], _sources_with_sales(region, day, held)
    for contract in scoped.visible_contracts():
        stored = source_settings.expectation_of_contract(ports(), contract)
        if contract.region != region or stored.expectation.cadence != "daily":
            continue
        if day in stored.nothing_sold:
            recorded.append((contract, stored.nothing_sold[day]))
        elif contract.name in came:
            continue
        elif contract.name in cell.missing_of or (cell.state is DayState.DUE and stored.expectation.expects(day)):
            silent.append(contract)
    return NothingSoldChoices(silent, recorded, _may_record(region) and not _is_ahead(day))


@allow(Action.UPLOAD)
def record_nothing_sold(region: str, on: str) -> ResponseReturnValue:
    """Record that nothing was sold, or with the field `sold` that a file is expected after all."""
    day, source, sold = formats.day_in(on), request.form.get("source", ""), bool(request.form.get("sold"))
    contract = next((one for one in scoped.visible_contracts() if (one.name, one.region) == (source, region)), None)
    if contract is None or day is None or not _may_record(region):
        raise NotFound(no_source(source))
    if _is_ahead(day):
        raise Rejected(_("This day has not begun. Record that nothing was sold when it is over."))
    if source_settings.expectation_of_contract(ports(), contract).expectation.cadence != "daily":
        raise Rejected(
            _("{name} does not deliver a file for each day, so a single day of it is never missing.", name=source)
        )
    if not sold and source in _sources_with_sales(region, day, held_files_of_day(region, day)):
        raise Rejected(
            _("A file of {name} has sales of this day. If it needs review, accept or reject it first.", name=source)
        )
    source_settings.record_nothing_sold(ports(), contract, day, me().login, sold=sold)
    return go_to(
        "completeness.day",
        _("The file of {name} for this day is expected again.", name=source)
        if sold
        else _("It is recorded that nothing was sold on this day. No file of {name} is expected for it.", name=source),
        region=region,
        on=day.isoformat(),
    )


def _sources_with_sales(region: str, day: date, held: Sequence[Batch]) -> set[str]:
    """Sources whose files contain a day: with lines that count, or held until it is reviewed."""
    rows = figures.rows("told-days", Filters(day, day, region=(region,)))
    return {row["contract"] for row in rows} | {one.contract for one in held}


def _may_record(region: str) -> bool:
    """It concerns a source, and so its whole region."""
    return scope().may(Action.UPLOAD) and may_change(scope(), extent_of(region))


def _is_ahead(day: date) -> bool:
    return day > (ports().clock.now() + EARLIEST_ZONE).date()


@allow(Action.SEE_UPLOADS)
def show_calendar() -> ResponseReturnValue:
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
        words=WORDS,
        reminders=[reminder for row in rows if (reminder := _reminder(row))],
        connectors=[one for one in connectors.listed_connectors() if one.state.needs_attention],
    )


@allow(Action.SEE_UPLOADS)
def show_day(region: str, on: str) -> ResponseReturnValue:
    """One day of a region or store: its uploads, held files and the reminder to send."""
    requested_day, store = _day(on, None), request.args.get("store") or None
    row = next((one for one in _rows(requested_day, requested_day) if one.region == region), None)
    if row is not None and store is not None:
        row = next((one for one in row.stores if one.store == store), None)
    if row is None or not scope().covers_region(region):
        abort(404)
    filters = Filters(requested_day, requested_day, region=(region,), store=(store,) if store else None)
    held = held_files_of_day(region, requested_day, store)
    return render_template(
        "completeness/day.html",
        row=row,
        cell=row.cells[0],
        day=requested_day,
        uploads=[one | {"at": receipt_time(one["received_seq"])} for one in figures.rows("uploads-of-a-day", filters)],
        held=held,
        words=WORDS,
        nothing=nothing_sold_choices(region, requested_day, row.cells[0], held)
        if store is None
        else NothingSoldChoices(),
        reminder=_reminder(row),
        connectors=[one for one in connectors.listed_connectors() if one.region == region],
    )


def _rows(first: date, last: date) -> list[CalendarRow]:
    return calendar_rows(source_settings.with_expectations(ports(), scoped.visible_contracts()), first, last)


def calendar_rows(contracts: Sequence[Contract], first: date, last: date) -> list[CalendarRow]:
    """The calendar of contracts, by their expectations and for the stores of the user."""
    now = ports().clock.now()
    contracts = [_own(contract) for contract in contracts]
    earlier = Filters(min(first, now.date() - WATERMARK_WINDOW), max(last, now.date()))
    expected = any(contract.schedule.cadence for contract in contracts)
    facts = DeliveryFacts(
        figures.rows("delivered-days", Filters(first, last)),
        [row for row in figures.rows("refused-days", Filters(), first=first, last=last) if is_row_of_user(row)],
        held_days_by_region(),
        figures.rows("told-days", earlier) if expected else [],
        day_closes_of_scope(min(first, now.date() - WATERMARK_WINDOW), max(last, now.date())),
    )
    return completeness.delivery_calendar(contracts, facts, first, last, now)


def _own(contract: Contract) -> Contract:
    """The contract limited to the stores of the user, so that no others are shown."""
    stores = scope().stores
    if stores is None or not contract.stores:
        return contract
    return contract.model_copy(update={"stores": tuple(store for store in contract.stores if store in stores)})


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
        raise Rejected(_("There is nothing to show for {day}.", day=parsed))
    return parsed


def no_source(name: str) -> str:
    return _("There is no source {name} whose expected deliveries you may change.", name=name)
