"""Smoke test of a deployed stage through its API: upload a small file, then check the total that it changes.

The file contains one sale of 2001 with a new quantity in each run, which corrects the sale of the previous run. So the
ledger gains one line in all, and only totals that include 2001 change.
"""

import argparse
import base64
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from infra import rollback
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected, TillstreamError, Unavailable

TOKEN = "TILLSTREAM_SMOKE_TOKEN"  # noqa: S105 - the variable's name
"""A personal token with the rights upload, uploads and numbers, for the region of CONTRACT."""
CONTRACT, REGION, STORE, DAY = "IN", "IN", "WEB-IN", "2001-01-01"
SALE = {
    "Invoice No": "SMOKE-1",
    "Line": "1",
    "Invoice Date": "01-01-2001 12:00",
    "Store": STORE,
    "Salesperson": "",
    "Customer Code": "",
    "Customer Name": "",
    "Item Code": "SMOKE",
    "Item": "Smoke test",
    "Category": "Smoke test",
    "Channel": "store",
    "Status": "Completed",
    "Qty": "{units}",
    "Rate": "1",
    "Discount": "0",
    "Taxable Value": "{units}",
    "GST": "0",
    "Invoice Value": "{units}",
    "Original Invoice": "",
}
READY = "/healthz/ready"
"""Checks every dependency, at once for a token. Google's front end answers `/healthz` itself at the address of Cloud
Run."""
WITHIN = 300.0
"""Seconds from the last byte until the number can be queried; the objective is 90."""
EACH = 30.0
"""Timeout of one request, in seconds."""
DONE = frozenset({"settled", "announced"})
OVER = frozenset({"rejected", "failed", "held", "undone"})


def smoke(address: str, token: str, units: int, report: Callable[[str], None], within: float = WITHIN) -> float:
    """Seconds from the last byte until the number was right. Raises `Rejected`, `Unavailable`."""
    api = Api(address.rstrip("/"), token)
    api("GET", READY)
    content = f"{','.join(SALE)}\n{','.join(SALE.values()).format(units=units)}\n".encode()
    batch, started = send(api, "smoke.csv", CONTRACT, content), time.monotonic()
    report(f"sent {len(content)} bytes as {batch}")
    settled(api, batch, within)
    query = urllib.parse.urlencode({"from": DAY, "to": DAY, "region": REGION, "store": STORE})
    kpis, _ = api("GET", f"/api/kpis?{query}")
    if (kpis["lines"], float(kpis["units"])) != (1, units):
        raise Rejected(f"Sent {units} units in 1 line, but the API returned {kpis['units']} in {kpis['lines']}.")
    return time.monotonic() - started


def settled(api: "Api", batch: str, within: float) -> JsonObject:
    """The upload when it is settled. Raises `Rejected` if it ended in another state, `Unavailable` after the time."""
    started = time.monotonic()
    while True:
        upload: JsonObject = api("GET", f"/api/uploads/{batch}")[0]
        if upload["state"] in OVER:
            raise Rejected(f"The file is {upload['state']}: {upload.get('error') or 'see its receipt'}.")
        if upload["state"] in DONE:
            return upload
        if time.monotonic() - started > within:
            raise Unavailable(f"The file is still {upload['state']} after {within:.0f} seconds.")
        time.sleep(1.0)


def send(api: "Api", name: str, contract: str, content: bytes) -> str:
    """Upload a file as a browser does, by tus 1.0; return its batch."""
    metadata = ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in (("filename", name), ("contract", contract))
    )
    creation = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    _, headers = api("POST", "/api/uploads", creation)
    chunk = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    _, headers = api("PATCH", urllib.parse.urlsplit(headers["Location"]).path, chunk, content)
    return str(headers["Upload-Batch"])


class Api:
    """The portal's API, with a token."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> tuple[Any, Mapping[str, str]]:
        """The JSON of the response, and its headers. Raises `Rejected`, `Unavailable`."""
        all_headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **(headers or {})}
        request = urllib.request.Request(self._address + path, body, all_headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=EACH) as response:
                text = response.read()
                return (json.loads(text) if text else None), response.headers
        except urllib.error.HTTPError as error:
            with error:
                detail = error.read().decode(errors="replace")[:300]
            kind = Unavailable if error.code >= 500 else Rejected
            raise kind(f"{method} {path}: {error.code} {detail}") from error
        except OSError as error:
            raise Unavailable(f"{method} {path}: {error}") from error


def address_of(project: str, region: str) -> str:
    """The address of the portal. Raises `Rejected` if there is none."""
    return str(rollback.described(rollback.calling(project), "portal", region)["status"]["url"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.smoke", description=__doc__)
    parser.add_argument("--project", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--address", default="", help="address of the portal, if it differs from the Cloud Run address")
    parser.add_argument("--back", action="store_true", help="roll the project back if the test fails")
    args = parser.parse_args()
    try:
        address = args.address or address_of(args.project, args.region)
        seconds = smoke(address, os.environ.get(TOKEN, ""), 1 + int(time.time()) % 997, print)
    except TillstreamError as error:
        print(f"The smoke test failed: {error}", file=sys.stderr)
        if args.back:
            rollback.roll_back(args.project, args.region, print)
        return 1
    print(f"The figures were correct {seconds:.0f} seconds after the last byte.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
