"""One stage of one project, ready to be deployed, checked or removed by the command line."""

import contextlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from infra import source, stage
from infra.declared import Declared
from infra.deploy import Deploy
from infra.gcloud import Gcloud
from infra.kinds import billing
from infra.resource import StateQuery
from infra.source import UNKNOWN, Source
from infra.stage_values import check
from tillstream.model.errors import Rejected

CLONE = Path(__file__).resolve().parent.parent
WORK = CLONE / "build" / "deploy"
DESCRIBED = "cloudresourcemanager.googleapis.com"


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
    check(unnumbered)
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
