"""Expected deliveries: which source is expected how often and by when, and what a change does to the calendar."""

from collections.abc import Sequence
from datetime import timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.completeness import calendar, texts
from portal.completeness.form import ExpectationForm, closed_weekdays, store_fields
from portal.connectors import scoped as connectors
from portal.context import me, ports, scope
from portal.uploads import scoped
from tillstream.analytics.completeness import CalendarRow, expectation_effects, missing_days_email
from tillstream.contracts import source_settings
from tillstream.model.contract import Contract
from tillstream.model.contract_schedule import WEEKDAYS, Expectation, WrongExpectation
from tillstream.model.errors import NotFound
from tillstream.model.people import Action, extent_of, may_change

SPAN = timedelta(days=92)
"""How far back the effect of a change is shown."""


@allow(Action.SEE_UPLOADS)
def listing() -> ResponseReturnValue:
    chosen, used = request.args.get("region", ""), scoped.contracts_in_use()
    stored = {one.name: source_settings.expectation_of_contract(ports(), one) for one in scoped.contracts()}
    contracts = [one for one in scoped.contracts() if one.name in used or stored[one.name].by]
    return render_template(
        "completeness/expected.html",
        sources=[(contract, stored[contract.name]) for contract in contracts if chosen in {"", contract.region}],
        regions=[(region, region) for region in sorted({contract.region for contract in contracts})],
        chosen=chosen,
        cadences=texts.CADENCES,
        editable={one.name for one in contracts if _may_edit(one)},
        connectors=connectors.connectors(),
    )


@allow(Action.DECIDE)
def edit(name: str) -> ResponseReturnValue:
    contract, form = _contract(name), ExpectationForm()
    stored = source_settings.expectation_of_contract(ports(), contract)
    form.show(stored.expectation)
    return _page(contract, form, stored.expectation)


@allow(Action.DECIDE)
def preview(name: str) -> ResponseReturnValue:
    """What the posted expectation does to the calendar; nothing is saved."""
    contract, form = _contract(name), ExpectationForm()
    expectation = _posted(contract, form)
    if expectation is None:
        return _page(contract, form, source_settings.expectation_of_contract(ports(), contract).expectation), 422
    today = ports().clock.now().date()
    calendars = []
    stored = source_settings.expectation_of_contract(ports(), contract)
    for one in (stored.applied(), stored.applied(expectation)):
        others = [other for other in scoped.contracts() if other.region == contract.region and other.name != name]
        changed = source_settings.with_expectation(contract, one)
        rows = calendar.rows_of([*source_settings.with_expectations(ports(), others), changed], today - SPAN, today)
        calendars.append([row for row in rows if row.region == contract.region])
    return _page(contract, form, expectation, calendars)


@allow(Action.DECIDE)
def save(name: str) -> ResponseReturnValue:
    contract, form = _contract(name), ExpectationForm()
    expectation = _posted(contract, form)
    if expectation is None:
        return _page(contract, form, source_settings.expectation_of_contract(ports(), contract).expectation), 422
    source_settings.save_expectation(ports(), contract, expectation, me().login)
    flash(texts.saved(contract.name), "done")
    return redirect(url_for("completeness.expected"), 303)


@allow(Action.DECIDE)
def reset(name: str) -> ResponseReturnValue:
    contract = _contract(name)
    source_settings.save_expectation(ports(), contract, None, me().login)
    flash(texts.reset(contract.name), "done")
    return redirect(url_for("completeness.expected"), 303)


def _posted(contract: Contract, form: ExpectationForm) -> Expectation | None:
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
    contract = next((one for one in scoped.contracts() if one.name == name), None)
    if contract is None or not _may_edit(contract):
        raise NotFound(texts.no_source(name))
    return contract
