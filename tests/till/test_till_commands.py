"""The command line of a till: texts, JSON, exit codes, and the same commands in the product."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from store_server import SOLD_ON, Store, sale

from tillstream.cli.main import main
from tillstream_till.command_table import COMMANDS

Run = Callable[..., tuple[int, str]]


def test_a_sale_is_recorded_sent_and_shown(ready: Run, store: Store) -> None:
    assert ready("record", stdin=json.dumps(sale(1001))) == (0, "UK/LON1/1001 is recorded.\n")
    assert ready("record", stdin=json.dumps(sale(1001))) == (0, "UK/LON1/1001 was recorded before.\n")
    assert "Unsent: 1, the oldest since" in ready("status", "--offline")[1]
    assert ready("send") == (0, "1 sent, 0 refused, 0 unsent.\n")
    assert ready("close", SOLD_ON) == (0, f"UK/LON1/T1/{SOLD_ON} is recorded.\n")
    assert ready("send")[0] == 0
    assert [each["sales"] for each in store.closes] == [1]


def test_results_are_json_on_request(ready: Run) -> None:
    code, out = ready("record", "--json", stdin="\n".join(json.dumps(sale(number)) for number in (1, 2)))
    assert code == 0
    assert [each["id"] for each in json.loads(out)] == ["UK/LON1/1", "UK/LON1/2"]
    assert json.loads(ready("send", "--json")[1])["sent"] == 2
    assert json.loads(ready("status", "--json", "--offline")[1])["unsent"] == 0


@pytest.mark.parametrize("stdin", ["", "[]", "{", json.dumps(sale(1, "free")), "[1]", "\ufeff{}"])
def test_an_invalid_sale_exits_with_1(ready: Run, stdin: str) -> None:
    code, out = ready("record", stdin=stdin)
    if stdin not in {"", "[]"}:
        assert (code, out.partition(":")[0]) == (1, "The sale is not recorded")
    else:
        assert (code, out) == (0, "Nothing is recorded: the input contains no sale.\n")


def test_a_till_that_is_offline_exits_with_1_and_one_with_refused_sales_with_3(ready: Run, store: Store) -> None:
    store.refuse["1"] = ("not-your-store", "Of PAR1")
    store.faults.append(lambda handler: bool(handler.hang_up()))
    ready("record", stdin=json.dumps(sale(1)))
    code, out = ready("send")
    assert code == 1
    assert "cannot be reached" in out
    assert ready("send")[0] == 3
    code, out = ready("status")
    assert code == 3
    assert "  1: not-your-store: Of PAR1" in out


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (500, b"oops", "The server replied 500: Internal Server Error."),
        (200, b"<html>Sign in to the network</html>", "The reply is not one of the portal"),
        (202, b'{"results": []}', "The reply is not one of the portal"),
        (302, b"", "check that of the portal, and the sign-in page of the network"),
        (401, b"{}", "Create a new setup code in the portal and run init again."),
    ],
)
def test_a_reply_of_a_failing_server_is_explained_and_keeps_the_sales(
    ready: Run, store: Store, status: int, body: bytes, text: str
) -> None:
    store.faults.append(lambda handler: bool(handler.reply(status, body)))
    ready("record", stdin=json.dumps(sale(1)))
    code, out = ready("send")
    assert code == 1
    assert text in out
    assert "Nothing is lost: what is unsent stays on this machine" in out
    assert "Error(" not in out
    assert ready("send") == (0, "1 sent, 0 refused, 0 unsent.\n")


def test_status_shows_what_to_do_about_a_quarantined_sale(ready: Run, store: Store) -> None:
    ready("record", stdin=json.dumps(sale(1)))
    problem = {"code": "unverified-message", "message": "Its key is revoked.", "remedy": "Connect the till again."}
    outcome = {"region": "UK", "store_id": "LON1", "number": "1", "version": 1, "till": "T1", "at": ""}
    store.outcomes.append(outcome | {"outcome": "quarantined", "problems": [problem]})
    code, out = ready("status")
    assert code == 3
    assert "a sale is corrected here, and recorded with a higher version:" in out
    assert "  1: unverified-message: Its key is revoked. Connect the till again." in out


def test_a_dead_till_exports_what_is_not_sent(ready: Run, store: Store, tmp_path: Path) -> None:
    ready("record", stdin=json.dumps([sale(1), sale(2)]))
    assert ready("export", "--out", str(tmp_path / "unsent.jsonl")) == (
        0,
        f"2 messages are in {tmp_path / 'unsent.jsonl'}.\n",
    )
    lines = [json.loads(line) for line in (tmp_path / "unsent.jsonl").read_text().splitlines()]
    assert [json.loads(line["payload"])["number"] for line in lines] == ["1", "2"]
    assert [store.take(line)["status"] for line in lines] == ["accepted", "accepted"]
    assert ready("export")[1].count('"payload"') == 2


def test_a_folder_is_watched_once(ready: Run, store: Store, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "a.json").write_text(json.dumps(sale(1)))
    (tmp_path / "drop" / "b.json").write_text("{")
    code, out = ready("watch", str(tmp_path / "drop"), "--once")
    assert code == 3
    assert "a.json: 1 recorded" in out
    assert list(store.sales) == ["1"]
    assert ready("watch", str(tmp_path / "nowhere"), "--once")[0] == 1


def test_a_folder_that_is_not_set_up_names_the_command(run: Run) -> None:
    code, out = run("status")
    assert code == 1
    assert "Run: tillstream till init" in out


def test_control_characters_do_not_reach_the_terminal(ready: Run, store: Store) -> None:
    store.refuse["1"] = ("bad", "\x1b[2J\u202egone")
    ready("record", stdin=json.dumps(sale(1)))
    ready("send")
    assert "\x1b" not in ready("status", "--offline")[1]


def test_the_product_has_the_same_commands(ready: Run, folder: Path) -> None:
    runner = CliRunner()
    for command in COMMANDS:
        shown = runner.invoke(main, ["till", command.name, "--help"], terminal_width=200).output
        assert all(option.name in shown for option in command.all_options)
    ready("record", stdin=json.dumps(sale(1)))
    result = runner.invoke(main, ["till", "status", "--offline", "--json", "--folder", str(folder)])
    assert json.loads(result.stdout)["unsent"] == 1
    assert result.exit_code == 0


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["watch"], ["send", "--interval", "soon", "--loop"]])
def test_a_wrong_call_is_a_usage_error(ready: Run, arguments: list[str]) -> None:
    try:
        code: Any = ready(*arguments)[0]
    except SystemExit as done:
        code = done.code
    assert code == 2


def test_a_loop_sends_what_another_process_records(ready: Run, store: Store, folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tillstream_till", "send", "--loop", "--interval", "0.1", "--folder", str(folder)],
        stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            for number in range(3):
                ready("record", stdin=json.dumps(sale(number)))
                assert process.stdout
                assert process.stdout.readline() == "1 sent, 0 refused, 0 unsent.\n"
        finally:
            process.kill()
    assert list(store.sales) == ["0", "1", "2"]
