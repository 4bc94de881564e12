"""What people type: receipts, refusals, fixes, replays, holds, undo, and the exit codes."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Run, RunText

CONTRACT = """
name: shop
region: Shop
currency: EUR
columns: {sale_id: number, line_key: line, date: day, product_id: product, quantity: quantity, unit_price: price}
identity: {store: S1}
ranges: {quantity: {minimum: "-100", maximum: "100"}}
"""
HEAD = "number,line,day,product,quantity,price\n"
GOOD = "1,1,2026-01-05,P1,2,3.50\n1,2,2026-01-05,P2,1,10\n2,1,2026-01-06,P1,1,3.50\n"
BAD = "3,1,2026-13-06,P1,1,3.50\n4,1,2026-01-06,=P1,999,3.50\n\n5,1,2026-01-07,P3,1\n"


@pytest.fixture(autouse=True)
def shop(home: Path) -> Path:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "shop.yaml").write_text(CONTRACT)
    return home


def write(tmp_path: Path, name: str, text: str) -> str:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return str(tmp_path / name)


def rows(receipt: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in receipt["rows"].items() if count}


def test_a_clean_file_ends_with_0(run: Run, tmp_path: Path) -> None:
    code, receipt = run("ingest", write(tmp_path, "a.csv", HEAD + GOOD), "--region", "shop")
    assert (code, rows(receipt), receipt["status"]) == (0, {"read": 3, "new": 3}, "settled")
    assert receipt["amounts"] == [{"currency": "EUR", "net": "20.5", "gross": None}]


def test_refused_rows_end_with_3_and_come_back_corrected(run: Run, tmp_path: Path) -> None:
    many = "".join(f"{n},1,2026-01-05,P1,1,1\n" for n in range(100, 130))
    code, receipt = run("ingest", write(tmp_path, "a.csv", HEAD + GOOD + BAD + many), "--region", "shop")
    assert (code, rows(receipt)) == (3, {"read": 37, "new": 33, "quarantined": 3, "blank": 1})
    assert [(p["code"], p["first_line"]) for p in receipt["problems"]] == [
        ("not-a-date", 5),
        ("out-of-range", 6),
        ("ragged-row", 8),
    ]
    batch = receipt["batch_id"]
    out = tmp_path / "refused.csv"
    code, waiting = run("quarantine", batch, "--csv", str(out))
    assert (code, [row["line_number"] for row in waiting["rows"]]) == (3, [5, 6, 8])
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"), newline="")))
    assert table[1]["product"] == "'=P1"
    table[0]["day"] = "2026-02-06"
    table[1]["_accept"] = "yes"
    table[2]["_discard"] = "the till printed it twice"
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    code, fixed = run("fix", batch, write(tmp_path, "fixed.csv", text.getvalue()))
    assert (code, rows(fixed)) == (0, {"read": 37, "new": 35, "blank": 1, "ignored": 1})
    products = {line["sale_id"]: line["product_id"] for line in run("query", "sale-lines")[1]["rows"]}
    assert products["S1/4"] == "=P1"
    for flag in ("--check", "--from-originals"):
        assert run("rebuild", flag) == (0, {"settlements": 2, "batches": 2, "differences": [], "unread": []})
    assert run("undo", batch, "--yes")[0] == 0
    assert run("query", "sale-lines")[1]["rows"] == []


def test_too_many_refused_rows_hold_the_file_with_4(run: Run, tmp_path: Path) -> None:
    code, receipt = run("ingest", write(tmp_path, "a.csv", HEAD + GOOD + BAD), "--region", "shop")
    assert (code, receipt["status"], receipt["holds"][0]["code"]) == (4, "held", "too-many-refused")
    code, receipt = run("confirm", receipt["batch_id"])
    assert (code, rows(receipt)) == (3, {"read": 7, "new": 3, "quarantined": 3, "blank": 1})


def test_a_possibly_truncated_file_is_held_until_it_is_confirmed(run: Run, tmp_path: Path) -> None:
    cut = write(tmp_path, "a.csv", HEAD + GOOD + GOOD.splitlines()[0][:4])
    code, dry = run("ingest", cut, "--region", "shop", "--dry-run")
    assert (code, "truncated-file" in {hold["code"] for hold in dry["holds"]}) == (4, True)
    code, receipt = run("ingest", cut, "--region", "shop")
    (hold,) = [hold for hold in receipt["holds"] if hold["code"] == "truncated-file"]
    assert (code, receipt["status"]) == (4, "held")
    assert "line 5 ends after 3 of 6 cells" in hold["message"]
    code, receipt = run("confirm", receipt["batch_id"])
    assert (code, rows(receipt)) == (3, {"read": 4, "new": 3, "quarantined": 1})


def test_a_rejected_hold_never_counts(run: Run, tmp_path: Path) -> None:
    _, receipt = run("ingest", write(tmp_path, "a.csv", HEAD + GOOD + BAD), "--region", "shop")
    code, receipt = run("reject", receipt["batch_id"], "--reason", "wrong month")
    assert (code, receipt["status"], receipt["error"]) == (0, "rejected", "Rejected by command line: wrong month")
    assert run("query", "sale-lines")[1]["rows"] == []


def test_a_dry_run_gives_the_same_result_and_stores_nothing(run: Run, tmp_path: Path, home: Path) -> None:
    file = write(tmp_path, "a.csv", HEAD + GOOD)
    code, dry = run("ingest", file, "--region", "shop", "--dry-run")
    assert (code, dry["status"], "batch_id" in dry, rows(dry)) == (0, "dry-run", False, {"read": 3, "new": 3})
    assert run("query", "sale-lines")[1]["rows"] == []
    assert run("receipts")[1] == []
    assert not list((home / "objects").rglob("*original*.parquet"))


def test_a_file_of_another_shape_is_rejected_with_1(run: Run, tmp_path: Path) -> None:
    code, receipt = run("ingest", write(tmp_path, "a.csv", "x,y\n1,2\n"), "--region", "shop")
    assert (code, receipt["status"]) == (1, "rejected")
    assert "number" in receipt["error"]


def test_an_empty_file_is_rejected_with_1(run: Run, tmp_path: Path) -> None:
    code, receipt = run("ingest", write(tmp_path, "a.csv", ""), "--region", "shop")
    assert (code, receipt["status"]) == (1, "rejected")


def test_several_files_give_an_array_and_the_gravest_code(run: Run, tmp_path: Path) -> None:
    files = [
        write(tmp_path, "a.csv", HEAD + GOOD),
        write(tmp_path, "b.csv", "x\n1\n"),
        write(tmp_path, "c.csv", HEAD + GOOD + BAD),
    ]
    code, receipts = run("ingest", *files, "--region", "shop")
    assert (code, [receipt["status"] for receipt in receipts]) == (1, ["settled", "rejected", "held"])


def test_an_unknown_contract_is_rejected_with_the_known_ones(run: Run, tmp_path: Path) -> None:
    code, answer = run("ingest", write(tmp_path, "a.csv", HEAD), "--region", "shopp")
    assert (code, "Did you mean shop?" in answer["error"]) == (1, True)


def test_wrong_usage_ends_with_2(run: Run, tmp_path: Path) -> None:
    assert run("query", "kpis", "--param", "nonsense")[0] == 2
    assert run("ingest", str(tmp_path / "missing.csv"), "--region", "shop")[0] == 2


def test_undo_without_yes_and_terminal_previews_with_4(run: Run, tmp_path: Path) -> None:
    _, receipt = run("ingest", write(tmp_path, "a.csv", HEAD + GOOD), "--region", "shop")
    code, preview = run("undo", receipt["batch_id"])
    assert (code, preview["changes"]) == (4, {"added": 0, "corrected": 0, "removed": 3})
    assert (preview["before"][0]["net"], preview["after"]) == ("20.5", [])
    assert len(run("query", "sale-lines")[1]["rows"]) == 3


def test_replay_reads_the_original_again_with_its_fixes(run: Run, tmp_path: Path, home: Path) -> None:
    many = "".join(f"{n},1,2026-01-05,P1,1,1\n" for n in range(100, 130))
    _, receipt = run("ingest", write(tmp_path, "a.csv", HEAD + GOOD + BAD + many), "--region", "shop")
    fixed = "number,line,day,product,quantity,price,_row,_line\n3,1,2026-02-06,P1,1,3.50,4,5\n"
    assert run("fix", receipt["batch_id"], write(tmp_path, "f.csv", fixed))[0] == 3
    wider = CONTRACT.replace('maximum: "100"', 'maximum: "1000"').replace("region: Shop", "region: Shop\nversion: 2")
    (home / "contracts" / "shop.yaml").write_text(wider)
    code, again = run("replay", receipt["batch_id"])
    assert (code, rows(again), again["contract_version"]) == (
        3,
        {"read": 37, "new": 35, "quarantined": 1, "blank": 1},
        2,
    )
    assert run("receipts", receipt["batch_id"])[1]["status"] == "replayed"
    assert len(run("query", "sale-lines")[1]["rows"]) == 35
    for flag in ("--check", "--from-originals"):
        assert run("rebuild", flag)[1]["differences"] == []


def test_a_replay_with_an_earlier_time_of_receipt_yields_to_a_later_file(
    run: Run, run_text: RunText, tmp_path: Path
) -> None:
    first = run("ingest", write(tmp_path, "a.csv", HEAD + GOOD), "--region", "shop")[1]["batch_id"]
    changed = GOOD.replace(",10\n", ",20\n")
    second = run("ingest", write(tmp_path, "b.csv", HEAD + changed), "--region", "shop")[1]
    assert rows(second)["corrected"] == 1
    before = run("query", "kpis")[1]["rows"][0]["revenue"]
    early = ("replay", second["batch_id"], "--received", "2026-01-05 09:30")
    assert "received at" in run_text(*early, "--preview")[1]
    assert run(*early)[0] == 0
    kpis = run("query", "kpis")[1]["rows"][0]
    assert kpis["revenue"] != before
    assert kpis == {**kpis, "lines": 3}
    assert run("replay", first, "--received", "soon")[0] == 1
    for flag in ("--check", "--from-originals"):
        assert run("rebuild", flag)[1]["differences"] == []


def test_the_same_bytes_under_another_contract_wait_for_a_person(run: Run, tmp_path: Path, home: Path) -> None:
    other = CONTRACT.replace("name: shop", "name: other").replace("region: Shop", "region: Other")
    (home / "contracts" / "other.yaml").write_text(other)
    file = write(tmp_path, "a.csv", HEAD + GOOD)
    run("ingest", file, "--region", "shop")
    code, held = run("ingest", file, "--region", "other")
    assert (code, held["status"], held["holds"][0]["code"]) == (4, "held", "known-bytes-under-another-contract")
    code, receipt = run("confirm", held["batch_id"])
    assert (code, rows(receipt)) == (0, {"read": 3, "new": 3})


def test_a_replay_does_not_get_past_a_hold_that_a_person_has_not_lifted(run: Run, tmp_path: Path, home: Path) -> None:
    other = CONTRACT.replace("name: shop", "name: other").replace("region: Shop", "region: Other")
    (home / "contracts" / "other.yaml").write_text(other)
    file = write(tmp_path, "a.csv", HEAD + GOOD)
    run("ingest", file, "--region", "shop")
    held = run("ingest", file, "--region", "other")[1]["batch_id"]
    for batch in (held, run("reject", held)[1]["batch_id"]):
        code, again = run("replay", batch)
        assert (code, again["status"], [hold["code"] for hold in again["holds"]]) == (
            4,
            "held",
            ["known-bytes-under-another-contract"],
        )
        run("reject", again["batch_id"])
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 3
    code, meant = run("confirm", run("replay", held)[1]["batch_id"])
    assert (code, rows(meant)) == (0, {"read": 3, "new": 3})
    code, again = run("replay", meant["batch_id"])
    assert (code, rows(again)) == (0, {"read": 3, "new": 3})
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 6
    for flag in ("--check", "--from-originals"):
        assert run("rebuild", flag)[1]["differences"] == []


def test_a_replay_by_another_contract_takes_the_place_of_its_own_file(run: Run, tmp_path: Path, home: Path) -> None:
    other = CONTRACT.replace("name: shop", "name: other").replace("region: Shop", "region: Other")
    (home / "contracts" / "other.yaml").write_text(other)
    first = run("ingest", write(tmp_path, "a.csv", HEAD + GOOD), "--region", "shop")[1]["batch_id"]
    code, moved = run("replay", first, "--region", "other")
    assert (code, rows(moved)) == (0, {"read": 3, "new": 3})
    assert run("query", "kpis")[1]["rows"][0]["lines"] == 3


def test_a_repeated_older_file_changes_nothing_until_it_is_confirmed_as_new(run: Run, tmp_path: Path) -> None:
    first = write(tmp_path, "a.csv", HEAD + GOOD)
    run("ingest", first, "--region", "shop")
    run("ingest", write(tmp_path, "b.csv", HEAD + GOOD.replace("P1,2,3.50", "P1,5,3.50")), "--region", "shop")
    _, repeat = run("ingest", first, "--region", "shop")
    assert rows(repeat) == {"read": 3, "duplicate": 3}
    assert [(p["code"], p["count"]) for p in repeat["problems"]] == [("superseded", 1)]
    code, confirmed = run("confirm", repeat["batch_id"], "--as-new")
    assert (code, rows(confirmed)) == (0, {"read": 3, "corrected": 1, "duplicate": 2})


def test_announce_and_status(run: Run, tmp_path: Path) -> None:
    run("ingest", write(tmp_path, "a.csv", HEAD + GOOD), "--region", "shop")
    assert run("announce") == (0, {"settlements": 1, "events": 0})
    assert run("announce")[1]["settlements"] == 0
    assert run("status")[1]["lines"] == 3
    assert run("sweep")[0] == 0


def test_contracts_are_listed_and_shown(run: Run) -> None:
    assert "shop" in [contract["name"] for contract in run("contracts")[1]]
    assert run("contracts", "shop")[1]["currency"] == "EUR"


def test_a_query_refuses_a_value_that_no_sale_has(run: Run, tmp_path: Path) -> None:
    run("ingest", write(tmp_path, "a.csv", HEAD + GOOD), "--region", "shop")
    code, answer = run("query", "kpis", "--param", "store=S9")
    assert (code, answer["error"]) == (1, "There is no store “S9”; there is S1.")
    assert run("query", "kpis", "--param", "store=S1")[1]["rows"][0]["lines"] == 3
