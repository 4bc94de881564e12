"""The keys of the files of a connector that are stored, so that a run need not look each of them up.

They are hashes in one object. The state of the connector names its generation, so that after a restore, or if the
object is lost, they are collected from the batch records instead.
"""

from tillstream.model.batch import Batch
from tillstream.model.errors import NotFound
from tillstream.model.events import STAGING
from tillstream.model.file_names import CONNECTED_NAME
from tillstream.ports import Ports
from tillstream.records import batch_records
from tillstream.workflows.intake.connector_files import HASH_DIGITS, item_hash

BYTES = HASH_DIGITS // 2


class StoredKeys:
    """Loaded when they are first used. generation: of the object that fits the cursor; 0: none."""

    def __init__(self, ports: Ports, connector: str, generation: int) -> None:
        self._ports = ports
        self._connector = connector
        self._name = f"connectors/{connector}.keys"
        self._generation = generation
        self._hashes: set[bytes] | None = None
        self._is_changed = False

    def __contains__(self, key: str) -> bool:
        return _hash(key) in self._load()

    def __len__(self) -> int:
        return len(self._load())

    def add(self, key: str) -> None:
        self._load().add(_hash(key))
        self._is_changed = True

    def save(self) -> int:
        """Write the object if the keys have changed; return its generation, or 0 if they have not."""
        if not self._is_changed:
            return 0
        with self._ports.objects.writer(STAGING, self._name) as writer:
            writer.write(b"".join(sorted(self._load())))
        self._is_changed = False
        return (writer.stored or self._ports.objects.stat(STAGING, self._name)).generation

    def _load(self) -> set[bytes]:
        if self._hashes is None:
            self._hashes = self._read()
            if self._hashes is None:
                self._hashes = self._collect()
                self._is_changed = bool(self._hashes)
        return self._hashes

    def _read(self) -> set[bytes] | None:
        """The hashes in the object; None if it is lost, or is not the one that fits the cursor."""
        if not self._generation:
            return None
        try:
            with self._ports.objects.open(STAGING, self._name, self._generation) as stream:
                content = stream.read()
        except NotFound:
            return None
        return {content[start : start + BYTES] for start in range(0, len(content), BYTES)}

    def _collect(self) -> set[bytes]:
        sender = batch_records.connector_sender(self._connector)
        documents = self._ports.documents.find(batch_records.BATCHES, {"received_by": sender})
        names = (CONNECTED_NAME.fullmatch(Batch.from_json(document.data).object) for document in documents)
        return {bytes.fromhex(name["item"]) for name in names if name}


def _hash(key: str) -> bytes:
    return bytes.fromhex(item_hash(key))
