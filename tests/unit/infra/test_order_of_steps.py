"""Steps run side by side: each after what it needs, few at a time, and none after a failure."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from infra import order, stage
from infra.declared import Declared
from infra.deploy import UNDER_WAY, Deploy
from infra.durations import first_deploy
from infra.gcloud import Gcloud
from infra.kinds.iam import Policy
from infra.plan import Project, plan
from infra.resource import Resource, StateQuery, gcloud
from infra.source import UNKNOWN
from tillstream.model.errors import Rejected

MOST_MINUTES = 12


def everything() -> list[Resource]:
    values = {"ALERT_EMAIL": "night@example.com", "READERS": "group:sales@example.com"}
    return Declared(stage.read("prod", "demo", "123", values), UNKNOWN).resources()


def test_a_first_deploy_takes_at_most_twelve_minutes_by_the_seconds_of_its_calls() -> None:
    seconds, chain = first_deploy(everything())
    assert seconds <= MOST_MINUTES * 60, chain
    alone, _ = first_deploy(everything(), workers=1)
    assert alone > 2 * seconds


def test_every_kind_has_its_place() -> None:
    assert {each.kind for each in everything()} - order.AFTER.keys() == set()


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("policy of project", "account tillstream-stage"),
        ("image europe-west1-docker.pkg.dev/demo/tillstream/portal:digest", "policy of project"),
        ("function settle", "sale index of dataset tillstream"),
        ("function settle", "reports in dataset tillstream_reports"),
        ("policy of function settle", "function settle"),
        ("schedule sweep", "policy of function sweep"),
        ("subscription announce", "topic batch-events"),
        ("notification demo-tillstream-prod-inbox", "policy of topic object-events"),
        ("notification demo-tillstream-prod-inbox", "policy of function stage"),
        ("trigger stage-finalized", "notification demo-tillstream-prod-inbox"),
        ("portal portal", "secret's value tillstream-session-secret"),
        ("alert Tillstream: functions fail", "figure of logs tillstream-failures"),
        ("reports in dataset tillstream_reports", "tables of dataset tillstream"),
    ],
)
def test_a_step_waits_for_what_it_needs(later: str, earlier: str) -> None:
    resources = everything()
    waiting = order.waits_for(resources, [each.title for each in resources])
    needed, pending = set(waiting[later]), set(waiting[later])
    while pending:
        pending = set().union(*(waiting[title] for title in pending)) - needed
        needed |= pending
    assert earlier in needed


def test_views_and_writers_are_renewed_after_a_migration_that_may_recreate_their_tables() -> None:
    titles = (
        "tables of dataset tillstream",
        "writers of tables in tillstream",
        "reports in dataset tillstream_reports",
    )
    chosen = [each for each in everything() if each.title in titles]

    class Answers(Project):
        """Each resource has no differences, except for the tables."""

        def state(self, resource: Resource) -> dict[str, list[str]]:
            return {"differences": ["another version"] if resource.kind == differing else []}

    differing = "tables"
    assert {step.resource.title for step in plan(chosen, Answers(Gcloud("demo", Path())))} == set(titles)
    differing = "reports"
    assert [step.resource.title for step in plan(chosen, Answers(Gcloud("demo", Path())))] == [titles[-1]]


def test_a_step_waits_through_resources_that_are_up_to_date() -> None:
    resources = everything()
    waiting = order.waits_for(resources, ["services of Google", "alert Tillstream: functions fail"])
    assert waiting["alert Tillstream: functions fail"] == {"services of Google"}


def test_one_policy_is_changed_by_one_step_at_a_time() -> None:
    policies = [each.name for each in everything() if isinstance(each, Policy)]
    assert len(policies) == len(set(policies))
    resources = [each for each in everything() if order.alone(each)]
    queue = order.queue(resources, resources)
    queue.waiting = {title: set() for title in queue.waiting}
    groups = [queue.groups[title] for title in queue.start([], workers=100)]
    assert sorted(groups) == ["configuration of monitoring", "indexes of documents", "policy of dataset"]


class Recorder(Gcloud):
    """Runs nothing; a command is done when `work` returns."""

    def __init__(self, folder: Path, work: Callable[[str], None]) -> None:
        super().__init__("demo", folder)
        object.__setattr__(self, "work", work)

    def ask(self, ask: StateQuery) -> None:
        return None

    def do(self, command: object) -> None:
        self.work(command.words[0])  # type: ignore[attr-defined]


def resource(name: str, kind: str = "bucket") -> Resource:
    return Resource(kind, name, StateQuery((name,), str, ""), {}, (gcloud(name),))


def test_independent_steps_run_together_and_a_failure_lets_them_end_but_starts_no_other(tmp_path: Path) -> None:
    together, done, output = threading.Barrier(2), [], list[str]()

    def work(name: str) -> None:
        if name in {"a", "b"}:
            together.wait(10)
        if name == "b":
            raise Rejected("b is forbidden")
        done.append(name)

    resources = [resource("a"), resource("b"), resource("c", "other")]
    deploy = Deploy(resources, Recorder(tmp_path, work), output.append)
    with pytest.raises(Rejected, match=r"(?s)Stopped at step 2 of 3, make bucket b: b is forbidden.*run the command"):
        deploy.apply()
    assert done == ["a"]
    assert (tmp_path / UNDER_WAY).read_text(encoding="utf-8") == "make bucket b"
    assert [line for line in output if line.startswith("[")] == ["[1/3] make bucket a", "[2/3] make bucket b"]


def test_all_failures_are_reported_in_the_order_of_the_plan(tmp_path: Path) -> None:
    together = threading.Barrier(2)

    def work(name: str) -> None:
        together.wait(10)
        raise Rejected(f"{name} is forbidden")

    deploy = Deploy([resource("a"), resource("b")], Recorder(tmp_path, work), lambda _: None)
    with pytest.raises(Rejected, match=r"(?s)make bucket a: a is forbidden\n.*make bucket b: b is forbidden"):
        deploy.apply()
