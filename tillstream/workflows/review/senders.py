"""Which till sent a sale: by the key that signed its message; without one, by the till that the message names."""

from collections.abc import Collection, Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

import sql
from tillstream.model.errors import NotFound, Rejected
from tillstream.people import store_credentials
from tillstream.pipeline.reading.sale_messages import StoredMessage, read_messages
from tillstream.ports import Ports
from tillstream.records import batch_originals, batch_records


def sent_by_till(ports: Ports, message: Mapping[str, Any], sales: Collection[str]) -> set[str]:
    """Those of the sales, by their IDs, whose lines that count were sent by the till of a day close, and by no other.

    Sales of files, of the form, and of messages that name no till are of no till. The sales are of the day close's
    store and day.
    """
    if not sales:
        return set()
    values = {"region": message["region"], "store": message["store_id"], "day": date.fromisoformat(message["date"])}
    rows = ports.warehouse.query(sql.text("ledger/till_messages"), values | {"sales": sorted(sales)}).to_pylist()
    keys = store_credentials.keys_of_store(ports, message["region"], message["store_id"]).keys
    till_of_key = {key.id: key.till for key in keys}
    tills: dict[str, set[str]] = {}
    for batch_id, group in groupby(rows, key=itemgetter("batch_id")):
        by_row = _messages(ports, batch_id)
        for row in group:
            signing = by_row[row["row_number"]].signing if row["row_number"] in by_row else {}
            till = till_of_key.get(signing.get("key", "")) or signing.get("till", "")
            tills.setdefault(row["sale_id"], set()).add(till)
    return {sale_id for sale_id, names in tills.items() if names == {message["till_id"]}}


def _messages(ports: Ports, batch_id: str) -> dict[int, StoredMessage]:
    """Row number → message of the original of a micro-batch; empty if it cannot be read, which shows no till."""
    try:
        with batch_originals.open_whole_original(ports, batch_records.get_batch(ports, batch_id)) as stream:
            block = read_messages(stream)
    except (NotFound, Rejected):
        return {}
    return {row: message for message in block.messages for row in message.rows}
