"""`tillstream accept`, `confirm`, `reject`, `replay` and `undo`: decisions on held and settled batches."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict

from tillstream.commands.declaration import Group, Option, Terminal
from tillstream.commands.ingest import ROW_COUNTS, ReceiptAnswer, count_or_blank, show_receipts
from tillstream.commands.printing import amount_or_blank, print_line, print_title
from tillstream.commands.result import COMMAND_LINE, HELD, Progress, Result
from tillstream.model.batch import Batch, BatchState

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.receipts.receipt import Receipt

root = Group()

AllAlike = Annotated[bool, Option("Also the other files of its sender that are held for the same reasons.")]


class NetOfRegion(TypedDict):
    region: str
    currency: str
    net: str


class UndoAnswer(TypedDict):
    """What an undo changes. changes: none if the batch is too large for a preview. before, after: only in previews."""

    file: str
    changes: dict[str, int | None]
    before: NotRequired[list[NetOfRegion]]
    after: NotRequired[list[NetOfRegion]]
    requested: NotRequired[bool]


def show_replay_preview(
    *, before: ReceiptAnswer, after: ReceiptAnswer, file: str, received: dict[str, str], changes: dict[str, int]
) -> None:
    versions = [f"{side['contract'] or 'no contract'} version {side['contract_version']}" for side in (before, after)]
    print_title(file, f" · {versions[0]} → {versions[1]}")
    times = [f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M:%S} UTC" for at in received.values()]
    if times[0] != times[1]:
        print_line(f"  received at {times[0]} → {times[1]}")
    for name in ("read", *ROW_COUNTS):
        sides = ["…" if side["rows"][name] is None else f"{side['rows'][name]:,}" for side in (before, after)]
        print_line(f"  {name:<12}{sides[0]:>12} → {sides[1]}")
    net = [{row["currency"]: row["net"] for row in side["amounts"]} for side in (before, after)]
    for currency in sorted({*net[0], *net[1]}):
        sides = [amount_or_blank(side.get(currency, "0"), currency) for side in net]
        print_line(f"  net {sides[0]} → {sides[1]} {currency}")
    for hold in after["holds"]:
        print_line(f"  would be held: {hold['message']} ({hold['code']})")
    if after["error"]:
        print_line(f"  would be rejected: {after['error']}")
    if changes:
        print_line("  all numbers: " + ", ".join(f"{count:,} {kind}" for kind, count in changes.items()))
    print_line("This is a preview. To replay the file, run the command without --preview.")


def show_undo(data: UndoAnswer) -> None:
    if not data["changes"]:
        return
    changes = ", ".join(f"{count_or_blank(count)} {kind}" for kind, count in data["changes"].items())
    print_line(f"{data['file']}: {changes}.")
    after = {(row["region"], row["currency"]): row for row in data.get("after", [])}
    for row in data.get("before", []):
        then = after.get((row["region"], row["currency"]))
        if then is None or then["net"] != row["net"]:
            net, now = (amount_or_blank(text, row["currency"]) for text in (row["net"], then["net"] if then else "0"))
            print_line(f"  {row['region']}: net {net} → {now} {row['currency']}")


def show_undo_preview(data: UndoAnswer) -> None:
    show_undo(data)
    if not data["changes"]:
        print_line(f"{data['file']} is too large for a preview.")
    print_line("This is a preview. To undo the batch, use --yes.")


def show_undone(data: UndoAnswer) -> None:
    show_undo(data)
    if data.get("requested"):
        print_line(f"{data['file']} is being undone. Because it is large, this takes some minutes.")
    else:
        print_line(f"{data['file']} is undone.")


def _is_one_way(values: Mapping[str, Any]) -> str:
    if not (values["as_new"] and values["contract"]):
        return ""
    return "--as-new and --region cannot be combined: --as-new uses the original contract."


@root.command("confirm", show_receipts, check=_is_one_way)
def confirm(
    app: "App",
    progress: Progress,
    batch: str,
    *,
    as_new: Annotated[bool, Option("Treat a file with known content as a new file.")] = False,
    contract: Annotated[str, Option("The contract of the held file.", names=("--region",))] = "",
    all: AllAlike = False,
) -> Result:
    """Release a held batch, or choose its contract."""
    from tillstream.review import held_batches

    def decide(held: str) -> Batch:
        if contract:
            return held_batches.assign_contract(app.ports, app.contracts, held, contract, COMMAND_LINE)
        return held_batches.confirm_batch(app.ports, held, COMMAND_LINE, as_new=as_new)

    return _read(app, progress, _decide(app, batch, decide, all_alike=all))


@root.command("accept", show_receipts)
def accept(
    app: "App",
    progress: Progress,
    batch: str,
    *,
    all: AllAlike = False,
) -> Result:
    """Save the contract version proposed for a held file, and read the file with it."""
    from tillstream.review import held_batches

    def decide(held: str) -> Batch:
        return held_batches.accept_proposal(app.ports, app.contracts, held, COMMAND_LINE)

    return _read(app, progress, _decide(app, batch, decide, all_alike=all))


@root.command("reject", show_receipts)
def reject(
    app: "App",
    batch: str,
    *,
    reason: Annotated[str, Option("The reason, stored with the batch.")] = "",
    all: AllAlike = False,
) -> Result:
    """Reject a held batch permanently; the original file is kept."""
    from tillstream.receipts import receipt as receipts
    from tillstream.review import held_batches

    def decide(held: str) -> Batch:
        return held_batches.reject_batch(app.ports, held, COMMAND_LINE, reason)

    rejected = _decide(app, batch, decide, all_alike=all)
    return Result(_one_or_all([receipts.batch_receipt(app.ports, one.batch_id) for one in rejected]))


@root.local("replay")
def replay_on_terminal(
    terminal: Terminal,
    batch: str,
    *,
    contract: Annotated[str, Option("Read the file with another contract.", names=("--region",))] = "",
    received: Annotated[
        str, Option("When the file was received, if the clock was wrong: 2026-11-20 09:30 (UTC).", metavar="TIME")
    ] = "",
    preview: Annotated[
        bool, Option("Show what would change without storing anything.", names=("--preview", "--dry-run"))
    ] = False,
) -> None:
    """Read a kept original and its corrections again; the new batch replaces the old one."""
    name, show = ("replay-preview", show_replay_preview) if preview else ("replay", show_receipts)
    terminal.run(name, show, batch=batch, contract=contract, received=received)


@root.internal("replay")
def replay_batch(app: "App", progress: Progress, *, batch: str, contract: str = "", received: str = "") -> Result:
    """Replay a batch."""
    from tillstream.commands.run_batch import exit_code, run_batch
    from tillstream.review import replay

    new = replay.replay_batch(app.ports, app.contracts, batch, contract or None, COMMAND_LINE, received=received)
    receipt = run_batch(app, new, progress)
    return Result(receipt, exit_code(receipt))


@root.internal("replay-preview")
def replay_previewed(app: "App", *, batch: str, contract: str = "", received: str = "") -> Result:
    """What a replay would change."""
    from tillstream.commands.run_batch import exit_code
    from tillstream.review import settlement_previews

    preview = settlement_previews.preview_replay(app.ports, app.contracts, batch, contract or None, received=received)
    return Result(preview, exit_code(preview["after"]))


@root.local("undo")
def undo_on_terminal(
    terminal: Terminal, batch: str, *, yes: Annotated[bool, Option("Do not ask for confirmation.")] = False
) -> None:
    """Undo a settled batch and its corrections, after a preview.

    Not possible while the batch is being replayed: wait until the replay is finished, or confirm or reject it first.
    """
    if not yes:
        if not terminal.is_interactive:
            terminal.run("undo-preview", show_undo_preview, batch=batch)
        show_undo(terminal.read("undo-preview", batch=batch))
        terminal.confirm("Undo this batch?")
    terminal.run("undo", show_undone, batch=batch)


@root.internal("undo")
def undo_batch(app: "App", *, batch: str) -> Result:
    """Undo a batch."""
    from tillstream.review import undo

    return Result(undo.undo_batch(app.ports, batch, COMMAND_LINE))


@root.internal("undo-preview")
def undo_preview(app: "App", *, batch: str) -> Result:
    """What an undo would change."""
    from tillstream.review import undo

    return Result(undo.preview_undo(app.ports, batch), HELD)


def _decide(app: "App", batch: str, decide: Callable[[str], Batch], *, all_alike: bool) -> list[Batch]:
    from tillstream.records import batch_records
    from tillstream.review.held_batches import decide_alike, find_held_alike

    upload = batch_records.get_batch(app.ports, batch)
    return decide_alike(upload, find_held_alike(app.ports, upload) if all_alike else (), decide)


def _read(app: "App", progress: Progress, decided: Sequence[Batch]) -> Result:
    """Stage those that are to be read again, and settle all."""
    from tillstream.commands.run_batch import exit_code_of_all, run_batch, stage_now
    from tillstream.pipeline.settling import settle
    from tillstream.receipts import receipt as receipts

    for upload in decided:
        if upload.state is BatchState.RECEIVED:
            stage_now(app, upload, progress)
    progress("settling")
    settle.settle_all(app.ports, app.contracts)
    read = []
    for upload in decided:
        receipt = receipts.batch_receipt(app.ports, upload.batch_id)
        expired = receipt["status"] == BatchState.RECEIVED  # its staged rows had expired
        read.append(run_batch(app, upload, progress) if expired else receipt)
    return Result(_one_or_all(read), exit_code_of_all(read))


def _one_or_all(read: "list[Receipt]") -> Any:
    return read[0] if len(read) == 1 else read
