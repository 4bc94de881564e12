"""The uploads area's content of a preview: how a file is understood before it is loaded, and what would happen."""

from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from portal.context import me, ports, tillstream
from portal.uploads import labels, questions
from tillstream.detection import Fit, Looked
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.domain.resumable_upload import Sending
from tillstream.receipts import receipt as receipts
from tillstream.workflows.intake import complete_upload, resumable_upload
from tillstream.workflows.onboarding import questionnaire
from tillstream.workflows.review.dry_run import dry_run
from tillstream.workflows.review.file_preview import Understood, understood

AT_ONCE = 8 << 20
"""Bytes of a file that is tried while the page is made; of a larger one the page asks for it by itself."""
NEW = "new"


@dataclass(frozen=True)
class Preview:
    """What the page shows of a file that a contract reads."""

    contract: Contract
    rows: Understood | None
    receipt: dict[str, Any] | None
    wrong: str = ""
    """Why nothing can be read by this contract."""
    so_far: bool = False
    """Questions are open: only the rows are shown."""


def chosen(known: Sending, looked: Looked | None, fits: list[Fit]) -> str:
    """What reads it until somebody says otherwise."""
    likely = questionnaire.likely(looked, fits) if looked and not known.answers else None
    return known.contract or (likely.name if likely else NEW)


def sample(opened: Any) -> tuple[Looked | None, str]:
    """Some rows of the file, or why there are none."""
    try:
        return questionnaire.sample(opened), ""
    except (Rejected, ValueError) as error:
        return None, str(error)


def by_contract(known: Sending, contract: Contract, *, tried: bool) -> Preview:
    """`tried`: also what loading a large file would do."""
    app, received = tillstream(), ports().clock.now().date()
    try:
        rows = understood(partial(complete_upload.opened, ports(), known), contract, received, ports().limits)
        receipt = None
        if known.size <= AT_ONCE or tried:
            with complete_upload.opened(ports(), known) as stream:
                receipt = dry_run(app.ports, app.book, contract, known.file, stream)
    except Rejected as error:
        return Preview(contract, None, None, str(error))
    return Preview(contract, rows, receipt)


def so_far(known: Sending, open_questions: questions.Asking | None) -> Preview | None:
    """The first rows as far as they are understood while questions are open."""
    contract = open_questions.asked.so_far if open_questions else None
    if contract is None:
        return None
    try:
        received = ports().clock.now().date()
        rows = understood(partial(complete_upload.opened, ports(), known), contract, received, ports().limits)
    except Rejected:
        return None
    return Preview(contract, rows, None, so_far=True)


def in_words(seen: Preview | None) -> dict[str, Any]:
    if seen is None or seen.receipt is None:
        return {"headline": "", "balance": [], "headers": {}}
    receipt = seen.receipt
    return {
        "headline": labels.headline(receipt),
        "balance": labels.balance(receipt["rows"]),
        "headers": receipts.headers_of(seen.contract),
    }


def keep(name: str, stream: BinaryIO, size: int, contract: str) -> Sending:
    """A file that came whole with a form, kept to be looked at."""
    begun = resumable_upload.begin(ports(), me().login, name, size, contract=contract, look=True)
    if size:
        resumable_upload.append(ports(), begun.id, begun.by, 0, stream)
    return complete_upload.finish(ports(), tillstream().book, begun.id, begun.by)
