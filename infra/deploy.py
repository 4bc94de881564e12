"""Deploy a stage: show the plan, apply its steps side by side, resume after a failure, and remove everything again."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from infra import order
from infra.gcloud import AlreadyExists, Gcloud
from infra.plan import Project, Step, plan
from infra.resource import Command, Resource, Retired
from tillstream.model.errors import Rejected, TillstreamError

Report = Callable[[str], None]
UNDER_WAY = "under-way.txt"
"""File with the names of the current steps. If it exists at the start, an earlier run was interrupted."""

RETRY_ADVICE = "Fix the cause and run the command again; it continues with the remaining steps."


@dataclass(frozen=True)
class Deploy:
    """The resources of one project, and the client that changes them."""

    resources: Sequence[Resource]
    gcloud: Gcloud
    report: Report
    has_source: bool = True
    """Whether the image can be built; otherwise nothing is applied."""
    notes: Sequence[str] = ()
    """Sentences about what the stage does not declare, shown with the plan."""

    def commands(self) -> None:
        """Print every command for an empty project, without any request."""
        for resource in self.resources:
            commands = resource.commands(None)
            if not commands:
                continue
            self.report(f"# {resource.title}")
            self.gcloud.write(commands)
            for command in commands:
                self.report(self.gcloud.line(command))

    def check(self) -> list[str]:
        """Describe each difference between the project and its declaration."""
        return [f"{step.resource.title}: {difference}" for step in self._plan() for difference in step.differences]

    def apply(self) -> int:
        """Bring the project to its declared state; return the number of steps. Raises if a step fails."""
        if not self.has_source:
            raise Rejected("There is nothing to deploy. Run the command in a clone.")
        note = self.gcloud.folder / UNDER_WAY
        if note.exists():
            self.report(
                f"The previous run stopped at: {note.read_text(encoding='utf-8')}. This run continues from there."
            )
        steps = self._plan()
        self._show(steps)
        self._apply_steps(steps, note)
        note.unlink(missing_ok=True)
        return len(steps)

    def _apply_steps(self, steps: Sequence[Step], note: Path) -> None:
        """Apply steps side by side, each after those that it needs. After a failure, no further step starts."""
        waiting = order.queue(self.resources, [step.resource for step in steps])
        numbered = {step.resource.title: (number, step) for number, step in enumerate(steps, 1)}
        running: dict[Future[None], str] = {}
        failures: dict[str, TillstreamError] = {}
        note.parent.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(order.WORKERS) as pool:
            while True:
                for title in [] if failures else waiting.start(running.values()):
                    number, step = numbered[title]
                    self.report(f"[{number}/{len(steps)}] {_title(step)}")
                    running[pool.submit(self._apply_step, step)] = title
                if not running:
                    break
                note.write_text(", ".join(_title(numbered[title][1]) for title in running.values()), encoding="utf-8")
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    title = running.pop(future)
                    try:
                        future.result()
                    except TillstreamError as error:
                        failures[title] = error
                    else:
                        waiting.finish(title)
        if failures:
            lines = [
                f"Stopped at step {number} of {len(steps)}, {_title(step)}: {failures[title]}"
                for title, (number, step) in numbered.items()
                if title in failures
            ]
            note.write_text(", ".join(_title(numbered[title][1]) for title in failures), encoding="utf-8")
            first = next(iter(failures.values()))
            raise type(first)("\n".join([*lines, RETRY_ADVICE])) from first

    def _plan(self) -> list[Step]:
        project = Project(self.gcloud)
        project.read(self.resources)
        return plan(self.resources, project)

    def _show(self, steps: Sequence[Step]) -> None:
        self.report(f"{len(self.resources) - len(steps)} of {len(self.resources)} resources are up to date.")
        for line in (*(f"  {step.summary()}" for step in steps), *self.notes):
            self.report(line)
        if unfixable := [f"{step.resource.title}: {words}" for step in steps for words in step.unfixable]:
            raise Rejected(
                "No command can change these resources. Remove them yourself if they contain no data that you "
                f"need:\n{_indented(unfixable)}"
            )

    def _apply_step(self, step: Step) -> None:
        """Run the commands of a step. A resource that exists already was created by an earlier run or concurrently."""
        for command in step.commands:
            try:
                self.gcloud.do(command)
            except AlreadyExists:
                state = Project(self.gcloud).again(step.resource)
                if step.state is not None or state is None:
                    raise
                if step.resource.differences(state):
                    self._run(step.resource.commands(state))
                return

    def _run(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self.gcloud.do(command)

    # ---- removal ------------------------------------------------------------------------------------------------

    def removals(self, *, data: bool) -> list[Resource]:
        """Existing resources in reverse order of creation, after those of earlier versions.

        data: include those that hold data.
        """
        project = Project(self.gcloud)
        project.read(self.resources)
        existing = [resource for resource in self.resources if resource.remove and project.state(resource) is not None]
        removed = [resource for resource in reversed(existing) if data or not resource.holds_data]
        return sorted(removed, key=lambda resource: not isinstance(resource, Retired))

    def remove(self, resources: Sequence[Resource]) -> None:
        for number, resource in enumerate(resources, 1):
            self.report(f"[{number}/{len(resources)}] remove {resource.title}")
            self._run(resource.remove)


def _indented(words: Sequence[str]) -> str:
    return "\n".join(f"  {each}" for each in words)


def _title(step: Step) -> str:
    return step.summary().partition(":")[0]
