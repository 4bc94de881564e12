"""`tillstream ingest`, `receipts`, `quarantine`, `fix` and `demo`: files, their receipts and corrections."""

import shlex
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict

from tillstream.commands.declaration import Group, InputFile, Option, OutputFile, Terminal
from tillstream.commands.printing import amount_or_blank, count_words, print_line, print_title
from tillstream.commands.result import COMMAND_LINE, DONE, QUARANTINED, Progress, Result
from tillstream.model.batch import BatchKind, BatchState
from tillstream.model.errors import NotFound, Rejected

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.receipts.receipt import ReceiptProblem, ReceiptProposal, RowToFix

root = Group()

ROW_COUNTS = ("new", "corrected", "duplicate", "quarantined", "blank", "ignored")


class AmountsAnswer(TypedDict):
    currency: str
    net: str | None
    gross: str | None


class ImportedAnswer(TypedDict):
    currency: str
    lines: int
    revenue: str


class ReceiptAnswer(TypedDict):
    """A receipt whose amounts are texts, or why there is none: then it has a file, a contract, a state and an error."""

    batch_id: NotRequired[str]
    file: str
    contract: str
    contract_version: NotRequired[int]
    status: str
    holds: NotRequired[list[dict[str, str]]]
    proposal: "NotRequired[ReceiptProposal]"
    error: NotRequired[str]
    rows: NotRequired[dict[str, int | None]]
    amounts: NotRequired[list[AmountsAnswer]]
    imported_before: NotRequired[list[ImportedAnswer]]
    problems: "NotRequired[list[ReceiptProblem]]"


def show_receipts(data: Any) -> None:
    for receipt in data if isinstance(data, list) else [data]:
        _receipt(receipt)


def _receipt(receipt: ReceiptAnswer) -> None:
    batch = receipt.get("batch_id", "nothing stored")
    print_title(receipt["file"], f" · {receipt['contract'] or 'no contract yet'} · {receipt['status']} · {batch}")
    for hold in receipt.get("holds", []):
        print_line(f"  held: {hold['message']} ({hold['code']})")
    if proposal := receipt.get("proposal"):
        print_line(
            f"  proposed: version {proposal['version']} of {proposal['contract']}; `accept` saves it and reads the "
            "file with it"
        )
        for change in proposal["changes"]:
            print_line(f"    {change}")
    if receipt.get("error"):
        print_line(f"  {receipt['error']}")
    rows = receipt.get("rows")
    if rows and (rows["read"] or rows["new"] is not None):
        parts = " + ".join(f"{count_or_blank(rows[name])} {name}" for name in ROW_COUNTS)
        print_line(f"  {count_or_blank(rows['read'])} rows read = {parts}")
        if not rows["read"]:
            print_line("  The file has a header but no rows.")
    for amount in receipt.get("amounts", []):
        net, gross = (amount_or_blank(amount[name], amount["currency"]) for name in ("net", "gross"))
        repeated = (
            f", with {rows['duplicate']:,} duplicate rows, which count once" if rows and rows["duplicate"] else ""
        )
        print_line(f"  net {net} {amount['currency']}" + (f", gross {gross}" if gross else "") + repeated)
    for one in receipt.get("imported_before", []):
        revenue = amount_or_blank(one["revenue"], one["currency"])
        print_line(f"  imported before: revenue {revenue} {one['currency']} in {one['lines']:,} lines")
    for problem in receipt.get("problems", []):
        where = f", first on line {problem['first_line']}" if problem["first_line"] else ""
        column = f" in {problem['column']}" if problem["column"] else ""
        print_line(f"  {problem['severity']}: {problem['code']}{column}, {count_or_blank(problem['count'])} ×{where}")


def count_or_blank(number: int | None) -> str:
    return "…" if number is None else f"{number:,}"


def show_refused(*, rows: "list[RowToFix]", file: str) -> None:
    for row in rows:
        print_title(f"line {row['line_number']}", f"  {row['raw']}")
        for problem in row["problems"]:
            print_line(f"  {problem['message']} {problem['remedy']}")
    print_line(f"{file} has {count_words(len(rows), 'row', 'rows')} to fix.")


@root.command("ingest", show_receipts, sized="files")
def ingest(
    app: "App",
    progress: Progress,
    files: Sequence[InputFile],
    *,
    contract: Annotated[
        str, Option("The contract of the files; without it, those that fit are offered.", names=("--region",))
    ] = "",
    dry: Annotated[bool, Option("Show the receipts without storing anything.", names=("--dry-run",))] = False,
) -> Result:
    """Ingest files, settle them and print their receipts."""
    from tillstream.commands.run_batch import exit_code_of_all
    from tillstream.records import sales_loads

    _check_contract(app, files, contract)
    receipts = []
    is_set = len(files) > 1 and not dry
    with sales_loads.loading(app.ports, "ingest") if is_set else nullcontext():
        for file in files:
            receipts.append(ingest_file(app, progress, Path(file), contract, dry=dry))
            progress("files")
    return Result(receipts[0] if len(receipts) == 1 else receipts, exit_code_of_all(receipts))


def show_demo(*, files: list[ReceiptAnswer], accounts: list[dict[str, str]]) -> None:
    """The receipts of the sample files, and the accounts with their passwords."""
    show_receipts(files)
    for person in accounts:
        print_line(f"Sign in as {person['login']} ({person['role']}) with the password {person['password']}")


@root.local("demo")
def demo_on_terminal(
    terminal: Terminal,
    *,
    scale: Annotated[float, Option("Size of the samples; 1 is about 200,000 lines.", least=0, is_open=True)] = 1.0,
) -> None:
    """Write the sample regions' files, load them, and print an account of each role; --json creates no accounts."""
    show = show_receipts if terminal.is_json else show_demo
    terminal.run("demo", show, scale=scale, accounts=not terminal.is_json)


@root.internal("demo")
def demo(app: "App", progress: Progress, *, scale: float = 1.0, accounts: bool = False) -> Result:
    """Load the samples. accounts: also create an account for each role that has none."""
    from tillstream.commands.demo_shop.loading import load_demo

    return load_demo(app, progress, scale, accounts=accounts)


@root.command("receipts", show_receipts, reads=True)
def receipts(
    app: "App", batch: str = "", *, limit: Annotated[int, Option("Maximum number of receipts.", least=1)] = 50
) -> Result:
    """Show the receipt of one batch, or the newest receipts."""
    from tillstream.commands.run_batch import exit_code
    from tillstream.receipts.receipt import batch_receipt
    from tillstream.records import batch_records

    if batch:
        receipt = batch_receipt(app.ports, batch)
        return Result(receipt, exit_code(receipt))
    newest = batch_records.find_batches(app.ports, kind=None, limit=limit)
    uploads = [upload for upload in newest if upload.kind is not BatchKind.CORRECTION]
    return Result([batch_receipt(app.ports, upload.batch_id) for upload in uploads])


@root.command("quarantine", show_refused, reads=True)
def quarantine(
    app: "App",
    batch: str,
    *,
    out: Annotated[OutputFile, Option("Write the rows to a file for `fix`.", names=("--csv",))] = "",
) -> Result:
    """Show the rows to fix of a batch with their problems and remedies."""
    from tillstream.receipts import original_rows
    from tillstream.receipts.receipt import rejected_rows
    from tillstream.records import batch_records

    upload = batch_records.get_batch(app.ports, batch)
    if out:
        try:
            with Path(out).open("wb") as file:
                file.writelines(original_rows.rejected_rows_csv(app.ports, batch))
        except OSError as error:
            raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    rows = original_rows.add_raw_text(app.ports, upload, rejected_rows(app.ports, batch))
    return Result({"batch_id": batch, "file": upload.file, "rows": rows}, QUARANTINED if rows else DONE)


@root.command("fix", show_receipts)
def fix_rows(
    app: "App", progress: Progress, batch: str, file: Annotated[InputFile, Option(names=("corrected",))]
) -> Result:
    """Submit rejected rows: corrected, accepted unchanged (_accept=yes) or discarded (_discard=reason)."""
    from tillstream.commands.run_batch import exit_code, run_batch
    from tillstream.receipts.receipt import batch_receipt
    from tillstream.records import batch_records
    from tillstream.review import correction_submission

    path = Path(file)
    with path.open("rb") as stream:
        correction = correction_submission.submit_correction(app.ports, batch, path.name, stream, COMMAND_LINE)
    run_batch(app, correction, progress)
    current = batch_records.get_batch(app.ports, correction.batch_id)
    if current.state is BatchState.REJECTED:
        raise Rejected(current.error)
    receipt = batch_receipt(app.ports, batch)
    return Result(receipt, exit_code(receipt))


def _check_contract(app: "App", files: Sequence[str], contract: str) -> None:
    try:
        app.contracts.current(contract)
    except NotFound as error:
        words = str(error) if contract else "Name the contract of the files with `--region`."
        offers = [_offer(app, Path(file)) for file in files[:1]]
        raise NotFound(" ".join([words, *offers]).strip()) from None


def _offer(app: "App", path: Path) -> str:
    """The contracts that can read a file, by its content, and the command that imports it.

    Empty if the file cannot be read.
    """
    from tillstream.pipeline.matching.match_contract import read_sample  # heavy, only needed here
    from tillstream.review import contract_choice

    try:
        file_sample = read_sample(lambda: path.open("rb"))
    except (OSError, Rejected):
        return ""
    choice = contract_choice.contract_candidates(
        file_sample, contract_choice.rank_contracts(file_sample, app.contracts.all().values()), path.name
    )
    names = [one.contract.name for one in choice.candidates]
    file = shlex.quote(str(path))
    if not names:
        return f"None can read {path.name}. To set one up, run `tillstream detect {file} --save NAME`."
    others = "" if len(names) == 1 else ", or with another of these"
    command = f"tillstream ingest {file} --region {shlex.quote(choice.likely or names[0])}"
    return f"{path.name} can be read with {', '.join(names)}. Run `{command}`{others}."


def ingest_file(app: "App", progress: Progress, path: Path, name: str, *, dry: bool = False) -> Mapping[str, Any]:
    from tillstream.commands.run_batch import run_batch
    from tillstream.intake import inbox
    from tillstream.review import settlement_previews

    contract = app.contracts.pin(name)
    try:
        with path.open("rb") as stream:
            if dry:
                return settlement_previews.dry_run_file(app.ports, app.contracts, contract, path.name, stream)
            upload = inbox.receive_file(
                app.ports, contract, path.name, stream, COMMAND_LINE, lambda size: progress("bytes", size)
            )
    except OSError as error:
        return _failed(path.name, contract.name, f"{path} cannot be read: {error.strerror}.")
    except Rejected as error:
        return _failed(path.name, contract.name, str(error))
    return run_batch(app, upload, progress)


def _failed(file: str, contract: str, error: str) -> dict[str, str]:
    return {"status": BatchState.REJECTED.value, "file": file, "contract": contract, "error": error}
