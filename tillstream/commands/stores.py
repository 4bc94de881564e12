"""`tillstream stores …`: the keys and tokens of tills, and messages that are received from a file or in quarantine."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

from tillstream.commands.declaration import Group, InputFile, Option
from tillstream.commands.ingest import show_receipts
from tillstream.commands.printing import print_line, print_title, show_each
from tillstream.commands.result import COMMAND_LINE, DONE, QUARANTINED, Progress, Result
from tillstream.model.batch import Batch
from tillstream.model.errors import Rejected

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.people.store_credentials import StoreKey, StoreToken, TillSetup

stores = Group("stores", "Manage the keys and tokens of the tills of stores, and their messages to fix.")

Lines = Annotated[
    Sequence[int],
    Option("A message: its line number, as `quarantine` shows it; can be repeated.", names=("--line",), least=1),
]
Reason = Annotated[str, Option("The reason, stored with the decision.")]
PortalAddress = Annotated[str, Option("The address of the portal for the till; default: that of the settings.")]
MAX_RECEIVED = 10_000
"""Maximum messages of the bus that are received at once."""


class RefusedMessage(TypedDict):
    line: int
    id: str
    code: str
    detail: str


def show_store_key(
    *,
    till: str,
    id: str,
    kind: str,
    region: str,
    store_id: str,
    state: str,
    created_at: str,
    created_by: str,
    revoked_by: str = "",
    last_used: str | None = None,
    revoked_at: str = "",
    setup_code: str = "",
) -> None:
    till = f" · {till}" if till else ""
    print_title(id, f" · {kind} of {region}/{store_id}{till} · {state}")
    last = f", last used {last_used or 'never'}" if last_used is not None else ""
    print_line(f"  created {created_at} by {created_by}{last}")
    if revoked_at:
        print_line(f"  revoked {revoked_at} by {revoked_by}")
    if setup_code:
        print_line(f"Setup code, shown only once: {setup_code}")


show_store_keys = show_each(show_store_key, "No till is connected.")


def show_unsigned_store(*, region: str, store_id: str, unsigned_at: str) -> None:
    print_line(f"{region}/{store_id} accepts unsigned messages again since {unsigned_at}.")


def show_received_messages(*, accepted: int, messages: int, refused: list[RefusedMessage]) -> None:
    print_line(f"{accepted} of {messages} messages are accepted.")
    for one in refused:
        print_line(f"  line {one['line']} {one['id']}: {one['code']}: {one['detail']}")


@stores.command("list", show_store_keys)
def list_store_keys(
    app: "App",
    *,
    region: Annotated[str, Option("Only this region.")] = "",
    store: Annotated[str, Option("Only this store.")] = "",
) -> Result:
    """List the keys of stores, then their tokens, newest first."""
    from tillstream.people import store_credentials

    keys = [_key_row(key) for key in store_credentials.find_store_keys(app.ports)]
    tokens = [_store_token_row(token) for token in store_credentials.find_store_tokens(app.ports)]
    rows = [row for row in (*keys, *tokens) if region in {"", row["region"]} and store in {"", row["store_id"]}]
    return Result(rows)


@stores.command("connect", show_store_key)
def connect_till(
    app: "App",
    region: str,
    store: str,
    *,
    till: Annotated[str, Option("The name of the till; default: one is made.")] = "",
    url: PortalAddress = "",
) -> Result:
    """Create the token and the key of a till; its setup code is shown only once.

    From its first key on, a store accepts signed messages only.
    """
    from tillstream.people import store_credentials

    app.contracts.check_regions([region])
    cutoff = app.contracts.cutoff(region)
    where = (_address(app, url), region, store, till)
    return Result(_setup_row(store_credentials.connect_till(app.ports, *where, COMMAND_LINE, cutoff)))


@stores.command("replace", show_store_key)
def replace_key(
    app: "App",
    key: str,
    *,
    url: PortalAddress = "",
) -> Result:
    """Create a new token and key for the till of the key with this ID; the old ones stay valid until revoked."""
    from tillstream.people import store_credentials

    cutoff = app.contracts.cutoff(store_credentials.get_store_key(app.ports, key).region)
    setup = store_credentials.reconnect_till(app.ports, _address(app, url), key, COMMAND_LINE, cutoff)
    return Result(_setup_row(setup))


@stores.command("revoke", show_store_key)
def revoke_key(app: "App", key: str) -> Result:
    """Revoke the key or the token with this ID."""
    from tillstream.people import store_credentials

    if any(token.id == key for token in store_credentials.find_store_tokens(app.ports)):
        return Result(_store_token_row(store_credentials.revoke_store_token(app.ports, key, COMMAND_LINE)))
    return Result(_key_row(store_credentials.revoke_store_key(app.ports, key, COMMAND_LINE)))


@stores.command("accept-unsigned", show_unsigned_store)
def accept_unsigned(app: "App", region: str, store: str) -> Result:
    """Accept unsigned messages again of a store whose keys are all revoked, until it gets a new key."""
    from tillstream.people import store_credentials

    accepted = store_credentials.accept_unsigned_messages(app.ports, region, store, COMMAND_LINE)
    shown = {"region": accepted.region, "store_id": accepted.store_id}
    return Result(shown | {"unsigned_by": accepted.unsigned_by, "unsigned_at": accepted.unsigned_at})


@stores.command("receive", show_received_messages)
def receive_till_messages(app: "App", progress: Progress, file: InputFile) -> Result:
    """Receive the messages that `till export` wrote to a file, as if the till had sent them.

    Signatures are verified as usual. If the till sends the messages as well, each sale counts once.
    """
    from tillstream.intake import store_messages

    path = Path(file)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{path} cannot be read: {error}.") from error
    results = store_messages.receive_exported_messages(app.ports, text, path.name, COMMAND_LINE)
    _receive_now(app, progress)
    refused = [{"line": line} | result.to_json() for line, result in results if result.code]
    shown = {"messages": len(results), "accepted": len(results) - len(refused), "refused": refused}
    return Result(shown, QUARANTINED if refused else DONE)


@stores.command("discard", show_receipts)
def discard_till_messages(
    app: "App",
    progress: Progress,
    batch: str,
    *,
    lines: Lines,
    reason: Reason,
) -> Result:
    """Discard messages to fix, each whole; their tills list them as discarded.

    A sale is corrected where it was made, and sent again with a higher version.
    """
    from tillstream.intake import quarantined_messages

    return _settled(app, progress, quarantined_messages.discard_messages(app.ports, batch, lines, reason, COMMAND_LINE))


@stores.command("accept", show_receipts)
def accept_till_messages(
    app: "App",
    progress: Progress,
    batch: str,
    *,
    lines: Lines,
    reason: Reason,
) -> Result:
    """Accept messages whose key is revoked or unknown, or whose currency or country is new, as those of their store."""
    from tillstream.intake import quarantined_messages

    correction = quarantined_messages.accept_messages(app.ports, batch, lines, reason, COMMAND_LINE)
    _receive_now(app, progress)
    return _settled(app, progress, correction)


def _address(app: "App", url: str) -> str:
    settings = app.settings
    return url.rstrip("/") or settings.public_url or f"http://127.0.0.1:{settings.port}"


def _key_row(key: "StoreKey") -> dict[str, object]:
    names = ("id", "region", "store_id", "till", "created_by", "created_at", "revoked_by", "revoked_at")
    shown = {name: value for name, value in asdict(key).items() if name in names}
    return {"kind": "key", **shown, "state": "revoked" if key.revoked_at else "active"}


def _store_token_row(token: "StoreToken") -> dict[str, object]:
    names = ("id", "region", "store_id", "created_by", "created_at", "last_used")
    shown = {name: value for name, value in asdict(token).items() if name in names}
    return {"kind": "token", **shown, "till": token.label, "state": "revoked" if token.revoked else "active"}


def _setup_row(setup: "TillSetup") -> dict[str, object]:
    return _key_row(setup.key) | {"token": setup.token.id, "setup_code": setup.code}


def _receive_now(app: "App", progress: Progress) -> None:
    """Receive what is published, unless a worker does."""
    from tillstream.commands.run_batch import run_batch
    from tillstream.intake import store_sales

    while not app.has_worker and (
        batches := store_sales.receive_store_sales(app.ports, app.contracts, MAX_RECEIVED, 0)
    ):
        for batch in batches:
            run_batch(app, batch, progress)


def _settled(app: "App", progress: Progress, correction: Batch) -> Result:
    from tillstream.commands.run_batch import exit_code, run_batch
    from tillstream.receipts import receipt as receipts

    run_batch(app, correction, progress)
    receipt = receipts.batch_receipt(app.ports, correction.parent or "")
    return Result(receipt, exit_code(receipt))
