"""Batches of Dataproc: gcloud takes their commands, and their image follows the rules of Dataproc and of the trade."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from emulator_fixtures import require
from gcloud_lint import lint_errors

from infra import stage
from infra.declared import Declared
from infra.resource import Resource
from infra.source import CONTENT, Source
from tillstream.app.batch_program import staging_batch
from tillstream.model.events import INBOX, STAGING
from tillstream.spark.dataproc_batches import BATCH_PROGRAM, SPARK_ACCOUNT, DataprocPlace

ROOT = Path(__file__).resolve().parents[3]
RECIPE = ROOT / "infra" / "spark.Dockerfile"
BUCKETS = {INBOX: "demo-inbox", STAGING: "demo-staging"}


def declared(**overrides: str) -> dict[str, Resource]:
    target = stage.read("prod", "demo", "123", overrides)
    return {each.title: each for each in Declared(target, Source("1e1e")).resources()}


def test_gcloud_takes_the_commands_of_a_batch(tmp_path: Path) -> None:
    require("" if shutil.which("gcloud") else "gcloud is not on this machine")
    places = [DataprocPlace("demo", "europe-west1", BUCKETS, subnet) for subnet in ("", "jobs")]
    submissions = [place.submission("tillstream-1a-0", 9) for place in places]
    # the linter takes no arguments of the program; tests/spark/test_dataproc_batches.py runs the whole command
    commands = [shlex.join(["gcloud", *words[: words.index("--")]]) for words in submissions]
    commands.append(shlex.join(["gcloud", *places[0].description("tillstream-1a-0")]))
    assert lint_errors(commands, tmp_path) == {}


def test_a_batch_has_an_executor_for_four_files_and_not_more_than_a_hundred() -> None:
    place = DataprocPlace("demo", "europe-west1", BUCKETS)
    sizes = {
        files: re.findall(r"maxExecutors=(\d+)", " ".join(place.submission("b", files))) for files in (1, 40, 5_000)
    }
    assert sizes == {1: ["2"], 40: ["10"], 5_000: ["100"]}


def test_the_image_and_the_api_belong_to_stages_with_spark_only() -> None:
    tag = "europe-west1-docker.pkg.dev/demo/tillstream/spark:1e1e"
    without, with_spark = declared(), declared(SPARK="yes")
    assert set(with_spark) - set(without) == {f"spark image {tag}"}
    (build,) = with_spark[f"spark image {tag}"].create
    assert DataprocPlace("demo", "europe-west1", BUCKETS).image in build.files["spark.cloudbuild.json"]
    assert "--file=infra/spark.Dockerfile" in build.files["spark.cloudbuild.json"]
    query = with_spark[f"spark image {tag}"].ask.words
    assert "--filter=tags:1e1e AND tags:latest" in query, "an earlier source that is deployed again is not the latest"
    assert "infra" in CONTENT
    services = [each["services of Google"].wanted for each in (without, with_spark)]
    assert ["dataproc.googleapis.com" in wanted for wanted in services] == [False, True]


def test_the_account_exists_in_every_stage_and_has_no_role_on_the_project() -> None:
    resources = declared()
    assert f"account {SPARK_ACCOUNT}" in resources
    granted = {title for title, each in resources.items() if SPARK_ACCOUNT in str(getattr(each, "roles", ""))}
    assert granted == {"policy of bucket inbox", "policy of bucket staging", "policy of repository tillstream"}


def test_the_recipe_of_the_image_has_what_dataproc_needs() -> None:
    text = RECIPE.read_text(encoding="utf-8")
    for needed in (
        "procps tini",
        "--gid 1099 spark",
        "--uid 1099 --gid 1099",
        "PYSPARK_PYTHON=/opt/tillstream/bin/python",
    ):
        assert needed in text
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE)[-1] == "1099:1099"
    assert "pyspark" not in text, "Dataproc mounts its own"
    hadolint = Path(sys.executable).with_name("hadolint")
    subprocess.run([hadolint, "--ignore", "DL3008", "--failure-threshold", "style", RECIPE], check=True)


def test_the_program_is_where_the_image_has_it() -> None:
    (source,) = re.findall(r"FUNCTION_SOURCE=(/opt/tillstream/\w+)/", (ROOT / "Dockerfile").read_text("utf-8"))
    assert f"file://{source}/{Path(staging_batch.__file__).relative_to(ROOT)}" == BATCH_PROGRAM
