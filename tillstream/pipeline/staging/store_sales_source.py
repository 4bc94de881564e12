"""Read a micro-batch of store sales as a row batch: the fields of messages are text columns of a built-in contract."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.detection.values.swapped_dates import DateDoubt
from tillstream.model.batch import receipt_time
from tillstream.model.columns import STATUSES
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import DateStyle, Identity, StatusRule
from tillstream.model.messages import LONG_AGO, TILL_CLOCK_TOLERANCE
from tillstream.model.people import NOT_YOUR_STORE, UNVERIFIED
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.sale_time import ParsedTimes
from tillstream.pipeline.reading.sale_messages import MessageBlock, StoredMessage, read_messages
from tillstream.pipeline.rows.row_batch import Issues, RejectedRow, RejectionProblem, RowBatch
from tillstream.pipeline.rows.text_columns import EncodedText, decode_texts, encode_texts, to_bool_array
from tillstream.pipeline.validating.validate import validate

FIELD_COLUMNS = {
    "sale_id": "number",
    "source_version": "version",
    "line_key": "line",
    "date": "sold_at",
    **{
        name: name
        for name in (
            *("store_id", "currency", "salesperson_id", "customer_id", "customer_name", "status", "channel", "country"),
            *("product_id", "product_name", "category"),
            *("quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost"),
        )
    },
}
"""Column of a sale line → field of a message."""
MICROSECOND = timedelta(microseconds=1)
AS_SENT = frozenset({"returns_sale_id", "extra"})
"""Fields that are stored without normalisation: the complete id of another sale, and a JSON object."""


@dataclass(frozen=True)
class MessageRules:
    """The settings of a region's contract that apply to its messages."""

    region: str
    channel: str
    country: str
    ids: str
    id_prefix: str
    escapes_stores: bool
    cutoff: time


@dataclass
class StoreSalesSource:
    """A micro-batch of store sales."""

    open_original: Callable[[], BinaryIO]
    contract: Contract
    """The contract of the region."""
    received: date
    """The day of receipt in the zone of the source."""
    headers: tuple[str, ...] = ()
    date_doubt: DateDoubt | None = None
    table_doubt: str = ""

    def row_batches(self) -> Iterator[RowBatch]:
        """Yield one row batch: a row per line of each message. A message that is not a store sale is a rejected row."""
        with self.open_original() as stream:
            block = read_messages(stream)
        table, issues = _normalise(block, self.contract)
        validate(table, self.contract, issues, received_date=self.received)
        index, messages = block.message_index, block.messages
        foreign = np.array([message.is_foreign for message in messages], np.bool_)[index]
        senders = pa.array([message.store or "" for message in messages], pa.string()).take(index)
        issues.add_where(foreign, NOT_YOUR_STORE, "store_id", decode_texts(table.column("store_id")), senders)
        reviews = pa.array([message.review for message in messages], pa.string()).take(index)
        issues.add_where(to_bool_array(pc.not_equal(reviews, "")), "returned-already", None, detail=reviews)
        new = pa.array([message.new_to_region for message in messages], pa.string()).take(index)
        issues.add_where(to_bool_array(pc.not_equal(new, "")), "new-to-region", None, detail=new)
        _flag_clocks(block, issues)
        _reject_whole_sales(table, issues)
        yield RowBatch(
            table,
            block.row_number,
            np.array([message.line_number for message in messages], np.int64)[index],
            issues,
            lambda row: messages[index[row]].text,
            [_rejected(message) for message in block.unreadable],
            source=pa.array([message.sale.get("source", "till") for message in messages], pa.string()).take(index),
            received_seq=pa.array([message.sequence for message in messages], pa.int64()).take(index),
        )


def _flag_clocks(block: MessageBlock, issues: Issues) -> None:
    """Flag sales whose time does not fit the time when their message was received, in microseconds since 1970."""
    texts, wall, offset = block.times
    received = np.array([message.sequence for message in block.messages], np.int64)
    late = received - (wall - offset)
    for code, wrong in (
        ("clock-ahead", late < -(TILL_CLOCK_TOLERANCE // MICROSECOND)),
        ("sold-long-ago", late > LONG_AGO // MICROSECOND),
    ):
        if wrong.any():
            index = block.message_index
            times = [f"{receipt_time(at):%Y-%m-%d %H:%M} UTC" for at in received.tolist()]
            values = (pa.array(column, pa.string()).take(index) for column in (texts, times))
            issues.add_where(wrong[index], code, "sold_at", *values)


def _rejected(message: StoredMessage) -> RejectedRow:
    detail = "; ".join(message.errors)
    code = UNVERIFIED if message.unverified else "unreadable-message"
    problem = RejectionProblem(code=code, column=None, value=message.text[:200], detail=detail)
    return RejectedRow(message.row_number, message.line_number, message.text, [problem])


def _normalise(block: MessageBlock, contract: Contract) -> tuple[pa.Table, Issues]:
    cells = block.cells
    for name, default in (("channel", contract.channel), ("country", contract.country)):
        if name in cells.column_names:
            cells = _set_column(cells, name, _or_default(cells.column(name), default))
    built_in = _message_contract(contract, cells.column_names)
    unmapped = frozenset(cells.column_names).difference(built_in.columns.values())
    texts, wall, offset = block.times
    timed = np.ones(len(wall), np.bool_)
    times = ParsedTimes(wall, offset, timed, EncodedText(pa.array(texts, pa.string()), block.message_index))
    table, issues = normalise(cells.drop_columns([*unmapped]), built_in, times=times)
    for name in AS_SENT & unmapped:
        sent = cells.column(name)
        table = _set_column(
            table, name, encode_texts(sent) if pa.types.is_dictionary(table.schema.field(name).type) else sent
        )
    return table, issues


def _set_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, values)


def _or_default(texts: pa.Array, default: str) -> pa.Array:
    """Replace empty and missing texts by the contract's constant; NULL if it has none."""
    return pc.if_else(pc.equal(pc.fill_null(texts, ""), ""), default or None, texts)


def _message_contract(contract: Contract, fields: list[str]) -> Contract:
    """Return the built-in contract with a region's rules. fields: the fields of the messages; only these are mapped.

    The seconds of the cutoff are dropped. Applying them now could move sales in the ledger to another business day.
    """
    rules = MessageRules(
        contract.region,
        contract.channel,
        contract.country,
        contract.identity.ids,
        contract.identity.id_prefix,
        contract.identity.escapes_stores,
        contract.dates.cutoff.replace(second=0, microsecond=0),
    )
    unused = frozenset({} if contract.has_line_numbers else {"line"})
    return _built_in_contract(rules, frozenset(fields) - unused | {"sold_at"})


@lru_cache(maxsize=128)
def _built_in_contract(rules: MessageRules, fields: frozenset[str]) -> Contract:
    return Contract(
        name="store-sale",
        region=rules.region,
        channel=rules.channel,
        country=rules.country,
        columns={column: field for column, field in FIELD_COLUMNS.items() if field in fields},
        identity=Identity.model_validate({"ids": rules.ids, "id_prefix": rules.id_prefix}).with_stores_escaped(
            rules.escapes_stores
        ),
        dates=DateStyle(cutoff=rules.cutoff),
        status=StatusRule.model_validate({"words": {status: status for status in STATUSES}}),
    )


def _reject_whole_sales(table: pa.Table, issues: Issues) -> None:
    """Reject all lines of a sale if one of them has an error."""
    rejected = issues.rejected_mask(table.num_rows)
    if not rejected.any():
        return
    sales: npt.NDArray[np.object_] = decode_texts(table.column("sale_id")).to_numpy(zero_copy_only=False)
    issues.add_where(np.isin(sales, np.unique(sales[rejected])) & ~rejected, "sale-refused", None)
