"""The tills of the simulated company: signed messages, which wait while a till is offline."""

import gzip
import json
import urllib.request
from dataclasses import dataclass, field

import numpy as np

from devtools.simulation.company import CURRENCY
from devtools.simulation.year.process import Process
from devtools.simulation.year.sales import NUMBERS, Company, Rows, day_of
from tillstream.model.document_json import JsonObject
from tillstream_till.setup_code import Setup, decode
from tillstream_till.signing import signer

EPOCH = "00000000000000aa"
"""Of the only outbox of each till."""
AT_ONCE = 500
"""Messages of a request."""


@dataclass
class Till:
    """waiting: messages that are not sent yet. sold: their day and lines. offline: days until it is connected again."""

    store: int
    region: str
    setup: Setup
    sequence: int = 0
    offline: int = 0
    waiting: list[dict[str, str]] = field(default_factory=list)
    sold: list[tuple[int, Rows]] = field(default_factory=list)


def connect(process: Process, company: Company) -> list[Till]:
    """Tills of stores, each with its key."""
    tills = []
    for store, region in company.till_stores().items():
        name = company.region(region).name
        made = process.until_done("stores-connect", region=name, store=f"S{store}", till="T1", url=process.address)
        tills.append(Till(store, name, decode(made["setup_code"])))
    return tills


def record(till: Till, rows: Rows, day: int) -> None:
    """Write one signed message for each sale."""
    till.sold.append((day, rows))
    sign = signer(till.setup.private_key)
    starts = np.flatnonzero(np.diff(rows["sale"], prepend=-1))
    for lines in np.split(rows, starts[1:]) if len(rows) else ():
        payload = json.dumps(_message(till, lines, day))
        till.sequence += 1
        till.waiting.append(
            {
                "payload": payload,
                "key": till.setup.key,
                "till": till.setup.till,
                "epoch": EPOCH,
                "sequence": str(till.sequence),
                "signature": sign(payload.encode()),
            }
        )


def _message(till: Till, lines: Rows, day: int) -> JsonObject:
    return {
        "schema": "store-sale/1",
        "region": till.region,
        "store_id": f"S{till.store}",
        "number": str(day * NUMBERS + int(lines["sale"][0])),
        "version": int(lines["version"][0]),
        "sold_at": f"{day_of(day)}T12:00:00+00:00",
        "currency": CURRENCY,
        "source": "till",
        "lines": [
            {
                "line": str(line["line"]),
                "product_id": f"P{line['product']}",
                "quantity": str(line["quantity"]),
                "unit_price": f"{line['cents'] // 100}.{line['cents'] % 100:02d}",
            }
            for line in lines
        ],
    }


def send(process: Process, till: Till, *, is_repeated: bool) -> None:
    """Send everything that waits, in requests of many messages. Raises `OSError`, also if a message is refused."""
    for start in range(0, len(till.waiting), AT_ONCE):
        body = gzip.compress(json.dumps({"messages": till.waiting[start : start + AT_ONCE]}).encode(), 1)
        request = urllib.request.Request(
            f"{process.address}/api/sales",
            data=body,
            headers={
                "Authorization": f"Bearer {till.setup.token}",
                "Content-Type": "application/json",
                "Content-Encoding": "gzip",
            },
        )
        for _ in range(1 + is_repeated):
            with urllib.request.urlopen(request, timeout=60) as response:
                results = json.load(response)["results"]
            refused = [result for result in results if result["status"] != "accepted"]
            if refused:
                raise ValueError(f"messages are refused: {refused[:3]}")
    till.waiting.clear()
