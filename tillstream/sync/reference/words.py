"""Names of entries of reference data for people."""

from tillstream.goals.targets import GoalTarget
from tillstream.sync.reference import goals, rates
from tillstream.sync.reference.entries import Reference
from tillstream.sync.reference.questions import Question


def subject(question: Question) -> str:
    """What a question is about, such as `Product P17 (Pen)` or `Exchange rate of USD on 2026-05-04`."""
    reference = Reference(question.group, question.key, None)
    kind = question.group.partition(":")[0]
    if kind == goals.KIND:
        target, measure = goals.key_of(reference)
        return f"Goal of {goals.month_of(reference)}: {measure} of {_place(target)}"
    if kind == rates.KIND:
        day, currency = rates.day_and_currency(question.key)
        return f"Exchange rate of {currency} on {day}"
    content = question.here or question.there or {}
    codes = (content.get(name, "") for name in ("region", "store_id", "salesperson_id", "promotion_id", "code"))
    names = [code for code in codes if code and code != "*"]
    name = content.get("name", "")
    return f"{kind.capitalize()} {' '.join(names)}{f' ({name})' if name else ''}"


def _place(target: GoalTarget) -> str:
    return ", ".join(target.filled.values())
