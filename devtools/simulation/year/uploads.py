"""Files that are uploaded to the portal with a token, as programs of regions do."""

import base64
import time
import urllib.error
import urllib.request

from devtools.simulation.year.process import Process

VALID = 365
"""Days."""


def make_token(process: Process) -> str:
    """A token with which files can be uploaded."""
    made = process.until_done("tokens-make", login="admin", name="regions", rights=["upload"], days=VALID)
    return str(made["token"])


def upload(process: Process, token: str, name: str, contract: str, content: bytes) -> str:
    """Upload a file by the tus protocol, from its start if the server ends meanwhile. Returns the id of its batch."""
    texts = {"filename": f"{name}.csv", "contract": contract}
    metadata = ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in texts.items())
    create = {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    piece = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    while True:
        process.start()
        try:
            place = _request(process.address, token, "/api/v1/uploads", "POST", create)["Location"]
            return _request(process.address, token, place, "PATCH", piece, content)["Upload-Batch"]
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(f"{name}: {error.code} {error.read().decode()}") from error
        except OSError:
            time.sleep(0.05)


def _request(
    address: str, token: str, place: str, method: str, headers: dict[str, str], body: bytes = b""
) -> dict[str, str]:
    own = {"Authorization": f"Bearer {token}", "Tus-Resumable": "1.0.0"}
    url = place if place.startswith("http") else f"{address}{place}"
    request = urllib.request.Request(url, data=body, headers=own | headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return dict(response.headers)
