"""Manage the keys and tokens with which the tills of stores send sales, as the page Stores' tills does."""

from dataclasses import asdict, dataclass
from typing import Any

from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE
from tillstream.people import store_credentials
from tillstream.people.store_credentials import StoreKey, StoreToken, TillSetup


@dataclass(frozen=True, kw_only=True)
class Stores:
    """region, store: only the keys and tokens of these; empty: of all."""

    region: str = ""
    store: str = ""


@dataclass(frozen=True, kw_only=True)
class Connect:
    """till: its name; empty: one is made. url: address of the portal for the till; empty: that of the settings."""

    region: str
    store: str
    till: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Replace:
    """key: its ID. url: as in `Connect`."""

    key: str
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Revoke:
    """key: the ID of a key or a token."""

    key: str


@dataclass(frozen=True, kw_only=True)
class OfStore:
    """One store."""

    region: str
    store: str


def stores(app: App, progress: Progress, arguments: Stores) -> Result:
    keys = [_key(key) for key in store_credentials.find_store_keys(app.ports)]
    tokens = [_token(token) for token in store_credentials.find_store_tokens(app.ports)]
    rows = [
        row
        for row in (*keys, *tokens)
        if arguments.region in {"", row["region"]} and arguments.store in {"", row["store_id"]}
    ]
    return Result(rows)


def connect(app: App, progress: Progress, arguments: Connect) -> Result:
    app.contracts.check_regions([arguments.region])
    cutoff = app.contracts.cutoff(arguments.region)
    where = (_address(app, arguments.url), arguments.region, arguments.store, arguments.till)
    return Result(_setup(store_credentials.connect_till(app.ports, *where, COMMAND_LINE, cutoff)))


def replace(app: App, progress: Progress, arguments: Replace) -> Result:
    cutoff = app.contracts.cutoff(store_credentials.get_store_key(app.ports, arguments.key).region)
    url = _address(app, arguments.url)
    return Result(_setup(store_credentials.reconnect_till(app.ports, url, arguments.key, COMMAND_LINE, cutoff)))


def revoke(app: App, progress: Progress, arguments: Revoke) -> Result:
    if any(token.id == arguments.key for token in store_credentials.find_store_tokens(app.ports)):
        return Result(_token(store_credentials.revoke_store_token(app.ports, arguments.key, COMMAND_LINE)))
    return Result(_key(store_credentials.revoke_store_key(app.ports, arguments.key, COMMAND_LINE)))


def accept_unsigned(app: App, progress: Progress, arguments: OfStore) -> Result:
    accepted = store_credentials.accept_unsigned_messages(app.ports, arguments.region, arguments.store, COMMAND_LINE)
    shown = {"region": accepted.region, "store_id": accepted.store_id}
    return Result(shown | {"unsigned_by": accepted.unsigned_by, "unsigned_at": accepted.unsigned_at})


def _address(app: App, url: str) -> str:
    settings = app.settings
    return url.rstrip("/") or settings.public_url or f"http://127.0.0.1:{settings.port}"


def _key(key: StoreKey) -> dict[str, Any]:
    names = ("id", "region", "store_id", "till", "created_by", "created_at", "revoked_by", "revoked_at")
    shown = {name: value for name, value in asdict(key).items() if name in names}
    return {"kind": "key", **shown, "state": "revoked" if key.revoked_at else "active"}


def _token(token: StoreToken) -> dict[str, Any]:
    names = ("id", "region", "store_id", "created_by", "created_at", "last_used")
    shown = {name: value for name, value in asdict(token).items() if name in names}
    return {"kind": "token", **shown, "till": token.label, "state": "revoked" if token.revoked else "active"}


def _setup(setup: TillSetup) -> dict[str, Any]:
    return _key(setup.key) | {"token": setup.token.id, "setup_code": setup.code}
