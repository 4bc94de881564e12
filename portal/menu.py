"""The menu: its entries, the areas of each, who sees them, and the numbers of open items.

A role has at most eight entries in the menu. The areas of an entry are tabs above its pages.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app, g, request

from portal.connectors.scoped import late_or_failing
from portal.context import scope, signed_in
from portal.quality.pass_rates import failing_checks
from portal.review import waiting
from portal.stock.visible_orders import late_count
from portal.translation import N_, nouns
from tillstream.model.permissions import Action


@dataclass(frozen=True)
class MenuEntry:
    """`in_menu`: false if the areas are reached elsewhere in the frame: the bell, or the menu of the user."""

    name: str
    icon: str
    in_menu: bool = True


ENTRIES = (
    MenuEntry(N_("Sales"), "chart"),
    MenuEntry(N_("Explore"), "columns"),
    MenuEntry(N_("Plan"), "calendar"),
    MenuEntry(N_("Stock"), "box"),
    MenuEntry(N_("Sell"), "receipt"),
    MenuEntry(N_("Files"), "upload"),
    MenuEntry(N_("Pipeline"), "flow"),
    MenuEntry(N_("Administration"), "shield"),
    MenuEntry(N_("Alerts"), "bell", in_menu=False),
    MenuEntry(N_("Help"), "help", in_menu=False),
)
"""In menu order."""


@dataclass(frozen=True)
class Area:
    """`entry`: name of its entry. `also`: further endpoints of the area. `key`: its shortcut letter, typed after g."""

    endpoint: str
    label: str
    entry: str
    key: str
    action: Action | None = None
    also: tuple[str, ...] = ()
    count: Callable[[], int] | None = None
    """Number of open items, shown next to the label unless 0."""
    counted: tuple[str, str] = nouns("file or day close needs review", "files and day closes need review")
    """What is counted, if it is one and if there are several."""


AREAS: tuple[Area, ...] = (
    Area("dashboard.show", N_("Sales"), "Sales", "s", Action.SEE_NUMBERS),
    Area("live.show", N_("Live"), "Sales", "v", Action.SEE_NUMBERS),
    Area("compare.show", N_("Compare"), "Sales", "b", Action.SEE_NUMBERS, ("views.show",)),
    Area("products.show", N_("Products"), "Sales", "q", Action.SEE_NUMBERS),
    Area("customers.show", N_("Customers"), "Sales", "j", Action.SEE_NUMBERS, ("customers.segment",)),
    Area("sale_lines.show", N_("Sale lines"), "Sales", "l", Action.SEE_NUMBERS, ("sale_history.show", "search.show")),
    Area("changes.show", N_("Changes"), "Sales", "c", Action.SEE_NUMBERS, ("changes.settlement", "changes.lines")),
    Area("annotations.show", N_("Annotations"), "Sales", "m", Action.SEE_NUMBERS),
    Area("explore.show", N_("Explore"), "Explore", "0", Action.SEE_NUMBERS, ("live_files.show",)),
    Area("sql_page.show", N_("SQL"), "Explore", "-", Action.RUN_SQL),
    Area("own_dashboards.listing", N_("Dashboards"), "Explore", ".", Action.SEE_NUMBERS, ("own_dashboards.show",)),
    Area(
        "reports.show",
        N_("Reports"),
        "Explore",
        "3",
        Action.SEE_NUMBERS,
        (
            *("subscriptions.show", "subscriptions.new", "subscriptions.edit", "subscriptions.destinations"),
            "background_exports.show",
        ),
    ),
    Area("measures.listing", N_("Measures"), "Explore", "z", Action.SEE_NUMBERS, ("measures.explanation",)),
    Area(
        "goals.show", N_("Goals"), "Plan", "2", Action.SEE_NUMBERS, ("goals.edit", "goals.importing", "goals.history")
    ),
    Area(
        "forecast.show",
        N_("Forecast"),
        "Plan",
        "1",
        Action.SEE_FORECASTS,
        ("forecast.accuracy", "forecast.series", "forecast.one_series"),
    ),
    Area("stock.show", N_("Stock"), "Stock", "4", Action.SEE_NUMBERS, ("stock_files.form", "stock_files.report")),
    Area("restock.show", N_("Restock"), "Stock", "7", Action.SEE_NUMBERS, ("restock.settings", "restock.policies")),
    Area(
        "orders.listing",
        N_("Orders"),
        "Stock",
        "5",
        Action.SEE_NUMBERS,
        (),
        late_count,
        nouns("order is late", "orders are late"),
    ),
    Area(
        "catalogue.show",
        N_("Catalogue"),
        "Stock",
        "k",
        Action.MANAGE_STOCK,
        (
            "catalogue.listing",
            "catalogue.regions",
            "catalogue.entry",
            "catalogue.new_codes",
            "catalogue.prices_off_list",
        ),
    ),
    Area("sell.show", N_("Sell"), "Sell", "n", Action.ENTER_SALES),
    Area("uploads.listing", N_("Uploads"), "Files", "u", Action.SEE_UPLOADS),
    Area(
        "review.waiting",
        N_("Needs review"),
        "Files",
        "w",
        Action.SEE_UPLOADS,
        ("review.decide", "review.day_closes"),
        waiting.count_waiting,
    ),
    Area("completeness.show", N_("Data completeness"), "Files", "d", Action.SEE_UPLOADS, ("completeness.day",)),
    Area(
        "quality.show",
        N_("Data quality"),
        "Files",
        "g",
        Action.SEE_QUALITY,
        ("quality.check", "quality.pass_rates", "quality.rule"),
        failing_checks,
        nouns("check fails", "checks fail"),
    ),
    Area("data_sources.show", N_("Data sources"), "Files", "f", Action.UPLOAD),
    Area("uploads.proposals", N_("Proposed data sources"), "Files", "o", Action.ADMINISTER),
    Area("pipeline.show", N_("Pipeline"), "Pipeline", "p", Action.SEE_PIPELINE),
    Area(
        "connectors.listing",
        N_("Connectors"),
        "Pipeline",
        "8",
        Action.SEE_PIPELINE,
        ("connectors.show", "connectors.kinds", "connectors.new", "connectors.edit"),
        late_or_failing,
        nouns("connector is late or failing", "connectors are late or failing"),
    ),
    Area("pipeline.sync", N_("Sync"), "Pipeline", ",", Action.ADMINISTER),
    Area("admin.people", N_("People"), "Administration", "e", Action.ADMINISTER),
    Area(
        "admin.stores",
        N_("Stores' tills"),
        "Administration",
        "t",
        Action.ADMINISTER,
        ("admin.add_token", "admin.connect_till", "admin.rotate_key"),
    ),
    Area("webhooks.listing", N_("Webhooks"), "Administration", "x", Action.ADMINISTER, ("webhooks.show",)),
    Area(
        "alert_channels.listing",
        N_("Alert channels"),
        "Administration",
        "6",
        Action.ADMINISTER,
        ("alert_channels.new", "alert_channels.show"),
    ),
    Area("audit.show", N_("Audit log"), "Administration", "a", Action.ADMINISTER),
    Area("health.status", N_("Status"), "Administration", "i", Action.ADMINISTER),
    Area(
        "alerts.listing",
        N_("Alerts"),
        "Alerts",
        "9",
        Action.SEE_ALERTS,
        ("alerts.show", "alerts.rules", "alerts.rule", "alerts.new_rule"),
    ),
    Area("help.problems", N_("Problem reference"), "Help", "h"),
    Area("api.docs_page", N_("API"), "Help", "r", None, ("api.reference",)),
    Area("storybook.show", N_("Storybook"), "Help", "y"),
)
"""In the order of the entries and of their tabs. An area whose endpoint is not registered is left out."""


def visible_areas() -> list[Area]:
    """Areas that the current user may see."""
    if not signed_in():
        return []
    may = scope().may
    return [one for one in AREAS if is_registered(one.endpoint) and (one.action is None or may(one.action))]


def current_area() -> Area | None:
    """Area of this page: by endpoint or `also`, else the first area of its blueprint."""
    areas, endpoint, blueprint = visible_areas(), request.endpoint, request.blueprint
    exact = next((one for one in areas if endpoint == one.endpoint or endpoint in one.also), None)
    if exact or not blueprint:
        return exact
    return next((one for one in areas if one.endpoint.startswith(f"{blueprint}.")), None)


def is_registered(endpoint: str) -> bool:
    return endpoint in current_app.view_functions


@dataclass(frozen=True)
class MenuTab:
    """An area as the current user sees it. `waits`: number of its open items."""

    area: Area
    waits: int


@dataclass(frozen=True)
class VisibleEntry:
    """An entry as the current user sees it. `tabs`: one or more; with one, the entry has the label of its area."""

    entry: MenuEntry
    tabs: tuple[MenuTab, ...]

    @property
    def label(self) -> str:
        return self.entry.name if len(self.tabs) > 1 else self.tabs[0].area.label

    @property
    def endpoint(self) -> str:
        """Endpoint of the page that the entry opens."""
        return self.tabs[0].area.endpoint

    @property
    def waits(self) -> int:
        return sum(tab.waits for tab in self.tabs)


def entries() -> list[VisibleEntry]:
    """Entries of which the current user may see an area, in menu order. Open items are counted once for each page."""
    if "menu_entries" not in g:
        areas = visible_areas()
        tabs = {
            entry: tuple(MenuTab(one, one.count() if one.count else 0) for one in areas if one.entry == entry.name)
            for entry in ENTRIES
        }
        g.menu_entries = [VisibleEntry(entry, several) for entry, several in tabs.items() if several]
    shown: list[VisibleEntry] = g.menu_entries
    return shown


def current_entry() -> VisibleEntry | None:
    """Entry of this page."""
    area = current_area()
    return next((one for one in entries() if area and one.entry.name == area.entry), None)


def areas_of(name: str) -> list[Area]:
    """Areas of an entry that is not in the menu, such as Help."""
    return [tab.area for one in entries() if one.entry.name == name for tab in one.tabs]
