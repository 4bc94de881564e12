"""What the command line is: the help of every command, and the shapes of answers with the exit codes they end with."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from click.testing import CliRunner

from tests.golden.sample_home import FILES, HEAD, LOST, home_at
from tests.golden.sample_home import run as run_json
from tests.golden.snapshots import as_json
from tillstream.cli.main import main

WIDTH = {"terminal_width": 100, "max_content_width": 100}
Command = Callable[..., Any]


def help_texts() -> str:
    parts = []
    for words in ((), *_commands(main)):
        result = CliRunner().invoke(main, [*words, "--help"], prog_name="tillstream", **WIDTH)
        assert result.exit_code == 0
        parts.append(f"$ tillstream {' '.join([*words, '--help'])}\n{result.stdout}")
    return "\n".join(parts)


def _commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    for name, command in sorted(group.commands.items()):
        command._help_option = None  # click keeps the one of the first run, and a test may have run the command alone
        yield *before, name
        if isinstance(command, click.Group):
            yield from _commands(command, *before, name)


def shape(value: Any) -> Any:
    """The keys of an answer with the kinds of their values; of a list what its entries have, one after another."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        shapes: list[Any] = []
        for one in map(shape, value):
            if one not in shapes:
                shapes.append(one)
        return shapes
    return type(value).__name__


def answers() -> str:
    """Real runs on an empty home, which reach every exit code: the call, its code, the shape of its answer."""
    answers: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)

        def ask(*words: str) -> Any:
            code, answer = run_json(*words)
            called = " ".join(words).replace(f"{work}/", "")
            for number, batch in enumerate(batches):
                called = called.replace(batch, f"BATCH{number + 1}")
            answers.append({"call": called, "code": code, "answer": shape(answer)})
            return answer

        batches: list[str] = []
        with home_at(work / "home"):
            _ledger(work, ask, batches)
            _people(work, ask)
    return as_json(answers)


def _ledger(work: Path, ask: Command, batches: list[str]) -> None:
    texts = {name: text for name, (_, text) in FILES.items()}
    texts |= {"lost": LOST.decode(), "rates": "date,currency,rate\n2026-01-01,USD,2.0\n", "other": HEAD + "1\n"}
    for name, text in texts.items():
        (work / f"{name}.csv").write_text(text)
    good, refused, held, colours = (
        ask("ingest", str(work / f"{name}.csv"), "--region", contract)["batch_id"]
        for name, contract in (("london", "online-retail-uk"), ("june", "IN"), ("lost", "IN"),
                               ("colours", "online-retail-uk"))
    )  # fmt: skip
    batches += [good, refused, held, colours]
    ask("ingest", str(work / "other.csv"), "--region", "IN")
    ask("ingest", str(work / "london.csv"), "--region", "nowhere")
    ask("ingest", str(work / "missing.csv"), "--region", "IN")
    ask("ingest", str(work / "again.csv"), "--region", "IN", "--dry-run")
    for words in (["receipts"], ["receipts", refused], ["quarantine", refused], ["status"], ["contracts"]):
        ask(*words)
    ask("quarantine", refused, "--csv", str(work / "refused.csv"))
    corrected = (work / "refused.csv").read_text("utf-8-sig").replace(",ten,", ",10.00,")
    (work / "refused.csv").write_text(corrected, encoding="utf-8")
    ask("fix", refused, str(work / "refused.csv"))
    ask("accept", colours)
    ask("reject", held, "--reason", "not ours")
    ask("confirm", good)
    ask("replay", good, "--preview")
    ask("replay", good)
    ask("undo", refused)
    ask("undo", refused, "--yes")
    ask("detect", str(work / "monday.csv"))
    ask("fx", "load", str(work / "rates.csv"))
    ask("query", "kpis")
    ask("query", "nothing")
    ask("query", "kpis", "--param", "from")
    for words in (["announce"], ["sweep"], ["rebuild", "--check"], ["rebuild", "--from-originals"]):
        ask(*words)


def _people(work: Path, ask: Command) -> None:
    ask("users", "add", "mia", "--role", "manager", "--region", "IN")
    ask("users", "add", "mia", "--role", "manager", "--region", "IN")
    ask("users", "add", "leo", "--role", "king")
    ask("users", "invite", "leo", "--role", "clerk", "--region", "IN")
    for command in ("link", "show", "reset", "disable", "enable", "second-step-off", "sessions", "end-sessions"):
        ask("users", command, "leo" if command == "link" else "mia")
    ask("users", "set", "mia", "--name", "Mia")
    ask("users", "set", "mia")
    ask("users", "require-second-step", "--role", "admin")
    ask("users", "list")
    ask("tokens", "make", "mia", "--name", "reports")
    ask("tokens", "list")
    ask("tokens", "revoke", "0" * 12)
    ask("audit")
    ask("backup", str(work / "backup.tar"))
    ask("restore", str(work / "backup.tar"))
    ask("restore", str(work / "backup.tar"), "--replace")
