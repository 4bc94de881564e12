"""Restock: the queue, decisions about its lines, its settings, and order policies compared."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, filter_fields, list_view, user_stores
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.forecast.numbers import sees_all
from portal.translation import N_, _, ngettext
from tillstream.analytics.filters import Filters
from tillstream.model import catalogue_columns, json_text
from tillstream.model.catalogue_columns import CellProblem
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.people import extent_of, may_change
from tillstream.model.permissions import Action
from tillstream.stock import restock_needs, restock_queue, restock_simulation
from tillstream.stock.restock_lines import Pair
from tillstream.stock.restock_needs import RestockSettings
from tillstream.stock.restock_simulation import FIXED, QUANTILE

STATES = N_(
    {
        "open": "To order",
        "later": "Can wait",
        "deferred": "Over budget",
        "ordered": "In an order",
        "snoozed": "Snoozed",
        "dismissed": "Dismissed",
    }
)
MEANINGS = N_(
    {
        "later": "The stock, with what is to arrive, lasts longer than the lead time",
        "deferred": "The budget is used for more urgent products",
        "ordered": "In a draft that is not sent yet",
    }
)
KINDS = N_({"all": "Orders and transfers", "order": "Orders from suppliers", "transfer": "Transfers between stores"})
COLUMNS = N_(
    {
        "product": "Product",
        "store": "Store",
        "urgency": "Lasts",
        "stock": "Stock",
        "units": "Units",
        "supplier": "From",
        "value": "Cost",
        "reason": "Why",
    }
)
HINTS = N_(
    {
        "urgency": "Days until the stock, with what is on order and in transit, is used up",
        "stock": "On hand, on order and in transit",
    }
)
REASONS = N_(
    {
        "discontinued": "No longer sold",
        "enough for now": "Enough for now",
        "too expensive": "Too expensive",
        "ordered elsewhere": "Ordered elsewhere",
        "wrong number": "The number is wrong",
        "other": "Other",
    }
)
POLICIES = N_(
    {
        "quantile of recent sales": "Levels from recent sales",
        "rolling mean": "Rolling mean",
        "fixed level": "Level set once",
    }
)
AIMS = N_(
    {
        "cycles": "Order cycles in which nothing runs out (cycle service)",
        "fill": "Demanded units that are served (fill rate)",
    }
)
SNOOZES = {"1": "1 day", "3": "3 days", "7": "1 week", "14": "2 weeks", "30": "30 days"}
NOTHING_CHOSEN = N_("Select at least one product first.")
NO_REASON = N_("Choose a reason to dismiss the selected products.")

FILTERS = ("region", "store", "category", "product")
SORTS = ("urgency", "product", "store", "supplier", "units", "value")
MAX_CATEGORIES = 200

SHOWN_POLICIES = 0.95
"""Fill rate of the sentence."""
ComparedPolicies = Mapping[tuple[float, str], Mapping[str, Any]]
"""By fill rate and policy."""

blueprint = Blueprint("restock", __name__, template_folder="templates", url_prefix="/restock")


@allow(Action.SEE_NUMBERS)
def show_queue() -> ResponseReturnValue:
    """The queue of the user's stores."""
    query = list_view.list_query(
        sorts=SORTS, filters=FILTERS, default_sort="urgency", keep=("state", "kind", "supplier")
    )
    state = _one_of("state", STATES, "open")
    kind = _one_of("kind", KINDS, "all")
    supplier = request.args.get("supplier", "")
    filters = Filters.parse({name: list(values) for name, values in query.chosen.items()})
    rows = figures.ask(
        "restock-lines",
        filters,
        state=state,
        kind=kind,
        supplier=supplier,
        text=query.q,
        sort=query.column,
        descending=int(query.down),
        limit=query.size,
        offset=query.first,
    ).to_pylist()
    counts = figures.ask("restock-counts", filters).to_pylist()
    total = rows[0]["matching"] if rows else 0
    return render_template(
        "restock/lines.html",
        page=list_view.ListPage(query, rows, total, total > query.first + len(rows)),
        columns=_columns(),
        states=[(key, label, sum(row["lines"] for row in counts if row["state"] == key)) for key, label in _states()],
        state=state,
        kind=kind,
        kinds=KINDS,
        supplier=supplier,
        suppliers={row["supplier"]: row["supplier_name"] for row in counts if row["supplier"]},
        cost=_cost(counts, state),
        currency=figures.currency(),
        bar=[filter_fields.stock_field(name, query.chosen) for name in FILTERS],
        last=restock_queue.RESTOCK.last_run(ports()),
        is_requested=restock_queue.RESTOCK.is_requested(ports()),
        line_id=_line_id,
        transfer_form=_transfer_form,
        sees_all=sees_all(),
        number_text=decimal_text,
        meanings=MEANINGS,
        reasons=REASONS,
        snoozes=SNOOZES,
    )


@allow(Action.MANAGE_STOCK)
def update_queue() -> ResponseReturnValue:
    """Compute the queue again."""
    ended = restock_queue.update_queue(ports(), by=me().login)
    tillstream().queries.clear()
    if ended:
        flash(_("The queue is up to date: {lines:,} products need something.", lines=ended.lines))
    else:
        flash(_("The queue is being computed. This takes some minutes."))
    return redirect(url_for("restock.show"))


def _one_of(name: str, choices: Any, default: str) -> str:
    value = request.args.get(name, default)
    return value if value in choices else default


def _states() -> list[tuple[str, str]]:
    return list(STATES.items())


def _columns() -> list[dict[str, Any]]:
    """Columns as the template macro `table` expects them; the cost only for those who may see costs."""
    names = [name for name in COLUMNS if name != "value" or scope().may(Action.SEE_COSTS)]
    return [
        {
            "key": name,
            "label": COLUMNS[name],
            "sort": name in SORTS,
            "num": name in {"urgency", "stock", "units", "value"},
            "unit": figures.currency() if name == "value" else "",
            "hint": HINTS.get(name, ""),
        }
        for name in names
    ]


def _cost(counts: list[dict[str, Any]], state: str) -> Any:
    """Cost of the orders in this state; None for those who may not see costs."""
    if not scope().may(Action.SEE_COSTS):
        return None
    return sum(row["order_cost"] or 0 for row in counts if row["state"] == state and row["kind"] == "order")


def _line_id(row: dict[str, Any]) -> str:
    return json.dumps([row["region"], row["store_id"], row["product"]])


def _transfer_form(row: dict[str, Any]) -> str:
    """Address of the form for a transfer, filled in; empty if the user may not change the stock of the giving store."""
    may_send = scope().may(Action.MANAGE_STOCK) and scope().covers_stores([row["from_store"]])
    if not row["from_store"] or not may_send:
        return ""
    return url_for(
        "stock.form",
        movement_form="transfer",
        store=f"{row['region']}/{row['from_store']}",
        other_store=f"{row['region']}/{row['store_id']}",
        product=row["product"],
        quantity=decimal_text(row["units"]),
    )


@allow(Action.MANAGE_STOCK)
def decide_lines() -> ResponseReturnValue:
    """Order, snooze, dismiss or take back the selected lines."""
    pairs = [_pair(text) for text in dict.fromkeys(request.form.getlist("line"))]
    if not pairs:
        flash(NOTHING_CHOSEN, "refused")
        return redirect(_back())
    try:
        flash(_decide_pairs(pairs))
        tillstream().queries.clear()
    except (Rejected, Conflict) as error:
        flash(str(error), "refused")
    return redirect(_back())


def _decide_pairs(pairs: list[Pair]) -> str:
    """Do what the pressed button means, and return what was done. Raises `Rejected`, `Conflict`."""
    by, count = me().login, ngettext("{number:,} product", "{number:,} products", len(pairs))
    match request.form.get("do"):
        case "order":
            units = {pair: _units(pair) for pair in pairs}
            orders = restock_queue.order_queue_lines(ports(), units, currency_of=user_stores.store_currency, by=by)
            numbers = ", ".join(one.number for one in orders)
            added = _("Added to {numbers}. Send the drafts under Orders.", numbers=numbers)
            return added if orders else _("These are in an order already.")
        case "snooze":
            days = request.form.get("days", "")
            if days not in SNOOZES:
                raise Rejected(_("Choose for how long."))
            restock_queue.snooze_lines(ports(), pairs, ports().clock.now().date() + timedelta(days=int(days)), by=by)
            return _("Snoozed {count} for {snoozes}.", count=count, snoozes=SNOOZES[days])
        case "dismiss":
            if not request.form.get("reason"):
                raise Rejected(NO_REASON)
            restock_queue.dismiss_lines(ports(), pairs, request.form["reason"], by=by)
            return _("Dismissed {count}. A later need is shown again.", count=count)
        case "reopen":
            restock_queue.reopen_lines(ports(), pairs, by=by)
            return _("{count} can be ordered again.", count=count)
    raise Rejected(_("Choose what to do with the selected products."))


def _pair(text: str) -> Pair:
    """The line of a checkbox, if the user may change the stock of its store."""
    try:
        region, store_id, product = map(str, json_text.decode_json(text))
    except (ValueError, TypeError):
        abort(400)
    if not may_change(scope(), extent_of(region, store_id)):
        abort(403)
    return region, store_id, product


def _units(pair: Pair) -> Decimal | None:
    """The entered units; None: as suggested. Raises `Rejected`."""
    text = request.form.get("units " + json.dumps(list(pair)), "").strip()
    try:
        units = catalogue_columns.parse_positive(text)
    except CellProblem:
        raise Rejected(_("{pair}: enter a number of units above 0.", pair=pair[2])) from None
    return units


def _back() -> str:
    """The list as it was shown."""
    query = request.query_string.decode()
    return url_for("restock.show") + (f"?{query}" if query else "")


@allow(Action.ADMINISTER)
def show_settings() -> ResponseReturnValue:
    """The form with the stored settings."""
    return _page(
        {name: _shown(name) for name in ("service", "aim", "review_days", "most_weeks", "budget", "categories")}
    )


@allow(Action.ADMINISTER)
def save_settings() -> ResponseReturnValue:
    """Save the form; a wrong value is shown with its reason."""
    try:
        restock_needs.save_settings(ports(), _entered(), by=me().login)
    except Rejected as error:
        flash(str(error), "wrong")
        return _page(request.form.to_dict()), 422
    flash(_("Saved. The next computation of the queue uses it."))
    return redirect(url_for("restock.show"))


def _page(values: dict[str, str]) -> str:
    currency = tillstream().settings.reporting_currency
    return render_template("restock/settings.html", values=values, currency=currency, aims=AIMS)


def _shown(name: str) -> str:
    stored = restock_needs.read_settings(ports())
    if name == "service":
        return f"{100 * stored.service:g}"
    if name == "categories":
        return "\n".join(f"{category}: {100 * share:g}" for category, share in stored.of_categories.items())
    return str(getattr(stored, name))


def _entered() -> RestockSettings:
    """The form as settings. Raises `Rejected` for what is no number."""
    lines = [line for line in request.form.get("categories", "").splitlines() if line.strip()][:MAX_CATEGORIES]
    pairs = [line.rpartition(":") for line in lines]
    if any(not name.strip() for name, _, _ in pairs):
        raise Rejected(_("Write each category on a line of its own, such as Toys: 98."))
    return RestockSettings(
        service=_share(request.form.get("service", "")),
        aim=request.form.get("aim", restock_needs.CYCLES),
        review_days=_whole("review_days", _("Days between two orders")),
        most_weeks=_whole("most_weeks", _("Weeks of cover")),
        budget=request.form.get("budget", "").strip(),
        of_categories={name.strip(): _share(share) for name, _, share in pairs},
    )


def _share(text: str) -> float:
    try:
        return round(float(text.strip().rstrip("%")) / 100, 6)
    except ValueError:
        raise Rejected(_("{value} is not a percentage, such as 95.", value=text.strip() or _("The service"))) from None


def _whole(name: str, label: str) -> int:
    try:
        return int(request.form.get(name, ""))
    except ValueError:
        raise Rejected(_("{label}: enter a whole number.", label=label)) from None


@allow(Action.SEE_COSTS)
def show_policies() -> str:
    """The last simulation, for those who see all stores: it is over all of them."""
    last = restock_simulation.stored_comparison(ports()) if sees_all() else None
    if last is None or not last.compared:
        problem = "" if last is None else last.problem
        return render_template("restock/policies.html", last=None, sees_all=sees_all(), problem=problem)
    compared = {(row["fill"], row["policy"]): row for row in last.compared}
    names = [name for name in POLICIES if any(policy == name for _, policy in compared)]
    fills = sorted({fill for fill, _ in compared})
    change = compared.get((SHOWN_POLICIES, QUANTILE), {}).get("change")
    return render_template(
        "restock/policies.html",
        last=last,
        names=names,
        labels=POLICIES,
        fills=fills,
        compared=compared,
        figure=_figure(compared, names, fills, last.currency),
        shown=SHOWN_POLICIES,
        change=change,
        fixed=FIXED,
    )


def _figure(compared: ComparedPolicies, names: Sequence[str], fills: Sequence[float], currency: str) -> dict[str, Any]:
    return {
        "kind": "line",
        "labels": [f"{fill:.0%}" for fill in fills],
        "currency": currency,
        "measure": _("Mean stock"),
        "series": [
            {
                "name": POLICIES[name],
                "values": [compared[fill, name]["stock_value"] if (fill, name) in compared else None for fill in fills],
            }
            for name in names
        ],
    }


blueprint.get("", endpoint="show")(show_queue)
blueprint.post("/update", endpoint="update")(update_queue)
blueprint.post("/decide", endpoint="decide")(decide_lines)
blueprint.get("/policies", endpoint="policies")(show_policies)
blueprint.get("/settings", endpoint="settings")(show_settings)
blueprint.post("/settings", endpoint="save_settings")(save_settings)
