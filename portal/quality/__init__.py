"""Data quality pages: the checks of the marts, how they developed, and the rows that fail."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.quality import pass_rates, texts
from portal.urls import go_to
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.operations import quality_checks, quality_results
from tillstream.operations.quality_results import published_results
from tillstream.operations.reconcile import refresh_daily_totals
from tillstream.ports.warehouse import Row

blueprint = Blueprint("quality", __name__, template_folder="templates")

blueprint.add_app_template_filter(texts.pass_rate)
blueprint.add_url_rule("/quality/pass-rates", "pass_rates", pass_rates.show_pass_rates)
blueprint.add_url_rule("/quality/pass-rates/<source>/<code>", "rule", pass_rates.show_rule)

TREND_DAYS = 30
SHOWN = 100


@blueprint.get("/quality", endpoint="show")
@allow(Action.SEE_QUALITY)
def show() -> ResponseReturnValue:
    last = quality_results.last_results(ports())
    checks = sorted(quality_results.each_check(last), key=lambda one: one[1] is None or one[1].passes)
    return render_template(
        "quality/show.html",
        last=last,
        checks=checks,
        kinds=texts.KINDS,
        nightly=bool(tillstream().settings.project),
        trend=(trend := _trend()),
        sentence_of=texts.sentence,
        sentence=texts.trend([bool(failed) for _, runs, failed in trend if runs]),
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
        kind=texts.KINDS[one.kind],
        rows=[({key: _plain(value) for key, value in row.items()}, _links(row)) for row in failing[:SHOWN]],
        more=len(failing) > SHOWN,
        sees_all=_sees_all(scope()),
        trend=(trend := [(day, runs, failed.get(one.name, 0)) for day, runs, failed in _trend()]),
        sentence_of=texts.sentence,
        sentence=texts.trend([bool(failed) for _, runs, failed in trend if runs]),
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
    return go_to("quality.show", texts.checked(failing), "wrong" if failing else "done")


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
