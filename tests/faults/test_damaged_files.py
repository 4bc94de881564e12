"""Each file of the home is torn, emptied, removed or replaced by an older one: nothing is lost in silence.

After a sweep, what people see is as before, or a sentence says what is missing.
"""

import shutil
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from faults.damaged_home import (
    Damage,
    Lived,
    cut,
    empty,
    flip,
    garble,
    live,
    opened,
    put_back,
    remove,
    state_of,
    swept,
)

from examples import in_long_proofs
from tillstream.cli.main import main
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import FAILED, quiet
from tillstream.model.batch import BatchState
from tillstream.model.errors import Unavailable
from tillstream.operations import ledger_agreement, maintenance_status, rebuild
from tillstream.records import batch_records, losses


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    lived = live(tmp_path_factory.mktemp("company"))
    with opened(lived, lived.home):
        pass  # the file that was only received is still to be loaded
    shutil.copytree(lived.home, lived.home.with_name("swept"))
    with opened(lived, lived.home.with_name("swept")) as app:
        assert swept(app) == []
        lived.state = state_of(app)
    return lived


@pytest.fixture
def home(lived: Lived, tmp_path: Path) -> Path:
    return Path(shutil.copytree(lived.home, tmp_path / "home"))


def sentences_after(lived: Lived, home: Path) -> list[str]:
    """Open and sweep a damaged home, whose sales must be as before; return what was said."""
    with opened(lived, home) as app:
        sentences = swept(app)
        state = state_of(app)
        assert (state["lines"], state["receipts"]) == (lived.state["lines"], lived.state["receipts"])
        assert rebuild.ledger_disagreements(app.ports) == []
    with opened(lived, home) as app:
        assert swept(app) == [], "a second sweep has nothing to say"
    return sentences


@pytest.mark.parametrize("damage", [cut(15_000), *in_long_proofs(remove)])
def test_settlements_that_a_torn_log_lost_are_settled_again(lived: Lived, home: Path, damage: Damage) -> None:
    damage(home / "warehouse.duckdb.wal")
    (sentences,) = sentences_after(lived, home)
    assert "was settled again from the kept originals" in sentences
    assert "b50a0d.csv" in sentences, "the last file"


@pytest.mark.parametrize("copy", [1, *in_long_proofs(0)])
def test_an_older_warehouse_file_is_completed_from_the_originals(lived: Lived, home: Path, copy: int) -> None:
    put_back(lived.earlier[copy])(home / "warehouse.duckdb")
    (sentences,) = sentences_after(lived, home)
    assert "corrected.csv" in sentences


def test_a_removed_warehouse_is_made_again_from_the_originals(lived: Lived, home: Path) -> None:
    remove(home / "warehouse.duckdb")
    (sentences,) = sentences_after(lived, home)
    assert "8 settlements" in sentences


@pytest.mark.parametrize("copy", [1, *in_long_proofs(0)])
def test_older_records_are_completed_from_the_ledger(lived: Lived, home: Path, copy: int) -> None:
    put_back(lived.earlier[copy])(home / "documents.sqlite")
    sentences = " ".join(sentences_after(lived, home))
    assert "were written again from the ledger" in sentences


@pytest.mark.parametrize("damage", [remove, *in_long_proofs(empty)])
def test_lost_records_are_written_again_from_the_ledger(lived: Lived, home: Path, damage: Damage) -> None:
    damage(home / "documents.sqlite")
    sentences = " ".join(sentences_after(lived, home))
    assert "Accounts, tokens, the audit log" in sentences
    assert "7 batches" in sentences
    with opened(lived, home) as app:
        kept = sorted((one.batch_id, str(one.state), one.settlement_no) for one in batch_records.all_batches(app.ports))
    assert kept == lived.state["records"]


@pytest.mark.parametrize("damage", [empty, *in_long_proofs(remove)])
def test_a_lost_queue_is_reported(lived: Lived, home: Path, damage: Damage) -> None:
    damage(home / "queue.sqlite")
    (sentences,) = sentences_after(lived, home)
    assert "are taken from accepted.log" in sentences


def test_a_queue_that_is_lost_with_its_accepted_sales_is_reported(lived: Lived, home: Path) -> None:
    remove(home / "queue.sqlite")
    remove(home / "accepted.log")
    (sentences,) = sentences_after(lived, home)
    assert "send them again" in sentences
    with opened(lived, home) as app:
        assert [one.loss.kind for one in losses.open_losses(app.ports)] == [losses.LossKind.STORE_SALES]


@pytest.mark.parametrize("damage", [garble, *in_long_proofs(cut(40_000))])
def test_a_damaged_queue_is_replaced(lived: Lived, home: Path, damage: Damage) -> None:
    damage(home / "queue.sqlite")
    (sentence,) = sentences_after(lived, home)
    assert "queue.sqlite was damaged" in sentence
    assert "No accepted sale is lost." in sentence
    assert list(home.glob("queue.until-*.sqlite"))


@pytest.mark.parametrize("damage", [flip, *in_long_proofs(cut(2_000), garble)])
def test_damaged_documents_end_in_a_sentence_whose_command_takes_what_is_readable(
    lived: Lived, home: Path, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(home / "documents.sqlite")
    with pytest.raises(Unavailable, match=r"documents.sqlite is damaged .*tillstream rebuild --from-originals"):
        _read(lived, home)
    monkeypatch.setenv("TILLSTREAM_HOME", str(home))
    monkeypatch.setenv("TILLSTREAM_SAMPLES", "false")
    result = CliRunner().invoke(main, ["rebuild", "--from-originals"])
    assert result.exit_code == 0, result.output
    assert "documents.sqlite was damaged" in result.output
    assert list(home.glob("documents.until-*.sqlite"))
    with opened(lived, home) as app:
        assert swept(app) == []
        kept = sorted((one.batch_id, one.settlement_no) for one in batch_records.all_batches(app.ports))
        assert kept == [(batch, number) for batch, _, number in lived.state["records"]]
        assert [record.loss.kind for record in losses.open_losses(app.ports)] == [losses.LossKind.STATE]


@pytest.mark.parametrize("damage", [garble, *in_long_proofs(cut(1_000_000))])
def test_a_damaged_warehouse_is_made_again_on_request(
    lived: Lived, home: Path, damage: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    damage(home / "warehouse.duckdb")
    monkeypatch.setenv("TILLSTREAM_HOME", str(home))
    monkeypatch.setenv("TILLSTREAM_SAMPLES", "false")
    with pytest.raises(Unavailable, match="rebuild --from-originals"):
        _read(lived, home)
    assert CliRunner().invoke(main, ["rebuild", "--from-originals", "--check"]).exit_code == 1
    assert not list(home.glob("warehouse.until-*.duckdb")), "a check replaces nothing"
    result = CliRunner().invoke(main, ["rebuild", "--from-originals"])
    assert result.exit_code == 0, result.output
    assert "from the kept originals. The old warehouse is kept as" in result.output
    assert list(home.glob("warehouse.until-*.duckdb"))
    assert sentences_after(lived, home) == []


@pytest.mark.parametrize("table", ["sale_versions", *in_long_proofs("sightings")])
def test_rows_that_the_ledger_lacks_are_settled_again_on_request(
    lived: Lived, home: Path, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as warehouse:
        warehouse.execute(f"DELETE FROM {table} WHERE settlement_no = (SELECT MAX(settlement_no) FROM {table})")
    monkeypatch.setenv("TILLSTREAM_HOME", str(home))
    monkeypatch.setenv("TILLSTREAM_SAMPLES", "false")
    assert "by its record, but 0 of" in CliRunner().invoke(main, ["rebuild", "--check"]).output
    result = CliRunner().invoke(main, ["rebuild", "--from-originals"])
    assert result.exit_code == 0, result.output
    assert "by its record, but 0 of" in result.output
    assert list(home.glob("warehouse.until-*.duckdb"))
    assert sentences_after(lived, home) == []


def _read(lived: Lived, home: Path) -> None:
    with opened(lived, home) as app:
        swept(app)
        state_of(app)


def test_a_check_names_the_batches_that_the_ledger_lacks_and_repairs_nothing(lived: Lived, home: Path) -> None:
    put_back(lived.earlier[1])(home / "warehouse.duckdb")
    with opened(lived, home) as app:
        for _ in range(2):
            result = COMMANDS["rebuild"](app, quiet)
            assert result.code == FAILED
            sentences = " ".join(result.data["differences"])
            assert "The ledger ends with settlement 2, but the records name settlement 8." in sentences
            assert "b50a0d.csv" in sentences
        repaired = COMMANDS["rebuild"](app, quiet, originals=True)
        assert repaired.data["differences"] == []
        assert "6 settlements" in repaired.data["repaired"][0]
        assert maintenance_status.last_repair(app.ports)[1] == repaired.data["repaired"]


def test_a_command_repairs_a_ledger_that_is_behind_before_it_does_its_work(
    lived: Lived, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(home / "warehouse.duckdb.wal")
    monkeypatch.setenv("TILLSTREAM_HOME", str(home))
    monkeypatch.setenv("TILLSTREAM_SAMPLES", "false")
    result = CliRunner().invoke(main, ["status", "--json"])
    assert '"lines": 7' in result.stdout, result.output
    assert sentences_after(lived, home) == []


def test_a_lost_number_that_was_used_again_is_noticed(lived: Lived, home: Path) -> None:
    """Settlements went on in an older copy before anybody compared it with the records."""
    put_back(lived.earlier[1])(home / "warehouse.duckdb")
    put_back(lived.earlier[1])(home / "documents.sqlite")
    with opened(lived, home) as app:
        swept(app)  # settles the files whose bytes are kept, with other numbers
    put_back(lived.home)(home / "documents.sqlite")
    with opened(lived, home) as app:
        sentences = swept(app)
        assert sentences
        assert state_of(app)["lines"] == lived.state["lines"]
        assert ledger_agreement.compare_ledger(app.ports, whole=True).sentences() == []


def test_a_lost_file_without_its_original_is_rejected_and_named(lived: Lived, home: Path) -> None:
    put_back(lived.earlier[1])(home / "warehouse.duckdb")
    with opened(lived, home) as app:
        (last,) = batch_records.batches_of_settlement(app.ports, 8)
        shutil.rmtree(Path(app.ports.objects.uri(last.bucket, last.object, last.generation)).parent)
        sentences = swept(app)
        assert any(f"{last.file} (batch {last.batch_id}) is rejected" in sentence for sentence in sentences)
        again = batch_records.get_batch(app.ports, last.batch_id)
        assert (again.state, again.settlement_no) == (BatchState.REJECTED, 0)
        assert "Send the file again." in again.error
        lacking = [row for row in lived.state["receipts"] if row["batch_id"] != last.batch_id]
        assert [row["batch_id"] for row in state_of(app)["receipts"]] == [row["batch_id"] for row in lacking]
        assert swept(app) == []


@pytest.mark.parametrize("damage", [cut(1), *in_long_proofs(empty, remove)])
def test_a_received_file_that_is_damaged_before_it_is_read_is_rejected_and_named(
    lived: Lived, home: Path, damage: Damage
) -> None:
    with opened(lived, home) as app:
        (waiting,) = batch_records.find_batches(app.ports, state=BatchState.RECEIVED)
        damage(Path(app.ports.objects.uri(waiting.bucket, waiting.object, waiting.generation)))
        sentences = swept(app)
        assert any(f"{waiting.file} (batch {waiting.batch_id}) is rejected" in sentence for sentence in sentences)


@pytest.mark.parametrize("damage", [remove, *in_long_proofs(cut(1))])
def test_damaged_staged_rows_are_staged_again(lived: Lived, home: Path, damage: Damage) -> None:
    for path in (home / "objects" / "staging").rglob("*"):
        if path.is_file():
            damage(path)
    put_back(lived.earlier[0])(home / "warehouse.duckdb")
    sentences_after(lived, home)
