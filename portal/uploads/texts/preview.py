"""Texts of the preview of a file, and of one that was uploaded before."""

SEVERAL_FIT = "It may be a file of several of your data sources. Choose one in its preview."
DUPLICATES = "If you import it again, its rows are duplicates and nothing counts twice."
EARLIER = {
    "held": "It needs review. Review it instead of uploading it again.",
    "rejected": "It was rejected, and none of its rows is imported. Correct the file first, or choose another data "
    "source.",
    "cancelled": "It was cancelled before it was imported, so you can import it again.",
    "undone": "It was undone, so none of its rows counts. If it is right, you can import it again.",
    "replayed": "It was reprocessed, and the newer result counts. If you import it again, its rows are duplicates.",
}
"""State of an earlier upload of the same file → what happened to it, and what to do."""


def looks_like(source: str) -> str:
    return f"It looks like a file of {source}. Nothing is imported until you confirm it."


def none_fits(open_questions: int) -> str:
    if not open_questions:
        return "None of your data sources fits it: a new one is proposed."
    count = "one question is" if open_questions == 1 else f"{open_questions} questions are"
    return f"None of your data sources fits it: {count} open."


def source_exists(source: str) -> str:
    return f"The data source {source} already exists. Choose another name."


def source_saved(source: str) -> str:
    return f"The data source {source} is saved. This file and later files like it are read with it."


def source_proposed(source: str) -> str:
    return f"The data source {source} is proposed. The file is imported when an administrator accepts it."


def received(file: str) -> str:
    return f"{file} is received. It is listed here in a few seconds."


def failed(*, may_retry: bool) -> str:
    who = "Retry it under Pipeline" if may_retry else "An administrator can retry it"
    return f"It failed, and nothing is lost. {who}; do not upload it again."


def discarded(by: str) -> str:
    """by: who discarded it, as a sentence without its full stop."""
    return f"{by}. None of its rows is imported. If it is right after all, you can import it again."


def with_reason(outcome: str, reason: str) -> str:
    return f"{outcome} Reason: {reason}"
