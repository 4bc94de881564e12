"""Stage uploads on Spark: the driver records and decides, workers read files and write rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tillstream.contracts.registry import ContractRegistry, contract_version
from tillstream.model.batch import Batch, BatchKind, BatchState, StagingReport
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.staging import stage
from tillstream.pipeline.staging.open_source import with_home_sale_ids
from tillstream.pipeline.validating.unusual_values import CopiedHistory
from tillstream.ports import Ports
from tillstream.spark.file_tasks import FileOutcome, FileTask

RunTasks = Callable[[Sequence[FileTask]], Sequence[FileOutcome]]


@dataclass(frozen=True)
class StagedFiles:
    """files: how many Spark staged or refused. faults: sentences about files that it did neither with."""

    files: int
    faults: tuple[str, ...] = ()


def stage_files(
    ports: Ports,
    contracts: ContractRegistry,
    batches: Sequence[Batch],
    run: RunTasks,
    beat: Callable[[], None] = lambda: None,
) -> StagedFiles:
    """Stage uploads in the order of `batches`, as `stage.stage` does with each of them.

    beat: called for each of them, so that a lease is renewed. Those with a fault remain as they are, and are staged
    again like others that were interrupted. Raises what `run` and `beat` raise.
    """
    results: list[tuple[Batch, StagingReport | Rejected | None]] = []
    tasks, places = list[FileTask](), list[int]()
    create = _Tasks(ports)
    for batch in batches:
        beat()
        if batch.kind is not BatchKind.UPLOAD:
            continue
        upload = stage.begin(ports, batch.batch_id)
        if upload.state is not BatchState.STAGING:
            continue
        report = stage.reusable_result(ports, upload)
        if report is None:
            places.append(len(results))
            tasks.append(create.task(upload))
        results.append((upload, report))
    order = sorted(range(len(tasks)), key=lambda place: -tasks[place].upload.size)
    faults = []
    for outcome in run([tasks[place] for place in order]) if tasks else ():
        place = places[order[outcome.place]]
        upload, _ = results[place]
        results[place] = (upload, outcome.result())
        if outcome.fault:
            faults.append(f"{upload.file}: {outcome.fault.strip().splitlines()[-1]}")
    done = [(upload, result) for upload, result in results if result is not None]
    done.sort(key=lambda one: one[0].received_seq)  # functions may settle some before the rest is recorded
    for upload, result in done:
        beat()
        stage.finish(ports, upload, result, contracts)
    return StagedFiles(len(done), tuple(faults))


class _Tasks:
    """Creates tasks; what the files of a contract are compared with is read once."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._contracts: dict[tuple[str, int], tuple[Contract, CopiedHistory]] = {}

    def task(self, upload: Batch) -> FileTask:
        version = (upload.contract, upload.contract_version)
        if version not in self._contracts:
            contract = contract_version(self._ports.documents, *version)
            history = CopiedHistory.from_history(stage.history_of(self._ports, contract), contract)
            self._contracts[version] = (with_home_sale_ids(self._ports, contract), history)
        return FileTask(upload, *self._contracts[version], self._ports.limits)
