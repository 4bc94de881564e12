"""Deploying: shows the plan, makes it so step by step, goes on where a run stopped, and takes everything away again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.gcloud import Existing, Gcloud
from infra.plan import Project, Step, plan
from infra.resource import Command, Resource
from tillstream.domain.errors import Rejected, TillstreamError

Say = Callable[[str], None]
UNDER_WAY = "under-way.txt"
"""File that names the step that a run is at; left behind by one that stopped."""


@dataclass(frozen=True)
class Deploy:
    """One project's resources, and the gcloud that reaches it."""

    resources: Sequence[Resource]
    gcloud: Gcloud
    say: Say

    def commands(self) -> None:
        """Every command, as for an empty project; asks nobody anything."""
        for resource in self.resources:
            self.say(f"# {resource.title}")
            commands = resource.commands(None)
            self.gcloud.write(commands)
            for command in commands:
                self.say(self.gcloud.line(command))

    def check(self) -> list[str]:
        """Each difference between the project and what it should hold, in words."""
        return [f"{step.resource.title}: {difference}" for step in self._plan() for difference in step.differences]

    def apply(self) -> int:
        """Bring the project to what it should hold; the number of steps. Raises where one cannot be made."""
        if not any(resource.kind == "package" for resource in self.resources):
            raise Rejected("There is nothing here to deploy: run it in a clone, after `make package`.")
        note = self.gcloud.folder / UNDER_WAY
        if note.exists():
            self.say(
                f"The run before stopped at: {note.read_text(encoding='utf-8')}. What it made stays; this goes on."
            )
        steps = self._plan()
        self._show(steps)
        for number, step in enumerate(steps, 1):
            title = step.told().partition(":")[0]
            self.say(f"[{number}/{len(steps)}] {title}")
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(title, encoding="utf-8")
            try:
                self._make(step)
            except TillstreamError as error:
                raise type(error)(f"Stopped at step {number} of {len(steps)}, {title}: {error}\n{AGAIN}") from error
        note.unlink(missing_ok=True)
        return len(steps)

    def _plan(self) -> list[Step]:
        project = Project(self.gcloud)
        project.read(self.resources)
        return plan(self.resources, project)

    def _show(self, steps: Sequence[Step]) -> None:
        self.say(f"{len(self.resources) - len(steps)} of {len(self.resources)} resources are as they should be.")
        for step in steps:
            self.say(f"  {step.told()}")
        if stuck := [f"{step.resource.title}: {words}" for step in steps for words in step.stuck]:
            raise Rejected(f"No command changes this; remove it by hand where nothing is lost by it:\n{_lines(stuck)}")

    def _make(self, step: Step) -> None:
        """What is said to be there already was made by a run before, or by somebody else just now."""
        for command in step.commands:
            try:
                self.gcloud.do(command)
            except Existing:
                state = Project(self.gcloud).again(step.resource)
                if step.state is not None or state is None:
                    raise
                if step.resource.differences(state):
                    self._run(step.resource.commands(state))
                return

    def _run(self, commands: Sequence[Command]) -> None:
        for command in commands:
            self.gcloud.do(command)

    # ---- away again ---------------------------------------------------------------------------------------------

    def removals(self, *, data: bool) -> list[Resource]:
        """What there is to take away, last made first; with what holds data only where that is asked for."""
        project = Project(self.gcloud)
        project.read(self.resources)
        there = [each for each in self.resources if each.remove and project.state(each) is not None]
        return [each for each in reversed(there) if data or not each.holds_data]

    def remove(self, resources: Sequence[Resource]) -> None:
        for number, resource in enumerate(resources, 1):
            self.say(f"[{number}/{len(resources)}] remove {resource.title}")
            self._run(resource.remove)


AGAIN = "Run it again once that is mended: what is made is found as it should be, and the rest follows."


def _lines(words: Sequence[str]) -> str:
    return "\n".join(f"  {each}" for each in words)
