"""Lists of entries, of regions, and of sale lines whose price is far from the list."""

from flask import render_template
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.catalogue.tabs import (
    LABELS,
    LIST_LABELS,
    SINGULAR,
    TITLES,
    cells_of,
    entry_address,
    own_regions,
    supplier_names,
    tab_links,
    tab_of,
)
from portal.context import ports, scope, tillstream
from portal.figures import ask
from portal.translation import N_
from tillstream.analytics.filters import Filters
from tillstream.catalogue.entry_lists import ACTIVE, ALL, RETIRED, EntryFilter, list_entries
from tillstream.model.catalogue_columns import KEY_COLUMNS
from tillstream.model.contract import Contract
from tillstream.model.permissions import Action

STATES = N_({ACTIVE: "Active", RETIRED: "Retired", ALL: "All"})
REGION_COLUMNS = [
    {"key": "region", "label": N_("Region")},
    {"key": "source", "label": N_("Data source")},
    {"key": "currency", "label": N_("Currency")},
    {"key": "time_zone", "label": N_("Time zone")},
]
PRICE_COLUMNS = [
    {"key": "sale", "label": N_("Sale")},
    {"key": "day", "label": N_("Day")},
    {"key": "product", "label": N_("Product")},
    {"key": "price", "label": N_("Unit price"), "num": True},
    {"key": "list", "label": N_("List price"), "num": True},
    {"key": "difference", "label": N_("Difference"), "num": True},
]
SHARES = {"0.05": "5%", "0.1": "10%", "0.2": "20%", "0.3": "30%", "0.5": "50%", "1": "100%"}

DEFAULT_SHARE = "0.2"


@allow(Action.MANAGE_STOCK)
def show_catalogue() -> ResponseReturnValue:
    return show_entries("products")


@allow(Action.MANAGE_STOCK)
def show_entries(tab: str) -> ResponseReturnValue:
    page_of_tab = tab_of(tab)
    names = ("name", KEY_COLUMNS[page_of_tab.kind][-1], *page_of_tab.shown)
    sorts = [name for name in names if name not in {"barcodes", "stores"}]
    query = list_view.list_query(sorts=sorts, filters=("state", "region"))
    state = next(iter(query.chosen["state"]), ACTIVE)
    region = next(iter(query.chosen["region"]), "")
    entries = list_entries(ports(), page_of_tab.kind, scope(), EntryFilter(query.q, state, region, query.sort))
    suppliers = supplier_names() if "supplier" in page_of_tab.shown else {}
    return render_template(
        "catalogue/list.html",
        tab=page_of_tab,
        title=TITLES[tab],
        singular=SINGULAR[tab],
        links=tab_links(),
        query=query,
        page=list_view.page_of(query, entries),
        columns=[
            {"key": name, "label": LIST_LABELS.get(name, LABELS[name]), "sort": name in sorts}
            for name in names[:1] + names[2:]
        ],
        cells=lambda entry: cells_of(page_of_tab, entry, suppliers),
        address=lambda entry: entry_address(page_of_tab, entry),
        states=STATES,
        state=state,
        region_choices=[(one, one) for one in own_regions()] if "region" in page_of_tab.shown else [],
        region=region,
    )


@allow(Action.MANAGE_STOCK)
def list_regions() -> ResponseReturnValue:
    """The regions of the data sources, which are not edited here."""
    contracts, query = tillstream().contracts, list_view.list_query()
    listed = [
        contract
        for contract in (contracts.for_region(region) for region in contracts.regions_in_use())
        if contract and scope().covers_region(contract.region) and _has_words(contract, query.q)
    ]
    page = list_view.page_of(query, listed)
    return render_template("catalogue/regions.html", query=query, page=page, columns=REGION_COLUMNS, links=tab_links())


def _has_words(contract: Contract, words: str) -> bool:
    shown = f"{contract.region} {contract.name} {contract.currency or ''} {contract.dates.time_zone}".casefold()
    return all(word in shown for word in words.casefold().split())


@allow(Action.MANAGE_STOCK)
def show_prices_off_list() -> ResponseReturnValue:
    """The lines in the scope of the user, greatest difference first."""
    query = list_view.list_query(filters=("share",))
    chosen = next(iter(query.chosen["share"]), DEFAULT_SHARE)
    share = chosen if chosen in SHARES else DEFAULT_SHARE
    rows = ask("prices-off-list", Filters(), share=share, limit=query.size + 1, offset=query.first).to_pylist()
    shown = list_view.ListPage(query, rows[: query.size], more=len(rows) > query.size)
    return render_template(
        "catalogue/prices_off_list.html",
        links=tab_links(),
        query=query,
        page=shown,
        share=share,
        shares=SHARES,
        columns=PRICE_COLUMNS,
    )
