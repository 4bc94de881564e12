"""Days on which nothing was sold, which a person records: no file is expected for them, and no alert is raised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, formats
from portal.access import allow
from portal.completeness import held_files, texts
from portal.context import me, ports, scope
from portal.uploads import scoped
from tillstream.analytics.completeness import CalendarDay, DayState
from tillstream.analytics.filters import Filters
from tillstream.contracts import source_settings
from tillstream.contracts.source_settings import NothingSold
from tillstream.model.batch import Batch
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import EARLIEST_ZONE
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Action, extent_of, may_change


@dataclass(frozen=True)
class Choices:
    """What can be recorded on the page of a day.

    silent: sources from which no file has arrived. recorded: sources without sales on the day, and who recorded it.
    """

    silent: Sequence[Contract] = ()
    recorded: Sequence[tuple[Contract, NothingSold]] = ()
    may_record: bool = False


def choices(region: str, day: date, cell: CalendarDay, held: Sequence[Batch]) -> Choices:
    """What the user can record, or see recorded, about a day of a region. held: held files with rows of the day."""
    silent, recorded, came = [], [], _sources_with_sales(region, day, held)
    for contract in scoped.contracts():
        stored = source_settings.expectation_of_contract(ports(), contract)
        if contract.region != region or stored.expectation.cadence != "daily":
            continue
        if day in stored.nothing_sold:
            recorded.append((contract, stored.nothing_sold[day]))
        elif contract.name in came:
            continue
        elif contract.name in cell.missing_of or (cell.state is DayState.DUE and stored.expectation.expects(day)):
            silent.append(contract)
    return Choices(silent, recorded, _may_record(region) and not _is_ahead(day))


@allow(Action.UPLOAD)
def record(region: str, on: str) -> ResponseReturnValue:
    """Record that nothing was sold, or with the field `sold` that a file is expected after all."""
    day, source, sold = formats.day_in(on), request.form.get("source", ""), bool(request.form.get("sold"))
    contract = next((one for one in scoped.contracts() if (one.name, one.region) == (source, region)), None)
    if contract is None or day is None or not _may_record(region):
        raise NotFound(texts.no_source(source))
    if _is_ahead(day):
        raise Rejected(texts.NOT_BEGUN)
    if source_settings.expectation_of_contract(ports(), contract).expectation.cadence != "daily":
        raise Rejected(texts.not_daily(source))
    if not sold and source in _sources_with_sales(region, day, held_files.of_day(region, day)):
        raise Rejected(texts.has_sales(source))
    source_settings.record_nothing_sold(ports(), contract, day, me().login, sold=sold)
    flash(texts.expected_again(source) if sold else texts.nothing_sold(source), "done")
    return redirect(url_for("completeness.day", region=region, on=day.isoformat()), 303)


def _sources_with_sales(region: str, day: date, held: Sequence[Batch]) -> set[str]:
    """Sources whose files contain a day: with lines that count, or held until it is reviewed."""
    rows = figures.ask("told-days", Filters(day, day, region=(region,))).to_pylist()
    return {row["contract"] for row in rows} | {one.contract for one in held}


def _may_record(region: str) -> bool:
    """It concerns a source, and so its whole region."""
    return scope().may(Action.UPLOAD) and may_change(scope(), extent_of(region))


def _is_ahead(day: date) -> bool:
    return day > (ports().clock.now() + EARLIEST_ZONE).date()
