"""Expected deliveries: which source is expected how often and by when, and what a change does to the calendar."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from portal.access import allow
from portal.completeness import calendar
from portal.completeness.calendar import CADENCES, no_source
from portal.connectors import scoped as connectors
from portal.context import me, ports, scope
from portal.translation import N_, _
from portal.uploads import scoped
from portal.urls import go_to
from tillstream.analytics.completeness import CalendarRow, expectation_effects, missing_days_email
from tillstream.contracts import source_settings
from tillstream.model.contract import Contract
from tillstream.model.contract_schedule import (
    WEEKDAYS,
    Expectation,
    StoreExpectation,
    WrongExpectation,
    parse_expectation,
)
from tillstream.model.errors import NotFound
from tillstream.model.people import extent_of, may_change
from tillstream.model.permissions import Action

WEEKEND = ("saturday", "sunday")
SPAN = timedelta(days=92)
"""How far back the effect of a change is shown."""


class ExpectationForm(FlaskForm):
    cadence = SelectField(N_("How often"), choices=[SelectChoice(key, words) for key, words in CADENCES.items()])
    deadline_days = IntegerField(
        N_("Due, in days after the last day"), [NumberRange(0, 60, N_("Enter a number from 0 to 60."))], default=1
    )
    deadline = StringField(N_("Due by"), [InputRequired(N_("Enter a time such as 12:00.")), Length(max=8)])
    time_zone = StringField(N_("Time zone of that time"), [Length(max=60)])
    since = StringField(N_("Expected from"), [Length(max=10)])
    closed_days = TextAreaField(N_("Closed days"), [Length(max=5000)])
    notify = TextAreaField(N_("Email addresses"), [Length(max=2000)])

    def show(self, expectation: Expectation) -> None:
        """Fill the fields."""
        at_weekends = expectation.cadence == "daily" and expectation.closed == WEEKEND
        self.cadence.data = "weekdays" if at_weekends else expectation.cadence
        self.deadline_days.data = expectation.deadline_days
        self.deadline.data = f"{expectation.deadline:%H:%M}"
        self.time_zone.data = expectation.time_zone
        self.since.data = str(expectation.since or "")
        self.closed_days.data = "\n".join(str(day) for day in expectation.closed_days)
        self.notify.data = "\n".join(expectation.notify)

    def expectation(self, stores: Sequence[str]) -> Expectation:
        """The expectation of the posted fields. Raises `WrongExpectation`."""
        cadence = self.cadence.data
        closed = WEEKEND if cadence == "weekdays" else _weekdays("closed")
        return parse_expectation(
            {
                "cadence": "daily" if cadence == "weekdays" else cadence,
                "deadline_days": self.deadline_days.data,
                "deadline": (self.deadline.data or "").strip(),
                "time_zone": (self.time_zone.data or "").strip(),
                "since": (self.since.data or "").strip() or None,
                "closed": closed,
                "closed_days": sorted(set(_words(self.closed_days.data))),
                "notify": list(dict.fromkeys(_words(self.notify.data))),
                "stores": {store: values for store, one in _posted_stores(stores).items() if (values := one.values())},
            }
        )


@dataclass(frozen=True)
class StoreFields:
    """The fields of one store as text, as stored or as posted."""

    expected: bool
    closed: Sequence[str]
    closed_days: str
    since: str

    def values(self) -> dict[str, Any]:
        """What differs from the rest of the source."""
        values = {"closed": self.closed, "closed_days": sorted(set(_words(self.closed_days))), "since": self.since}
        return {name: value for name, value in values.items() if value} | ({} if self.expected else {"expected": False})


def closed_weekdays(expectation: Expectation) -> Sequence[str]:
    return _weekdays("closed") if request.method == "POST" else expectation.closed


def store_fields(expectation: Expectation, stores: Sequence[str]) -> dict[str, StoreFields]:
    """Store → its fields: those posted, else those of the expectation."""
    if request.method == "POST":
        return _posted_stores(stores)
    own = {store: expectation.stores.get(store, StoreExpectation()) for store in stores}
    return {
        store: StoreFields(one.expected, one.closed, ", ".join(map(str, one.closed_days)), str(one.since or ""))
        for store, one in own.items()
    }


def _posted_stores(stores: Sequence[str]) -> dict[str, StoreFields]:
    expected = request.form.getlist("expected")
    return {
        store: StoreFields(
            store in expected,
            _weekdays(_name("closed", store)),
            request.form.get(_name("closed_days", store), ""),
            request.form.get(_name("since", store), "").strip(),
        )
        for store in stores
    }


def _name(*parts: str) -> str:
    """Name of a field of a store."""
    return " ".join(parts)


def _weekdays(field: str) -> list[str]:
    return [day for day in WEEKDAYS if day in request.form.getlist(field)]


def _words(text: str | None) -> list[str]:
    return re.split(r"[\s,;]+", text.strip()) if text and text.strip() else []


@allow(Action.SEE_UPLOADS)
def list_expectations() -> ResponseReturnValue:
    chosen, used = request.args.get("region", ""), scoped.contracts_in_use()
    stored = {one.name: source_settings.expectation_of_contract(ports(), one) for one in scoped.visible_contracts()}
    contracts = [one for one in scoped.visible_contracts() if one.name in used or stored[one.name].by]
    return render_template(
        "completeness/expected.html",
        sources=[(contract, stored[contract.name]) for contract in contracts if chosen in {"", contract.region}],
        regions=[(region, region) for region in sorted({contract.region for contract in contracts})],
        chosen=chosen,
        cadences=CADENCES,
        editable={one.name for one in contracts if _may_edit(one)},
        connectors=connectors.listed_connectors(),
    )


@allow(Action.DECIDE)
def edit_expectation(name: str) -> ResponseReturnValue:
    contract, form = _contract(name), ExpectationForm()
    stored = source_settings.expectation_of_contract(ports(), contract)
    form.show(stored.expectation)
    return _page(contract, form, stored.expectation)


@allow(Action.DECIDE)
def preview_expectation(name: str) -> ResponseReturnValue:
    """What the posted expectation does to the calendar; nothing is saved."""
    contract, form = _contract(name), ExpectationForm()
    expectation = _posted_expectation(contract, form)
    if expectation is None:
        return _page(contract, form, source_settings.expectation_of_contract(ports(), contract).expectation), 422
    today = ports().clock.now().date()
    calendars = []
    stored = source_settings.expectation_of_contract(ports(), contract)
    for one in (stored.applied(), stored.applied(expectation)):
        others = [
            other for other in scoped.visible_contracts() if other.region == contract.region and other.name != name
        ]
        changed = source_settings.with_expectation(contract, one)
        rows = calendar.calendar_rows(
            [*source_settings.with_expectations(ports(), others), changed], today - SPAN, today
        )
        calendars.append([row for row in rows if row.region == contract.region])
    return _page(contract, form, expectation, calendars)


@allow(Action.DECIDE)
def save_expectation(name: str) -> ResponseReturnValue:
    contract, form = _contract(name), ExpectationForm()
    expectation = _posted_expectation(contract, form)
    if expectation is None:
        return _page(contract, form, source_settings.expectation_of_contract(ports(), contract).expectation), 422
    source_settings.save_expectation(ports(), contract, expectation, me().login)
    return go_to("completeness.expected", _("The expected deliveries of {name} are saved.", name=contract.name))


@allow(Action.DECIDE)
def reset_expectation(name: str) -> ResponseReturnValue:
    contract = _contract(name)
    source_settings.save_expectation(ports(), contract, None, me().login)
    return go_to(
        "completeness.expected", _("The schedule of the data source {name} applies again.", name=contract.name)
    )


def _posted_expectation(contract: Contract, form: ExpectationForm) -> Expectation | None:
    """The posted expectation; None if a field is wrong, with the error at the field."""
    if not form.validate_on_submit():
        return None
    try:
        return form.expectation(contract.stores)
    except WrongExpectation as error:
        field = form[error.field if error.field in form else "closed_days"]
        field.errors = [str(error)]
        return None


def _page(
    contract: Contract, form: ExpectationForm, expectation: Expectation, calendars: Sequence[Sequence[CalendarRow]] = ()
) -> str:
    return render_template(
        "completeness/expectation.html",
        contract=contract,
        form=form,
        weekdays=WEEKDAYS,
        closed=closed_weekdays(expectation),
        stores=store_fields(expectation, contract.stores),
        stored=source_settings.expectation_of_contract(ports(), contract),
        previewed=bool(calendars),
        effects=expectation_effects(*calendars) if calendars else [],
        emails=[text for row in (calendars[1] if calendars else ()) if (text := missing_days_email(row, me().name))],
        recipients=expectation.notify,
    )


def _may_edit(contract: Contract) -> bool:
    """What is expected of a source concerns its whole region."""
    return scope().may(Action.DECIDE) and may_change(scope(), extent_of(contract.region))


def _contract(name: str) -> Contract:
    """A contract whose expectation the user may edit. Raises `NotFound` for others."""
    contract = next((one for one in scoped.visible_contracts() if one.name == name), None)
    if contract is None or not _may_edit(contract):
        raise NotFound(no_source(name))
    return contract
