"""What people read when they leave --json out: nothing of a file is lost, mistaken for markup, or squeezed."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Run, RunText

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "".join(f"90{n},A,b,1,12/5/2011 9:02,1,1,UK\n" for n in range(10, 30))
BRACKETS = "901,A,[/b] is [red]not[/red] markup,two,12/5/2011 9:02,1,1,UK\n"


@pytest.fixture
def waiting(run: Run, tmp_path: Path) -> str:
    """A batch with one refused row."""
    path = tmp_path / "a [b] [c].csv"
    path.write_text(HEAD + BRACKETS + GOOD)
    return str(run("ingest", str(path), "--region", "online-retail-uk")[1]["batch_id"])


def test_refused_rows_are_shown_without_a_file_to_write_them_to(run_text: RunText, waiting: str) -> None:
    code, words = run_text("quarantine", waiting)
    assert code == 3
    assert "line 2  901,A,[/b] is [red]not[/red] markup,two," in words
    assert "a [b] [c].csv has 1 row to fix." in words


def test_a_file_name_in_brackets_appears_in_its_receipt(run_text: RunText, waiting: str) -> None:
    assert "a [b] [c].csv · online-retail-uk · settled" in run_text("receipts", waiting)[1]


@pytest.mark.parametrize("out", [".", "no/such/folder.csv"])
def test_a_file_that_cannot_be_written_is_explained(run_text: RunText, waiting: str, tmp_path: Path, out: str) -> None:
    code, words = run_text("quarantine", waiting, "--csv", str(tmp_path / out))
    assert (code in (1, 2), "directory" in words.casefold()) == (True, True)


def test_a_file_that_was_not_read_shows_the_reason_and_no_balance(run_text: RunText, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    code, words = run_text("ingest", str(tmp_path / "empty.csv"), "--region", "online-retail-uk")
    assert (code, "The file is empty" in words, "rows read" in words) == (1, True, False)


def test_a_file_with_only_a_header_is_explained(run_text: RunText, tmp_path: Path) -> None:
    (tmp_path / "header.csv").write_text(HEAD)
    code, words = run_text("ingest", str(tmp_path / "header.csv"), "--region", "online-retail-uk")
    assert (code, "The file has a header but no rows." in words) == (0, True)


def test_a_wide_table_keeps_every_cell_whole(run_text: RunText, waiting: str) -> None:
    code, words = run_text("query", "sale-lines")
    assert code == 0
    assert words.count("2011-12-05") >= 20
    assert "received_seq" in words
    assert "… " not in words


def test_an_empty_query_result_is_shown_as_empty(run_text: RunText) -> None:
    assert "nothing to show" in run_text("query", "sale-lines")[1]


def test_an_undo_reports_whether_it_is_done(run_text: RunText, waiting: str) -> None:
    code, preview = run_text("undo", waiting)
    assert (code, "This is a preview. To undo the batch, use --yes." in preview) == (4, True)
    code, done = run_text("undo", waiting, "--yes")
    assert (code, "a [b] [c].csv is undone." in done, "yet" in done) == (0, True, False)


def test_accounts_are_listed_in_plain_words(run_text: RunText) -> None:
    assert run_text("users", "add", "carla", "--role", "clerk", "--region", "UK", "--region", "IN")[0] == 0
    _, words = run_text("users", "list")
    assert "IN, UK" in words
    assert "['" not in words


def test_a_region_that_no_contract_reports_to_is_refused(run_text: RunText) -> None:
    code, words = run_text("users", "add", "carla", "--role", "clerk", "--region", "uk")
    assert (code, "There is no region uk. The regions are BR, Bakery," in words) == (1, True)


def test_a_changed_account_is_printed_and_audited(run_text: RunText, run: Run) -> None:
    run_text("users", "add", "carla", "--role", "clerk", "--region", "UK", "--store", "LON1")
    code, words = run_text("users", "set", "carla", "--role", "manager", "--region", "UK", "--region", "IN")
    assert (code, "carla · carla · manager · IN, UK, stores LON1" in words) == (0, True)
    assert run("users", "set", "carla", "--store", "")[1]["stores"] == []
    changes = run("users", "show", "carla")[1]["changes"]
    assert [change["what"] for change in changes] == [
        "stores: LON1 → none",
        "role: clerk → manager; regions: UK → IN, UK",
        "account created",
    ]
    assert {change["by"] for change in changes} == {"command line"}
    assert "role: clerk → manager; regions: UK → IN, UK, by command line" in run_text("users", "show", "carla")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("carla",), 2, "Nothing to change"),
        (("carla", "--region", "Mars"), 1, "There is no region Mars. The regions are"),
        (("nobody", "--region", "UK"), 1, "There is no account nobody."),
        (("boss", "--role", "clerk", "--region", "UK"), 1, "boss is the only administrator"),
    ],
)
def test_an_impossible_change_states_the_reason(
    run_text: RunText, arguments: tuple[str, ...], code: int, words: str
) -> None:
    run_text("users", "add", "boss", "--role", "admin")
    run_text("users", "add", "carla", "--role", "clerk", "--region", "UK")
    answer = run_text("users", "set", *arguments)
    assert (answer[0], words in answer[1]) == (code, True)


@pytest.mark.parametrize("scale", ["0", "-1"])
def test_no_sample_of_nothing_is_made(run_text: RunText, scale: str) -> None:
    assert run_text("demo", "--scale", scale)[0] == 2


@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", b"date,currency,rate\n2026-01-01,EUR,\xe9\n"])
def test_rates_that_are_no_text_are_refused_in_words(run_text: RunText, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "rates.csv").write_bytes(content)
    code, words = run_text("fx", "load", str(tmp_path / "rates.csv"))
    assert (code, "rates.csv is not a file of rates" in words) == (1, True)
