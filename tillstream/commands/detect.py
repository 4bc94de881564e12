"""`tillstream detect` and `tillstream contracts`: contracts are proposed, saved, listed, exported and changed."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, NotRequired, TypedDict

from tillstream.commands.declaration import Group, InputFile, Option, OutputFile, Terminal, write_file
from tillstream.commands.printing import amount_or_blank, echo, print_line, print_title, show_list
from tillstream.commands.result import COMMAND_LINE, DONE, HELD, Progress, Result
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected, TillstreamError
from tillstream.model.file_names import without_dates

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.model.contract import Contract

root = Group()

Rows = Sequence[Mapping[str, Any]]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
NO_SALES: "SalesTotals" = {"sale_count": 0, "line_count": 0, "net": "0"}


class Finding(TypedDict):
    about: str
    value: Any
    sure: str
    evidence: str
    lines: list[int]


class ColumnRow(TypedDict):
    name: str
    use: str
    roles: list[str]
    samples: list[str]
    filled: int
    sum: str | None


class WordMeaning(TypedDict):
    """A word of a column, how many rows have it, and what it means or could mean."""

    word: str
    key: str
    rows: int
    amount: str
    meaning: str
    choices: list[str]


class OpenQuestion(TypedDict):
    """A question about a file. none: what the answer `-` means. words: if it is about the words of a column."""

    key: str
    question: str
    choices: list[Any]
    default: Any
    evidence: str
    lines: list[int]
    none: str
    words: NotRequired[list[WordMeaning]]


class FirstLoad(TypedDict):
    sentences: list[str]


class ContractVersionRow(TypedDict):
    name: str
    version: int


class ProposalAnswer(TypedDict):
    """What a file has. contract: the proposed one, or that of `source`, which reads it."""

    file: str
    source: str
    contract: JsonObject
    rows_read: int
    findings: list[Finding]
    columns: list[ColumnRow]
    questions: list[OpenQuestion]
    first_load: FirstLoad | None
    unreadable: str
    saved: ContractVersionRow | None


class SalesTotals(TypedDict):
    currency: NotRequired[str]
    sale_count: int
    line_count: int
    net: str


class ReplayedFile(TypedDict):
    file: str
    batch_id: str
    status: NotRequired[str]


def show_proposal(data: ProposalAnswer, *, as_yaml: bool) -> None:
    if as_yaml:
        from tillstream.contracts.contract_files import data_to_yaml

        for question in data["questions"]:
            print_line(f"# open: {question['key']}: {question['question']}")
        print_line(data_to_yaml(data["contract"]).rstrip())
        return
    contract = data["contract"]
    what = f" · proposed contract {contract['name']}" if contract else ""
    if data["source"]:
        what = f" · contract {contract['name']}, version {contract['version']}"
    print_title(data["file"], f"{what} · {data['rows_read']:,} rows sampled")
    width = max((len(one["about"]) for one in data["findings"]), default=0)
    for one in data["findings"]:
        why = f"{one['sure']} · {one['evidence']}{_lines(one['lines'])}"
        print_line(f"  {one['about']:<{width}}  {_value(one['value'])} · {why}")
    _columns(data["columns"])
    for question in data["questions"]:
        _question(question)
    if data["first_load"]:
        print_line("figures of the whole file, to compare with those that you know")
        for sentence in data["first_load"]["sentences"]:
            print_line(f"  {sentence}")
    if data["unreadable"]:
        print_line(f"the contract cannot read the whole file: {data['unreadable']}")
    _next_step(data)


def _columns(columns: list[ColumnRow]) -> None:
    if columns:
        print_line("columns of the file, with the first values of the sampled rows")
    width = max((len(one["name"]) for one in columns), default=0)
    for one in columns:
        use = " and ".join(one["roles"]) or {"extra": "kept as extra"}.get(one["use"], one["use"])
        samples = ", ".join(f"“{sample}”" for sample in one["samples"]) or "no values"
        total = f" · sum {one['sum']}" if one["sum"] else ""
        print_line(f"  {one['name']:<{width}}  {use} · {samples} · {one['filled']:,} filled{total}")


def _value(value: str) -> str:
    return {"\t": "tab", " ": "blank"}.get(value, value)


def _lines(lines: list[int]) -> str:
    if not lines:
        return ""
    return f" ({'line' if len(lines) == 1 else 'lines'} {', '.join(map(str, lines))})"


def _question(one: OpenQuestion) -> None:
    key = f"{one['key']}.WORD" if "words" in one else one["key"]
    print_title(f"? {one['question']}", f" --answer {key}={'|'.join(map(_value, one['choices'])) or '…'}")
    if one["default"]:
        print_line(f"  usually {_value(one['default'])}")
    if one["evidence"]:
        print_line(f"  {one['evidence']}{_lines(one['lines'])}")
    if one["none"]:
        print_line(f"  {'--answer column.status=-' if 'words' in one else '-'} means: {one['none']}")
    for use in one.get("words", ()):
        rows = f"{use['rows']:,} {'row' if use['rows'] == 1 else 'rows'}"
        amount = f", together {use['amount']}" if use["amount"] else ""
        meaning = use["meaning"] or f"--answer {use['key']}={'|'.join(use['choices'])}"
        print_line(f"  {use['word'] or '(no word)'} · {rows}{amount} · {meaning}")


def _next_step(data: ProposalAnswer) -> None:
    count = len(data["questions"])
    if count:
        print_line(f"{count} {'question is' if count == 1 else 'questions are'} open. Answer with --answer KEY=VALUE.")
    elif data["saved"]:
        saved = data["saved"]
        print_line(
            f"Saved as contract {saved['name']}, version {saved['version']}: ingest FILE --region {saved['name']}"
        )
    elif data["source"]:
        name = data["source"]
        print_line(f"No question is open. To load the file, use ingest FILE --region {name}.")
    else:
        print_line("No question is open. To save the contract, use --save NAME; to print it, use --yaml.")


def show_contract(data: JsonObject) -> None:
    """Print a contract, one line per field; unset fields are omitted."""
    print_title(data["name"], f" · version {data['version']} · region {data['region']}")
    if data["description"]:
        print_line(data["description"])
    for name, value in data.items():
        if name not in {"name", "version", "region", "description"}:
            _field(name, value, "  ")


def show_whole_numbers(
    *,
    contract: str,
    contract_version: int,
    region: str,
    columns: dict[str, str],
    files: list[ReplayedFile],
    holds: Sequence[dict[str, str]] = (),
    before: Sequence[SalesTotals] = (),
    after: Sequence[SalesTotals] = (),
    changes: Mapping[str, int] = MappingProxyType({}),
    replayed: list[ReplayedFile] | None = None,
) -> None:
    """Print what a contract's rule for whole numbers changes, or has changed."""
    print_title(contract, f" · version {contract_version} · region {region}")
    for column, example in columns.items():
        print_line(f"  {column}: {example} is read as {example.rstrip('0')[:-1]}")
    for each in files if replayed is None else replayed:
        print_line(f"  {each['file']} · {each.get('status', 'to be replayed')} · {each['batch_id']}")
    if replayed is not None:
        return
    for hold in holds:
        print_line(f"  would be held: {hold['message']} ({hold['code']})")
    sides = [{row["currency"]: row for row in side} for side in (before, after)]
    for currency in sorted(sides[0].keys() | sides[1].keys()):
        sales = [side.get(currency, NO_SALES) for side in sides]
        print_line(f"  sales {sales[0]['sale_count']:,} → {sales[1]['sale_count']:,}")
        print_line(f"  lines {sales[0]['line_count']:,} → {sales[1]['line_count']:,}")
        net = [amount_or_blank(side["net"], currency) for side in sales]
        print_line(f"  net {net[0]} → {net[1]} {currency}")
    print_line("  all numbers: " + ", ".join(f"{count:,} {kind}" for kind, count in changes.items()))
    print_line("This is a preview. To save the new version and replay the files, use --yes.")


def show_exported_checks(*, name: str, version: int, file: str) -> None:
    print_line(f"The checks of {name}, version {version}, are written to {file}.")


def _field(name: str, value: Any, indent: str) -> None:
    if value in (None, "", [], {}):
        return
    if isinstance(value, dict):
        print_line(f"{indent}{name}:")
        for key, each in value.items():
            _field(key, each, f"{indent}  ")
    else:
        print_line(f"{indent}{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


@root.local("detect")
def detect_on_terminal(
    terminal: Terminal,
    file: InputFile,
    *,
    answers: Annotated[
        Mapping[str, str], Option("Answer a question by its key; can be repeated.", names=("--answer",))
    ],
    name: Annotated[
        str, Option("Save the contract under this name, unless a question is open.", names=("--save",))
    ] = "",
    as_yaml: Annotated[bool, Option("Print only the contract, as YAML.", names=("--yaml",))] = False,
) -> None:
    """Propose a contract for a file, with evidence and open questions; exits with 4 while a question is open.

    If contracts fit the file, asks for its source first; an answer to a question about the content means a new one.
    While a question is open, samples at most two megabytes of the file. Then reads all of it and prints its figures;
    --save prints them, and confirms them for the first load. If its region has sales already, a sample of the file is
    compared with them.
    """
    from tillstream.commands.dispatch import has_ledger

    search = (lambda **wanted: terminal.read("delivered-lines", **wanted)) if has_ledger(terminal.settings) else None
    try:
        result = detect(file, answers, name, terminal.settings.contracts, search)
    except TillstreamError as error:
        terminal.fail(str(error))
    result.data["saved"] = None
    if name and not result.code:
        result.data["saved"] = terminal.read("contracts-save", contract=result.data["contract"])
    terminal.print(result.data, lambda data: show_proposal(data, as_yaml=as_yaml))
    terminal.end(result.code)


def detect(
    file: str, answers: Mapping[str, str], name: str, own: Path, search: Callable[..., Rows] | None = None
) -> Result:
    """Return the proposed contract with evidence and open questions. own: the company's folder of contracts.

    search: runs the command `delivered-lines`; without it, the file is not compared with the ledger.

    Once no question is open, the whole file is read for its figures by that contract. If that fails, the contract
    cannot be saved: with a `name`, it is `Rejected`.
    Raises `Rejected` for an unreadable file or an invalid answer.
    """
    from tillstream.contracts import contract_files
    from tillstream.detection.answers import check_answers
    from tillstream.detection.evidence import DetectionLog
    from tillstream.review import contract_choice, questionnaire, sale_overlap

    check_answers(answers)
    if name and not NAME.fullmatch(name):
        raise Rejected(f"{name!r} is not a valid contract name. Use at most 60 letters, digits, - and _.")
    path = Path(file)
    contracts = contract_files.shipped_contracts() | contract_files.load_contract_folder(own)
    delivered = sale_overlap.command_lookup(search) if search else None
    log = DetectionLog(dict(answers))
    try:
        file_sample = questionnaire.sample_file(lambda: path.open("rb"), log)
    except OSError as error:
        raise Rejected(f"{path} cannot be read: {error.strerror}.") from error
    stem = without_dates(path.name.partition(".")[0])
    onboarding = contract_choice.ask_for_contract(file_sample, log, contracts, path.name)
    source = onboarding.contract.name if onboarding and onboarding.contract else None
    if name and source and name != source:
        raise Rejected(f"{path.name} is a file of {source}. Save it as {source}, or answer source=new.")
    onboarding = onboarding or questionnaire.questionnaire_of_sample(
        file_sample, log, name or stem, contracts.values(), delivered, path.name
    )
    data = onboarding.to_dict() | {"file": path.name, "source": source, "first_load": None, "unreadable": None}
    if onboarding.contract:
        _add_figures(data, path, onboarding.contract, must_read=bool(name))
    return Result(data, HELD if onboarding.questions else DONE)


def _add_figures(data: JsonObject, path: Path, contract: "Contract", *, must_read: bool) -> None:
    """Add the figures of the file, or why the contract cannot read it. must_read: that is an error."""
    try:
        data["first_load"] = _figures(path, contract)
    except Rejected as error:
        if must_read:
            raise
        data["unreadable"] = str(error)


def _figures(path: Path, contract: "Contract") -> dict[str, object]:
    from tillstream.pipeline.staging.figures import read_figures  # heavy, only needed once no question is open

    received = contract.dates.latest_day(datetime.now(UTC))
    figures = read_figures(lambda: path.open("rb"), contract, received, file=path.name)
    return figures.to_dict() | {"sentences": list(figures.sentences())}


@root.internal("delivered-lines")
def delivered_lines(
    app: "App", *, region: str, days: Sequence[str], sale_ids: Sequence[str], amounts: Sequence[str]
) -> Result:
    """Look up lines of a region by sale IDs and amounts, as `LineSearch`: days as 2026-12-31, amounts as 1.50."""
    from tillstream.review.sale_overlap import search_delivered_rows

    return Result(
        search_delivered_rows(app.ports.warehouse, region=region, days=days, sale_ids=sale_ids, amounts=amounts)
    )


@root.internal("contracts-save")
def save_contract(app: "App", *, contract: Mapping[str, object]) -> Result:
    """Save a contract in the company's folder, as the next version if it changed, and confirm its figures."""
    from tillstream.contracts import registry
    from tillstream.model.contract import parse_contract

    proposed = parse_contract(contract, "The proposed contract")
    is_current = app.contracts.all().get(proposed.name) == proposed
    saved = proposed if is_current else app.contracts.save(proposed, COMMAND_LINE)
    registry.confirm_contract(app.ports, saved.name, COMMAND_LINE)
    return Result({"name": saved.name, "version": saved.version})


@root.local("contracts")
def contracts_on_terminal(
    terminal: Terminal,
    name: str = "",
    *,
    schema: Annotated[bool, Option("Print the JSON schema of contracts, for editors that validate YAML.")] = False,
    pandera: Annotated[
        OutputFile, Option("Write the contract's checks to a .py or .yaml file as a pandera schema.")
    ] = "",
    frame: Annotated[
        str,
        Option(
            "The frames that the schema of --pandera checks; pandas needs a .py file.", choices=("polars", "pandas")
        ),
    ] = "polars",
    expectations: Annotated[
        OutputFile, Option("Write the contract's checks to a .json file as a suite of Great Expectations.")
    ] = "",
    whole_numbers: Annotated[
        bool,
        Option(
            "Read IDs such as 12557.0 as 12557: show what changes; with --yes, save a new version and replay the files."
        ),
    ] = False,
    yes: Annotated[bool, Option("Make the change of --whole-numbers.")] = False,
) -> None:
    """List the region contracts, or show one of them."""
    if schema:
        from tillstream.contracts.contract_files import contract_schema

        echo(contract_schema().rstrip("\n"))
        terminal.end()
    if (pandera or expectations or whole_numbers) and not name:
        option = "--pandera" if pandera else "--expectations" if expectations else "--whole-numbers"
        terminal.misuse(f"{option} needs the NAME of a contract.")
    if pandera and expectations:
        terminal.misuse("Use either --pandera or --expectations.")
    if yes and not whole_numbers:
        terminal.misuse("--yes belongs to --whole-numbers.")
    if whole_numbers:
        terminal.run(f"contracts-whole-numbers{'' if yes else '-preview'}", show_whole_numbers, name=name)
    if expectations:
        terminal.run("contracts-expectations", show_exported_checks, name=name, out=expectations)
    if pandera:
        terminal.run("contracts-pandera", show_exported_checks, name=name, out=pandera, frame=frame)
    terminal.run("contracts", show_contract if name else show_list, name=name)


@root.internal("contracts", reads=True)
def contracts(app: "App", *, name: str = "") -> Result:
    """name: only this one; empty: a summary of all."""
    if name:
        return Result(app.contracts.current(name).model_dump(mode="json"))
    shown = ("name", "version", "region", "currency", "description")
    current = [app.contracts.current(each) for each in app.contracts.names()]
    return Result([{column: getattr(contract, column) for column in shown} for contract in current])


@root.internal("contracts-pandera")
def contracts_pandera(app: "App", *, name: str, out: str, frame: str = "polars") -> Result:
    """Write the checks of a contract to a file as a pandera schema. Raises `Rejected` if it cannot be written."""
    from tillstream.pipeline.validating.schema_exports import SCHEMA_FORMATS

    contract = app.contracts.current(name)
    formats = SCHEMA_FORMATS[frame]
    write = formats.get(Path(out).suffix)
    if write is None:
        raise Rejected(f"{Path(out).name} must end with {' or '.join(formats)} for {frame} frames.")
    return _written(contract, out, write(contract))


@root.internal("contracts-expectations")
def contracts_expectations(app: "App", *, name: str, out: str) -> Result:
    """Write the checks of a contract as a suite of Great Expectations. Raises as `contracts_pandera`."""
    from tillstream.pipeline.validating.schema_exports import to_expectation_json

    if Path(out).suffix != ".json":
        raise Rejected(f"{Path(out).name} must end with .json.")
    contract = app.contracts.current(name)
    return _written(contract, out, to_expectation_json(contract))


def _written(contract: "Contract", out: str, content: str) -> Result:
    write_file(out, content.encode())
    return Result({"name": contract.name, "version": contract.version, "file": out})


@root.internal("contracts-whole-numbers-preview")
def preview_whole_numbers(app: "App", *, name: str) -> Result:
    """What the rule for whole numbers would change."""
    from tillstream.review import replay

    return Result(replay.preview_whole_numbers(app.ports, app.contracts, name), HELD)


@root.internal("contracts-whole-numbers")
def adopt_whole_numbers(app: "App", progress: Progress, *, name: str) -> Result:
    """Save the version, and replay the files together."""
    from tillstream.commands.run_batch import exit_code_of_all, stage_now
    from tillstream.pipeline.settling import settle
    from tillstream.receipts import receipt as receipts
    from tillstream.review import replay

    done, replayed = replay.adopt_whole_numbers(app.ports, app.contracts, name, COMMAND_LINE)
    for batch in replayed:
        stage_now(app, batch, progress)
    progress("settling")
    settle.settle_all(app.ports, app.contracts)
    results = [receipts.batch_receipt(app.ports, batch.batch_id) for batch in replayed]
    return Result(done | {"replayed": results}, exit_code_of_all(results))
