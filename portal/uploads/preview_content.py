"""Content of a preview: how a file is read before it is imported, and what would happen."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO

from portal.context import TemplateContext, me, ports, scope, stores, tillstream
from portal.uploads import labels, mapping, questions
from portal.uploads.decisions import ask_decision
from portal.uploads.labels import not_your_region
from tillstream.analytics import queries
from tillstream.detection import FileSample
from tillstream.intake import resumable_upload, upload_completion
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.uploads import FileFigures, ResumableUpload
from tillstream.operations.delegated_decisions import DecisionKind
from tillstream.pipeline.staging.figures import read_figures
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.review import questionnaire
from tillstream.review.contract_choice import NEW_SOURCE, ContractCandidates, describes_new_contract
from tillstream.review.file_preview import FilePreview, preview_file

AT_ONCE = 8 << 20
"""Bytes; a larger file gets its dry run only when the script of the page requests it."""


def new_region(contract: Contract) -> bool:
    """Whether no data source reports to the region yet."""
    return contract.region not in tillstream().contracts.regions()


def new_stores(contract: Contract, figures: FileFigures | None) -> tuple[str, ...]:
    """Stores of the file that are neither listed by the data source nor have sales in its region.

    Sales outside the stores of the user count too, or each store of others would be new to them.
    """
    unlisted = [one for one in figures.stores if one not in contract.stores] if figures else []
    if not unlisted:
        return ()
    app, region = tillstream(), replace(scope(), regions=(contract.region,), stores=None, salesperson=None)
    rows = queries.run_query(
        app.ports.warehouse, "filter-values", region, cache=app.queries, filter="store"
    ).to_pylist()
    listed = {row["value"] for row in rows}
    return tuple(one for one in unlisted if one not in listed)


@dataclass(frozen=True)
class UploadPreview:
    """Preview of a file read by a contract."""

    contract: Contract
    rows: FilePreview | None
    receipt: Receipt | None
    wrong: str = ""
    """Why the contract cannot read the file."""
    figures: FileFigures | None = None
    """Figures of the whole file, as far as the answers read it; the user confirms those of a new contract."""
    is_new_region: bool = False
    new_stores: tuple[str, ...] = ()
    """Stores of the file that the region has no sales of."""
    so_far: bool = False
    """Whether questions are open, so that only the rows are shown."""


def chosen_contract(upload: ResumableUpload, sources: ContractCandidates) -> str:
    """Name of the chosen contract, else of the likely one, else NEW; empty if several contracts fit equally well."""
    if upload.contract or describes_new_contract(upload.answers) or not sources.candidates:
        return upload.contract or NEW_SOURCE
    return sources.likely


def sample_of_file(opened: Any) -> tuple[FileSample | None, str]:
    """Sample of the file, or why it cannot be read."""
    try:
        return questionnaire.sample_file(opened), ""
    except (Rejected, ValueError) as error:
        return None, str(error)


def by_contract(upload: ResumableUpload, contract: Contract, *, tried: bool) -> UploadPreview:
    """Preview by a contract. `tried`: dry-run large files, too."""
    if not scope().covers_region(contract.region):  # its result would show sales of the region
        return UploadPreview(contract, None, None, not_your_region(contract.region))
    received = contract.dates.latest_day(ports().clock.now())
    try:
        opened = partial(upload_completion.open_complete_upload, ports(), upload)
        rows = preview_file(opened, contract, received, ports().limits, file=upload.file, rows=mapping.ROWS)
        receipt, figures = None, None
        if upload.size <= AT_ONCE or tried:
            figures = read_figures(opened, contract, received, ports().limits, file=upload.file)
            receipt = ask_decision(DecisionKind.DRY_RUN, upload=upload.id, contract=contract.model_dump(mode="json"))
    except Rejected as error:
        return UploadPreview(contract, None, None, str(error))
    is_new, stores = new_region(contract), new_stores(contract, figures)
    return UploadPreview(contract, rows, receipt, figures=figures, is_new_region=is_new, new_stores=stores)


def so_far(upload: ResumableUpload, question_page: questions.QuestionPage | None) -> UploadPreview | None:
    """First rows as far as they can be read while questions are open."""
    contract = question_page.onboarding.so_far if question_page else None
    if contract is None:
        return None
    try:
        received = contract.dates.latest_day(ports().clock.now())
        rows = preview_file(
            partial(upload_completion.open_complete_upload, ports(), upload),
            contract,
            received,
            ports().limits,
            file=upload.file,
            rows=mapping.ROWS,
        )
    except Rejected:
        return None
    return UploadPreview(contract, rows, None, figures=_figures_so_far(upload, contract), so_far=True)


def _figures_so_far(upload: ResumableUpload, contract: Contract) -> FileFigures | None:
    """Figures of a small file while questions are open."""
    if upload.size > AT_ONCE:
        return None
    opened = partial(upload_completion.open_complete_upload, ports(), upload)
    received = contract.dates.latest_day(ports().clock.now())
    try:
        return read_figures(opened, contract, received, ports().limits, file=upload.file)
    except Rejected:
        return None


def in_words(preview: UploadPreview | None) -> TemplateContext:
    if preview is None or preview.receipt is None:
        return {"headline": "", "balance": [], "headers": {}}
    receipt = preview.receipt
    return {
        "headline": labels.headline(receipt),
        "balance": labels.balance(receipt["rows"]),
        "headers": receipts.contract_headers(preview.contract),
    }


def store_sent_file(name: str, stream: BinaryIO, size: int, contract: str) -> ResumableUpload:
    """Store a file that was sent whole with a form, for a preview."""
    begun = resumable_upload.begin_upload(
        ports(), me().login, name, size, contract=contract, look=True, stores=stores()
    )
    if size:
        resumable_upload.append_piece(ports(), begun.id, begun.by, 0, stream)
    return upload_completion.finish_upload(ports(), tillstream().contracts, begun.id, begun.by)
