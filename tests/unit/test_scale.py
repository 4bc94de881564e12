"""The arithmetic of docs/scale.md, and its count of documents against a real upload."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from app_factory import build

from devtools.billing.traffic import GAP, MICRO_WAIT
from docs.generate.scale.apart import days_hit, idle_costs
from docs.generate.scale.freshness import bigquery_seconds, file_seconds, p95, portal_seconds, standing
from docs.generate.scale.large import LargeFile
from docs.generate.scale.model import WRITES_PER_UPLOAD, Day
from docs.generate.scale.samples import samples
from docs.generate.scale.seconds import STAGE, Night, noting_calls, paced_seconds, sale_seconds, settlement_seconds
from docs.generate.scale.targets import targets
from infra.functions import EVENT_SECONDS
from infra.goals import FILE_SECONDS, LIVE_SECONDS
from infra.jobs import LARGE
from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.intake import inbox
from tillstream.pipeline.settling.large_job import LONGEST_PAUSE
from tillstream.ports.documents import Document, Put
from tillstream.records import batch_records
from tillstream.server.worker import Worker
from tillstream.settings import Settings


class Recording(SQLiteDocumentStore):
    """Writes as ever, and remembers the collection of each document written; `put` is `put_all` of one."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.written: list[str] = []

    def put_all(self, puts: Sequence[Put]) -> list[Document]:
        self.written += [one.collection for one in puts]
        return super().put_all(puts)


def test_an_upload_writes_as_many_documents_as_the_page_counts(tmp_path: Path) -> None:
    app = build(Settings(home=tmp_path, samples=False, threads=1))
    documents = Recording(tmp_path / "documents.sqlite")
    app = replace(app, ports=replace(app.ports, documents=documents))
    contract = app.contracts.pin("classic-models")
    cells = {"ORDERNUMBER": "1", "ORDERLINENUMBER": "2", "QUANTITYORDERED": "3", "PRICEEACH": "4", "SALES": "12"}
    cells |= {"ORDERDATE": "2/24/2003 0:00", "STATUS": "Shipped"}
    names = list(contract.columns.values())
    text = ",".join(names) + "\n" + ",".join(cells.get(name, "x") for name in names) + "\n"
    documents.written.clear()
    upload = inbox.receive_file(app.ports, contract, "sales.csv", io.BytesIO(text.encode()), "emma")
    Worker(app).run_until_idle()
    assert batch_records.get_batch(app.ports, upload.batch_id).state.value == "announced"
    seldom = {"home", "stock"}  # written once in a home, and once for all settlements of some minutes
    each_time = [collection for collection in documents.written if collection not in seldom]
    assert len(each_time) == WRITES_PER_UPLOAD, documents.written
    documents.close()
    app.close()


MONTH, YEARS, TEN = Day(1_000_000, 30), Day(1_000_000, 3 * 365), Day(10_000_000, 30)


def test_a_day_costs_the_same_after_thirty_days_and_after_three_years() -> None:
    """Only the daily totals grow, by one column of the settlements."""
    month, years = MONTH.costs, YEARS.costs
    assert {name for name in month if years[name] > 1.02 * month[name]} <= {"daily totals"}
    assert sum(years.values()) < 1.001 * sum(month.values())


def test_ten_times_the_sales_cost_less_than_ten_times_as_much() -> None:
    small, large = (sum(day.costs.values()) for day in (MONTH, TEN))
    assert 4 * small < large < 10 * small


def test_tills_are_settled_once_a_minute_and_each_file_at_once_while_there_is_time() -> None:
    assert MONTH.traffic.settlements == 1_440 + 250
    assert TEN.traffic.settlements == pytest.approx(960 + 8 * 3_600 / settlement_seconds(0))


def test_a_sale_waits_for_the_settlement_of_its_minute() -> None:
    assert sale_seconds(20) == 30 + 20


def test_nineteen_of_twenty_sales_and_files_are_visible_within_the_goals() -> None:
    appended, shown = list(bigquery_seconds()), list(portal_seconds())
    assert sum(seconds <= p95(shown) for seconds in shown) >= 0.95 * len(shown)
    assert p95(appended) < p95(shown) < LIVE_SECONDS
    assert MICRO_WAIT - 0.1 < max(appended) - min(appended) < MICRO_WAIT + GAP
    assert p95(file_seconds(MONTH.settle_seconds)) < FILE_SECONDS


def test_opening_hours_cost_what_receive_waits() -> None:
    assert standing(24) == pytest.approx(idle_costs()["receive"], rel=0.01)
    assert standing(12) == pytest.approx(standing(24) / 2, rel=0.05)


def test_the_samples_are_of_their_kind() -> None:
    assert samples().new.reads == samples().late.reads == []
    assert {"stored_versions", "sightings"} < {session.table for session in samples().corrected.reads}
    assert samples().corrected.result.changes == {"added": 1, "corrected": 1, "removed": 0}


def test_few_sales_hit_as_many_days_and_many_hit_all() -> None:
    assert days_hit(1, 30) == pytest.approx(1)
    assert 1.9 < days_hit(2, 30) < 2
    assert days_hit(10_000, 30) == pytest.approx(30)


def test_a_settlement_takes_seconds_for_its_statements_first() -> None:
    assert settlement_seconds(0) == 10 * 2 + 2
    assert settlement_seconds(2_000_000) == pytest.approx(settlement_seconds(0) + 300)


def test_a_million_documents_take_eighteen_minutes_at_the_pace_of_the_adapter() -> None:
    assert 17 < paced_seconds(1_000_000) / 60 < 19


def test_the_steps_of_a_night_add_up() -> None:
    night = Night()
    assert night.settlements == 20
    assert night.seconds == sum(night.steps.values())
    assert night.longest > (night.seconds - night.steps[STAGE]) / night.settlements


def test_a_night_settles_within_half_an_hour_and_each_settlement_within_the_time_of_its_function() -> None:
    assert Night().seconds < 30 * 60
    assert Night().longest < EVENT_SECONDS


def test_the_function_that_notes_pending_days_needs_calls_for_two_million_sales_each() -> None:
    assert noting_calls(10_000) == noting_calls(1_000_000) == 1
    assert noting_calls(4_000_000) == 3


def test_a_file_of_five_gigabytes_fits_into_the_job_and_its_pause_into_an_hour() -> None:
    file = LargeFile()
    assert file.memory < int(LARGE.memory.removesuffix("Gi")) << 30
    assert 0 < file.paused_seconds < LONGEST_PAUSE.total_seconds() < sum(file.steps.values())
    assert sum(file.steps.values()) + file.paused_seconds < LARGE.hours * 3600


def test_an_idle_project_costs_less_than_three_dollars_a_day() -> None:
    assert sum(idle_costs().values()) < 3


def test_every_target_is_reported_as_met_or_not() -> None:
    days = {(day.sales, day.days): day for day in (MONTH, YEARS, TEN)}
    assert {verdict for _, _, verdict in targets(days)} <= {"met", "not met"}
