"""Composition root for one machine: all data is in the local home folder, whose secrets are watched."""

import hmac
import json
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from hashlib import scrypt
from pathlib import Path
from typing import TYPE_CHECKING

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.adapters.local.files import backup, home_folder, restore
from tillstream.adapters.local.files.home_folder import HomeFolder, lost_files, lost_messages, note_queue
from tillstream.adapters.local.files.object_files import is_object_folder, object_name
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.adapters.local.files.watched_folder import WatchedFolder
from tillstream.adapters.local.secrets import FolderSecrets
from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.analytics import reference
from tillstream.analytics.query_cache import QueryCache
from tillstream.app import custom_contracts
from tillstream.app.app import App, OnDemand
from tillstream.app.home_check import HomeCheck, HomePart
from tillstream.contracts.registry import ContractRegistry
from tillstream.intake.inbox import RESERVED_FOLDERS
from tillstream.model.document_json import ActionFacts
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.events import INBOX, OBJECT_FINALIZED, SUBSCRIPTIONS, TOPIC_OBJECTS, TOPIC_STORE_SALES
from tillstream.model.object_names import MICRO_BATCH_NAME, PACK_NAME
from tillstream.operations import maintenance_status
from tillstream.ports import Clock, EventBus, Ports
from tillstream.ports.bus import Message
from tillstream.ports.files import DropFolder, FileFinding, LostContent
from tillstream.ports.objects import StoredObject
from tillstream.records import data_version, losses
from tillstream.records.losses import LossKind
from tillstream.settings import Settings

if TYPE_CHECKING:
    from tillstream.explore.engines import StatementEngine

NOTED_SECRETS = ("upkeep", "secrets")
"""Document of the hashes: name of the file → salt and hash. Slow ones, as backups have it and not the secrets."""
SECRETS_FOLDER = "secrets"
"""Start of the names of secrets as losses."""
COPY_ADVICE = "Copy it from where you keep it"
CONFIRM_ADVICE = "on the page **Status** or with `tillstream losses accept`"

ServerAddress = home_folder.ServerAddress

WAREHOUSE_FILE = "warehouse.duckdb"
KEPT_TOPIC = (TOPIC_STORE_SALES, "receive")
"""Topic and subscription whose messages are accepted from tills, and kept in a second file until they are stored."""


class SecretFiles:
    """The files of a folder, which people edit. Their values are in no finding."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self._secrets, self._ports = FolderSecrets(folder), ports

    def check(self) -> list[FileFinding]:
        """Compare each file with its hash, and note that of a new file or confirmed change. Raises `Unavailable`."""
        document = self._ports.documents.get(*NOTED_SECRETS)
        before: dict[str, str] = dict(document.data) if document else {}
        noted, findings = dict(before), []
        names = self._secrets.names()
        for name in sorted({*names, *before}):
            loss, file = f"{SECRETS_FOLDER}/{name}", f"The file {name} with a credential"
            is_final = name in before and losses.is_final(self._ports, LossKind.STATE, loss)
            if name not in names:
                if is_final:
                    del noted[name]
                    continue
                remedy = f"{COPY_ADVICE}, or, if you removed it, accept that {CONFIRM_ADVICE}."
                findings.append(FileFinding(loss, f"{file} is missing.", remedy, LostContent.STATE))
                continue
            try:
                value = self._secrets.get(name).encode()
            except (Rejected, Unavailable) as error:
                findings.append(FileFinding(loss, str(error), f"{COPY_ADVICE}, or remove it.", LostContent.STATE))
                continue
            if name in before and _is_same_secret(value, before[name]):
                continue
            if name in before and not is_final:
                remedy = f"If you changed it, accept that {CONFIRM_ADVICE}. Otherwise copy it from where you keep it."
                findings.append(FileFinding(loss, f"{file} is not as it was.", remedy, LostContent.STATE))
                continue
            noted[name] = _secret_hash(value, secrets.token_bytes(16))
        if noted != before:
            self._ports.documents.put(*NOTED_SECRETS, noted)
        return findings


def _secret_hash(value: bytes, salt: bytes) -> str:
    return f"{salt.hex()}:{scrypt(value, salt=salt, n=2**14, r=8, p=1).hex()}"


def _is_same_secret(value: bytes, noted: str) -> bool:
    return hmac.compare_digest(_secret_hash(value, bytes.fromhex(noted.partition(":")[0])), noted)


def build_local(
    settings: Settings,
    clock: Clock | None = None,
    warehouse_file: str = WAREHOUSE_FILE,
    *,
    rates: bool = True,
    read_only: bool = False,
) -> App:
    """Build the local app; the caller owns the folder, unless it is read-only.

    Raises `Rejected` if it is not a Tillstream home.
    """
    home = settings.home
    clock = clock or SystemClock()
    noticed: list[FileFinding] = []
    if not read_only:
        home.mkdir(parents=True, exist_ok=True)
        restore.finish(home)
        noticed = lost_files(home)
    with ExitStack() as opened:  # what was opened is closed if a later step fails
        documents = SQLiteDocumentStore(home / "documents.sqlite", read_only=True) if read_only else None
        # opened before files are created, because it may reject the folder
        warehouse = open_warehouse(settings, warehouse_file, read_only=read_only)
        opened.callback(warehouse.close)
        documents = documents or SQLiteDocumentStore(home / "documents.sqlite")
        opened.callback(documents.close)
        note = partial(note_queue, documents)
        bus = SQLiteEventBus(home / "queue.sqlite", clock, read_only=read_only, note=note, kept=KEPT_TOPIC)
        opened.callback(bus.close)
        if not read_only:
            noticed += [*documents.findings, *bus.findings]
            noticed += [one for one in lost_messages(documents, bus) if not bus.findings and one not in noticed]
            for subscription, topic in SUBSCRIPTIONS.items():
                bus.subscribe(topic, subscription)
        objects = FolderObjectStore(home / "objects", clock, on_finalized=_notify_of_objects(bus), read_only=read_only)
        ports = Ports(objects, warehouse, bus, documents, clock, settings.limits)
        rates_lost: list[str] = []
        if rates and not read_only:
            rates_lost = reference.refresh_rates(ports, settings.reporting_currency)
            reference.ensure_secret(ports)
            reference.refresh_calendar(ports, settings.fiscal_month, settings.retail_calendar)
        own = custom_contracts.ContractsInFolder(settings.contracts, ports, read_only=read_only)
        current = own.read()
        contracts = ContractRegistry(documents, current.contracts, own.save)
        contracts.replace(current.contracts, current.problems)
        noticed += current.findings.values()
        files = (
            HomePart("queues", "queue.sqlite", bus.check),
            HomePart("files", "objects", objects.check, also=("clock",)),
            HomePart("documents", "documents.sqlite", documents.check),
            HomePart("warehouse", warehouse_file, warehouse.check),
            HomePart("contracts", custom_contracts.CONTRACTS_FOLDER, partial(_contracts, own, contracts)),
            HomePart("secrets", SECRETS_FOLDER, SecretFiles(settings.secrets_folder, ports).check),
            HomePart("owner", "owner.lock", partial(_readable, local_home_folder(settings).check_lock)),
        )
        checks = None if read_only else HomeCheck(ports, files)
        notices = [*rates_lost, *(checks.note(noticed) if checks else ())]
        if notices:
            from tillstream import logs  # lazy: only servers log otherwise

            logs.warn("files of the home are lost", notices)
            maintenance_status.note_repair(ports, notices)
        app = App(
            settings,
            ports,
            contracts,
            QueryCache(version=partial(data_version.version_number, documents)),
            partial(open_warehouse, settings, ":memory:"),  # spills to disk
            OnDemand(partial(_local_engine, settings, clock, warehouse)),
            _drops(settings, clock),
            _backup_writer(home, warehouse, clock),
            notices=tuple(notices),
            home=checks,
        )
        opened.pop_all()  # the app closes them
        return app


def _local_engine(settings: Settings, clock: Clock, warehouse: DuckDBWarehouse) -> "StatementEngine":
    from tillstream.adapters.local.query_processes import LocalQueryProcesses
    from tillstream.explore.engines import ExtractEngine
    from tillstream.explore.extracts import Extracts

    extracts, processes = Extracts(settings.home, clock), LocalQueryProcesses()
    scratch = settings.home / "spill"
    return ExtractEngine(processes, extracts, warehouse.snapshot, scratch, settings.memory_limit, settings.threads)


def _contracts(own: custom_contracts.ContractsInFolder, contracts: ContractRegistry) -> list[FileFinding]:
    """Read the contracts again, also those that were corrected meanwhile; return what is found."""
    current = own.read()
    contracts.replace(current.contracts, current.problems)
    return [*current.findings.values()]


def _readable(read: Callable[[], object]) -> list[FileFinding]:
    """A check that finds nothing unless it raises."""
    read()
    return []


def _backup_writer(
    home: Path, warehouse: DuckDBWarehouse, clock: Clock
) -> Callable[[str, Callable[[int], None]], ActionFacts]:
    def keep(out: str, progress: Callable[[int], None]) -> ActionFacts:
        return backup.write_backup(
            home, Path(out), warehouse.copy_to, clock.now().isoformat(timespec="seconds"), progress
        )

    return keep


def _drops(settings: Settings, clock: Clock) -> tuple[DropFolder, ...]:
    return (
        WatchedFolder(settings.dropped, clock, settings.drop_settle),
        # a file copied into the inbox folder becomes an object; no original remains
        WatchedFolder(
            settings.home / "objects" / INBOX,
            clock,
            settings.drop_settle,
            keep=False,
            skip=lambda name: is_object_folder(name) or name in RESERVED_FOLDERS,
            spelled=object_name,
        ),
    )


def local_home_folder(settings: Settings) -> HomeFolder:
    """Return the home folder with its lock and server address."""
    return HomeFolder(settings.home)


def open_warehouse(
    settings: Settings, name: str, *, any_schema: bool = False, read_only: bool = False
) -> DuckDBWarehouse:
    return DuckDBWarehouse(
        name if name == ":memory:" else settings.home / name,
        memory_limit=settings.memory_limit,
        reused_memory=settings.reused_memory,
        threads=settings.threads,
        spill=None if read_only else settings.home / "spill",
        any_schema=any_schema,
        read_only=read_only,
    )


def _notify_of_objects(bus: EventBus) -> Callable[[StoredObject], None]:
    """Emulate bucket notifications of the cloud: publish an event for each new inbox object.

    Not for micro-batches of store sales: the code that stores one also records it, or the sweep does. Nor for packs.
    """

    def finalized(stored: StoredObject) -> None:
        if stored.bucket == INBOX and not (MICRO_BATCH_NAME.fullmatch(stored.name) or PACK_NAME.fullmatch(stored.name)):
            data = {
                "bucket": stored.bucket,
                "name": stored.name,
                "generation": str(stored.generation),
                "size": str(stored.size),
            }
            bus.publish(TOPIC_OBJECTS, [Message(json.dumps(data).encode(), {"type": OBJECT_FINALIZED})])

    return finalized
