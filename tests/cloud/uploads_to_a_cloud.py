"""Files that are uploaded to the portal of the cloud on one machine, and its figures."""

import base64
import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from waiting import wait_for_batch

from devtools.cloud_local import CloudLocal
from tillstream.app import App
from tillstream.model.batch import BatchState
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records

PATIENCE = 300.0


def ask(
    cloud: CloudLocal, token: str, method: str, path: str, data: bytes | None = None, **headers: str
) -> tuple[Any, Mapping[str, str]]:
    request_headers = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    request_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(cloud.portal + path, data, request_headers, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        body = answer.read()
        return (json.loads(body) if body else None), answer.headers


def upload(cloud: CloudLocal, app: App, token: str, file: str, contract: str, content: bytes) -> dict[str, Any]:
    """The receipt of a file uploaded to the portal, after the functions have settled and announced it."""
    metadata = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in {"filename": file, "contract": contract}.items()
    )
    _, headers = ask(
        cloud, token, "POST", "/api/uploads", b"", Upload_Length=str(len(content)), Upload_Metadata=metadata
    )
    place = headers["Location"].removeprefix(cloud.portal)
    piece = {"Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    _, headers = ask(cloud, token, "PATCH", place, content, **piece)
    batch = headers["Upload-Batch"]
    ends = (BatchState.ANNOUNCED, BatchState.REJECTED, BatchState.FAILED, BatchState.HELD)
    state = wait_for_batch(app.ports, batch, *ends, patience=PATIENCE, pause=0.5)
    assert state is BatchState.ANNOUNCED, batch_records.get_batch(app.ports, batch)
    return receipts.batch_receipt(app.ports, batch)


def kpis(cloud: CloudLocal, token: str, region: str) -> dict[str, Any]:
    row: dict[str, Any] = ask(cloud, token, "GET", f"/api/kpis?region={urllib.parse.quote(region)}")[0]
    return row


def same(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What does not depend on the moment; decimals by their value."""
    return {
        name: str(Decimal(value).normalize()) if name in {"units", "revenue", "average_order_value"} else value
        for name, value in figures.items()
        if name != "as_of"
    }
