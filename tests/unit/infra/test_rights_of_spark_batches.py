"""The account of a batch of Dataproc has the rights that its calls need, and no others."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from app_factory import build
from call_recorder import Calls, RecordedPort, required_permissions, unneeded_grants
from unit.connectors.connector_steps import sales

from infra.access.grants import STAGES_ON_SPARK
from infra.access.permissions import granted_permissions
from tillstream.app.batch_program import staging_batch
from tillstream.intake import inbox
from tillstream.model.batch import BatchState
from tillstream.records import batch_records
from tillstream.settings import Settings
from tillstream.spark.dataproc_batches import BATCHES_FOLDER, read_outcomes, write_tasks
from tillstream.spark.file_tasks import FileOutcome, FileTask, OpenedHome, run_file_task
from tillstream.spark.staged_files import stage_files

BATCH = "tillstream-1a2b-0"


def run_here(tasks: Sequence[FileTask], open_objects: Callable[[], OpenedHome]) -> list[FileOutcome]:
    return [run_file_task(task, place, open_objects()) for place, task in enumerate(tasks)]


def test_the_account_has_what_a_batch_needs_and_nothing_more(tmp_path: Path) -> None:
    calls: Calls = set()
    app = build(Settings(home=tmp_path / "home", samples=False, threads=1))
    contract = app.contracts.pin("online-retail-uk")
    received = [
        inbox.receive_file(app.ports, contract, f"{number}.csv", io.BytesIO(sales(number).encode()), "ana")
        for number in (1, 2)
    ]
    objects = RecordedPort(app.ports.objects, "objects", calls)

    def run(tasks: Sequence[FileTask]) -> list[FileOutcome]:
        write_tasks(app.ports.objects, BATCH, tasks)
        staging_batch.run(lambda: OpenedHome(objects, app.ports.clock), f"{BATCHES_FOLDER}{BATCH}", run_here)  # type: ignore[arg-type]
        return read_outcomes(app.ports.objects, BATCH, tasks)

    assert stage_files(app.ports, app.contracts, received, run).files == 2
    assert {batch_records.get_batch(app.ports, one.batch_id).state for one in received} == {BatchState.STAGED}
    assert required_permissions(calls) <= set(granted_permissions(STAGES_ON_SPARK))
    assert unneeded_grants(STAGES_ON_SPARK, calls) == []
    app.close()
