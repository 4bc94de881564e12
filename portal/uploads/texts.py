"""Messages after an action on a file, and why one is not possible."""

from portal import formats

NO_DATA_SOURCE = "Choose the data source of the file."
NO_FILE, SEVERAL_FILES = "Choose a file first.", "Choose one file."
FIXES_RECEIVED = "Your fixes are received. They are read in a few seconds."
SALES_ACCEPTED = "The messages are accepted, and settled as sales of their store."
SALES_DISCARDED = "The sales are discarded. Their tills read it with the outcomes of their sales."
REPROCESSED = "The file is being reprocessed. The new result replaces the old one when it is imported."

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


def of_other_stores(file: str) -> str:
    return (
        f"{file} also contains sales of stores that are not yours. Somebody who is not limited to stores can do this."
    )


def no_batch(batch_id: str) -> str:
    return f"There is no batch {batch_id}."


def not_your_region(region: str) -> str:
    return f"{region} is not one of your regions."


def your_region(region: str) -> str:
    return f"You need no request for {region}: choose it as the region of the file."


def region_requested(file: str, region: str) -> str:
    return f"Administrators are asked for the region {region}. {file} is kept, and imported after their answer."


def region_added(login: str, region: str) -> str:
    return f"{login} has the region {region} now."


def received(count: int) -> str:
    return f"{count} files are received. Reading starts in a few seconds."


def ready_to_preview(count: int) -> str:
    return f"{count} files are ready to preview."


def cancelled(file: str) -> str:
    return f"{file} is cancelled. None of its rows is imported."


def imported_at_once(file: str, source: str) -> str:
    return f"{file} is a file of {source}, whose files are imported without a preview."


def read_with(file: str, source: str) -> str:
    return f"{file} is being read with {source}."


def imported(file: str) -> str:
    return f"{file} is being imported. Its rows count within a few seconds."


def version_saved(version: int, source: str, file: str) -> str:
    return f"Version {version} of {source} is saved. {file} is being read with it."


def discarded(file: str) -> str:
    return f"{file} is discarded. None of its rows is imported."


def and_others(count: int) -> str:
    return f"The same answer was given for {formats.many(count, 'other file')} with the same reasons."


def undoing(file: str) -> str:
    return f"{file} is being undone. This takes some minutes; until then, its rows count."


def home_requested(home: str) -> str:
    return f"{home} is asked to undo the file. Its answer arrives with one of its next syncs."


def undone(file: str) -> str:
    return f"{file} is undone. Lines that other files also contain stay."


def preview_discarded(file: str) -> str:
    return f"{file} is discarded. None of its rows is imported, and the file is not kept."


def previews_discarded(count: int) -> str:
    return f"{formats.many(count, 'preview is', 'previews are')} discarded. None of their rows is imported."


def source_exists(source: str) -> str:
    return f"The data source {source} already exists. Choose another name."


def source_saved(source: str) -> str:
    return f"The data source {source} is saved. This file and later files like it are read with it."


def source_proposed(source: str) -> str:
    return f"The data source {source} is proposed. The file is imported when an administrator accepts it."


def received_text(file: str) -> str:
    return f"{file} is received. It is listed here in a few seconds."


def failed_text(*, may_retry: bool) -> str:
    who = "Retry it under Pipeline" if may_retry else "An administrator can retry it"
    return f"It failed, and nothing is lost. {who}; do not upload it again."


def discarded_text(by: str) -> str:
    """by: who discarded it, as a sentence without its full stop."""
    return f"{by}. None of its rows is imported. If it is right after all, you can import it again."


def outcome_with_reason(outcome: str, reason: str) -> str:
    return f"{outcome} Reason: {reason}"
