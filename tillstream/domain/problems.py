"""Problem catalogue: stable code, severity and user-facing texts of every rule.

`docs/problems.md` is generated from it; a test keeps the two in sync.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    """The row is rejected and quarantined."""
    WARNING = "warning"
    """The row is accepted and flagged."""
    HOLD = "hold"
    """The whole batch is held for review."""
    REJECTION = "rejection"
    """The whole file is rejected."""


@dataclass(frozen=True)
class ProblemType:
    """A type of problem. `message` may contain {column}, {value} and {detail}; `remedy` is the next step for the user."""

    code: str
    severity: Severity
    title: str
    message: str
    remedy: str

    def format_message(self, column: str | None = None, value: str | None = None, detail: str = "") -> str:
        return self.message.format(column=column or "", value=value or "", detail=detail)


E, W, H, R = Severity.ERROR, Severity.WARNING, Severity.HOLD, Severity.REJECTION
_FIX = "Correct the cell in the downloaded rows and give them back, or discard the row with a reason."
_CHECK = "Nothing has to be done if it is right; otherwise correct the source and upload the file again."

_ALL = (
    ProblemType("missing-required", E, "A needed value is empty", "{column} is empty.", _FIX),
    ProblemType("not-a-number", E, "Not a number", "{column} is “{value}”, which is not a number here{detail}.", _FIX),
    ProblemType("number-too-large", E, "The number is too large", "{column} is “{value}”; at most 29 digits before the decimal sign are kept.", _FIX),
    ProblemType("not-a-date", E, "Not a date", "{column} is “{value}”, which is not a date written like {detail}.", _FIX),
    ProblemType("ambiguous-date", E, "A date that may be two days", "{column} is “{value}”, which may be {detail}; no other row proves which.", "Write the day as year-month-day, such as 2026-12-31, in the downloaded rows and give them back. If the source writes one order only, leave the other out of the contract."),
    ProblemType("not-a-time", E, "Not a time", "{column} is “{value}”, which is not a time written like {detail}.", _FIX),
    ProblemType("time-does-not-exist", E, "The clocks jumped over this time", "{column} is “{value}”, a local time that did not exist in {detail}.", _FIX),
    ProblemType("word-not-allowed", E, "A word the contract does not know", "{column} is “{value}”; known are {detail}.", _FIX),
    ProblemType("not-a-currency", E, "Not a currency", "{column} is “{value}”; a currency has three capital letters, as in ISO 4217.", _FIX),
    ProblemType("out-of-range", E, "Out of range", "{column} is {value}; {detail}.", "Correct the cell, discard the row, or accept the row as it stands."),
    ProblemType("scientific-id", E, "An id that a spreadsheet shortened", "{column} is “{value}”: a spreadsheet wrote the number short, and its last digits are lost.", "Make the column text in the spreadsheet, or take the export from before it was opened there, and upload the file again; or write the whole number into the downloaded rows and give them back."),
    ProblemType("ragged-row", E, "Too few or too many cells", "The row has {value} cells, the header has {detail}.", "Look for a missing or an unquoted delimiter in the row, correct it and give it back."),
    ProblemType("unclosed-quote", E, "A quote is never closed", "A quote opens here and is never closed; only this line is refused.", "Close the quote, or double it if it belongs to the text."),
    ProblemType("nul-bytes", E, "Bytes that are no text", "The row holds NUL bytes, which no text has.", "Export the file again; a program or a disk wrote only a part of it, or no text at all."),
    ProblemType("formula-without-value", E, "A formula without its value", "The workbook holds a formula without its value in {detail}.", "Open the workbook in a spreadsheet and save it, so that its formulas are worked out, and upload it again; or write the value into the downloaded row and give it back."),
    ProblemType("unreadable-json", E, "A line that is no JSON object", "The line is not one JSON object with each name once: {detail}.", "Correct the line in the source and upload the file again, or write its values into the downloaded row and give it back."),
    ProblemType("undecodable-text", E, "Letters that cannot be read", "The row holds bytes that are not {detail}.", "Save the file in the contract's encoding and upload it again."),
    ProblemType("conflicting-contents", E, "Two contents of one line", "The same line was told with another content of the same version ({detail}).", "Decide which one is right: accept this row as it stands, or discard it."),
    ProblemType("differs-from-till", E, "The till says something else", "The till or form says otherwise: {detail}.", "Accept this row as it stands if the file is right, or discard it."),
    ProblemType("sale-refused", E, "Another line of the sale was refused", "A sale told whole is taken whole or not at all; another line of it was refused.", "Correct the other line."),
    ProblemType("unreadable-message", E, "A message that cannot be read", "The message is not a store sale: {detail}.", "Correct the till's message and send it again."),
    ProblemType("line-total-mismatch", W, "The line total is not quantity × price", "{column} is {value}, but quantity × price less discount is {detail}; the file's own total counts.", _CHECK),
    ProblemType("future-date", W, "A date in the future", "{column} is {value}, after the day the file was received.", _CHECK),
    ProblemType("day-month-swapped", W, "Day and month seem swapped", "{column} is {value}, but the sales numbered before and after it are of other days; with day and month swapped it would be {detail}, which fits.", "Look at the day in the source: a spreadsheet may have turned it round. If so, correct it there and upload the file again; otherwise nothing has to be done."),
    ProblemType("unknown-store", W, "A store the contract does not list", "{column} is “{value}”.", "Add the store to the contract if it is new."),
    ProblemType("unknown-product", W, "A product the contract does not list", "{column} is “{value}”.", "Add the product to the contract if it is new."),
    ProblemType("missing-expected", W, "An expected value is empty", "{column} is empty.", _CHECK),
    ProblemType("float-as-id", W, "Ids written as decimal numbers", "{column} is “{value}”, and every other id of the column ends so too: a program took them for numbers.", "The ids stay as they are written. If other files of the source write them without the zero, name the column in the contract's identity.whole_numbers."),
    ProblemType("default-taken", W, "A default stands for an empty value", "{column} is empty; “{detail}” was taken, as the contract says.", _CHECK),
    ProblemType("zero-price", W, "A price of zero", "{column} is 0.", _CHECK),
    ProblemType("negative-price", W, "A negative price", "{column} is {value}.", _CHECK),
    ProblemType("negative-quantity", W, "A negative quantity outside a return", "{column} is {value}, but the sale is not a return.", _CHECK),
    ProblemType("positive-return", W, "A return that takes nothing back", "{column} is {value}, but the sale is a return.", _CHECK),
    ProblemType("rounded", W, "More than nine decimals", "{column} is {value}; it was rounded to nine decimals.", _CHECK),
    ProblemType("ambiguous-time", W, "A time that happened twice", "{column} is “{value}”, which happened twice as clocks went back; the first was taken.", _CHECK),
    ProblemType("outlier", W, "Far from what is usual", "{column} is {value}.", _CHECK),
    ProblemType("repeated-line", W, "Identical lines", "Lines of one sale are identical; each is kept.", _CHECK),
    ProblemType("whole-row-quoted", W, "A row quoted as one cell", "The whole row stands in quotes, as one cell; the cells inside were read.", _CHECK),
    ProblemType("mojibake", W, "Letters read in another encoding", "{column} is “{value}”, which looks like letters of another encoding.", "Look at the text; if it is wrong, save the file in the contract's encoding and upload it again."),
    ProblemType("superseded", W, "A newer content is already known", "A content received later, or of a higher version, stays current.", "Nothing has to be done. If this file is right after all, let it rule: “Let it rule” on its receipt in the portal, or `confirm BATCH --as-new` on the command line."),
    ProblemType("discarded", W, "Discarded by a person", "Discarded: {value}.", "Nothing has to be done."),
    ProblemType("too-many-refused", H, "Too many rows were refused", "{value} of {detail} rows were refused, more than the contract allows.", "Look at the refused rows: confirm to load the others, or reject the file and upload it again."),
    ProblemType("truncated-file", H, "The file seems to be cut off", "The file seems to be cut off: {detail}.", "Upload it again whole, and reject this one; confirm it if nothing is missing."),
    ProblemType("known-bytes-under-another-contract", H, "The same file under another contract", "The same bytes were loaded as {detail}.", "Reject it if it is the wrong region; confirm it if both are meant."),
    ProblemType("which-contract", H, "Nobody knows whose file this is", "Neither its folder nor its name says by which contract it is written{detail}.", "Say which contract it is: choose it on its receipt in the portal, or `confirm BATCH --region CONTRACT` on the command line. Next time put the file into a folder named like the contract, or begin its name with it."),
    ProblemType("contract-proposed", H, "A contract is proposed", "{detail}", "An administrator accepts it: it is then saved, and reads this file and later ones, on its receipt in the portal or by `accept BATCH`. Or say which known contract the file is written by, or reject it."),
    ProblemType("looks-like-another-region", H, "It looks like the file of another source", "It looks like a file of {value}: {detail}.", "If it is, say so: choose that contract on its receipt in the portal, or `confirm BATCH --region CONTRACT`. Confirm it if it is right as it is, or reject it."),
    ProblemType("columns-changed", H, "The file has other columns than before", "{detail}", "Accept the proposed version of the contract, which is then saved and reads this file and later ones: on its receipt in the portal, or `accept BATCH`. Or confirm it if only this file is so, or reject it if it is the wrong file."),
    ProblemType("style-changed", H, "The file is written otherwise than before", "{detail}", "Accept the proposed version of the contract, which is then saved and reads this file and later ones: on its receipt in the portal, or `accept BATCH`. Or reject the file and export it as before."),
    ProblemType("overlaps-without-identity", H, "Days that are already known", "The file has no sale numbers, and tells more of {value} already known.", "Confirm it if these are other sales of those days. Reject it if it tells the same sales anew: then undo the earlier file first, or let the contract say `replaces: store-day`."),
    ProblemType("empty-file", R, "The file is empty", "There is nothing in the file.", "Export it again."),
    ProblemType("missing-columns", R, "Columns are missing", "The header lacks {detail}.", "Choose the contract that fits the file, or export it with all its columns."),
    ProblemType("repeated-header", R, "A column name stands twice", "The header names {detail} more than once.", "Give each column its own name."),
    ProblemType("unreadable-file", R, "The file cannot be read", "{detail}", "Export it again."),
)  # fmt: skip

CATALOGUE: dict[str, ProblemType] = {problem.code: problem for problem in _ALL}
