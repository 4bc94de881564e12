"""One stage of one project, ready to be deployed, checked or removed by the command line.

What the values of a stage must look like is checked before anything is created.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from infra import source, stage
from infra.declared import Declared
from infra.deploy import Deploy
from infra.functions import FUNCTIONS
from infra.gcloud import Gcloud
from infra.jobs import JOBS
from infra.kinds import billing
from infra.resource import StateQuery
from infra.source import UNKNOWN, Source
from infra.stage import OURS, Stage
from tillstream.model.errors import Rejected
from tillstream.settings import Settings

MEMBER = r"(group|domain|user|serviceAccount):\S+"
SHAPES = {
    "REGION": r"[a-z]+-[a-z]+\d+",
    "READERS": rf"({MEMBER}( +|$))*",
    "PORTAL_OPEN_TO": rf"allUsers|{MEMBER}",
    "INBOX_KEEPS_DAYS": r"[1-9]\d*",
    "STAGING_KEEPS_DAYS": r"[1-9]\d*",
    "BYTES_BILLED_GB_DAY": r"\d*",
    "SETTLED_WITHIN_HOURS": r"([1-9]|1\d|2[0-3])?",
    "BUDGET_MONTHLY": r"\d*",
    "PORTAL_CONCURRENCY": r"[1-9]\d*",
    "SPARK": r"(yes)?",
}
"""Name → a regular expression of the whole value."""
OPTIONAL = ("PROJECT", "BASE", "CONNECT_SUBNET")
SIZES = {"MEMORY": r"[1-9]\d*[MG]i?", "CPU": r"[1-9]\d*|0?\.\d+|[1-9]\d*m", "LEAST": r"\d+", "MOST": r"[1-9]\d*"}
SERVICES = ("portal", *(each.name for each in FUNCTIONS))
JOB_SIZES = {"MEMORY": r"[1-9]\d*Gi", "CPU": SIZES["CPU"]}
"""Of a job, DuckDB gets half of the memory."""

CLONE = Path(__file__).resolve().parent.parent
WORK = CLONE / "build" / "deploy"
DESCRIBED = "cloudresourcemanager.googleapis.com"


def check_values(stage: Stage) -> None:
    """Raises `Rejected` for an unknown name, and for a value that a deploy or the product would refuse."""
    if problems := [*_wrong_values(stage)]:
        raise Rejected(f"Stage {stage.name}: {' '.join(problems)}")
    values = {name.removeprefix(OURS).lower(): value for name, value in stage.values.items() if name.startswith(OURS)}
    Settings.check(values)


def _wrong_values(current: Stage) -> Iterator[str]:
    sizes = {f"{name.upper()}_{what}": shape for name in SERVICES for what, shape in SIZES.items()} | {
        f"{job.name.upper().replace('-', '_')}_{what}": shape for job in JOBS for what, shape in JOB_SIZES.items()
    }
    settings = {f"{OURS}{name.upper()}" for name in Settings.model_fields}
    for name, value in current.values.items():
        shape = SHAPES.get(name) or sizes.get(name)
        if shape and not re.fullmatch(shape, value):
            yield f"{name} cannot be {value!r}."
        elif not shape and name not in {*stage.base(), *OPTIONAL, *settings}:
            yield f"There is no value {name}; infra/stages/base.env has the names."


def deployment(
    project: str,
    stage_name: str,
    overrides: Mapping[str, str],
    report: Callable[[str], None],
    *,
    number: str = "",
    ask: bool = True,
    work: Path = WORK,
    source: Source | None = None,
) -> Deploy:
    """The deployment of one stage. Raises `Rejected`.

    project: default: that of the stage's file; number: of the project, queried if empty, unless `ask` is False;
    source: default: that of this clone.
    """
    unnumbered = stage.read(stage_name, project, overrides=overrides)
    check_values(unnumbered)
    project = unnumbered.project
    gcloud = Gcloud(project, work / f"{project}-{stage_name}", report)
    if ask and not number:
        number = number_of(gcloud)
    source = source or here(work)
    if not source.digest and not ask:
        source = UNKNOWN
    chosen = stage.read(stage_name, project, number, overrides)
    declared = Declared(chosen, source)
    return Deploy(declared.resources(), gcloud, report, has_source=bool(source.digest), notes=billing.skipped(chosen))


def here(work: Path = WORK) -> Source:
    """The source of this clone; empty outside of a clone."""
    return source.of_clone(CLONE, work) if (CLONE / "Dockerfile").is_file() else Source()


def number_of(gcloud: Gcloud) -> str:
    """The number of the project. Raises `Rejected` if there is none, or the caller has no access."""
    query = StateQuery(("projects", "describe", gcloud.project), lambda item: str(item["projectId"]), DESCRIBED)
    with contextlib.suppress(KeyError, TypeError):
        return str(gcloud.ask(query)["projectNumber"])
    raise Rejected(f"There is no project {gcloud.project}, or you do not have access to it.")


def ensure_recipient(stage_name: str, project: str, overrides: Mapping[str, str], ask: Callable[[], str]) -> None:
    """Note the recipient of alerts in the file of a stage that names none; `ask` returns an address or `none`.

    Raises `Rejected` if it is neither.
    """
    current = stage.read(stage_name, project, overrides=overrides)["ALERT_EMAIL"]
    address = current or ask().strip()
    if address != stage.NO_EMAIL and not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise Rejected(f"ALERT_EMAIL is {address!r}. Set the address that receives alerts, or {stage.NO_EMAIL}.")
    if not current:
        stage.note(stage_name, "ALERT_EMAIL", address)
