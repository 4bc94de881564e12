"""The parts of the live page as HTML: rows of sales, and today's figures."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask import render_template

from portal.context import tillstream
from portal.reader_locale import day_text
from portal.translation import N_
from portal.value_names import value_name
from tillstream.analytics import live_sales as live
from tillstream.analytics.filters import Filters
from tillstream.analytics.live_sales import StoreTimes, UnsettledSales, store_times, trading_moment
from tillstream.model.permissions import Action
from tillstream.ports.warehouse import Row

RETURNED = N_("Return")
CANCELLED = N_("Cancelled")
PENDING = N_("Pending")
CORRECTED = N_("Corrected")
REMOVED = N_("Removed")
UNSETTLED = "unsettled"
"""The kind of a sale that is not in the ledger yet."""
_STATUSES = {"returned": RETURNED, "cancelled": CANCELLED, "pending": PENDING}
_KINDS = {"corrected": CORRECTED, "removed": REMOVED, UNSETTLED: N_("Not yet in the ledger")}

MAX_STORES = 12
"""Stores listed with their own figures; the total includes the others."""


def sale_marks(sale: Row) -> list[str]:
    """Words that mark a sale, such as Return and Corrected; a removed sale has no status."""
    if sale["kind"] == "removed":
        return [REMOVED]
    return [words[value] for words, value in ((_STATUSES, sale["status"]), (_KINDS, sale["kind"])) if value in words]


def sales_of_today(view: live.LiveSalesView, now: datetime, chosen: Filters = live.ALL_SALES) -> live.TodaySales:
    """Today's figures of the stores that a view shows. chosen: of which sales; its periods do not count."""
    app = tillstream()
    return live.sales_of_today(app.ports.warehouse, view, now, compared_times(), chosen=chosen, cache=app.queries)


def compared_times() -> StoreTimes:
    """Time zones and cutoffs of stores, by the contracts."""
    contracts = tillstream().contracts
    first = (contracts.for_region(region) for region in contracts.regions())
    return store_times([*(one for one in first if one), *contracts.all().values()])


def sale_rows(latest: live.LatestSales, view: live.LiveSalesView, now: datetime) -> str:
    """Rows of the table of sales."""
    return _rows(latest.sales, view, now)


def unsettled_rows(unsettled: UnsettledSales, view: live.LiveSalesView, now: datetime) -> str:
    """Rows of the sales that are not in the ledger yet."""
    return _rows([sale | {"kind": UNSETTLED} for sale in unsettled.sales], view, now)


def unsettled_note(unsettled: UnsettledSales, view: live.LiveSalesView) -> str:
    """How much today's figures do not include; empty if nothing."""
    if not unsettled.total:
        return ""
    return render_template("live/unsettled.html", unsettled=unsettled, currency=view.currency).strip()


def _rows(sales: Sequence[Row], view: live.LiveSalesView, now: datetime) -> str:
    of_stores, may_see_people = compared_times(), view.scope.may(Action.SEE_PERSONAL)
    return render_template(
        "live/rows.html",
        sales=[sale | _when(sale, of_stores, now) | _names(sale, may_see_people) for sale in sales],
        may_see_people=may_see_people,
    ).strip()


def today_figures(view: live.LiveSalesView, now: datetime) -> str:
    """Today's figures and those of each store; stores without a sale today come last."""
    figures = sales_of_today(view, now)
    stores = sorted(figures.stores, key=lambda one: (not one.has_sales, -one.revenue, -one.revenue_before))
    return render_template(
        "live/today.html",
        today=figures,
        comparable=len(figures.comparable.stores),
        selling=sum(store.has_sales for store in stores),
        stores=[(store, _name("store", store.store_id, store.region)) for store in stores[:MAX_STORES]],
        left_out=len(stores) - len(stores[:MAX_STORES]),
        currency=view.currency,
    )


def _names(sale: Row, may_see_people: bool) -> Row:  # noqa: FBT001 - the second of two
    seller = _name("salesperson", sale["salesperson_id"], sale["region"]) if may_see_people else ""
    return {
        "store": _name("store", sale["store_id"], sale["region"]),
        "salesperson": seller,
        "marks": sale_marks(sale),
    }


def _name(kind: str, code: str | None, region: str) -> str:
    return value_name(kind, code, region) if code else ""


def _when(sale: Row, times: StoreTimes, now: datetime) -> dict[str, str]:
    """Time and day of a sale on the clock of its store; the day only if it is not today."""
    trading = times.trading_time(sale["region"], sale["store_id"])
    sold_at: datetime | None = sale["sold_at"]
    sale_date: date = sale["sale_date"]
    local = sold_at.astimezone(ZoneInfo(trading.zone)) if sold_at else None
    day = "" if sale_date == trading_moment(now, trading).today and local else day_text(sale_date)
    return {"time": f"{local:%H:%M}" if local else "", "day": day, "zone": trading.zone}
