"""The steps of a proof, in their order, with the seconds that each may take."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from devtools.prove import figures, project_steps, safety
from devtools.prove.proof import Facts, Proof
from infra.gcloud import Gcloud
from infra.resource import Command
from infra.stage import Stage

LIMIT = 1_800
"""Seconds of all steps together."""


def _by_code(_: Stage) -> Sequence[Command]:
    """The step uses the API of the portal only."""
    return ()


@dataclass(frozen=True)
class Step:
    """One step. Its title is the first line of the docstring of `run`."""

    name: str
    seconds: int
    """Expected."""
    run: Callable[[Proof], Facts]
    """Returns the facts of the report. Raises `TillstreamError` if the project differs from what is expected."""
    commands: Callable[[Stage], Sequence[Command]] = _by_code
    """What it runs besides calls of the API and the ports."""

    @property
    def title(self) -> str:
        return (self.run.__doc__ or "").strip().splitlines()[0].rstrip(".")


STEPS = (
    Step("deploy", project_steps.DEPLOY_SECONDS, project_steps.deploy, project_steps.deploy_commands),
    Step("deploy-again", 60, project_steps.deploy_again, project_steps.deploy_commands),
    Step("load", 150, figures.load),
    Step("settle-twice", 120, figures.settle_twice, figures.settle_commands),
    Step("freshness", 180, figures.freshness),
    Step("dead-letters", 150, safety.dead, safety.dead_letter_commands),
    Step("restore", 210, safety.restore, safety.restore_commands),
    Step("people", 60, safety.people, safety.people_commands),
    Step("bill", 10, project_steps.bill, project_steps.bill_commands),
    Step("destroy", 140, project_steps.destroy, project_steps.destroy_commands),
)


def plan(stage: Stage, gcloud: Gcloud) -> Iterator[str]:
    """The lines of the plan: each step with its expected seconds and its commands."""
    for step in STEPS:
        yield f"# {step.name}: {step.title} ({step.seconds} s)"
        yield from map(gcloud.line, step.commands(stage))
    yield f"# {sum(step.seconds for step in STEPS)} s in all"
