"""What the values of a stage must look like, so that a mistake is reported before anything is created."""

import re
from collections.abc import Iterator

from infra import stage as stages
from infra.functions import FUNCTIONS
from infra.jobs import JOBS
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


def check(stage: Stage) -> None:
    """Raises `Rejected` for an unknown name, and for a value that a deploy or the product would refuse."""
    if problems := [*_problems(stage)]:
        raise Rejected(f"Stage {stage.name}: {' '.join(problems)}")
    values = {name.removeprefix(OURS).lower(): value for name, value in stage.values.items() if name.startswith(OURS)}
    Settings.check(values)


def _problems(stage: Stage) -> Iterator[str]:
    sizes = {f"{name.upper()}_{what}": shape for name in SERVICES for what, shape in SIZES.items()} | {
        f"{job.name.upper().replace('-', '_')}_{what}": shape for job in JOBS for what, shape in JOB_SIZES.items()
    }
    settings = {f"{OURS}{name.upper()}" for name in Settings.model_fields}
    for name, value in stage.values.items():
        shape = SHAPES.get(name) or sizes.get(name)
        if shape and not re.fullmatch(shape, value):
            yield f"{name} cannot be {value!r}."
        elif not shape and name not in {*stages.base(), *OPTIONAL, *settings}:
            yield f"There is no value {name}; infra/stages/base.env has the names."
