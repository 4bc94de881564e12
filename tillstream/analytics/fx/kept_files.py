"""Files with the exchange rates of each load, kept so that a warehouse that lost them gets them again."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from tillstream.analytics.fx.rates import SCHEMA
from tillstream.domain.events import INBOX
from tillstream.domain.object_names import RATES_FOLDER, RATES_NAME, TIME_DIGITS
from tillstream.ports import Ports


def keep(ports: Ports, rates: pa.Table) -> None:
    """Keep loaded rates, rows of `fx_rates`. The name of the file is the time, so that files sort as they came."""
    content = io.BytesIO()
    pq.write_table(rates, content)
    with ports.objects.writer(INBOX, f"{RATES_FOLDER}/{ports.clock.tick():0{TIME_DIGITS}d}.parquet") as writer:
        writer.write(content.getvalue())


def kept_rates(ports: Ports) -> pa.Table:
    """The rates of all kept files; of two for one day and currency, the last one."""
    tables = [SCHEMA.empty_table()]
    for stored in ports.objects.list(INBOX, f"{RATES_FOLDER}/"):
        if RATES_NAME.fullmatch(stored.name):
            with ports.objects.open(INBOX, stored.name, stored.generation) as stream:
                tables.append(pq.read_table(io.BytesIO(stream.read())))
    rates = pa.concat_tables(tables)
    numbered = rates.append_column("number", pa.array(range(rates.num_rows), pa.int64()))
    last = numbered.group_by(["rate_date", "currency"]).aggregate([("number", "max")])
    return rates.take(last["number_max"])
