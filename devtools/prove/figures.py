"""Steps about figures: files give those of a laptop, two settlements at once count once, and sales are fresh."""

import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from devtools.prove.proof import (
    BY,
    RUNS_AS,
    Facts,
    Proof,
    expect,
    impersonation,
    percentile_95,
    run_all,
    wait_for,
)
from infra.goals import FILE_SECONDS, SALE_SECONDS
from infra.resource import Command
from infra.smoke import Api, send, settled
from infra.stage import Stage
from tillstream.model.batch import BatchState
from tillstream.model.document_json import JsonObject
from tillstream.model.messages import STORE_SALE_V1
from tillstream.people import store_credentials
from tillstream.records import batch_records

WITHIN = 300.0
DECIMALS = ("units", "revenue", "average_order_value")
REGION, STORE = "UK", "PROVE"
SALES = 12
TWICE = ("prove-first.csv", "prove-second.csv")
"""Two files with the same sale and one sale each of their own."""
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINE = "{number},PROVE,Proof,1,12/5/2011 9:02,1.00,17850,United Kingdom\n"


def settle_commands(stage: Stage) -> list[Command]:
    """Let the operator act as a function that may settle, and settle."""
    return [impersonation(stage, RUNS_AS), Command(("settle",), program="tillstream")]


def load(proof: Proof) -> Facts:
    """Load the sample files, and compare the figures of each region with those of a laptop."""
    api = proof.api
    seconds: list[float] = []
    for name, (contract, content) in proof.files.items():
        batch, started = send(api, name, contract, content), time.monotonic()
        settled(api, batch, WITHIN)
        seconds.append(time.monotonic() - started)
    wanted = _on_a_laptop(proof)
    for region, figures in wanted.items():
        expect(_figures(api, region=region), figures, f"The figures of {region}")
    facts: Facts = {"files": len(seconds), "regions": len(wanted), "p95 seconds": round(percentile_95(seconds), 1)}
    return facts | {"goal in seconds": FILE_SECONDS}


def settle_twice(proof: Proof) -> Facts:
    """Upload two files at once that share a sale, and settle beside the function: each sale counts once."""
    api, before = proof.api, _lines(proof)
    number = int(time.time())
    common = LINE.format(number=number)
    contents = [f"{HEAD}{common}{LINE.format(number=number + own)}".encode() for own in (1, 2)]
    with ThreadPoolExecutor(len(TWICE)) as pool:
        sends = [
            pool.submit(send, api, name, "online-retail-uk", content)
            for name, content in zip(TWICE, contents, strict=True)
        ]
        batches = [sent.result() for sent in sends]
    wait_for(lambda: any(_is_staged(proof, batch) for batch in batches), "A file is staged", WITHIN)
    run_all(proof, settle_commands(proof.stage))
    receipts = [settled(api, batch, WITHIN) for batch in batches]
    expect(_lines(proof) - before, 3, "Lines of two files with a common sale")
    return {"files": len(receipts), "lines": 3, "states": sorted({receipt["state"] for receipt in receipts})}


def freshness(proof: Proof) -> Facts:
    """Send till sales, and measure the seconds from each answer until the API counts it."""
    api = proof.api
    _, token = store_credentials.issue_store_token(proof.app.ports, REGION, STORE, BY, BY)
    till = Api(proof.portal_address, token)
    sent: list[float] = []
    seconds: list[float] = []
    before, number = _lines(proof), int(time.time())
    for count in range(SALES):
        till("POST", "/api/sales", {"Content-Type": "application/json"}, json.dumps(sale(number + count)).encode())
        sent.append(time.monotonic())
        time.sleep(proof.pace)
        seconds += _counted(api, before, sent, seconds)

    def all_count() -> bool:
        seconds.extend(_counted(api, before, sent, seconds))
        return len(seconds) == SALES

    wait_for(all_count, "All sales count", WITHIN)
    return {"sales": SALES, "p95 seconds": round(percentile_95(seconds), 1), "goal in seconds": SALE_SECONDS}


def _counted(api: Api, before: int, sent: list[float], seconds: list[float]) -> list[float]:
    """The seconds of the sales that are counted since the last look."""
    counted, now = int(_kpis(api, region=REGION)["lines"]) - before, time.monotonic()
    return [now - sent[place] for place in range(len(seconds), min(counted, len(sent)))]


def sale(number: int) -> JsonObject:
    """A till's sale of one line, sold now."""
    lines = [{"line": "1", "product_id": "PROVE", "quantity": "1", "unit_price": "1", "net_amount": "1"}]
    sold_at = datetime.now(UTC).isoformat(timespec="seconds")
    place = {"schema": STORE_SALE_V1, "region": REGION, "store_id": STORE}
    return place | {"number": str(number), "sold_at": sold_at, "currency": "GBP", "lines": lines}


def _is_staged(proof: Proof, batch: str) -> bool:
    return batch_records.get_batch(proof.app.ports, batch).state in {
        BatchState.STAGED,
        BatchState.SETTLED,
        BatchState.ANNOUNCED,
    }


def _lines(proof: Proof) -> int:
    return int(_kpis(proof.api, region=REGION)["lines"])


def _kpis(api: Api, **filters: str) -> Facts:
    figures, _ = api("GET", f"/api/kpis?{urllib.parse.urlencode(filters)}")
    return dict(figures)


def _figures(api: Api, **filters: str) -> Facts:
    return comparable(_kpis(api, **filters))


def comparable(figures: Facts) -> Facts:
    """What does not depend on the moment; decimals by their value."""
    return {
        name: str(Decimal(value).normalize()) if name in DECIMALS and value is not None else value
        for name, value in figures.items()
        if name != "as_of"
    }


def _on_a_laptop(proof: Proof) -> dict[str, Facts]:
    """Region → figures after the same files in a home of their own."""
    figures: dict[str, Facts] = {}
    with tempfile.TemporaryDirectory(prefix="tillstream-prove-") as name:
        folder = Path(name)
        for file, (contract, content) in proof.files.items():
            (folder / file).write_bytes(content)
            region = _run(folder, "ingest", str(folder / file), "--region", contract)["region"]
            figures[region] = {}
        for region in figures:
            figures[region] = comparable(_run(folder, "query", "kpis", "--param", f"region={region}")["rows"][0])
    return figures


def _run(folder: Path, *arguments: str) -> Any:
    """The JSON of a command on a home in the folder, without the variables of the project."""
    command = [sys.executable, "-c", "from tillstream.cli.main import script; script()", *arguments, "--json"]
    environment = {"TILLSTREAM_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin"}
    return json.loads(subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout)
