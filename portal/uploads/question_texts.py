"""Wording, hints and answers of the questions about a file."""

from portal import formats
from tillstream.detection.evidence import CONFIRM_COLUMN, NO_COLUMN, DetectionQuestion

CHOICES: dict[str, dict[str, str]] = {
    "date_order": {"DMY": "day, month, year", "MDY": "month, day, year", "YMD": "year, month, day"},
    "decimal": {".": "a point: 1.5 is one and a half", ",": "a comma: 1,5 is one and a half"},
    "delimiter": {"tab": "tabs", ",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"},
    "amount": {"net": "before tax", "gross": "with tax"},
    "prices": {"net": "before tax", "gross": "with tax"},
    "discount": {"amount": "an amount of money", "rate": "a fraction: 0.1 is 10 percent", "percent": "percent"},
    "tax": {"amount": "an amount of money", "rate": "a fraction: 0.2 is 20 percent", "percent": "percent"},
    "status": {
        "completed": "completed: it counts",
        "pending": "pending: it counts, and is shown separately",
        "cancelled": "cancelled: it does not count",
        "returned": "returned: it is subtracted",
        "ignore": "not a sale: the row is ignored",
    },
    "returns": {
        "subtract": "returns beside their sales: subtract them",
        "cancel": "the sales themselves: they do not count",
        "keep": "no returns: their totals count as they are",
    },
    "half_converted": {"swap": "yes, swap them back", "keep": "no, keep them as they are"},
    "minor_units": {"yes": "yes, in cents or the like", "no": "no"},
    "multiple": {"yes": "yes, multiply them", "no": "no, they are as they are"},
    "quantity_decimals": {"yes": "yes", "no": "no, it is a thousand or more"},
    "negative": {"yes": "yes, turn the signs around", "no": "no, they take back sales"},
    "total_rows": {"yes": "yes, ignore them", "no": "no, they are sales"},
    "subtract": {"yes": "yes, subtract it", "with_tax": "yes, and it contains tax", "no": "no"},
    "ignore": {"yes": "yes, leave them out", "no": "no, they are sales"},
    "repeats": {"sales": "yes, all of them are sales"},
    "once": {"yes": "yes, once for the order", "no": "no, for each line"},
    "event": {"all": "each row is a sale of its own"},
    "rows": {
        "subtract": "they take back sales: subtract them",
        "ignore": "they are no sales: do not count them",
        "keep": "they are sales like the others",
    },
    "missing": {"yes": "yes, the cell is empty", "no": "no, it is a value"},
    "identity": {"content": "everything in the row together"},
    "overlap": {"same": "the same sales: they count once", "different": "different sales: they count as well"},
}
ASKS = {
    "region": "Which region are these sales from?",
    "country": "In which country were they sold?",
    "time_zone": "In which time zone are the times?",
    "date_order": "In which order are the dates written?",
    "decimal": "Which decimal separator is used?",
    "identity": "What identifies one sale line?",
    "header": "Which line contains the column names?",
    "tax_rate": "What is the tax rate?",
}
"""Questions with another wording than on the command line."""
HINTS = {
    "region": "The region that the numbers are reported to. Choose one, or enter the name of a new one.",
    "time_zone": "Such as Europe/London or Asia/Kolkata.",
    "currency": "Three letters, such as EUR.",
    "date": "The format of the day in the file name, such as %Y-%m-%d.",
    "tax_rate": "As a fraction: 0.19 for 19 percent, or 0 for no tax.",
    "header": "The line number of the header. Enter 0 if there is no header.",
}
UNKNOWN = "not known"
THE_DATA_SOURCE = "The data source"
"""Names the answers where they contradict each other."""
ANSWER, REVIEW = "Answer the open questions", "Review the proposed data source"
ANSWER_FIRST = "Answer the open questions first."


def cannot_be_used(answer: str, reason: str) -> str:
    return f"“{answer}” cannot be used: {reason}."


def still_open(count: int) -> str:
    return f"{formats.many(count, 'question is', 'questions are')} still open."


def none_open(file: str) -> str:
    return f"{file} has no open questions."


def answers_saved(file: str) -> str:
    return f"Your answers are saved. {file} is read when an administrator accepts them."


def asks(question: DetectionQuestion) -> str:
    return ASKS.get(question.key, question.words)


def answers_to(key: str, answer: str) -> str:
    return _answers(key).get(answer, answer)


def hint(question: DetectionQuestion) -> str:
    return HINTS.get(question.key, "")


def choice(question: DetectionQuestion, answer: str) -> str:
    """Display text of an answer."""
    if question.kind == CONFIRM_COLUMN:
        return "no" if answer == NO_COLUMN else "yes"
    words = _answers(question.key)
    if answer == NO_COLUMN and answer not in words:
        return question.none or UNKNOWN
    if question.key == "date":
        return answer.replace("%d", "day").replace("%m", "month").replace("%Y", "year")
    return words.get(answer, answer.replace(",", " and ") if question.key == "identity" else answer)


def _answers(key: str) -> dict[str, str]:
    """Answer → text, of a key or of its family."""
    return CHOICES.get(key) or CHOICES.get(key.partition(".")[0], {})
