"""The source of a batch's rows, by the kind of the batch."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Protocol

from tillstream.detection.values.swapped_dates import DateDoubt
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.contract import Contract
from tillstream.model.limits import Limits
from tillstream.pipeline.rows.row_batch import RowBatch
from tillstream.ports import Ports
from tillstream.records import batch_originals, batch_records

if TYPE_CHECKING:
    from tillstream.pipeline.staging.file_source import RegionalFileSource


class RowSource(Protocol):
    """What the rows of a batch are read from."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers of a file, known from the first row batch on; empty for other sources."""

    @property
    def date_doubt(self) -> DateDoubt | None:
        """Evidence that parts of dates are swapped, known after the last row batch; None for other sources."""

    @property
    def table_doubt(self) -> str:
        """Evidence that another table follows below the sales of a file, known after the last row batch; or empty."""

    def row_batches(self) -> Iterator[RowBatch]:
        """Yield normalised and validated rows. Raises `Rejected` if the source cannot be read."""


def open_source(ports: Ports, upload: Batch, contract: Contract) -> RowSource:
    """Return the source of a batch. Each kind imports only the libraries that it needs."""
    contract = with_home_sale_ids(ports, contract)
    open_original = partial(batch_originals.open_original, ports, upload)
    received = contract.dates.latest_day(datetime.fromisoformat(upload.received_at))
    if upload.kind is BatchKind.STORE_SALES:
        from tillstream.pipeline.staging.store_sales_source import StoreSalesSource

        return StoreSalesSource(open_original, contract, received)
    if upload.kind is BatchKind.CORRECTION:
        from tillstream.pipeline.staging.correction_source import CorrectionSource

        return CorrectionSource(open_original, contract, received, upload.fix_number)
    original = open_file(open_original, upload, contract, ports.limits)
    if upload.kind is BatchKind.REPLAY:
        from tillstream.pipeline.staging.correction_source import ReplaySource

        return ReplaySource(ports, upload, original)
    return original


def with_home_sale_ids(ports: Ports, contract: Contract) -> Contract:
    """The contract with the rule of sale IDs that the home has decided on."""
    identity = contract.identity.with_stores_escaped(batch_records.are_sale_ids_escaped(ports))
    return contract.model_copy(update={"identity": identity})


def open_file(
    open_original: Callable[[], BinaryIO], upload: Batch, contract: Contract, limits: Limits
) -> "RegionalFileSource":
    """The source of an uploaded file. contract: as `with_home_sale_ids` returns it."""
    from tillstream.pipeline.staging.file_source import RegionalFileSource

    received = contract.dates.latest_day(datetime.fromisoformat(upload.received_at))
    return RegionalFileSource(open_original, contract, received, limits, upload.file, upload.source)
