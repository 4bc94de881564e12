"""What people read when they leave --json out: nothing of a file is lost, mistaken for markup, or squeezed."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Run, Say

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "".join(f"90{n},A,b,1,12/5/2011 9:02,1,1,UK\n" for n in range(10, 30))
BRACKETS = "901,A,[/b] is [red]not[/red] markup,two,12/5/2011 9:02,1,1,UK\n"


@pytest.fixture
def waiting(run: Run, tmp_path: Path) -> str:
    """A batch with one refused row."""
    path = tmp_path / "a [b] [c].csv"
    path.write_text(HEAD + BRACKETS + GOOD)
    return str(run("ingest", str(path), "--region", "online-retail-uk")[1]["batch_id"])


def test_refused_rows_are_shown_without_a_file_to_write_them_to(say: Say, waiting: str) -> None:
    code, words = say("quarantine", waiting)
    assert code == 3
    assert "line 2  901,A,[/b] is [red]not[/red] markup,two," in words
    assert "1 row of a [b] [c].csv waits for you." in words


def test_a_file_name_in_brackets_stands_in_its_receipt(say: Say, waiting: str) -> None:
    assert "a [b] [c].csv · online-retail-uk · settled" in say("receipts", waiting)[1]


@pytest.mark.parametrize("out", [".", "no/such/folder.csv"])
def test_a_file_that_cannot_be_written_is_said_in_words(say: Say, waiting: str, tmp_path: Path, out: str) -> None:
    code, words = say("quarantine", waiting, "--csv", str(tmp_path / out))
    assert (code in (1, 2), "directory" in words.casefold()) == (True, True)


def test_a_file_that_was_not_read_says_why_and_no_balance_of_nothing(say: Say, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    code, words = say("ingest", str(tmp_path / "empty.csv"), "--region", "online-retail-uk")
    assert (code, "nothing in the file" in words, "rows read" in words) == (1, True, False)


def test_a_file_with_only_a_header_says_so(say: Say, tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_text(HEAD)
    code, words = say("ingest", str(tmp_path / "header.csv"), "--region", "online-retail-uk")
    assert (code, "The file names its columns and has no row below them." in words) == (0, True)


def test_a_wide_table_keeps_every_cell_whole(say: Say, waiting: str) -> None:
    code, words = say("query", "sale-lines")
    assert code == 0
    assert words.count("2011-12-05") >= 20
    assert "received_seq" in words
    assert "… " not in words


def test_a_question_without_an_answer_says_so(say: Say) -> None:
    assert "nothing to show" in say("query", "sale-lines")[1]


def test_an_undo_says_whether_it_is_done(say: Say, waiting: str) -> None:
    code, preview = say("undo", waiting)
    assert (code, "Nothing is undone yet; --yes does it." in preview) == (4, True)
    code, done = say("undo", waiting, "--yes")
    assert (code, "a [b] [c].csv is undone." in done, "yet" in done) == (0, True, False)


def test_accounts_are_listed_in_plain_words(say: Say) -> None:
    assert say("users", "add", "carla", "--role", "clerk", "--region", "UK", "--region", "IN")[0] == 0
    _, words = say("users", "list")
    assert "IN, UK" in words
    assert "['" not in words


def test_a_region_that_no_contract_reports_to_is_refused(say: Say) -> None:
    code, words = say("users", "add", "carla", "--role", "clerk", "--region", "uk")
    assert (code, "There is no region uk. Known are BR, Bakery," in words) == (1, True)


def test_an_account_is_changed_and_says_what_it_is_now(say: Say, run: Run) -> None:
    say("users", "add", "carla", "--role", "clerk", "--region", "UK", "--store", "LON1")
    code, words = say("users", "set", "carla", "--role", "manager", "--region", "UK", "--region", "IN")
    assert (code, "carla · carla · manager · IN, UK, stores LON1" in words) == (0, True)
    assert run("users", "set", "carla", "--store", "")[1]["stores"] == []
    told = run("users", "show", "carla")[1]["changes"]
    assert [change["what"] for change in told] == [
        "stores: LON1 → none",
        "role: clerk → manager; regions: UK → IN, UK",
        "account made",
    ]
    assert {change["by"] for change in told} == {"command line"}
    assert "role: clerk → manager; regions: UK → IN, UK, by command line" in say("users", "show", "carla")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("carla",), 2, "Say what to change"),
        (("carla", "--region", "Mars"), 1, "There is no region Mars. Known are"),
        (("nobody", "--region", "UK"), 1, "Nobody signs in as nobody."),
        (("boss", "--role", "clerk", "--region", "UK"), 1, "boss is the last admin"),
    ],
)
def test_a_change_that_cannot_be_made_says_why(say: Say, arguments: tuple[str, ...], code: int, words: str) -> None:
    say("users", "add", "boss", "--role", "admin")
    say("users", "add", "carla", "--role", "clerk", "--region", "UK")
    answer = say("users", "set", *arguments)
    assert (answer[0], words in answer[1]) == (code, True)


@pytest.mark.parametrize("scale", ["0", "-1"])
def test_no_sample_of_nothing_is_made(say: Say, scale: str) -> None:
    assert say("demo", "--scale", scale)[0] == 2


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", b"date,currency,rate\n2026-01-01,EUR,\xe9\n"])
def test_rates_that_are_no_text_are_refused_in_words(say: Say, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rates.csv").write_bytes(content)
    code, words = say("fx", "load", str(tmp_path / "rates.csv"))
    assert (code, "rates.csv is not a file of rates" in words) == (1, True)
