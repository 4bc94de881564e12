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
from tillstream.domain.errors import Rejected

APIS = (
    *("PUBSUB", "RUN", "EVENTARC", "CLOUDSCHEDULER", "IAM", "SECRETMANAGER", "LOGGING", "MONITORING", "FIRESTORE"),
    *("CLOUDFUNCTIONS", "SERVICEUSAGE", "CLOUDRESOURCEMANAGER", "ARTIFACTREGISTRY", "CLOUDBUILD"),
)
ELSEWHERE = {"tables", "sale index", "writers", "reports", "image"}
"""Tables, index, writers and reports are made by Google's library, images by a build: no stand-in."""
FEW = {
    *("services of Google", "topic dead-letters", "policy of bucket staging", "portal portal", "policy of portal"),
    *(f"bucket demo-tillstream-dev-{name}" for name in ("staging", "source")),
}


@dataclass
class Google:
    """The stand-in, and deploys that reach it."""

    memory: Memory
    folder: Path
    output: list[str] = field(default_factory=list)

    def deploy(self, wanted: Callable[[Resource], bool], **overrides: str) -> Deploy:
        package = self.folder / "functions.zip"
        package.write_bytes(b"source")
        source = Source("0f0f", "1e1e", str(package), str(self.folder))
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
    few = google.deploy(lambda each: each.title in FEW or each.kind == "package")
    assert few.apply() > 0
    assert google.since(few.apply) == []
    google.memory.held[f"storage/b/{PROJECT}-tillstream-dev-staging"]["versioning"] = {"enabled": True}
    del google.memory.held[f"pubsub/projects/{PROJECT}/topics/dead-letters"]
    portal = f"run/projects/{PROJECT}/locations/europe-west1/services/portal"
    google.memory.held[portal]["spec"]["template"]["spec"]["containerConcurrency"] = 1
    google.output.clear()
    assert google.since(few.apply) == [
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
    titles = {"services of Google", f"bucket {PROJECT}-tillstream-dev-source", "subscription project"}
    few = google.deploy(lambda each: each.title in titles or each.kind == "package")
    subscription = f"pubsub/projects/{PROJECT}/subscriptions/project"
    few.apply()
    google.memory.held[subscription] = {"name": f"projects/{PROJECT}/subscriptions/project"}
    assert few.check() == ["subscription project: is no longer used"]
    assert google.since(few.apply) == [f"DELETE {subscription}"]
    assert "  remove subscription project" in google.output
    assert few.check() == []


@pytest.mark.long
def test_a_sender_of_mail_gives_the_job_a_secret_and_without_one_it_has_none(google: Google) -> None:
    secret = "tillstream-smtp-url"
    titles = {"services of Google", f"bucket {PROJECT}-tillstream-dev-source", "job reports"}
    titles |= {f"secret {secret}", f"policy of secret {secret}"}

    def few(**overrides: str) -> Deploy:
        return google.deploy(lambda each: each.title in titles or each.kind == "package", **overrides)

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
def test_a_whole_deploy_goes_on_where_it_stopped_and_is_then_left_alone(google: Google) -> None:
    everything = google.deploy(lambda each: each.kind not in ELSEWHERE)
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

    function = f"cloudfunctions/projects/{PROJECT}/locations/europe-west1/functions/settle"
    google.memory.held[function]["serviceConfig"]["availableMemory"] = "256Mi"
    subscription = f"pubsub/projects/{PROJECT}/subscriptions/announce"
    del google.memory.held[subscription]
    del google.memory.policies[subscription]
    service = f"run/projects/{PROJECT}/locations/europe-west1/services/settle"
    callers = google.memory.policies[service]["bindings"]
    differences = everything.check()
    assert "function settle: serviceConfig.availableMemory is 256Mi instead of 2Gi" in differences
    assert "subscription announce: is missing" in differences
    assert google.since(everything.apply) == [
        f"PUT {subscription}",
        f"setIamPolicy {subscription}",
        f"PATCH {function}",
        f"setIamPolicy {service}",  # gcloud's own, which shuts out all users
    ]
    assert google.memory.policies[service]["bindings"] == callers
    assert everything.check() == []

    assert not any(each.holds_data for each in everything.removals(data=False))
    assert {each.kind for each in everything.removals(data=True) if each.holds_data} == {
        *("bucket", "dataset", "documents"),
    }
