"""Data quality pages: the checks of the marts, how they developed, and the rows that fail."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from flask import Blueprint, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.formats import NOTHING
from portal.quality import pass_rates
from portal.reader_locale import percent
from portal.translation import N_, _, ngettext
from portal.urls import go_to
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.operations import quality_checks, quality_results
from tillstream.operations.quality_results import published_results
from tillstream.operations.reconcile import refresh_daily_totals
from tillstream.ports.warehouse import Row

blueprint = Blueprint("quality", __name__, template_folder="templates")

blueprint.add_url_rule("/quality/pass-rates", "pass_rates", pass_rates.show_pass_rates)
blueprint.add_url_rule("/quality/pass-rates/<source>/<code>", "rule", pass_rates.show_rule)

TREND_DAYS = 30
SHOWN = 100
KINDS = N_(
    {
        "unique": "No duplicates",
        "not null": "No gaps",
        "accepted values": "Known values",
        "reference": "References",
        "totals": "Totals",
    }
)
_ROWS = N_(
    {
        "fact_sales": ("sale line", "sale lines"),
        "fact_sales_daily": ("daily total", "daily totals"),
        "dim_date": ("day", "days"),
        "dim_store": ("store", "stores"),
        "dim_product": ("product", "products"),
        "dim_customer": ("customer", "customers"),
        "dim_salesperson": ("salesperson", "salespeople"),
        "dim_channel": ("channel", "channels"),
        "dim_currency": ("currency", "currencies"),
    }
)
"""Mart → what one of its rows is, and several."""


@blueprint.get("/quality", endpoint="show")
@allow(Action.SEE_QUALITY)
def show() -> ResponseReturnValue:
    last = quality_results.last_results(ports())
    checks = sorted(quality_results.each_check(last), key=lambda one: one[1] is None or one[1].passes)
    return render_template(
        "quality/show.html",
        last=last,
        checks=checks,
        kinds=KINDS,
        nightly=bool(tillstream().settings.project),
        trend=(trend := _trend()),
        sentence_of=check_sentence,
        sentence=_trend_words([bool(failed) for _, runs, failed in trend if runs]),
        admin=scope().may(Action.ADMINISTER),
    )


@blueprint.get("/quality/<check_name>", endpoint="check")
@allow(Action.SEE_QUALITY)
def check(check_name: str) -> ResponseReturnValue:
    """One check: what it checks, on which days it fails, and the failing rows for users who see every row."""
    one = quality_checks.check_named(check_name)
    result = quality_results.last_results(ports()).by_check.get(one.name)
    failing = (
        quality_checks.failing_rows(ports(), one, SHOWN + 1)
        if _sees_all(scope()) and result and not result.passes
        else []
    )
    return render_template(
        "quality/check.html",
        check=one,
        result=result,
        kind=KINDS[one.kind],
        rows=[({key: _plain(value) for key, value in row.items()}, _links(row)) for row in failing[:SHOWN]],
        more=len(failing) > SHOWN,
        sees_all=_sees_all(scope()),
        trend=(trend := [(day, runs, failed.get(one.name, 0)) for day, runs, failed in _trend()]),
        sentence_of=check_sentence,
        sentence=_trend_words([bool(failed) for _, runs, failed in trend if runs]),
    )


@blueprint.post("/quality", endpoint="run_checks")
@allow(Action.ADMINISTER)
def run_checks() -> ResponseReturnValue:
    refresh_daily_totals(ports())
    if tillstream().settings.project:
        quality_checks.run_due_checks(ports(), quality_checks.ON_BIGQUERY)
    else:
        quality_checks.check_all_days(ports())
    failing = len(quality_results.last_results(ports()).failing)
    return go_to(
        "quality.show",
        ngettext("{number} check fails.", "{number} checks fail.", failing) if failing else _("All checks pass."),
        "wrong" if failing else "done",
    )


@blueprint.get("/api/v1/quality", endpoint="data")
@allow(Action.SEE_QUALITY)
def data() -> ResponseReturnValue:
    """The last results of the quality checks."""
    return jsonify(published_results(ports()))


def _sees_all(user: Scope) -> bool:
    """Rows are not limited to a scope: only users without limits see them."""
    return user.regions is None and user.stores is None and user.salesperson is None


def _trend() -> list[tuple[Any, int, dict[str, int]]]:
    """(day, runs, check → failing rows) of the last days, also of those without a run."""
    days = {one.day: one for one in quality_results.quality_trend(ports(), TREND_DAYS)}
    today = ports().clock.now().date()
    shown = [today - timedelta(days=back) for back in reversed(range(TREND_DAYS))]
    return [(day, days[day].runs, dict(days[day].failing_rows)) if day in days else (day, 0, {}) for day in shown]


def _plain(value: Any) -> Any:
    """Decimals without trailing zeros."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _links(row: Row) -> dict[str, str]:
    """Column → the page of what the row is about."""
    links = {}
    if order := row.get("order_id"):
        region, _, sale_id = order.partition("|")
        links["order_id"] = url_for("sale_history.show", sale_id=sale_id, region=region)
    if day := row.get("sale_date"):
        links["sale_date"] = url_for(
            "sale_lines.show", **{"from": day.isoformat(), "to": day.isoformat()}, region=row.get("region")
        )
    if product := row.get("product"):
        links["product"] = url_for("stock.history", region=row["region"], store=row["store_id"], product=product)
    if batch := row.get("batch_id"):
        links["batch_id"] = url_for("uploads.receipt", batch_id=batch)
    return links


def check_sentence(name: str, mart: str, kind: str, description: str) -> str:
    """What holds if a check passes, in the words of the shop; `description`: what the check itself states."""
    if mart not in _ROWS or kind == "totals":
        return description
    one, several = _ROWS[mart]
    if kind == "unique":
        return _("No {one} is in the table twice.", one=one)
    if kind == "not null":
        return _("Each {one} has a value in every column that needs one.", one=one)
    if kind == "accepted values":
        return _("The status of each {one} is one of the possible ones.", one=one)
    referenced, all_referenced = _ROWS[f"dim_{name.removesuffix('-key').rpartition('-')[2]}"]
    return _(
        "Each {referenced} of the {several} is in the table of {all_referenced}.",
        referenced=referenced,
        several=several,
        all_referenced=all_referenced,
    )


def _trend_words(failed: Sequence[bool]) -> str:
    """failed: for each day with a run, whether a check failed."""
    if not failed:
        return _("No run.")
    days = ngettext("{number} day with a run", "{number} days with a run", len(failed))
    if not any(failed):
        return _("{days}, all passed.", days=days)
    return _("{days}; on {failed} of them a run failed.", days=days, failed=sum(failed))


@blueprint.app_template_filter()
def pass_rate(value: Decimal | None) -> str:
    """0.99995 → 99.99%; rounded down, so that 100.00% means that every row passed."""
    return NOTHING if value is None else percent(value.quantize(Decimal("0.0001"), rounding=ROUND_FLOOR), 2)
