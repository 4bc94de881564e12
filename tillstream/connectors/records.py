"""The connectors of the company: added, changed, paused and removed by admins."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from tillstream.connectors import kind_table, run_history, state
from tillstream.connectors.access import check_reference
from tillstream.connectors.source import ConnectionAccess, ConnectorKind
from tillstream.connectors.state import Connector, ConnectorDraft
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.records.collection import Collection, only_differences

CONNECTOR_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MAX_MINUTES = 7 * 24 * 60
MAX_VALUE = 10_000
"""Maximum letters of the value of a setting."""

AUDITED_SETTINGS = ("kind", "settings", "contract", "every_minutes")
CONNECTORS = Collection(
    "connectors",
    Connector,
    "connector",
    lambda connector: {name: getattr(connector, name) for name in AUDITED_SETTINGS},
    sides=only_differences,
    limit=200,
    key="name",
)
find_connectors, get_connector = CONNECTORS.find, CONNECTORS.get


def add_connector(
    ports: Ports, contracts: ContractRegistry, access: ConnectionAccess, draft: ConnectorDraft, by: str
) -> Connector:
    """Add a connector, which is due at once. Raises `Rejected`."""
    name = draft.name.strip()
    if not CONNECTOR_NAME.fullmatch(name):
        raise Rejected("The name of a connector has up to 40 small letters, digits and hyphens, for example erp-sales.")
    fields = _fields(contracts, access, draft)
    now = ports.clock.now().isoformat(timespec="seconds")
    connector = Connector(name, **fields, is_paused=False, is_once=draft.is_once, created_by=by, created_at=now)
    return CONNECTORS.add(ports, connector, by, AuditAction.CONNECTOR_ADDED)


def change_connector(
    ports: Ports, contracts: ContractRegistry, access: ConnectionAccess, name: str, draft: ConnectorDraft, by: str
) -> Connector:
    """Change all but the name and the kind; the cursor stays. Raises `Rejected`, `NotFound`."""
    kind = get_connector(ports, name).kind
    fields = _fields(contracts, access, ConnectorDraft(**asdict(draft) | {"kind": kind}))
    return CONNECTORS.set_fields(ports, name, by, AuditAction.CONNECTOR_CHANGED, fields)


def pause_connector(ports: Ports, name: str, by: str, *, is_paused: bool) -> Connector:
    """Stop the schedule of a connector, or start it again. Raises `NotFound`."""
    action = AuditAction.CONNECTOR_PAUSED if is_paused else AuditAction.CONNECTOR_RESUMED
    return CONNECTORS.set_fields(ports, name, by, action, {"is_paused": is_paused})


def remove_connector(ports: Ports, name: str, by: str) -> None:
    """Remove a connector with its cursor and its runs; what it brought remains. Raises `NotFound`."""
    CONNECTORS.remove(ports, name, by, AuditAction.CONNECTOR_REMOVED)
    ports.documents.delete(state.STATES_COLLECTION, name)
    run_history.remove_runs(ports, name)


def connector_exists(ports: Ports, name: str) -> bool:
    return ports.documents.get(CONNECTORS.name, name) is not None


def check_settings(kind: ConnectorKind, settings: Mapping[str, str]) -> dict[str, str]:
    """A value for each setting of a kind, the default where none is entered. Raises `Rejected`."""
    unknown = sorted(set(settings) - {setting.name for setting in kind.settings})
    if unknown:
        names = ", ".join(setting.name for setting in kind.settings)
        raise Rejected(f"A connector of kind {kind.name} has no setting {', '.join(unknown)}. It has: {names}.")
    entered = {}
    for setting in kind.settings:
        value = settings.get(setting.name, "").strip() or setting.default
        if setting.is_credential:
            check_reference(value, setting.label)
        if setting.is_required and not value:
            raise Rejected(f"Enter a value: {setting.label} ({setting.name}).")
        if setting.choices and value not in ("", *setting.choices):
            raise Rejected(f"{setting.label} is one of: {', '.join(setting.choices)}.")
        if len(value) > MAX_VALUE:
            raise Rejected(f"{setting.label} has at most {MAX_VALUE:,} letters.")
        entered[setting.name] = value
    return entered


def cursor_identity(connector: Connector) -> str:
    """Digest of the settings that name what a cursor is a position in; empty if the kind has none of them."""
    names = [setting.name for setting in kind_table.find_kind(connector.kind).settings if setting.resets_cursor]
    values = [connector.settings.get(name, "") for name in names]
    return sha256(json.dumps(values).encode()).hexdigest()[:32] if names else ""


def _fields(contracts: ContractRegistry, access: ConnectionAccess, draft: ConnectorDraft) -> dict[str, Any]:
    """The fields that an admin enters, checked by the kind. Raises `Rejected`."""
    kind = kind_table.find_kind(draft.kind)
    settings = check_settings(kind, draft.settings)
    kind.open(settings, access).close()
    if not 1 <= draft.every_minutes <= MAX_MINUTES:
        raise Rejected(f"A connector runs every 1 to {MAX_MINUTES:,} minutes.")
    if draft.contract and draft.contract not in contracts.names():
        raise Rejected(f"There is no data source {draft.contract}.")
    return {
        "kind": kind.name,
        "settings": settings,
        "contract": draft.contract,
        "every_minutes": draft.every_minutes,
    }
