"""The tills of stores: their keys and tokens, and messages that are received from a file or in quarantine."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tillstream.app import App
from tillstream.commands.result import COMMAND_LINE, DONE, QUARANTINED, Progress, Result
from tillstream.commands.run_batch import exit_code, run_batch
from tillstream.intake import quarantined_messages, store_messages, store_sales
from tillstream.model.batch import Batch
from tillstream.model.errors import Rejected
from tillstream.people import store_credentials
from tillstream.people.store_credentials import StoreKey, StoreToken, TillSetup
from tillstream.receipts import receipt as receipts


@dataclass(frozen=True, kw_only=True)
class ListStoreKeys:
    """region, store: only the keys and tokens of these; empty: of all."""

    region: str = ""
    store: str = ""


@dataclass(frozen=True, kw_only=True)
class ConnectTill:
    """till: its name; empty: one is made. url: address of the portal for the till; empty: that of the settings."""

    region: str
    store: str
    till: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class ReplaceKey:
    """key: its ID. url: as in `ConnectTill`."""

    key: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class RevokeKey:
    """key: the ID of a key or a token."""

    key: str


@dataclass(frozen=True, kw_only=True)
class OfStore:
    """One store."""

    region: str
    store: str


def list_store_keys(app: App, progress: Progress, arguments: ListStoreKeys) -> Result:
    keys = [_key_row(key) for key in store_credentials.find_store_keys(app.ports)]
    tokens = [_store_token_row(token) for token in store_credentials.find_store_tokens(app.ports)]
    rows = [
        row
        for row in (*keys, *tokens)
        if arguments.region in {"", row["region"]} and arguments.store in {"", row["store_id"]}
    ]
    return Result(rows)


def connect_till(app: App, progress: Progress, arguments: ConnectTill) -> Result:
    app.contracts.check_regions([arguments.region])
    cutoff = app.contracts.cutoff(arguments.region)
    where = (_address(app, arguments.url), arguments.region, arguments.store, arguments.till)
    return Result(_setup_row(store_credentials.connect_till(app.ports, *where, COMMAND_LINE, cutoff)))


def replace_key(app: App, progress: Progress, arguments: ReplaceKey) -> Result:
    cutoff = app.contracts.cutoff(store_credentials.get_store_key(app.ports, arguments.key).region)
    url = _address(app, arguments.url)
    return Result(_setup_row(store_credentials.reconnect_till(app.ports, url, arguments.key, COMMAND_LINE, cutoff)))


def revoke_key(app: App, progress: Progress, arguments: RevokeKey) -> Result:
    if any(token.id == arguments.key for token in store_credentials.find_store_tokens(app.ports)):
        return Result(_store_token_row(store_credentials.revoke_store_token(app.ports, arguments.key, COMMAND_LINE)))
    return Result(_key_row(store_credentials.revoke_store_key(app.ports, arguments.key, COMMAND_LINE)))


def accept_unsigned(app: App, progress: Progress, arguments: OfStore) -> Result:
    accepted = store_credentials.accept_unsigned_messages(app.ports, arguments.region, arguments.store, COMMAND_LINE)
    shown = {"region": accepted.region, "store_id": accepted.store_id}
    return Result(shown | {"unsigned_by": accepted.unsigned_by, "unsigned_at": accepted.unsigned_at})


def _address(app: App, url: str) -> str:
    settings = app.settings
    return url.rstrip("/") or settings.public_url or f"http://127.0.0.1:{settings.port}"


def _key_row(key: StoreKey) -> dict[str, Any]:
    names = ("id", "region", "store_id", "till", "created_by", "created_at", "revoked_by", "revoked_at")
    shown = {name: value for name, value in asdict(key).items() if name in names}
    return {"kind": "key", **shown, "state": "revoked" if key.revoked_at else "active"}


def _store_token_row(token: StoreToken) -> dict[str, Any]:
    names = ("id", "region", "store_id", "created_by", "created_at", "last_used")
    shown = {name: value for name, value in asdict(token).items() if name in names}
    return {"kind": "token", **shown, "till": token.label, "state": "revoked" if token.revoked else "active"}


def _setup_row(setup: TillSetup) -> dict[str, Any]:
    return _key_row(setup.key) | {"token": setup.token.id, "setup_code": setup.code}


MAX_RECEIVED = 10_000
"""Maximum messages of the bus that are received at once."""


@dataclass(frozen=True, kw_only=True)
class TillMessages:
    """lines: line numbers of messages in the micro-batch `batch`."""

    batch: str
    lines: Sequence[int]
    reason: str


@dataclass(frozen=True, kw_only=True)
class TillExport:
    """file: what `till export` wrote."""

    file: str


def receive_till_messages(app: App, progress: Progress, arguments: TillExport) -> Result:
    """Receive the messages that a till exported, and settle them where no server does."""
    path = Path(arguments.file)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{path} cannot be read: {error}.") from error
    results = store_messages.receive_exported_messages(app.ports, text, path.name, COMMAND_LINE)
    _receive_now(app, progress)
    refused = [{"line": line} | result.to_json() for line, result in results if result.code]
    shown = {"messages": len(results), "accepted": len(results) - len(refused), "refused": refused}
    return Result(shown, QUARANTINED if refused else DONE)


def _receive_now(app: App, progress: Progress) -> None:
    """Receive what is published, unless a worker does."""
    while not app.has_worker and (
        batches := store_sales.receive_store_sales(app.ports, app.contracts, MAX_RECEIVED, 0)
    ):
        for batch in batches:
            run_batch(app, batch, progress)


def discard_till_messages(app: App, progress: Progress, arguments: TillMessages) -> Result:
    lines, reason = arguments.lines, arguments.reason
    return _settled(
        app, progress, quarantined_messages.discard_messages(app.ports, arguments.batch, lines, reason, COMMAND_LINE)
    )


def accept_till_messages(app: App, progress: Progress, arguments: TillMessages) -> Result:
    lines, reason = arguments.lines, arguments.reason
    correction = quarantined_messages.accept_messages(app.ports, arguments.batch, lines, reason, COMMAND_LINE)
    _receive_now(app, progress)
    return _settled(app, progress, correction)


def _settled(app: App, progress: Progress, correction: Batch) -> Result:
    run_batch(app, correction, progress)
    receipt = receipts.receipt(app.ports, correction.parent or "")
    return Result(receipt, exit_code(receipt))
