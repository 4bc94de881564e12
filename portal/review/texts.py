"""Texts of the answers for several held files at once."""

from portal import formats

NO_FILE = "There is no file to download."
NOTED = "The note is saved. It is shown to those who review the file."
NONE_SELECTED = "Select at least one file."
NO_ANSWER = "Choose what to do with the files."


NO_DAY_CLOSE = "There is no open day close at this address. It may have been accepted, or it agrees now."


def close_accepted(till: str, store: str, day: str) -> str:
    return f"The day close of the till {till} of {store} for {day} is accepted."


def importing(count: int, links: str) -> str:
    """links: the files by name, separated by commas."""
    return f"{_files(count)} being imported: {links}. To undo an import, open the file and choose Undo."


def discarded(count: int, links: str) -> str:
    kept = "The originals are kept: to bring one back, open it and reprocess it."
    return f"{_files(count)} discarded: {links}. {kept}"


def not_changed(files: str) -> str:
    return f"Not changed, because an answer of its own is needed or somebody else was faster: {files}."


def _files(count: int) -> str:
    return formats.many(count, "file is", "files are")
