"""The command line of a till: `tillstream-till`, and `tillstream till` of the product."""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from typing import Any, TextIO

from tillstream_till import __version__, output
from tillstream_till.command_table import COMMANDS, DESCRIPTION
from tillstream_till.errors import CannotStore, InvalidSale, TillError
from tillstream_till.folder import Options, default_folder
from tillstream_till.reports import SendReport
from tillstream_till.till import Till

DONE, FAILED, USAGE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: list[str] | None = None, program: str = "tillstream-till") -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    values = vars(parser(program).parse_args(arguments))
    return run(values.pop("command"), values)


def script() -> None:
    """Entry point of the installed command."""
    sys.exit(main())


def parser(program: str) -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog=program, description=DESCRIPTION)
    root.add_argument("--version", action="version", version=__version__)
    # with `prog`, no help has to be formatted to find it
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND", prog=program)
    for command in COMMANDS:
        each = commands.add_parser(command.name, help=command.help, description=command.help)
        for argument in command.arguments:
            optional = {} if argument.default is None else {"nargs": "?", "default": argument.default}
            each.add_argument(argument.name, metavar=argument.name.upper(), **optional)  # type: ignore[arg-type]
        for option in command.all_options:
            if option.metavar:
                each.add_argument(option.name, help=option.help, metavar=option.metavar, default=option.default)
            else:
                each.add_argument(option.name, help=option.help, action="store_true")
    return root


Entered = dict[str, Any]
"""What was entered, by the name of the option."""


def run(command: str, values: Entered) -> int:
    """Run a command with the values of its arguments and options; return the exit code."""
    folder = Path(values.get("folder") or default_folder())
    as_json = bool(values["json"])
    try:
        values |= _numbers(command, values)
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    try:
        return _COMMANDS[command](folder, values, as_json)
    except TillError as error:
        if as_json:
            print(json.dumps({"error": str(error), "code": error.code}, ensure_ascii=False))
        print(error, file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Interrupted. Recorded sales stay in the outbox.", file=sys.stderr)
        return INTERRUPTED


def _numbers(command: str, values: Entered) -> dict[str, float]:
    """Return the values of the options that are numbers. Raises `ValueError`."""
    numbers = {}
    for option in next(each for each in COMMANDS if each.name == command).options:
        if option.is_number:
            try:
                numbers[option.destination] = float(values[option.destination])
            except ValueError as error:
                raise ValueError(f"{option.name}: {values[option.destination]!r} is not a number.") from error
    return numbers


def _init(folder: Path, values: Entered, as_json: bool) -> int:
    code = values["code"]
    if code == "-":
        code = getpass("Setup code: ") if sys.stdin.isatty() else sys.stdin.read()
    options = Options(values["allow_http"], values["ca_file"], round(values["keep_days"]))
    with Till.init(folder, code, options) as till:
        output.show({"folder": str(folder), **till.status(refresh=False)}, output.initialised, as_json)
    return DONE


def _record(folder: Path, values: Entered, as_json: bool) -> int:
    sales = _read_sales(values["file"])
    with Till.open(folder) as till:
        receipts = [receipt.as_dict() for receipt in till.record_all(sales)]
        notices = till.notices()
    output.show(receipts, output.recorded, as_json)
    output.warn(warning for receipt in receipts for warning in receipt["warnings"])
    output.warn(map(output.notice_text, notices))
    return DONE


def _read_sales(file: str) -> list[Any]:
    """Return the sales of a file: one JSON value, or one on each line. Raises `InvalidSale`, `CannotStore`."""
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise CannotStore(f"Nothing is recorded: {error}.") from error
    try:
        text = raw.decode("utf-8-sig")
        try:
            content = json.loads(text)
        except ValueError:
            return [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise InvalidSale([f"not JSON: {error}"]) from error
    return content if isinstance(content, list) else [content]


def _send(folder: Path, values: Entered, as_json: bool) -> int:
    from tillstream_till.loops import LOCK_WAIT, send_repeatedly

    with Till.open(folder) as till:
        if values["loop"]:
            send_repeatedly(till, values["interval"], lambda report: output.line(report, as_json))
        return _shown(till, till.send(retry_refused=values["refused"], wait=LOCK_WAIT), as_json)


def _shown(till: Till, report: SendReport, as_json: bool) -> int:
    notices = till.notices()
    output.show(asdict(report) | {"notices": notices}, output.sent, as_json)
    if not as_json:
        output.warn(map(output.notice_text, notices))
    if report.error:
        return FAILED
    return REFUSED if report.refused else DONE


def _watch(folder: Path, values: Entered, as_json: bool) -> int:
    from tillstream_till.loops import LOCK_WAIT, watch
    from tillstream_till.watched_folder import record_files

    directory = Path(values["directory"])
    if not directory.is_dir():
        raise CannotStore(f"{directory} is not a directory.")
    with Till.open(folder) as till:
        if not values["once"]:
            interval, sends = values["interval"], not values["no_send"]
            watch(till, directory, interval, lambda report: output.line(report, as_json), sends=sends)
        files = record_files(till, directory, quiet=0)
        for file in files:
            output.line(file, as_json)
        if values["no_send"]:
            output.warn(map(output.notice_text, till.notices()))
        code = DONE if values["no_send"] else _shown(till, till.send(wait=LOCK_WAIT), as_json)
    return code or (REFUSED if any(file.problems for file in files) else DONE)


def _status(folder: Path, values: Entered, as_json: bool) -> int:
    with Till.open(folder) as till:
        status = till.status(refresh=not values["offline"])
        if values["dismiss"]:
            till.dismiss(status["notices"])
            status["dismissed"] = len(status["notices"])
    output.show(status, output.status, as_json)
    return REFUSED if status["refused"] or status["quarantined"] else DONE


def _close(folder: Path, values: Entered, as_json: bool) -> int:
    day = "" if values["date"] == "today" else values["date"]
    with Till.open(folder) as till:
        receipt = till.close_day(day, accept_gaps=values["accept_gaps"])
    output.show([receipt.as_dict()], output.recorded, as_json)
    return DONE


def _export(folder: Path, values: Entered, as_json: bool) -> int:
    with Till.open(folder) as till:
        lines = list(till.export())
    if not values["out"]:
        _write_lines(lines, sys.stdout)
        return DONE
    try:
        with Path(values["out"]).open("w", encoding="utf-8") as stream:
            _write_lines(lines, stream)
    except OSError as error:
        raise CannotStore(f"The export is not complete: {error}.") from error
    output.show({"file": values["out"], "messages": len(lines)}, output.exported, as_json)
    return DONE


def _write_lines(lines: Iterable[Mapping[str, object]], stream: TextIO) -> None:
    for line in lines:
        print(json.dumps(line, ensure_ascii=False), file=stream)


_COMMANDS = {
    "init": _init,
    "record": _record,
    "send": _send,
    "watch": _watch,
    "status": _status,
    "close": _close,
    "export": _export,
}
