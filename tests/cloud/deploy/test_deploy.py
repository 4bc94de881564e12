"""The deploy by the real gcloud and bq, against a fake server that stores what it receives."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from emulator_fixtures import require
from fake_google import Memory, serving
from fake_shapes import NUMBER, PROJECT

from infra.deploy import UNDER_WAY, Deploy
from infra.project import deployment
from infra.resource import Resource
from infra.source import Source
from tillstream.model.errors import Rejected

APIS = (
    *("PUBSUB", "RUN", "EVENTARC", "CLOUDSCHEDULER", "IAM", "SECRETMANAGER", "LOGGING", "MONITORING", "FIRESTORE"),
    *("CLOUDFUNCTIONS", "SERVICEUSAGE", "CLOUDRESOURCEMANAGER", "ARTIFACTREGISTRY", "CLOUDBUILD"),
)
ELSEWHERE = {"tables", "sale index", "writers", "reports", "image"}
"""Tables, index, writers and reports are made by Google's library, images by a build: no stand-in."""
EMPTY_SERVICE = {
    "apiVersion": "serving.knative.dev/v1",
    "kind": "Service",
    "metadata": {"name": "sales", "namespace": NUMBER, "generation": 1, "annotations": {}},
    "spec": {"template": {"metadata": {}, "spec": {"containers": [{"image": "of-a-function"}]}}},
}
FEW = {
    *(
        "services of Google",
        "repository tillstream",
        "topic dead-letters",
        "policy of bucket source",
        "portal portal",
        "policy of portal",
    ),
    *(f"bucket demo-tillstream-dev-{name}" for name in ("staging", "source")),
}


@dataclass
class Google:
    """The stand-in, and deploys that reach it."""

    memory: Memory
    folder: Path
    output: list[str] = field(default_factory=list)

    def deploy(self, wanted: Callable[[Resource], bool], **overrides: str) -> Deploy:
        source = Source("1e1e", str(self.folder / "image.tgz"))
        whole = deployment(PROJECT, "dev", overrides, self.output.append, work=self.folder, source=source)
        return Deploy([each for each in whole.resources if wanted(each)], whole.gcloud, self.output.append)

    def since(self, work: Callable[[], object]) -> list[str]:
        """The changing calls that it makes."""
        before = len(self.memory.changes)
        work()
        return self.memory.changes[before:]


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    require("" if shutil.which("gcloud") and shutil.which("bq") else "gcloud is not on this machine")
    memory = Memory()
    project = {"projectId": PROJECT, "projectNumber": NUMBER, "name": PROJECT, "lifecycleState": "ACTIVE"}
    memory.held[f"cloudresourcemanager/projects/{PROJECT}"] = project
    with serving(memory) as port:
        token, options = tmp_path / "token", tmp_path / "bigqueryrc"
        token.write_text("nobody's", encoding="utf-8")
        options.write_text("api = http://bigquery.test\noauth_access_token = nobody's\n", encoding="utf-8")
        for name, value in {
            "CONFIG": str(tmp_path / "gcloud"),
            "AUTH_ACCESS_TOKEN_FILE": str(token),
            "CORE_DISABLE_USAGE_REPORTING": "1",
            "COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
            "PROXY_TYPE": "http",
            "PROXY_ADDRESS": "127.0.0.1",
            "PROXY_PORT": str(port),
            "API_ENDPOINT_OVERRIDES_STORAGE": "http://storage.test/storage/v1/",
            **{f"API_ENDPOINT_OVERRIDES_{api}": f"http://{api.lower()}.test/" for api in APIS},
        }.items():
            monkeypatch.setenv(f"CLOUDSDK_{name}", value)
        monkeypatch.setenv("BIGQUERYRC", str(options))
        yield Google(memory, tmp_path)


def test_what_is_deployed_once_is_not_touched_again_and_drift_is_mended(google: Google) -> None:
    few = google.deploy(lambda each: each.title in FEW)
    assert few.apply() > 0
    assert google.since(few.apply) == []
    google.memory.held[f"storage/b/{PROJECT}-tillstream-dev-staging"]["versioning"] = {"enabled": True}
    del google.memory.held[f"pubsub/projects/{PROJECT}/topics/dead-letters"]
    portal = f"run/projects/{PROJECT}/locations/europe-west1/services/portal"
    google.memory.held[portal]["spec"]["template"]["spec"]["containerConcurrency"] = 1
    google.output.clear()
    assert sorted(google.since(few.apply)) == [  # they run side by side
        f"PATCH storage/b/{PROJECT}-tillstream-dev-staging",
        f"PUT pubsub/projects/{PROJECT}/topics/dead-letters",
        f"PUT {portal}",
    ]
    assert google.output[1:4] == [
        f"  change bucket {PROJECT}-tillstream-dev-staging: versioning_enabled is True instead of False",
        "  make topic dead-letters",
        "  change portal portal: spec.template.spec.containerConcurrency is 1 instead of 28",
    ]
    assert few.check() == []


def test_a_subscription_of_an_earlier_version_is_removed(google: Google) -> None:
    titles = {"services of Google", "subscription project"}
    few = google.deploy(lambda each: each.title in titles)
    subscription = f"pubsub/projects/{PROJECT}/subscriptions/project"
    few.apply()
    google.memory.held[subscription] = {"name": f"projects/{PROJECT}/subscriptions/project"}
    assert few.check() == ["subscription project: is no longer used"]
    assert google.since(few.apply) == [f"DELETE {subscription}"]
    assert "  remove subscription project" in google.output
    assert few.check() == []


@pytest.mark.long
def test_functions_and_triggers_of_an_earlier_version_are_replaced(google: Google) -> None:
    titles = {
        *("services of Google", "Cloud Function sales", "function sales", "trigger stage-finalized"),
        *(f"bucket {PROJECT}-tillstream-dev-inbox", f"notification {PROJECT}-tillstream-dev-inbox"),
    }
    few = google.deploy(lambda each: each.title in titles)
    for api in ("cloudfunctions", "eventarc"):
        name = f"{api}.googleapis.com"
        google.memory.held[f"serviceusage/projects/{PROJECT}/services/{name}"] = {
            "config": {"name": name},
            "state": "ENABLED",
        }
    where = f"projects/{PROJECT}/locations/europe-west1"
    trigger, function = f"eventarc/{where}/triggers/stage-finalized", f"cloudfunctions/{where}/functions/sales"
    google.memory.held[trigger] = {"name": trigger.partition("/")[2]}
    service = f"{where}/services/sales"
    google.memory.held[function] = {
        "name": function.partition("/")[2],
        "environment": "GEN_2",
        "serviceConfig": {"service": service},
    }
    google.memory.held[f"run/{service}"] = {"name": service, "urls": ["https://sales.test"], **EMPTY_SERVICE}
    changes = google.since(few.apply)
    expected = [f"detachFunction {function}", f"PUT run/{service}", f"DELETE {trigger}"]
    assert [each for each in changes if each in expected] == expected
    assert few.check() == []


@pytest.mark.long
def test_a_sender_of_mail_gives_the_job_a_secret_and_without_one_it_has_none(google: Google) -> None:
    secret = "tillstream-smtp-url"
    titles = {"services of Google", f"bucket {PROJECT}-tillstream-dev-source", "job reports"}
    titles |= {f"secret {secret}", f"policy of secret {secret}"}

    def few(**overrides: str) -> Deploy:
        return google.deploy(lambda each: each.title in titles, **overrides)

    def secrets() -> list[str]:
        job = google.memory.held[f"run/projects/{PROJECT}/locations/europe-west1/jobs/reports"]
        (container,) = job["spec"]["template"]["spec"]["template"]["spec"]["containers"]
        return [one["valueFrom"]["secretKeyRef"]["name"] for one in container["env"] if "valueFrom" in one]

    few().apply()
    assert secrets() == []
    mailing = few(TILLSTREAM_MAIL_FROM="Tillstream <sales@example.com>")
    mailing.apply()
    assert secrets() == [secret]
    assert google.memory.policies[f"secretmanager/projects/{PROJECT}/secrets/{secret}"]["bindings"]
    assert google.since(mailing.apply) == []
    few().apply()
    assert secrets() == []
    assert few().check() == []


@pytest.mark.long
def test_an_alert_of_an_earlier_version_gets_its_recipient_and_another_one_later(google: Google) -> None:
    titles = {"services of Google", "figure of logs tillstream-failures", "alert Tillstream: functions fail"}

    def few(email: str) -> Deploy:
        return google.deploy(lambda each: each.title in titles or each.kind == "channel", ALERT_EMAIL=email)

    def notified() -> list[str]:
        """The recipients of the alert."""
        (path,) = (name for name in google.memory.held if "/alertPolicies/" in name)
        channels = google.memory.held[path].get("notificationChannels", ())
        return [google.memory.held[f"monitoring/{name}"]["labels"]["email_address"] for name in channels]

    few("none").apply()
    assert notified() == []
    for email in ("night@example.com", "day@example.com"):
        few(email).apply()
        assert notified() == [email]
        assert few(email).check() == []


@pytest.mark.long
def test_the_dashboard_and_the_view_of_jobs_are_deployed_compared_and_removed(google: Google) -> None:
    titles = {"services of Google", "dataset tillstream", f"bucket {PROJECT}-tillstream-dev-source"}
    few = google.deploy(lambda each: each.kind in {"dashboard", "view", "package"} or each.title in titles)
    few.apply()
    held = google.memory.held
    (dashboard,) = (one for name, one in held.items() if "/dashboards/" in name)
    assert dashboard["displayName"] == "Tillstream dev"
    assert google.since(few.apply) == []
    dashboard["gridLayout"]["columns"] = "3"
    held[f"bigquery/projects/{PROJECT}/datasets/tillstream/tables/bigquery_jobs"]["view"]["query"] = "SELECT 1"
    assert [each.partition(":")[0] for each in few.check()] == ["view bigquery_jobs", "dashboard Tillstream dev"]
    few.apply()
    assert few.check() == []
    few.remove(few.removals(data=False))
    assert not [name for name in held if "/dashboards/" in name or "/tables/" in name]


@pytest.mark.long
def test_a_whole_deploy_goes_on_where_it_stopped_and_is_then_left_alone(google: Google) -> None:
    everything = google.deploy(lambda each: each.kind not in ELSEWHERE, ALERT_EMAIL="operations@example.com")
    google.memory.dies_after = 60
    with pytest.raises(Rejected, match=r"(?s)Stopped at step \d+ of \d+, .*run the command again"):
        everything.apply()
    assert (everything.gcloud.folder / UNDER_WAY).exists()
    google.memory.dies_after = None
    changes = list(google.memory.changes)
    rest = google.since(everything.apply)
    assert not {each for each in changes if each.startswith("POST")} & set(rest), "nothing is made twice"
    assert any(line.startswith("The previous run stopped at: ") for line in google.output)
    assert not (everything.gcloud.folder / UNDER_WAY).exists()
    assert google.since(everything.apply) == []

    function = f"run/projects/{PROJECT}/locations/europe-west1/services/settle"
    (container,) = google.memory.held[function]["spec"]["template"]["spec"]["containers"]
    container["resources"]["limits"]["memory"] = "256Mi"
    subscription = f"pubsub/projects/{PROJECT}/subscriptions/announce"
    del google.memory.held[subscription]
    del google.memory.policies[subscription]
    (notification,) = [path for path in google.memory.held if "/notificationConfigs/" in path]
    google.memory.held[notification]["event_types"] = ["OBJECT_DELETE"]
    callers = google.memory.policies[function]["bindings"]
    differences = everything.check()
    assert any(each.startswith("function settle: ") and "256Mi instead of 2Gi" in each for each in differences)
    assert "subscription announce: is missing" in differences
    changes = google.since(everything.apply)
    renewed = [each for each in changes if each.startswith("POST storage/")]  # under another number
    expected = [f"PUT {subscription}", f"setIamPolicy {subscription}", f"DELETE {notification}", *renewed]
    expected += [f"PUT {function}", f"setIamPolicy {function}"]  # gcloud's own, which shuts out all users
    assert len(renewed) == 1
    assert sorted(changes) == sorted(expected)
    assert google.memory.policies[function]["bindings"] == callers
    assert everything.check() == []

    removed = everything.removals(data=True)
    assert {each.kind for each in removed if each.holds_data} == {"bucket", "dataset", "documents"}
    gone = {"alert", "channel", "dashboard", "function", "job", "notification", "portal", "schedule", "subscription"}
    assert gone <= {each.kind for each in removed}
