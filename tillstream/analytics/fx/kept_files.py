"""Files with the exchange rates of each load, kept so that a warehouse that lost them gets them again."""

import hashlib
import io

import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.analytics.fx.rates import SCHEMA
from tillstream.domain.errors import NotFound
from tillstream.domain.events import INBOX
from tillstream.domain.object_names import RATES_FOLDER, RATES_NAME, TIME_DIGITS
from tillstream.ports import Ports

COLLECTION = "rate_files"
"""Time in the name of a file → its SHA-256. Files of earlier versions have none."""


def keep(ports: Ports, rates: pa.Table) -> None:
    """Keep loaded rates, rows of `fx_rates`. The name of the file is the time, so that files sort as they came."""
    stream = io.BytesIO()
    pq.write_table(rates, stream)
    content, time = stream.getvalue(), f"{ports.clock.tick():0{TIME_DIGITS}d}"
    with ports.objects.writer(INBOX, _name(time)) as writer:
        writer.write(content)
    ports.documents.put(COLLECTION, time, {"sha256": hashlib.sha256(content).hexdigest()})


def kept_rates(ports: Ports) -> pa.Table:
    """The rates of all kept files that are whole; of two for one day and currency, the last one."""
    tables = [SCHEMA.empty_table(), *(table for time in _times(ports) if (table := _read(ports, time)))]
    rates = pa.concat_tables(tables)
    numbered = rates.append_column("number", pa.array(range(rates.num_rows), pa.int64()))
    last = numbered.group_by(["rate_date", "currency"]).aggregate([("number", "max")])
    return rates.take(last["number_max"])


def damaged(ports: Ports) -> list[str]:
    """The times of the kept files that are missing or not whole. Raises `Unavailable`."""
    return [time for time in _times(ports) if _read(ports, time) is None]


def forget(ports: Ports, time: str) -> None:
    """Delete a kept file. Idempotent."""
    ports.objects.delete(INBOX, _name(time))
    ports.documents.delete(COLLECTION, time)


def _name(time: str) -> str:
    return f"{RATES_FOLDER}/{time}.parquet"


def _times(ports: Ports) -> list[str]:
    """The times of all files, oldest first, also of those that are missing."""
    listed = (stored.name for stored in ports.objects.list(INBOX, f"{RATES_FOLDER}/"))
    times = {name.rpartition("/")[2].removesuffix(".parquet") for name in listed if RATES_NAME.fullmatch(name)}
    return sorted(times | {document.id for document in ports.documents.find(COLLECTION)})


def _read(ports: Ports, time: str) -> pa.Table | None:
    """The rates of a file; None if it is missing or not whole."""
    noted = ports.documents.get(COLLECTION, time)
    try:
        with ports.objects.open(INBOX, _name(time)) as stream:
            content = stream.read()
    except (NotFound, OSError):
        return None
    if noted:
        return (
            pq.read_table(io.BytesIO(content)) if hashlib.sha256(content).hexdigest() == noted.data["sha256"] else None
        )
    try:
        return pq.read_table(io.BytesIO(content)).cast(SCHEMA)
    except Exception:  # noqa: BLE001 - any: structures, encodings and sizes of a damaged file are arbitrary
        return None
