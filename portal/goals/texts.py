"""Texts of the pages of goals."""

from tillstream.domain.goals.goal import WITHOUT, GoalMeasure, Level, Target
from tillstream.goals.projection import FORECAST, PACE
from tillstream.goals.tree import SHARE, SUM

MEASURES = {
    GoalMeasure.REVENUE: "Revenue",
    GoalMeasure.UNITS: "Units",
    GoalMeasure.MARGIN: "Margin",
    GoalMeasure.ORDERS: "Orders",
}
LEVELS = {
    Level.COMPANY: "Company",
    Level.REGION: "Regions",
    Level.STORE: "Stores",
    Level.SALESPERSON: "Salespeople",
    Level.CATEGORY: "Categories",
}
KINDS = {Level.REGION: "Region", Level.STORE: "Store"}
METHODS = {FORECAST: "from the forecast", PACE: "at the pace of the month so far"}
ORIGINS = {
    SHARE: "A share of the goal above, by the sales of the last 12 months.",
    SUM: "The sum of the goals below.",
}
TAGS = {SHARE: "by share", SUM: "as sum"}
"""Origin of a goal that was not entered → the word beside its amount."""
ALL_SALES = "All sales"
YOURS = "Your goals"
CONFLICT = "Somebody saved goals at the same moment. Your entries are still here; save them again."
RESTORED = "Version {number} of {month} is restored."
BOARD_SAVED = "The leader board is changed."
BOARDS = {
    "managers": "Managers and administrators see it",
    "everyone": "Salespeople see it too, as percentages",
    "off": "Nobody sees it",
}
NO_FILE = "Choose a file, or paste rows from a spreadsheet."
_WITHOUT = {
    Level.REGION: "No region",
    Level.STORE: "No store",
    Level.SALESPERSON: "No salesperson",
    Level.CATEGORY: "No category",
}


def label(target: Target, name: str = "") -> str:
    """What people call a target. name: of the store or salesperson; empty without one."""
    if target.level is Level.COMPANY:
        return ALL_SALES
    code = {
        Level.REGION: target.region,
        Level.STORE: target.store,
        Level.SALESPERSON: target.salesperson,
        Level.CATEGORY: target.category,
    }[target.level]
    if code == WITHOUT:
        return _WITHOUT[target.level]
    return name or code


def saved(count: int) -> str:
    """What was saved."""
    if not count:
        return "Nothing changed."
    return f"{count} {'goal is' if count == 1 else 'goals are'} saved."


def changed_meanwhile(stored: str) -> str:
    """Why a cell is not saved that somebody else has changed."""
    now = f"is now {stored}" if stored else "was removed"
    return f"Somebody changed this goal meanwhile: it {now}. Save again to replace it."
