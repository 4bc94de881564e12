"""The steps of a proof, in their order, with the seconds that each may take.

Those about the project are here: a deploy in time, a second one that sends nothing, the bill, and the removal.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from devtools.prove import figures, safety
from devtools.prove.proof import Facts, Proof, expect
from devtools.prove.safety import PEOPLE, backup_address
from infra.gcloud import Gcloud
from infra.project import deployment
from infra.resource import Command, gcloud
from infra.stage import Stage
from tillstream.app.google.project_tables import warehouse_costs

DEPLOY_SECONDS = 720
"""The goal of a first deploy."""
LIMIT = 1_800
"""Seconds of all steps together."""


def make(*words: str) -> Command:
    return Command(words, program="make")


def deploy_commands(stage: Stage) -> list[Command]:
    return [make("deploy", f"PROJECT={stage.project}", f"STAGE={stage.name}")]


def deploy(proof: Proof) -> Facts:
    """Deploy everything, timed."""
    started = time.monotonic()
    steps = deployment(proof.stage.project, proof.stage.name, {}, print, work=proof.folder).apply()
    seconds = time.monotonic() - started
    return {"steps": steps, "seconds": round(seconds), "goal in seconds": DEPLOY_SECONDS}


def deploy_again(proof: Proof) -> Facts:
    """Deploy again: nothing differs, so nothing is sent."""
    again = deployment(proof.stage.project, proof.stage.name, {}, print, work=proof.folder)
    expect(again.check(), [], "Differences after a deploy")
    expect(again.apply(), 0, "Steps of a second deploy")
    return {"steps": 0}


def bill_commands(stage: Stage) -> list[Command]:
    of = (f"--project={stage.project}", f"--dataset={stage['DATASET']}", f"--location={stage.region}")
    return [Command(("deploy", "cost", *of, "--days=1"), program="tillstream")]


def bill(proof: Proof) -> Facts:
    """What BigQuery billed, by work, at list prices."""
    rows = warehouse_costs(proof.app.settings, 1)
    works = {f"{row['work']} of {row['account']}": f"{row['usd']:.4f} USD" for row in rows if row["usd"]}
    return {"jobs": sum(row["jobs"] for row in rows), "USD": round(sum(row["usd"] for row in rows), 4)} | works


def destroy_commands(stage: Stage) -> list[Command]:
    """Remove what the other steps created besides the deployment, and the deployment with its data."""
    return [
        gcloud("storage", "rm", backup_address(stage), "--recursive"),
        *(gcloud("iam", "service-accounts", "delete", stage.account(name)) for name in PEOPLE),
        Command(
            ("deploy", "destroy", f"--project={stage.project}", f"--stage={stage.name}", "--data", "--yes"),
            program="tillstream",
        ),
    ]


def destroy(proof: Proof) -> Facts:
    """Remove the deployment with all data."""
    proof.close()
    for command in destroy_commands(proof.stage):
        proof.project.do(command)
    removable = deployment(proof.stage.project, proof.stage.name, {}, print, work=proof.folder).removals(data=True)
    expect([resource.title for resource in removable], [], "Resources after the removal")
    return {}


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
    Step("deploy", DEPLOY_SECONDS, deploy, deploy_commands),
    Step("deploy-again", 60, deploy_again, deploy_commands),
    Step("load", 150, figures.load),
    Step("settle-twice", 120, figures.settle_twice, figures.settle_commands),
    Step("freshness", 180, figures.freshness),
    Step("dead-letters", 150, safety.dead, safety.dead_letter_commands),
    Step("restore", 210, safety.restore, safety.restore_commands),
    Step("people", 60, safety.people, safety.people_commands),
    Step("bill", 10, bill, bill_commands),
    Step("destroy", 140, destroy, destroy_commands),
)


def plan(stage: Stage, gcloud: Gcloud) -> Iterator[str]:
    """The lines of the plan: each step with its expected seconds and its commands."""
    for step in STEPS:
        yield f"# {step.name}: {step.title} ({step.seconds} s)"
        yield from map(gcloud.line, step.commands(stage))
    yield f"# {sum(step.seconds for step in STEPS)} s in all"
