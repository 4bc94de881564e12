"""Roll back functions, portal and jobs of a project to their previous revisions, or forward to the latest ones.

Nothing is built or deployed: Cloud Run keeps the revisions, and only the traffic is moved. Jobs and batches of Dataproc
get the image of the same source. The previous version of the code works with the present tables, because migrations
never remove a column.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from infra.functions import FUNCTIONS
from infra.gcloud import Gcloud
from infra.jobs import JOBS
from infra.kinds.run import REGISTRY
from infra.resource import RestObject, StateQuery, gcloud
from tillstream.model.errors import Rejected, TillstreamError

API = "run.googleapis.com"
SERVICES = (*(one.name for one in FUNCTIONS), "portal")
"""In the order in which a deploy changes them; a rollback goes backwards, so that what a function leaves to another is
handled at any time."""


def roll_back(project: str, region: str, report: Callable[[str], None], *, forward: bool = False) -> None:
    """Roll back every service that has a revision before the serving one. Raises `Rejected`, `Unavailable`."""
    calls, where = calling(project), f"--region={region}"
    for service in SERVICES if forward else reversed(SERVICES):
        if forward:
            calls.do(gcloud("run", "services", "update-traffic", service, "--to-latest", where))
            report(f"{service}: the newest revision")
            continue
        revisions = calls.ask(StateQuery(("run", "revisions", "list", f"--service={service}", where), _name, API))
        chosen = before(serving(described(calls, service, region)), revisions or [])
        if chosen:
            calls.do(gcloud("run", "services", "update-traffic", service, f"--to-revisions={chosen}=100", where))
        report(f"{service}: {chosen or 'there is no previous revision; unchanged'}")
    _follow_portal(calls, region, report)


def _follow_portal(calls: Gcloud, region: str, report: Callable[[str], None]) -> None:
    """Give the jobs, which have no revisions, the image of the portal's serving revision."""
    chosen = serving(described(calls, "portal", region))
    listed = calls.ask(StateQuery(("run", "revisions", "list", "--service=portal", f"--region={region}"), _name, API))
    image = next(
        (one["spec"]["containers"][0]["image"] for one in listed or () if one["metadata"]["name"] == chosen), ""
    )
    if not image:
        return
    for job in JOBS:
        calls.do(gcloud("run", "jobs", "update", job.name, f"--image={image}", f"--region={region}"))
        report(f"{job.name}: the image of {chosen}")
    _follow_with_batches(calls, image, report)


def _follow_with_batches(calls: Gcloud, image: str, report: Callable[[str], None]) -> None:
    """Give the batches of Dataproc, which run the image `latest`, the one of the same source. image: the portal's."""
    folder, source = image.rpartition("/")[0], image.rpartition(":")[2]
    images = ("artifacts", "docker", "images", "list", f"{folder}/spark", f"--filter=tags:{source}", "--include-tags")
    if calls.ask(StateQuery(images, str, REGISTRY)):
        calls.do(gcloud("artifacts", "docker", "tags", "add", f"{folder}/spark:{source}", f"{folder}/spark:latest"))
        report(f"batches of Dataproc: the image spark:{source}")


def calling(project: str) -> Gcloud:
    return Gcloud(project, Path(tempfile.gettempdir()))


def described(calls: Gcloud, service: str, region: str) -> RestObject:
    """The service in the format of Cloud Run. Raises `Rejected` if it does not exist."""
    result = calls.ask(StateQuery(("run", "services", "describe", service, f"--region={region}"), _name, API))
    if not result:
        raise Rejected(f"There is no {service} in {calls.project}, {region}.")
    state: RestObject = result
    return state


def before(serving: str, revisions: Sequence[RestObject]) -> str:
    """The newest ready revision that is older than the serving one; empty if there is none."""
    created = {one["metadata"]["name"]: one["metadata"]["creationTimestamp"] for one in revisions if _was_ready(one)}
    until = next((one["metadata"]["creationTimestamp"] for one in revisions if one["metadata"]["name"] == serving), "")
    return max((name for name, at in created.items() if at < until), key=lambda name: created[name], default="")


def serving(service: RestObject) -> str:
    """The revision that gets the most requests."""
    traffic = service["status"].get("traffic") or [{}]
    return str(max(traffic, key=lambda target: target.get("percent") or 0).get("revisionName", ""))


def _was_ready(revision: RestObject) -> bool:
    """Whether the revision is ready; revisions without traffic are marked as retired and remain ready."""
    conditions = revision.get("status", {}).get("conditions", ())
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def _name(item: Any) -> str:
    return str(item["metadata"]["name"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.rollback", description=__doc__)
    parser.add_argument("project")
    parser.add_argument("region")
    parser.add_argument("--forward", action="store_true", help="to the newest revision again")
    args = parser.parse_args()
    try:
        roll_back(args.project, args.region, print, forward=args.forward)
    except TillstreamError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
