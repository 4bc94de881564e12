"""Texts of the pages of goals."""

from tillstream.goals.month_projection import FORECAST, PACE
from tillstream.goals.standings import SHARE, SUM
from tillstream.goals.targets import WITHOUT_VALUE, GoalLevel, GoalMeasure, GoalTarget

MEASURES = {
    GoalMeasure.REVENUE: "Revenue",
    GoalMeasure.UNITS: "Units",
    GoalMeasure.MARGIN: "Margin",
    GoalMeasure.ORDERS: "Orders",
}
LEVELS = {
    GoalLevel.COMPANY: "Company",
    GoalLevel.REGION: "Regions",
    GoalLevel.STORE: "Stores",
    GoalLevel.SALESPERSON: "Salespeople",
    GoalLevel.CATEGORY: "Categories",
}
KINDS = {GoalLevel.REGION: "Region", GoalLevel.STORE: "Store"}
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
    GoalLevel.REGION: "No region",
    GoalLevel.STORE: "No store",
    GoalLevel.SALESPERSON: "No salesperson",
    GoalLevel.CATEGORY: "No category",
}


def label(target: GoalTarget, name: str = "") -> str:
    """What people call a target. name: of the store or salesperson; empty without one."""
    if target.level is GoalLevel.COMPANY:
        return ALL_SALES
    code = {
        GoalLevel.REGION: target.region,
        GoalLevel.STORE: target.store,
        GoalLevel.SALESPERSON: target.salesperson,
        GoalLevel.CATEGORY: target.category,
    }[target.level]
    if code == WITHOUT_VALUE:
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
