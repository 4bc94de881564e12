"""Navigation areas and who sees them, for the menu and the keyboard shortcuts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import current_app, request

from portal.connectors.scoped import late_or_failing
from portal.context import scope, signed_in
from portal.orders.scoped import late_count
from portal.quality.failing import failing_checks
from portal.review import waiting
from tillstream.domain.people import Action


@dataclass(frozen=True)
class Area:
    """`also`: further endpoints of the area. `key`: its shortcut letter, typed after g."""

    endpoint: str
    label: str
    group: str
    icon: str
    key: str
    action: Action | None = None
    also: tuple[str, ...] = ()
    count: Callable[[], int] | None = None
    """Number of open items, shown next to the label unless 0."""
    counted: str = "need review"
    """What the counted items do."""


AREAS: tuple[Area, ...] = (
    Area("dashboard.show", "Sales", "Numbers", "chart", "s", Action.SEE_NUMBERS),
    Area("live.show", "Live", "Numbers", "flow", "v", Action.SEE_NUMBERS),
    Area(
        "alerts.listing",
        "Alerts",
        "Numbers",
        "bell",
        "9",
        Action.SEE_ALERTS,
        ("alerts.show", "alerts.rules", "alerts.rule", "alerts.new_rule"),
    ),
    Area("explore.show", "Explore", "Numbers", "columns", "0", Action.SEE_NUMBERS),
    Area("sql_page.show", "SQL", "Numbers", "columns", "-", Action.RUN_SQL),
    Area("compare.show", "Compare", "Numbers", "columns", "b", Action.SEE_NUMBERS, ("views.show",)),
    Area(
        "forecast.show",
        "Forecast",
        "Numbers",
        "chart",
        "1",
        Action.SEE_FORECASTS,
        ("forecast.accuracy", "forecast.series", "forecast.one_series"),
    ),
    Area(
        "goals.show",
        "Goals",
        "Numbers",
        "check",
        "2",
        Action.SEE_NUMBERS,
        ("goals.edit", "goals.importing", "goals.history"),
    ),
    Area("reports.show", "Reports", "Numbers", "list", "3", Action.SEE_NUMBERS),
    Area("customers.show", "Customers", "Numbers", "people", "j", Action.SEE_NUMBERS, ("customers.segment",)),
    Area("products.show", "Products", "Numbers", "list", "q", Action.SEE_NUMBERS),
    Area(
        "sale_lines.show",
        "Sale lines",
        "Numbers",
        "receipt",
        "l",
        Action.SEE_NUMBERS,
        ("sale_history.show", "search.show"),
    ),
    Area(
        "changes.show",
        "Changes",
        "Numbers",
        "list",
        "c",
        Action.SEE_NUMBERS,
        ("changes.settlement", "changes.lines"),
    ),
    Area("annotations.show", "Annotations", "Numbers", "calendar", "m", Action.SEE_NUMBERS),
    Area("measures.listing", "Measures", "Numbers", "columns", "z", Action.SEE_NUMBERS, ("measures.explanation",)),
    Area("sell.show", "Sell", "Stores", "receipt", "n", Action.ENTER_SALES),
    Area("stock.show", "Stock", "Stores", "box", "4", Action.SEE_NUMBERS, ("stock_files.form", "stock_files.report")),
    Area(
        "restock.show", "Restock", "Stores", "flow", "7", Action.SEE_NUMBERS, ("restock.settings", "restock.policies")
    ),
    Area("orders.listing", "Orders", "Stores", "receipt", "5", Action.SEE_NUMBERS, (), late_count, "are late"),
    Area(
        "catalogue.show",
        "Catalogue",
        "Stores",
        "list",
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
    Area(
        "review.waiting",
        "Needs review",
        "Files",
        "hand",
        "w",
        Action.SEE_UPLOADS,
        ("review.decide", "review.day_closes"),
        waiting.count,
    ),
    Area("uploads.listing", "Uploads", "Files", "upload", "u", Action.SEE_UPLOADS),
    Area("completeness.show", "Data completeness", "Files", "calendar", "d", Action.SEE_UPLOADS, ("completeness.day",)),
    Area("data_sources.show", "Data sources", "Files", "list", "f", Action.UPLOAD),
    Area("uploads.proposals", "Proposed data sources", "Files", "check", "o", Action.ADMINISTER),
    Area(
        "quality.show",
        "Data quality",
        "Files",
        "check",
        "g",
        Action.SEE_QUALITY,
        ("quality.check", "quality.pass_rates", "quality.rule"),
        failing_checks,
        "fail",
    ),
    Area(
        "connectors.listing",
        "Connectors",
        "Files",
        "down",
        "8",
        Action.SEE_PIPELINE,
        ("connectors.show", "connectors.kinds", "connectors.new", "connectors.edit"),
        late_or_failing,
        "are late or failing",
    ),
    Area("pipeline.show", "Pipeline", "Files", "flow", "p", Action.SEE_PIPELINE),
    Area("admin.people", "People", "Administration", "people", "e", Action.ADMINISTER),
    Area(
        "admin.stores",
        "Stores' tills",
        "Administration",
        "key",
        "t",
        Action.ADMINISTER,
        ("admin.add_token", "admin.connect_till", "admin.rotate_key"),
    ),
    Area("webhooks.listing", "Webhooks", "Administration", "flow", "x", Action.ADMINISTER, ("webhooks.show",)),
    Area(
        "alert_channels.listing",
        "Alert channels",
        "Administration",
        "flow",
        "6",
        Action.ADMINISTER,
        ("alert_channels.new", "alert_channels.show"),
    ),
    Area("audit.show", "Audit log", "Administration", "shield", "a", Action.ADMINISTER),
    Area("health.status", "Status", "Administration", "flow", "i", Action.ADMINISTER),
    Area("help.problems", "Problem reference", "Help", "help", "h"),
    Area("api.docs_page", "API", "Help", "key", "r", None, ("api.reference",)),
    Area("storybook.show", "Storybook", "Help", "list", "y"),
)
"""In menu order. An area whose endpoint is not registered is left out."""


def shown() -> list[Area]:
    """Areas that the current user may see."""
    if not signed_in():
        return []
    may = scope().may
    return [one for one in AREAS if is_registered(one.endpoint) and (one.action is None or may(one.action))]


def grouped() -> Iterator[tuple[str, list[Area]]]:
    """Areas that the current user may see, by group in order of first occurrence."""
    areas = shown()
    for group in dict.fromkeys(one.group for one in areas):
        yield group, [one for one in areas if one.group == group]


def here() -> Area | None:
    """Area of this page: by endpoint or `also`, else the first area of its blueprint."""
    areas = shown()
    exact = [one for one in areas if request.endpoint in (one.endpoint, *one.also)]
    same_blueprint = [one for one in areas if request.blueprint and request.blueprint == one.endpoint.split(".")[0]]
    return next(iter(exact + same_blueprint), None)


def is_registered(endpoint: str) -> bool:
    return endpoint in current_app.view_functions
