"""Write the records of batches that the ledger has, where they are missing or older than the ledger."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import Batch, BatchKind, BatchState, IssueCount, StagingReport, receipt_time
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.file_names import SYNCED_NAME, home_in_name
from tillstream.model.ids import batch_id
from tillstream.model.people import EACH_OWN_STORE, BoundStores, writers_from_text
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.ports.objects import StoredObject
from tillstream.records import batch_originals, batch_records, batch_registration
from tillstream.workflows.intake import micro_batch

CORRECTIONS = "corrections"


def write(ports: Ports, contracts: ContractRegistry, rows: Sequence[Mapping[str, Any]]) -> int:
    """Write the record of each row of `batches`; return their number. Idempotent.

    An existing record keeps what the ledger does not contain: its sender, its size, its staged amounts.
    """
    originals = _Originals(ports)
    replays = {(row["parent"], row["settlement_no"]) for row in rows if row["kind"] == BatchKind.REPLAY}
    for row in rows:
        _pin(contracts, row["contract"], row["contract_version"])
        document = ports.documents.get(batch_records.BATCHES, row["batch_id"])
        if document:
            batch_records.repair_batch(ports, row["batch_id"], partial(_updated, ports, row, replays))
        else:
            batch = _updated(ports, row, replays, _created(row, originals))
            # another process may have registered the object meanwhile; the next comparison updates its record
            ports.documents.put_all([Put(batch_records.BATCHES, batch.batch_id, batch.to_json())])
    return len(rows)


def pin_contracts(ports: Ports, contracts: ContractRegistry) -> None:
    """Pin the contract versions of all batches that are current: a damaged file may have lost them. Idempotent."""
    in_ledger = ports.warehouse.query("SELECT DISTINCT contract, contract_version FROM batches").to_pylist()
    versions = {(row["contract"], row["contract_version"]) for row in in_ledger}
    for contract, version in versions | {
        (one.contract, one.contract_version) for one in batch_records.all_batches(ports)
    }:
        _pin(contracts, contract, version)


def _pin(contracts: ContractRegistry, contract: str, version: int) -> None:
    """Pin the contract version that a batch was read with, if it is the current one."""
    try:
        if contracts.current(contract).version == version:
            contracts.pin(contract)
    except (NotFound, Rejected):
        return  # a version that no file has any more; the batch cannot be read again without it


class _Originals:
    """The inbox objects by generation, micro-batches by file name, and what homes sent; listed once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    @cached_property
    def _objects(self) -> list[StoredObject]:
        return list(self._ports.objects.list(INBOX))

    @cached_property
    def _by_generation(self) -> dict[int, StoredObject]:
        return {stored.generation: stored for stored in self._objects}

    @cached_property
    def _by_file_name(self) -> dict[str, StoredObject]:
        packed = (stored for pack in batch_originals.all_packs(self._ports) for stored in _members(self._ports, pack))
        return {stored.name.rpartition("/")[2]: stored for stored in (*packed, *self._objects)}

    @cached_property
    def _of_homes(self) -> Mapping[str, Sequence[StoredObject]]:
        """What other homes sent, by its generation in the home and by its name there."""
        sent = defaultdict[str, list[StoredObject]](list)
        for stored in self._objects:
            if match := SYNCED_NAME.fullmatch(stored.name):
                sent[match["generation"]].append(stored)
                sent[match["name"]].append(stored)
        return sent

    def _of_a_home(self, key: str, row: Mapping[str, Any]) -> StoredObject | None:
        return next((one for one in self._of_homes.get(key, ()) if self._digest(one) == row["sha256"]), None)

    def _received_before(self, row: Mapping[str, Any]) -> StoredObject | None:
        """The original of a file that was received before it was stored, as those of the samples: its generation is in
        the ID of its batch only, and a replay has the same bytes."""
        named, sha256 = self._named.get(row["file"], ()), row["sha256"]
        if row["kind"] == BatchKind.REPLAY:
            return next((one for one in named if self._digest(one) == sha256), None)
        own = (one for one in named if batch_id(f"{INBOX}/{one.name}", one.generation, sha256) == row["batch_id"])
        return next(own, None)

    @cached_property
    def _named(self) -> Mapping[str, Sequence[StoredObject]]:
        """The inbox objects by the last part of their names."""
        named = defaultdict[str, list[StoredObject]](list)
        for stored in self._objects:
            named[stored.name.rpartition("/")[2]].append(stored)
        return named

    def _digest(self, stored: StoredObject) -> str:
        try:
            with self._ports.objects.open(stored.bucket, stored.name, stored.generation) as stream:
                return batch_registration.digest_of_stream(stream)
        except (NotFound, OSError):
            return ""

    def of(self, row: Mapping[str, Any]) -> StoredObject:
        """The original of a batch; one without a name if it is missing."""
        if row["kind"] == BatchKind.CORRECTION:
            name = f"{CORRECTIONS}/{row['parent']}/{row['fix_number']}.csv"
            try:
                return self._ports.objects.stat(INBOX, name)
            except NotFound:
                return self._of_a_home(name, row) or StoredObject(INBOX, name, 0, 0)
        missing = StoredObject(INBOX, row["file"], row["received_seq"], 0)
        if row["kind"] == BatchKind.STORE_SALES:
            return self._by_file_name.get(micro_batch.file_name(row["received_seq"], row["sha256"]), missing)
        return (
            self._by_generation.get(row["received_seq"])
            or self._of_a_home(f"{row['received_seq']}", row)
            or self._of_parent(row)
            or self._received_before(row)
            or missing
        )

    def _of_parent(self, row: Mapping[str, Any]) -> StoredObject | None:
        """The original of a replay that has a time of receipt of its own: that of the batch which it replaces."""
        document = self._ports.documents.get(batch_records.BATCHES, row["parent"]) if row["parent"] else None
        if document is None:
            return None
        parent = Batch.from_json(document.data)
        return StoredObject(parent.bucket, parent.object, parent.generation, parent.size)


def _members(ports: Ports, pack: StoredObject) -> list[StoredObject]:
    """The originals in a pack; none of a damaged one, which is a named loss."""
    try:
        return batch_originals.pack_members(ports, pack)
    except Rejected:
        return []


def _created(row: Mapping[str, Any], originals: _Originals) -> Batch:
    stored = originals.of(row)
    received = receipt_time(row["received_seq"]).isoformat()
    return Batch(
        batch_id=row["batch_id"],
        kind=BatchKind(row["kind"]),
        bucket=stored.bucket,
        object=stored.name,
        generation=stored.generation,
        size=stored.size,
        file=row["file"],
        contract=row["contract"],
        contract_version=row["contract_version"],
        region=row["region"],
        received_seq=row["received_seq"],
        received_at=received if row["kind"] != BatchKind.REPLAY else row["settled_at"].isoformat(),
        received_by=batch_records.UNKNOWN_SENDER,
        sha256=row["sha256"],
        parent=row["parent"],
        fix_number=row["fix_number"],
        stores=_stores(row),
        own_stores=row["writers"] == EACH_OWN_STORE,
        home=home_in_name(stored.name),
    )


def _stores(row: Mapping[str, Any]) -> BoundStores:
    """The stores to which the writer of the batch was bound; None: not bound."""
    bound = writers_from_text(row["writers"]) if row["writers"] else None
    stores = bound.get(row["fix_number"]) if bound else None
    return None if stores is None else tuple(stores)


def _updated(ports: Ports, row: Mapping[str, Any], replays: set[tuple[str, int]], batch: Batch) -> Batch:
    undone_no = row["undone_no"] or 0
    state = BatchState.SETTLED
    if undone_no:
        is_replaced = (row["batch_id"], undone_no) in replays or (row["parent"], undone_no) in replays
        state = BatchState.REPLAYED if is_replaced else BatchState.UNDONE
    same_contract = (batch.contract, batch.contract_version) == (row["contract"], row["contract_version"])
    return replace(
        batch,
        state=state,
        state_at=ports.clock.now().isoformat(),
        contract=row["contract"],
        contract_version=row["contract_version"],
        region=row["region"],
        as_new=row["as_new"],
        confirmed=tuple(code for code in row["confirmed"].split(",") if code),
        holds=(),
        error="",
        proposed=None,
        staged=batch.staged if batch.staged and same_contract else _report(row),
        settlement_no=row["settlement_no"],
        undone_no=undone_no,
    )


def _report(row: Mapping[str, Any]) -> StagingReport:
    """The staging report as far as the ledger has it; without a reader, so that its rows are not reused."""
    return StagingReport(
        rows_read=row["rows_read"],
        rows_blank=row["rows_blank"],
        rows_ignored=row["rows_ignored"],
        problems=tuple(_problems(row["problems"])),
    )


def _problems(text: str) -> Iterator[IssueCount]:
    yield from (IssueCount(**problem) for problem in json.loads(text))
