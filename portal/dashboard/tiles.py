"""Dashboard tiles, each loaded separately; also the data status and the first line of the start page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice

from flask import render_template

from portal import figures
from portal.alerts import bell
from portal.connectors import scoped as connectors
from portal.connectors.scoped import late_or_failing
from portal.context import TemplateContext, ports, scope
from portal.dashboard import breakdowns, key_figures, trends
from portal.dashboard.breakdowns import DIMENSIONS
from portal.dashboard.request_filters import DashboardFilters
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from portal.goals.page import load_goals
from portal.live.parts import sales_of_today
from portal.quality.pass_rates import failing_checks
from portal.review import waiting
from portal.stock import levels as stock
from portal.stock.visible_orders import late_count
from portal.translation import N_, _
from portal.uploads import labels, scoped
from tillstream.analytics.filters import Filters
from tillstream.analytics.live_sales import LiveSalesView
from tillstream.marts import destinations
from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.operations import message_queues
from tillstream.ports.warehouse import Row
from tillstream.sync import homes

SHOWN_FILES = 5
COUNTED = 100
STORES = 20

URGENT_STOCK = ("negative", "out", "low")
Load = Callable[[DashboardFilters], TemplateContext]


def load_attention(selection: DashboardFilters) -> TemplateContext:  # noqa: ARG001 - independent of the filters
    """Held files, day closes that differ, failed files, rejected rows, connectors that are late or fail, failing
    checks, sync, copies, dead letters.

    Only what the user's role can act on, and for clerks what others decide.
    """
    may = scope().may
    admin = may(Action.ADMINISTER)
    return {
        "held": list(islice(scoped.newest_batches(waiting.KINDS, BatchState.HELD), COUNTED))
        if may(Action.SEE_UPLOADS)
        else [],
        "closes": waiting.count_closes(),
        "failed": list(islice(scoped.newest_batches(state=BatchState.FAILED), COUNTED)) if may(Action.UPLOAD) else [],
        "refused": figures.rows("refused-rows", Filters()) if may(Action.UPLOAD) else [],
        "shown": SHOWN_FILES,
        "many": COUNTED,
        "connectors": [one for one in connectors.listed_connectors() if one.state.needs_attention],
        "failing_checks": failing_checks() if may(Action.SEE_QUALITY) else 0,
        "sync": admin and homes.sync_needs_attention(ports()),
        "copies": destinations.count_failed_long(ports()) if admin else 0,
        "dead": len(message_queues.find_dead_letters(ports(), COUNTED)) if admin else 0,
    }


def load_latest_files(selection: DashboardFilters) -> TemplateContext:  # noqa: ARG001 - independent of the filters
    return {"uploads": list(islice(scoped.newest_batches(), SHOWN_FILES)), "state_of": labels.state_of}


def load_freshness(selection: DashboardFilters) -> TemplateContext:
    """Freshness of the user's regions, stores, sources and exchange rates; only the region filter applies."""
    rows = figures.rows("freshness-of-everything", Filters(region=selection.filters.region))
    kinds: dict[str, list[Row]] = {"region": [], "store": [], "source": [], "rate": []}
    for row in rows:
        kinds[row["kind"]].append(row)
    through = {row["region"]: row["last_day"] for row in kinds["region"]}
    latest_day = max(through.values(), default=None)
    for row in kinds["region"]:
        row["behind"] = (latest_day - row["last_day"]).days
    for row in kinds["store"]:
        row["behind"] = (through[row["region"]] - row["last_day"]).days if row["region"] in through else 0
    late = sorted((row for row in kinds["store"] if row["behind"]), key=lambda row: -row["behind"])
    return {
        "regions": kinds["region"],
        "stores": len(kinds["store"]),
        "late_stores": late[:STORES],
        "more_late": len(late) - len(late[:STORES]),
        "sources": kinds["source"][:STORES],
        "rates": [row for row in kinds["rate"] if row["last_day"] or row["unconverted_lines"]],
    }


def load_brief(selection: DashboardFilters) -> TemplateContext:
    """The items of the role by name. Sales, goals and stock are those of the selection, work to do is all of it."""
    names = ROLE_LAYOUTS[scope().role].brief
    needed = {"risen": "moved", "fallen": "moved"}
    loaders: dict[str, Callable[[], TemplateContext]] = {
        "today": lambda: _today(selection),
        "goal": lambda: load_goals(selection.values),
        "moved": lambda: breakdowns.movers(selection),
        "stock": lambda: _stock(selection),
        "late": lambda: _late(selection),
        "review": _review,
        "checks": lambda: {"alerts": bell.count(), "failing": failing_checks()},
    }
    parts = {part: loaders[part]() for part in dict.fromkeys(needed.get(name, name) for name in names)}
    return {"items": [(name, parts[needed.get(name, name)]) for name in names], "currency": figures.currency()}


def _today(selection: DashboardFilters) -> TemplateContext:
    now = ports().clock.now().replace(second=0, microsecond=0)
    sales = sales_of_today(LiveSalesView(scope(), figures.currency()), now, selection.filters)
    return {"sales": sales, "revenue": sales.compared_revenue(figures.currency())}


def _stock(selection: DashboardFilters) -> TemplateContext:
    """Numbers of products by status, of the two most urgent ones that there are; the total has counted ones only."""
    loaded = stock.load_stock(selection.values)
    urgent = [(status, levels) for status, levels in loaded["rows"] if status in URGENT_STOCK]
    counted = loaded["total"] - dict(loaded["rows"]).get("not-counted", 0)
    return loaded | {"rows": urgent[:2], "total": counted}


def _late(selection: DashboardFilters) -> TemplateContext:
    """Late orders, stores behind their region, and connectors that are late or failing."""
    freshness = load_freshness(selection)
    return {
        "orders": late_count(),
        "stores": len(freshness["late_stores"]) + freshness["more_late"],
        "connectors": late_or_failing() if scope().may(Action.SEE_PIPELINE) else 0,
    }


def _review() -> TemplateContext:
    refused = figures.rows("refused-rows", Filters())
    return {
        "files": waiting.count_held(),
        "closes": waiting.count_closes(),
        "rows": sum(row["refused_rows"] for row in refused),
    }


@dataclass(frozen=True)
class DashboardTile:
    """`load`: context of the template. `of_sales`: shown only if there are sales."""

    title: str
    template: str
    load: Load
    of_sales: bool = True
    chart: bool = False
    needs: Action = Action.SEE_NUMBERS

    def body(self, selection: DashboardFilters) -> str:
        """Rendered HTML. Raises the errors of its queries."""
        return render_template(
            f"dashboard/tiles/{self.template}.html", **({"selection": selection} | self.load(selection))
        )


TILES: dict[str, DashboardTile] = {
    "brief": DashboardTile(N_("At a glance"), "brief", load_brief),
    "headline": DashboardTile(N_("Key figures"), "headline", key_figures.load_key_figures),
    "over-time": DashboardTile(N_("Revenue over time"), "over_time", trends.over_time, chart=True),
    "movers": DashboardTile(N_("Biggest movers"), "movers", breakdowns.movers),
    "heatmap": DashboardTile(N_("Sales by weekday"), "heatmap", trends.heatmap, chart=True),
    "top-customers": DashboardTile(
        N_("Top customers"), "top_customers", breakdowns.top_customers, needs=Action.SEE_PERSONAL
    ),
    "attention": DashboardTile(
        N_("Action required"), "attention", load_attention, of_sales=False, needs=Action.SEE_UPLOADS
    ),
    "latest-uploads": DashboardTile(
        N_("Latest files"), "latest_uploads", load_latest_files, of_sales=False, needs=Action.SEE_UPLOADS
    ),
    "goals": DashboardTile(N_("Goals of this month"), "goals", lambda selection: load_goals(selection.values)),
    "stock": DashboardTile(N_("Stock"), "stock", lambda selection: stock.load_stock(selection.values)),
    "freshness": DashboardTile(N_("Data freshness"), "freshness", load_freshness),
} | {
    name: DashboardTile(one.by, "breakdown", partial(breakdowns.load_breakdown, name), needs=one.needs)
    for name, one in DIMENSIONS.items()
}


@dataclass(frozen=True)
class TilePlace:
    """A tile on the page. `argument`: the one that chooses the dimension of its figures; empty if it has none."""

    slot: str
    name: str
    tile: DashboardTile
    argument: str = ""
    dimension: str = ""


def tile_places(slots: tuple[str, ...], *, sold: bool) -> list[TilePlace]:
    """The tiles of these slots that the user may see; without sales only those that do not need any."""
    split_names = dict(zip(("split-1", "split-2"), breakdowns.splits(), strict=True))
    chosen = []
    for slot in slots:
        name = split_names.get(slot, slot)
        argument = slot if slot in {"movers", *split_names} else ""
        dimension = breakdowns.movers_dimension() if slot == "movers" else name if argument else ""
        if scope().may(TILES[name].needs) and (sold or not TILES[name].of_sales):
            chosen.append(TilePlace(slot, name, TILES[name], argument, dimension))
    return chosen


def visible_tile(name: str) -> DashboardTile:
    """A tile by name. Raises `NotFound` for one that is not on the dashboard of the user."""
    layout = ROLE_LAYOUTS[scope().role]
    if name not in {*layout.tiles, *layout.details, *DIMENSIONS} or not (
        name in TILES and scope().may(TILES[name].needs)
    ):
        raise NotFound(_("Your dashboard has no such part."))
    return TILES[name]
