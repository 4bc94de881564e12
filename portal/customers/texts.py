"""Texts of the pages about customers."""

SEGMENTS = {
    "champions": ("Champions", "Bought recently and often"),
    "loyal": ("Loyal", "Buy often, and not long ago"),
    "potential-loyal": ("Potentially loyal", "Bought recently, and more than once"),
    "new": ("New", "Bought very recently, and rarely"),
    "promising": ("Promising", "Bought recently, and rarely"),
    "need-attention": ("Need attention", "Average in both: a reminder can keep them"),
    "about-to-sleep": ("About to sleep", "Rare buyers whose last purchase is a while ago"),
    "cannot-lose": ("Cannot lose", "Bought most often, but not for a long time"),
    "at-risk": ("At risk", "Bought often, but not for a long time"),
    "hibernating": ("Hibernating", "Bought rarely, and a long time ago"),
}
"""Segment → its label and meaning, the best first."""
ALL = "All customers"
PERIODS = {"monthly": "Months", "quarterly": "Quarters"}
SINCE = {"monthly": "Month", "quarterly": "Quarter"}
COLUMNS = {
    "customer": "Customer",
    "segment": "Segment",
    "revenue": "Revenue",
    "last_purchase_date": "Last purchase",
    "purchase_days": "Days with a purchase",
    "recency_score": "Recency",
    "frequency_score": "Frequency",
    "monetary_score": "Monetary value",
}
SCORES = "From 1 to 5; 5 is the best fifth of the customers"
NO_SEGMENT = "There is no such segment of customers."
