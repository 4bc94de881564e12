"""Texts of the catalogue pages."""

from collections.abc import Sequence

from tillstream.catalogue.entry_lists import ACTIVE, ALL, RETIRED
from tillstream.model.product_catalogue import EntryKind

TABS = {
    "products": "Products",
    "stores": "Stores",
    "salespeople": "Salespeople",
    "promotions": "Promotions",
    "suppliers": "Suppliers",
}
SINGULAR = {
    "products": "product",
    "stores": "store",
    "salespeople": "salesperson",
    "promotions": "promotion",
    "suppliers": "supplier",
}
KINDS = {"products": "Products", "prices": "Prices", "costs": "Costs"} | {
    name: words for name, words in TABS.items() if name != "products"
}
STATES = {ACTIVE: "Active", RETIRED: "Retired", ALL: "All"}
LABELS = {
    "code": "Code",
    "name": "Name",
    "category": "Category",
    "pack_size": "Pack size",
    "supplier": "Supplier",
    "minimum_order": "Minimum order",
    "shelf_life_days": "Shelf life in days",
    "minimum_stock": "Minimum stock",
    "barcodes": "Barcodes",
    "aliases": "Other codes",
    "active": "Offered",
    "region": "Region",
    "store_id": "Store ID",
    "country": "Country",
    "time_zone": "Time zone",
    "currency": "Currency",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "opening_hours": "Opening hours",
    "salesperson_id": "Salesperson ID",
    "stores": "Stores",
    "promotion_id": "Code",
    "product": "Product",
    "kind": "Kind",
    "rate": "Reduction",
    "per_euro": "Units for one euro",
    "valid_from": "First day",
    "valid_to": "Last day",
    "email": "Email",
    "phone": "Phone",
    "lead_time_days": "Lead time in days",
    "review_days": "Days between orders",
    "costs": "Costs",
    "prices": "Prices",
    "amount": "Amount",
}
LIST_LABELS = {"store_id": "Store"}
"""Labels of fields that a list shows by name instead of by code."""
HINTS = {
    "code": "As written in files and by tills.",
    "pack_size": "Units in a pack: orders are whole packs.",
    "minimum_order": "Units of the smallest order.",
    "shelf_life_days": "Days for which it can be sold after it arrives.",
    "minimum_stock": "Units of a store up to which its stock is low. Empty: what it sells in the lead time.",
    "lead_time_days": "Days from an order to its arrival.",
    "barcodes": "Several are separated by semicolons.",
    "aliases": "Codes of other sources, as REGION:CODE or *:CODE for all regions, separated by semicolons.",
    "store_id": "As written in the files of the region.",
    "salesperson_id": "As written in the files of the region.",
    "time_zone": "For example Europe/London.",
    "currency": "For example EUR.",
    "opening_hours": "For example Mon-Fri 09:00-18:00; Sat 10:00-16:00.",
    "stores": "Store IDs, separated by semicolons. Empty: all stores of the region.",
    "product": "The code of one product, or leave it empty and enter a category.",
    "kind": "Promotions of one kind cannot overlap.",
    "rate": "For example 20%.",
    "valid_from": "For example 2026-12-01. Empty: from the beginning.",
    "valid_to": "For example 2026-12-24. Empty: without an end.",
}
NEW_CODES = "New codes"
PRICES_OFF_LIST = "Prices off the list"
CODE_STATES = {"": "To decide", "decided": "Decided"}
DECISIONS = {"accepted": "Accepted as", "merged": "Merged into", "ignored": "Ignored"}
CODE_KINDS = {EntryKind.PRODUCT: "Products", EntryKind.STORE: "Stores", EntryKind.SALESPERSON: "Salespeople"}
CODE_EVIDENCE: dict[EntryKind, list[dict[str, object]]] = {
    EntryKind.PRODUCT: [
        {"key": "category", "label": "Category"},
        {"key": "price", "label": "Usual price", "num": True},
    ],
    EntryKind.STORE: [
        {"key": "currency", "label": "Usual currency"},
        {"key": "people", "label": "Salespeople", "num": True},
    ],
    EntryKind.SALESPERSON: [],
}
DECISION_COLUMNS = [
    {"key": "code", "label": "Code"},
    {"key": "decision", "label": "Decision"},
    {"key": "who", "label": "Who"},
    {"key": "when", "label": "When"},
    {"key": "actions", "label": "Actions"},
]
MERGE_COLUMNS = [
    {"key": "name", "label": "Product"},
    {"key": "category", "label": "Category"},
    {"key": "actions", "label": "Actions"},
]
REGION_COLUMNS = [
    {"key": "region", "label": "Region"},
    {"key": "source", "label": "Data source"},
    {"key": "currency", "label": "Currency"},
    {"key": "time_zone", "label": "Time zone"},
]
PRICE_COLUMNS = [
    {"key": "sale", "label": "Sale"},
    {"key": "day", "label": "Day"},
    {"key": "product", "label": "Product"},
    {"key": "price", "label": "Unit price", "num": True},
    {"key": "list", "label": "List price", "num": True},
    {"key": "difference", "label": "Difference", "num": True},
]
SHARES = {"0.05": "5%", "0.1": "10%", "0.2": "20%", "0.3": "30%", "0.5": "50%", "1": "100%"}
COST_EFFECT = "Effect on past margins"
NO_CODE = "Select at least one code."
DECIDED_MEANWHILE = "These codes are no longer new: the catalogue has them, or somebody decided about them."
FIRST_DAYS = {
    "prices": "Empty: from the beginning. Prices off the list compares each sale with the price of its day.",
    "costs": "Empty: from the beginning. An earlier day changes past margins.",
}
YES_NO = {"yes": "Yes", "no": "No, retired"}
ALL_REGIONS = "All regions"
LISTS = {"prices": "price", "costs": "cost"}
CONFLICTS = {
    False: "Somebody else changed this entry since you opened it. The stored values are shown at each field that "
    "differs. Correct your values and save again.",
    True: "Somebody else changed this product since you opened it. The stored values are shown. Compare them, then add "
    "or remove yours again.",
}
"""Whether a price or cost was to be added or removed → the words about an edit of an older version."""
IMPORT_CONFLICT = "The catalogue was changed since the preview. Review the changes again, then import the file."
MIRROR_LATE = "Saved. The numbers follow within a few minutes, because the warehouse is not available now."


def saved(name: str) -> str:
    return f"{name} is saved."


def default_currency(currency: str) -> str:
    return f"Empty: {currency}."


def amount(region: str, value: str, currency: str, first_day: str) -> str:
    """A price or cost of a region, or of all."""
    return f"{region or ALL_REGIONS}: {value} {currency} from {first_day or 'the beginning'}"


def replaces(singular: str, value: str, currency: str) -> str:
    return f"The new {singular} replaces {value} {currency}, which has the same first day."


def similar(code: str, other: str) -> str:
    return f"{code} and {other} differ only in capital letters: they are two codes."


def unknown_supplier(code: str) -> str:
    return f"The catalogue has no supplier {code}."


def unknown_category(category: str) -> str:
    return f"No product of the catalogue has the category {category}."


def unknown_country(name: str) -> str:
    return f"{name} is not the name or code of a country."


def exists(singular: str, key: str) -> str:
    return f"The catalogue already has the {singular} {key}, so nothing is saved. Enter another code, or edit that one."


def imported(added: int, changed: int) -> str:
    return f"The file is imported: {added:,} added, {changed:,} changed."


def code_columns(kind: EntryKind) -> list[dict[str, object]]:
    """Columns of the list of new codes of a kind."""
    stores: list[dict[str, object]] = [] if kind is EntryKind.STORE else [{"key": "stores", "label": "Stores"}]
    return [
        {"key": "name", "label": "Code", "sort": True},
        {"key": "region", "label": "Region"},
        *CODE_EVIDENCE[kind],
        {"key": "lines", "label": "Sale lines", "num": True, "sort": True},
        {"key": "first", "label": "First sale", "sort": True},
        {"key": "last", "label": "Last sale", "sort": True},
        *stores,
        {"key": "actions", "label": "Actions"},
    ]


def numbered(words: str, number: int) -> str:
    return f"{words} ({number:,})" if number else words


def no_tab(tab: str) -> str:
    return f"The catalogue has no page {tab}."


def decided(answer: str, codes: Sequence[str]) -> str:
    done = "accepted: the catalogue has it now" if answer == "accept" else "ignored"
    several = "accepted: the catalogue has them now" if answer == "accept" else "ignored"
    distinct = list(dict.fromkeys(codes))
    return f"{distinct[0]} is {done}." if len(distinct) == 1 else f"{len(distinct):,} codes are {several}."


def merged(codes: Sequence[str], product: str) -> str:
    return f"{', '.join(dict.fromkeys(codes))} now names the product {product}, in past sales too."


def undone(code: str) -> str:
    return f"{code} is a new code again."


def not_accepted(code: str, reason: str) -> str:
    return f"{code} is not accepted. {reason}"
