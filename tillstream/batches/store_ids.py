"""Whether sale IDs of this home escape a slash in a store ID: decided once, so that its keys stay the same."""

from tillstream.batches import records
from tillstream.domain.errors import Conflict
from tillstream.ports import Ports

COLLECTION, ID = "home", "sale-ids"


def are_escaped(ports: Ports) -> bool:
    """True in a home whose first batch was staged by a version that escapes them; its other batches follow."""
    document = ports.documents.get(COLLECTION, ID)
    if document is None:
        is_new = not records.of_settlement(ports, 1)
        try:
            document = ports.documents.put(COLLECTION, ID, {"escaped": is_new}, if_version=0)
        except Conflict:  # another process decided
            return are_escaped(ports)
    return bool(document.data["escaped"])
