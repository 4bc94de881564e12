"""Files of previews: kept until they are imported, or for a week."""

import hashlib
import re
from datetime import UTC, datetime, timedelta

from tillstream.model.errors import NotFound
from tillstream.model.events import STAGING
from tillstream.ports import Ports

KEPT = timedelta(days=7)
_PREFIX = "catalogue/previews/"
_ID = re.compile(r"[0-9a-f]{32}")


def write(ports: Ports, login: str, preview_id: str, content: bytes) -> None:
    """Keep the file of a user's preview."""
    with ports.objects.writer(STAGING, _object(login, preview_id)) as out:
        out.write(content)


def read(ports: Ports, login: str, preview_id: str) -> bytes:
    """The file of a preview of this user. Raises `NotFound`."""
    with ports.objects.open(STAGING, _object(login, preview_id)) as stream:
        return stream.read()


def delete(ports: Ports, login: str, preview_id: str) -> None:
    """Delete the file after its import. Idempotent. Raises `NotFound` for another text than an ID."""
    ports.objects.delete(STAGING, _object(login, preview_id))


def clean_up(ports: Ports) -> int:
    """Delete the files that were never imported and are older than a week; return their number. Idempotent."""
    cutoff, count = ports.clock.now() - KEPT, 0
    for stored in list(ports.objects.list(STAGING, _PREFIX)):
        if datetime.fromtimestamp(stored.generation / 1_000_000, UTC) < cutoff:
            ports.objects.delete(STAGING, stored.name)
            count += 1
    return count


def _object(login: str, preview_id: str) -> str:
    if not _ID.fullmatch(preview_id):
        raise NotFound("There is no preview at this address.")
    owner = hashlib.sha256(login.encode()).hexdigest()[:16]
    return f"{_PREFIX}{owner}/{preview_id}"
