"""Files of the home folder that are gone: databases create a missing or empty file again without a message."""

from pathlib import Path

LOST = {
    "queue.sqlite": (
        "queue.sqlite was missing or empty and was created again. Files and sales that are stored are loaded all the "
        "same. Sales that tills sent shortly before and that were not stored yet are lost: send them again."
    ),
    "documents.sqlite": (
        "documents.sqlite was missing or empty and was created again. The uploads in the ledger are recorded again. "
        "Accounts, tokens, the audit log and decisions about held files are lost, unless you restore a backup."
    ),
}


def lost_files(home: Path) -> list[str]:
    """Return one sentence for each database that a home with stored files should have. Call it before they are opened.

    A home without any stored file is new, or has nothing to lose.
    """
    inbox = home / "objects" / "inbox"
    if not inbox.is_dir() or not any(inbox.iterdir()):
        return []
    return [sentence for name, sentence in LOST.items() if _is_empty(home / name)]


def _is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0
