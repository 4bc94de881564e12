"""Deploy a stage: show the plan, apply it step by step, resume after a failure, and remove everything again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.gcloud import AlreadyExists, Gcloud
from infra.plan import Project, Step, plan
from infra.resource import Command, Resource
from tillstream.domain.errors import Rejected, TillstreamError

Report = Callable[[str], None]
UNDER_WAY = "under-way.txt"
"""File with the name of the current step. If it exists at the start, an earlier run was interrupted."""


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
        for number, step in enumerate(steps, 1):
            title = step.summary().partition(":")[0]
            self.report(f"[{number}/{len(steps)}] {title}")
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(title, encoding="utf-8")
            try:
                self._apply_step(step)
            except TillstreamError as error:
                raise type(error)(
                    f"Stopped at step {number} of {len(steps)}, {title}: {error}\n{RETRY_ADVICE}"
                ) from error
        note.unlink(missing_ok=True)
        return len(steps)

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
        """Existing resources in reverse order of creation; those that hold data only if `data`."""
        project = Project(self.gcloud)
        project.read(self.resources)
        existing = [resource for resource in self.resources if resource.remove and project.state(resource) is not None]
        return [resource for resource in reversed(existing) if data or not resource.holds_data]

    def remove(self, resources: Sequence[Resource]) -> None:
        for number, resource in enumerate(resources, 1):
            self.report(f"[{number}/{len(resources)}] remove {resource.title}")
            self._run(resource.remove)


RETRY_ADVICE = "Fix the cause and run the command again; it continues with the remaining steps."


def _indented(words: Sequence[str]) -> str:
    return "\n".join(f"  {each}" for each in words)
