"""Problem catalogue: stable code, severity and user-facing texts of every rule.

`docs/problems.md` is generated from it; a test keeps the two in sync.
"""

from dataclasses import dataclass
from enum import StrEnum

_FIX = "Correct the cell and submit the row, or discard it with a reason."
_SALE = " A sale of a till or the sale form is corrected there and sent again with a higher version, or “Discard sales” settles it."
_CHECK = "If the value is right, do nothing. Otherwise correct it in the source and upload the file again."
_DECIDE = "`confirm BATCH` or `reject BATCH`"
_ACCEPT = f"`accept BATCH`, {_DECIDE}"
_CHOOSE = "`confirm BATCH`, `confirm BATCH --region CONTRACT` or `reject BATCH`"


class Severity(StrEnum):
    ERROR = "error"
    """The row is rejected and quarantined."""
    WARNING = "warning"
    """The row is accepted and flagged."""
    HOLD = "hold"
    """The whole batch is held for review."""
    REJECTION = "rejection"
    """The whole file is rejected."""


E, W, H, R = Severity.ERROR, Severity.WARNING, Severity.HOLD, Severity.REJECTION


@dataclass(frozen=True)
class ProblemType:
    """A type of problem. `message` may contain {column}, {value} and {detail}.

    `remedy` is the next step in the portal, with buttons in “quotation marks”; `command` is what the command line offers.
    """

    code: str
    severity: Severity
    title: str
    message: str
    remedy: str
    command: str = ""

    def advice(self, batch_id: str = "BATCH") -> str:
        """The remedy and the commands, for readers outside the portal."""
        if not self.command:
            return self.remedy
        return f"{self.remedy} On the command line: {self.command.replace('BATCH', batch_id)}."

    def format_message(self, column: str | None = None, value: str | None = None, detail: str = "") -> str:
        return self.message.format(column=column or "", value=value or "", detail=detail)


_ALL = (
    ProblemType("missing-required", E, "Required value missing", "{column} is empty.", _FIX),
    ProblemType("not-a-number", E, "Not a number", "{column} is “{value}”, which cannot be read as a number{detail}.", _FIX),
    ProblemType("number-too-large", E, "Number too large", "{column} is “{value}”; a number can have at most 29 digits before the decimal separator.", _FIX),
    ProblemType("not-a-date", E, "Not a date", "{column} is “{value}”, which is not a date in the expected format; example: {detail}.", _FIX),
    ProblemType("ambiguous-date", E, "Ambiguous date", "{column} is “{value}”, which can mean {detail}; no other row shows which one is right.", "Write the date as year-month-day, for example 2026-12-31, and submit the row. If the source uses only one order, an administrator removes the other date format from the data source."),
    ProblemType("ambiguous-number", E, "Ambiguous number", "{column} is “{value}”, which can mean {detail}; no other number of the row shows which one is right.", "Write the number without thousands separators and with two or four decimal places, and submit the row. If the source uses only one format, an administrator removes the other one from `numbers.alternatives` of the data source."),
    ProblemType("not-a-time", E, "Not a time", "{column} is “{value}”, which is not a time in the expected format; example: {detail}.", _FIX),
    ProblemType("time-does-not-exist", E, "Time skipped by a clock change", "{column} is “{value}”, a local time that does not exist in {detail} because the clocks went forward.", _FIX),
    ProblemType("word-not-allowed", E, "Value not allowed", "{column} is “{value}”; allowed values are {detail}.", _FIX),
    ProblemType("not-a-currency", E, "Not a currency code", "{column} is “{value}”, which is not a currency of ISO 4217; a currency code has three letters, such as EUR.", _FIX),
    ProblemType("out-of-range", E, "Out of range", "{column} is {value}; {detail}.", "Correct the cell, accept the row unchanged, or discard the row with a reason. Then submit the row."),
    ProblemType("scientific-id", E, "ID shortened by a spreadsheet", "{column} is “{value}”: a spreadsheet shortened the number, and its last digits are lost.", "Format the column as text in the spreadsheet, or export the file again without opening it in a spreadsheet, and upload it again. Or enter the complete number and submit the row."),
    ProblemType("ragged-row", E, "Wrong number of cells", "The row has {value} cells, but the header has {detail}.", "Find the missing or extra delimiter, or quote the cell that contains one. Then submit the row."),
    ProblemType("unclosed-quote", E, "Quotation mark not closed", "A quotation mark opens here and is never closed; only this line is not imported.", "Close the quotation mark, or double it if it is part of the text."),
    ProblemType("nul-bytes", E, "NUL bytes in a row", "The row contains NUL bytes, which are not text.", "Export the file again; it was not written completely, or it is not a text file."),
    ProblemType("formula-without-value", E, "Formula without a value", "The workbook contains a formula without a calculated value in {detail}.", "Open the workbook in a spreadsheet program, save it so that the formulas are calculated, and upload it again. Or enter the value and submit the row."),
    ProblemType("unreadable-json", E, "Not a JSON object", "The line is not a JSON object with unique names: {detail}.", "Correct the line in the source and upload the file again. Or enter its values and submit the row."),
    ProblemType("undecodable-text", E, "Characters that cannot be read", "The row contains bytes that are not valid {detail}.", "Save the file in the character encoding of the data source and upload it again."),
    ProblemType("conflicting-contents", E, "Conflicting contents of one line", "The same line was received with different content in the same version ({detail}).", "Decide which content is right: accept this row unchanged, or discard it with a reason. Then submit the row." + _SALE),
    ProblemType("differs-from-till", E, "Differs from the till", "The till or form reported other values: {detail}.", "If the file is right, accept this row unchanged. Otherwise, discard it with a reason. Then submit the row."),
    ProblemType("sale-refused", E, "Another line of the sale needs fixing", "A complete sale is imported as a whole, and another line of it needs fixing.", "Correct the other line." + _SALE),
    ProblemType("not-your-store", E, "Sale line of another store", "The sale line belongs to a store whose lines the sender of this row may not change.", "If the sale number or the store is wrong, correct it and submit the row. If the row is right, a user who is not limited to stores accepts it unchanged: a search for the sale number shows them which store the line belongs to. Otherwise, discard it with a reason." + _SALE),
    ProblemType("returned-already", E, "More returned than sold", "The return does not count: {detail}. Correct its quantity, or cancel it.", "If the goods came back once, the return is cancelled in the sale form, or “Discard sales” settles it. If the sale or an earlier return is wrong, correct or cancel that one in the sale form first; then correct this return there, and send it again."),
    ProblemType("new-to-region", E, "Currency or country new to the region", "The sale does not count: {detail}.", "If the region sells in this currency or country, an administrator selects “Accept messages”: later such sales need no review. If it does not, correct the sale and send it again with a higher version, and select “Discard sales” for this message.", "`stores accept BATCH --line 1 --reason REASON`"),
    ProblemType("unreadable-message", E, "Message cannot be read", "The message is not a valid store sale: {detail}.", "Correct the message in the till and send it again. Then select “Discard sales” for this message."),
    ProblemType("unverified-message", E, "Sender of the message not verified", "The message is kept, but its sale does not count: {detail}.", "Under Stores' tills, check the keys of the store. If the till is genuine and its key was revoked or unknown, an administrator selects “Accept messages”. Otherwise, connect it with a new setup code and send the sale again with a higher version. Then, or if it is not genuine, select “Discard sales”."),
    ProblemType("line-total-mismatch", W, "Line total is not quantity × price", "{column} is {value}, but quantity × price less discount is {detail}; the total from the file is used.", _CHECK),
    ProblemType("future-date", W, "Date in the future", "{column} is {value}, after the day the file was received.", _CHECK),
    ProblemType("clock-ahead", W, "Sold after it was received", "{column} is {value}, but the message was received {detail}: the clock of the till is ahead.", "Set the clock of the till. If the sale is on the wrong day, send it again with a higher version and the right time."),
    ProblemType("sold-long-ago", W, "Sold long before it was received", "{column} is {value}, more than a year before the message was received ({detail}).", "If the till was offline for that long, do nothing. Otherwise, set its clock, and send the sale again with a higher version and the right time."),
    ProblemType("old-date", W, "Date of long ago", "{column} is {value}, more than thirty years before the file was received, or eighteen if the year has two digits and may be one of the Reiwa era.", _CHECK),
    ProblemType("day-month-swapped", W, "Day and month possibly swapped", "{column} is {value}, but the sales numbered before and after it are from other days; with day and month swapped it is {detail}, which fits.", "Check the date in the source: a spreadsheet may have swapped day and month. If so, correct it there and upload the file again; otherwise do nothing."),
    ProblemType("day-month-repaired", W, "Day and month swapped back", "A spreadsheet had swapped day and month of the date; they were swapped back, as the data source requires.", _CHECK),
    ProblemType("unknown-store", W, "Store not listed in the data source", "{column} is “{value}”.", "If the store is new, an administrator adds it to the data source."),
    ProblemType("unknown-product", W, "Product not listed in the data source", "{column} is “{value}”.", "If the product is new, an administrator adds it to the data source."),
    ProblemType("missing-expected", W, "Expected value missing", "{column} is empty.", _CHECK),
    ProblemType("float-as-id", W, "IDs written as decimal numbers", "{column} is “{value}”, and all IDs in the column are whole numbers: a program wrote it as a decimal number.", "The IDs are kept as they are written. If other files from the source omit the zero, the same sales count twice: an administrator can have these IDs read without it, after a preview of what changes.", "`contracts NAME --whole-numbers`"),
    ProblemType("default-taken", W, "Default used for an empty value", "{column} is empty; the data source's default “{detail}” was used.", _CHECK),
    ProblemType("zero-price", W, "Price of zero", "{column} is 0.", _CHECK),
    ProblemType("negative-price", W, "Negative price", "{column} is {value}.", _CHECK),
    ProblemType("negative-quantity", W, "Negative quantity outside a return", "{column} is {value}, but the sale is not a return.", _CHECK),
    ProblemType("positive-return", W, "Positive quantity in a return", "{column} is {value}, but the sale is a return.", _CHECK),
    ProblemType("rounded", W, "More than nine decimal places", "{column} is {value}; it was rounded to nine decimal places.", _CHECK),
    ProblemType("ambiguous-time", W, "Time that occurred twice", "{column} is “{value}”, which occurred twice because the clocks went back; the first one was used.", _CHECK),
    ProblemType("outlier", W, "Unusual value", "{column} is {value}.", _CHECK),
    ProblemType("unusual-currency", W, "Currency not used before", "{column} is {value}.", _CHECK),
    ProblemType("repeated-line", W, "Identical lines", "The sale has identical lines; all of them are kept.", _CHECK),
    ProblemType("whole-row-quoted", W, "Row quoted as one cell", "The whole row is in quotation marks, as one cell; the cells inside were read.", _CHECK),
    ProblemType("no-final-line-break", W, "Last line without a line break", "The file ends in this row, without a line break: the row may be cut off.", "Compare the last cell of the row with the source. If it is incomplete, upload the complete file."),
    ProblemType("mojibake", W, "Possible wrong encoding", "{column} is “{value}”, which looks like text in another encoding.", "Check the text. If it is wrong, save the file in the character encoding of the data source and upload it again."),
    ProblemType("superseded", W, "Newer content is current", "Content that was received later, or has a higher version, stays current.", "No action is needed. If this file is right after all, select “Make it current” on its receipt.", "`confirm BATCH --as-new`"),
    ProblemType("lacks-known-lines", W, "Known lines are missing from the file", "An earlier file of the data source had lines of the same period that this one lacks, such as {value}. They still count.", "Compare the file with its source. If the sales were removed there, undo the earlier file, or correct them with a file that contains them as cancelled. If the file is incomplete, upload the complete one."),
    ProblemType("not-a-sale", W, "Ignored because of its status", "{column} is “{value}”; in the data source, rows with this word are not sales, so the row is ignored.", "If these rows are sales, an administrator changes the word in `status.words` of the data source; then select “Reprocess” on the receipt. Otherwise do nothing."),
    ProblemType("discarded", W, "Discarded by a user", "Discarded: {value}.", "No action is needed."),
    ProblemType("too-many-refused", H, "Too many rows to fix", "{value} of {detail} rows must be fixed, more than the data source allows.", "Check the rows to fix. To import the other rows, select “Import the file”. Otherwise, select “Discard the file” and upload a corrected file.", _DECIDE),
    ProblemType("unknown-status-words", H, "Unknown status words", "{detail}", "Select “Answer the open questions” on the receipt and choose the meaning of each word; the file is then read with the next version of the data source. If these rows are not needed, select “Import the file”: they stay under Rows to fix.", _DECIDE),
    ProblemType("truncated-file", H, "File possibly cut off", "The file appears to be cut off: {detail}.", "Select “Discard the file” and upload the complete file. If nothing is missing, select “Import the file”.", _DECIDE),
    ProblemType("known-bytes-under-another-contract", H, "Same file under another data source", "A file with the same content was loaded as {detail}.", "If the data source of the file is wrong, select “Discard the file”. If both are intended, select “Import the file”.", _DECIDE),
    ProblemType("which-contract", H, "Data source not known", "The folder and the content of the file do not determine its data source{detail}.", "Choose the data source on the receipt and select “Import with this data source”. If none is right, select “Answer the open questions”, and a new one is set up. If several fit, later files that start with the name of their data source need no review.", "`confirm BATCH --region CONTRACT` or `reject BATCH`"),
    ProblemType("region-requested", H, "Region requested", "{value} cannot choose the region of the file and asks for {detail}.", "An administrator selects “Answer the open questions” or “Review the proposed data source” on the receipt, checks the region, and saves the data source; the person can be given the region there, or under People. If the region has a data source that fits, choose it and select “Import with this data source”. Otherwise, select “Discard the file” with a reason, which the person sees.", "`confirm BATCH --region CONTRACT` or `reject BATCH`"),
    ProblemType("contract-proposed", H, "Data source proposed", "{detail}", "An administrator selects “Accept and import the file” on the receipt: the data source is saved, and this file and later ones are read with it. Or choose an existing data source and select “Import with this data source”, or select “Discard the file”.", "`accept BATCH`, `confirm BATCH --region CONTRACT` or `reject BATCH`"),
    ProblemType("looks-like-another-region", H, "File possibly from another source", "The file looks like a file of {value}. Differences from its own data source: {detail}.", "If it is, choose that data source on the receipt and select “Import with this data source”. If the file is right as it is and the receipt offers it, select “Import the file”. Otherwise, select “Discard the file”.", _CHOOSE),
    ProblemType("columns-changed", H, "Columns changed", "{detail}", "An administrator selects “Accept and import the file” on the receipt: the proposed version of the data source is saved, and this file and later ones are read with it. If only this file has other columns, select “Import the file”. If it is the wrong file, select “Discard the file”.", _ACCEPT),
    ProblemType("style-changed", H, "File format changed", "{detail}", "An administrator selects “Accept and import the file” on the receipt: the proposed version of the data source is saved, and this file and later ones are read with it. Or select “Discard the file” and export it in the previous format. If no version is proposed because some cells can be read in two formats, select “Import the file”: their rows are then listed under Rows to fix.", _ACCEPT),
    ProblemType("other-sheets", H, "Other sheets with sales", "Only the sheet {value} is read. Other sheets of the workbook have the columns of the data source, too: {detail}.", "Save each of the other sheets as a file of its own and upload it, then select “Import the file” for this one. If the other sheets contain no further sales, select “Import the file”. If all files of the source have such sheets, an administrator sets `file.sheet` of the data source: then only that sheet is read, and later files need no review.", _DECIDE),
    ProblemType("first-load", H, "First file of a new data source", "No file of the data source {value} was imported before, so its figures need review. {detail}", "Compare the figures with those that you know, such as the total of the report in the source's own program. If they are right, select “Import the file”: later files of the data source need no review. If not, select “Discard the file”; an administrator then corrects the data source.", _DECIDE),
    ProblemType("foreign-sales", H, "Country or currency new to the region", "{value} never had such sales: {detail}.", "If the region sells there, select “Import the file”: later files with such sales need no review. If the file is one of another region, choose the data source of that region and select “Import with this data source”. If there is none, select “Discard the file”, upload it again, and set up a new data source.", _CHOOSE),
    ProblemType("dates-swapped", H, "Parts of dates possibly swapped", "{detail}.", "Compare the dates with the source. If day and month, or day and year, are swapped and a version of the data source is proposed, an administrator selects “Accept and import the file” on the receipt; the file itself stays as it is. If no version is proposed, export the file again without opening it in a spreadsheet. If the dates are right as they are read, select “Import the file”.", _ACCEPT),
    ProblemType("old-dates", H, "Dates of long ago", "{value} of {detail} rows have a date long before the file was received.", "Compare the dates with the source. Years with two digits may be of another era, as 69 for 2569 or 08 for the year 8 of the Reiwa era, which is 2026. If so, select “Discard the file” and write the years with four digits, or an administrator corrects `dates` of the data source. If the sales are that old, select “Import the file”.", _DECIDE),
    ProblemType("future-dates", H, "Dates in the future", "{value} of {detail} rows have a date after the day the file was received.", "Compare the dates with the source. The years may be wrong, or of another era, as 2569 for 2026. If so, select “Discard the file” and correct the dates, or an administrator corrects `dates` of the data source. If the sales are dated in advance, such as orders for later days, select “Import the file”.", _DECIDE),
    ProblemType("minor-units", H, "Amounts possibly in cents", "{detail}.", "Compare an amount with the source. If the amounts are in cents or another minor unit, an administrator selects “Accept and import the file” on the receipt; the amounts are then divided by what the currency requires. If they are right as they are, select “Import the file”.", _ACCEPT),
    ProblemType("total-row", H, "Total row possibly counted as a sale", "{detail}. It may be the total of the file and not a sale.", "Look at the line. If it is a total, select “Discard the file” and remove the line from the file, or an administrator lists the cell that marks it in the data source, such as `file.ignore_where: {Item: [Total]}`; then upload the file again. If it is a sale, select “Import the file”.", _DECIDE),
    ProblemType("other-table", H, "Another table possibly below the sales", "{detail}. The rows below it may not be sales.", "Look at the rows below the line. If they are not sales, such as expenses, select “Discard the file”, save the sales as a file of their own, and upload that. If they are sales, select “Import the file”.", _DECIDE),
    ProblemType("repeated-rows", H, "Rows possibly in the file twice", "{detail}.", "Compare the number of rows, or the total, with the source. If rows are in the file more than once, because an export was appended to another one or was joined with another table, select “Discard the file” and upload one in which each row occurs once. If they are separate sales, select “Import the file”.", _DECIDE),
    ProblemType("overlaps-without-identity", H, "Days already loaded", "The file has no sale numbers and adds sales to {value} that other files already cover.", "If these are additional sales, select “Import the file”. If they are the same sales, select “Discard the file”; then undo the earlier file first, or an administrator sets `replaces: store-day` in the data source.", _DECIDE),
    ProblemType("known-numbers-of-other-sales", H, "Sale numbers used again", "{value} belong to other sales in this file: {detail}.", "If the numbers start again each day, each year, at each till, or in each file, select “Discard the file”, or it would replace the earlier sales. An administrator sets `identity.made_of` of the data source to the columns that identify a sale together, such as the number and the date. Stores whose files have no column of the store each need a data source with `identity.store`. Then select “Reprocess” on the receipts of the earlier files, and upload this file again. If they are the same sales with corrected dates or products, select “Import the file”.", _DECIDE),
    ProblemType("known-sales-in-another-region", H, "Sales already in another region", "{value} are already in {detail}.", "If they are the same sales, select “Discard the file”. If they are different sales, select “Import the file”. If the other region is wrong, undo its file first, and then select “Import the file”.", _CHOOSE),
    ProblemType("known-sales-under-another-spelling", H, "Sale numbers spelled differently", "{value} of this file would count twice: {detail}, on the same day, with the same quantities and amounts.", "If they are the same sales and a version of the data source is proposed, an administrator selects “Accept and import the file” on the receipt: this file and later ones get the known numbers. If none is proposed, select “Discard the file”; if it has further sales, write its numbers as the known ones and upload it again. If they are different sales, select “Import the file”; if all files of the source have such sales, an administrator sets `identity.similar_sales: keep` in the data source.", _ACCEPT),
    ProblemType("known-lines-of-other-products", H, "Products named differently", "{value} of this file would get lines that repeat those that the ledger has: {detail}, with the same quantity.", "If the products are the same and a version of the data source is proposed, an administrator selects “Accept and import the file” on the receipt: this file and later ones get the known products. If none is proposed, select “Discard the file”. If they are further lines, select “Import the file”; if all files of the source have such lines, an administrator sets `identity.similar_sales: keep` in the data source.", _ACCEPT),
    ProblemType("empty-file", R, "Empty file", "The file is empty.", "Export it again."),
    ProblemType("missing-columns", R, "Columns missing", "The header does not contain {detail}.", "Choose the data source that fits the file, or export the file with all its columns."),
    ProblemType("repeated-header", R, "Repeated column name", "The header contains {detail} more than once.", "Give each column a unique name."),
    ProblemType("unreadable-file", R, "File cannot be read", "{detail}", "Export it again."),
)  # fmt: skip

CATALOGUE: dict[str, ProblemType] = {problem.code: problem for problem in _ALL}
