"""Texts of the restock pages."""

STATES = {
    "open": "To order",
    "later": "Can wait",
    "deferred": "Over budget",
    "ordered": "In an order",
    "snoozed": "Snoozed",
    "dismissed": "Dismissed",
}
MEANINGS = {
    "later": "The stock, with what is to arrive, lasts longer than the lead time",
    "deferred": "The budget is used for more urgent products",
    "ordered": "In a draft that is not sent yet",
}
KINDS = {"all": "Orders and transfers", "order": "Orders from suppliers", "transfer": "Transfers between stores"}
COLUMNS = {
    "product": "Product",
    "store": "Store",
    "urgency": "Lasts",
    "stock": "Stock",
    "units": "Units",
    "supplier": "From",
    "value": "Cost",
    "reason": "Why",
}
HINTS = {
    "urgency": "Days until the stock, with what is on order and in transit, is used up",
    "stock": "On hand, on order and in transit",
}
REASONS = {
    "discontinued": "No longer sold",
    "enough for now": "Enough for now",
    "too expensive": "Too expensive",
    "ordered elsewhere": "Ordered elsewhere",
    "wrong number": "The number is wrong",
    "other": "Other",
}
POLICIES = {
    "quantile of recent sales": "Levels from recent sales",
    "rolling mean": "Rolling mean",
    "fixed level": "Level set once",
}
MEAN_STOCK = "Mean stock"
AIMS = {
    "cycles": "Order cycles in which nothing runs out (cycle service)",
    "fill": "Demanded units that are served (fill rate)",
}
SNOOZES = {"1": "1 day", "3": "3 days", "7": "1 week", "14": "2 weeks", "30": "30 days"}
NOTHING_CHOSEN = "Select at least one product first."
NO_REASON = "Choose a reason to dismiss the selected products."
