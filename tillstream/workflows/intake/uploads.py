"""Receive a file: store its bytes in the inbox, then create its record."""

import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import BinaryIO

from tillstream.model.batch import Batch
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound
from tillstream.model.events import INBOX
from tillstream.model.file_names import LOADED_FOLDER, TIME_DIGITS
from tillstream.model.people import BoundStores
from tillstream.ports import Ports
from tillstream.records import batch_registration
from tillstream.records.batch_records import CHUNK_BYTES
from tillstream.records.batch_registration import register_batch

FOLDER = LOADED_FOLDER
"""The time of the arrival and the contract follow in the name."""


def receive(
    ports: Ports,
    contract: Contract,
    name: str,
    stream: BinaryIO,
    by: str,
    progress: Callable[[int], None] | None = None,
    *,
    stores: BoundStores = None,
    received: datetime | None = None,
) -> Batch:
    """Store the file in the inbox and create its record. progress: called with the bytes of each chunk.

    stores: to which the sender is bound. received: when the file arrived, if not now.
    """
    file = re.sub(r"[\x00-\x1f]", "", name.replace("\\", "/").rsplit("/", 1)[-1]) or "file"
    digest = hashlib.sha256()
    target = f"{FOLDER}/{ports.clock.tick():0{TIME_DIGITS}d}/{contract.name}/{file}"
    batch_registration.note_bound_stores(ports, target, stores)
    with ports.objects.writer(INBOX, target) as writer, ThreadPoolExecutor(1) as executor:
        hashed = executor.submit(digest.update, b"")
        while chunk := stream.read(CHUNK_BYTES):
            hashed.result()  # hash of the previous chunk, computed while this one was read
            hashed = executor.submit(digest.update, chunk)
            writer.write(chunk)
            if progress:
                progress(len(chunk))
    if writer.stored is None:
        raise NotFound(f"{file} was not stored.")
    return register_batch(ports, contract, writer.stored, by, sha256=digest.hexdigest(), file=file, received=received)
