"""Texts of the catalogue pages."""

from tillstream.catalogue.listing import ACTIVE, ALL, RETIRED

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
    "valid_from": "First day",
    "valid_to": "Last day",
    "email": "Email",
    "phone": "Phone",
    "costs": "Costs",
    "prices": "Prices",
    "amount": "Amount",
}
HINTS = {
    "code": "As written in files and by tills.",
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
YES_NO = {"yes": "Yes", "no": "No, retired"}
ALL_REGIONS = "All regions"
LISTS = {"prices": "price", "costs": "cost"}
CHANGED_MEANWHILE = (
    "Somebody else changed this entry since you opened it. The stored values are shown at each field that differs. "
    "Correct your values and save again."
)
IMPORT_CONFLICT = "The catalogue was changed since the preview. Review the changes again, then import the file."
NO_FILE = "Choose a file."
GONE = "The uploaded file is no longer stored. Upload it again."
MIRROR_LATE = "Saved. The numbers follow within a few minutes, because the warehouse is not available now."


def saved(name: str) -> str:
    return f"{name} is saved."


def imported(added: int, changed: int) -> str:
    return f"The file is imported: {added:,} added, {changed:,} changed."


def no_tab(tab: str) -> str:
    return f"The catalogue has no page {tab}."
