"""The image: its recipe follows the rules of the trade, and its steps work where they can be taken without Docker."""

import io
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from emulator_fixtures import require

from devtools.cloud_local import CloudLocal, Source, missing, running
from tillstream.app import App, build
from tillstream.intake import inbox
from tillstream.intake.store_sales import publish_unsigned_sale
from tillstream.model.batch import BatchKind, BatchState
from tillstream.model.messages import store_sale_schema
from tillstream.people.store_credentials import StoreToken
from tillstream.records import batch_records
from tillstream.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
STEPS = [line.split(None, 1) for line in TEXT.splitlines() if line and not line.startswith("#")]
LOCK = ROOT / "infra" / "locks" / "image.lock"
PATIENCE = 300.0
CSV = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"581001,22423,CAKESTAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n"
)


def instructions(word: str) -> list[str]:
    return [rest for step, rest in STEPS if step == word]


def copied() -> list[str]:
    """What of the clone goes into the build."""
    return [name for rest in instructions("COPY") if not rest.startswith("--from") for name in rest.split()[:-1]]


def test_the_recipe_follows_the_rules_of_the_trade() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    subprocess.run([hadolint, "--failure-threshold", "style", ROOT / "Dockerfile"], check=True)


def test_no_container_runs_as_root_or_starts_programs_with_a_shell() -> None:
    assert instructions("USER") == ["10001:10001"]
    after = STEPS[[step for step, _ in STEPS].index("USER") :]
    assert "RUN" not in {step for step, _ in after}
    assert json.loads(instructions("CMD")[-1]) == ["tillstream", "serve", "--host", "0.0.0.0"]
    assert json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])[0] == "python"


def test_two_stages_of_one_named_edition_and_only_packages_pass_between_them() -> None:
    assert len({rest.split()[0] for rest in instructions("FROM")}) == 1
    assert not instructions("FROM")[0].split()[0].endswith(":latest")
    assert [rest for rest in instructions("COPY") if rest.startswith("--from")] == [
        "--from=packages /opt/tillstream /opt/tillstream"
    ]


def test_what_the_build_copies_is_there_and_nothing_else_is_sent_to_it() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in lines if line.startswith("!")]
    assert lines[1] == "*"
    assert sorted(let_in) == sorted(copied())
    assert all((ROOT / name).exists() for name in copied())


def test_no_setting_of_the_image_is_a_secret() -> None:
    assert not instructions("ARG")
    assert not re.search(r"SECRET|PASSWORD|TOKEN", " ".join(instructions("ENV")))


def test_the_lock_of_the_image_is_that_of_the_cloud_with_the_hash_of_every_file() -> None:
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)", LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE))
    cloud = (ROOT / "requirements-google.lock").read_text(encoding="utf-8")
    wanted = set(re.findall(r"^([\w.-]+)==", cloud, flags=re.MULTILINE))
    to_build = set(re.findall(r"^([\w-]+)", LOCK.with_suffix(".in").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(pins) == wanted | to_build
    assert all(f"{name}=={pin}" in cloud for name, pin in pins.items() if name in wanted)
    blocks = re.split(r"\n(?=\w)", LOCK.read_text(encoding="utf-8").strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in LOCK.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The result of the build's steps, in folders of their own instead of /build and /opt, with this interpreter."""
    folder = tmp_path_factory.mktemp("image")
    build, prefix = folder / "build", folder / "made"
    build.mkdir()
    leave = shutil.ignore_patterns("__pycache__")
    for name in copied():
        source, target = ROOT / name, build / Path(name).name
        shutil.copytree(source, target, ignore=leave) if source.is_dir() else shutil.copy(source, target)
    # The pip of the interpreter may be older than that of the image, and refuse newer packages than the locked ones.
    tools = folder / "tools"
    subprocess.run([sys.executable, "-m", "venv", "--upgrade-deps", tools], check=True)
    for run in instructions("RUN")[:2]:
        steps = run.replace("/opt/tillstream", str(prefix)).replace("python -m", f"{sys.executable} -m")
        steps = re.sub(r"\bpip --python", f"{tools / 'bin' / 'pip'} --python", steps)
        subprocess.run(["sh", "-euc", steps], cwd=build, check=True)
    return prefix


@pytest.mark.long
def test_the_steps_of_the_build_give_a_tillstream_that_starts(prefix: Path, tmp_path: Path) -> None:
    result = subprocess.run([prefix / "bin" / "tillstream", "--help"], capture_output=True, text=True, check=True)
    assert "serve" in result.stdout
    libraries = "gunicorn, apprise, asyncssh, boto3, confluent_kafka, fsspec, imap_tools, lxml, psycopg, sqlalchemy"
    kinds = "from tillstream.connectors import kind_table; kind_table.all_kinds()"
    check = f"import authlib, {libraries}, portal.wsgi, portal.gunicorn_conf; {kinds}; print(portal.wsgi.__file__)"
    python = [prefix / "bin" / "python", "-c", check]
    result = subprocess.run(python, capture_output=True, text=True, check=True, cwd=tmp_path)
    portal = Path(result.stdout.strip()).parent
    assert portal.is_relative_to(prefix)
    assert (portal / "people" / "templates" / "sign_in" / "out.html").exists()


def function_source(prefix: Path) -> Path:
    """Where functions-framework reads the entry points, according to the environment of the image."""
    (name,) = re.findall(r"FUNCTION_SOURCE=/opt/tillstream/(\S+)", TEXT)
    return prefix / name


@pytest.mark.long
def test_each_function_of_the_image_does_its_work(prefix: Path, tmp_path: Path) -> None:
    """As `make cloud-local`, with the functions served by the packages of the image."""
    require(missing())
    assert (prefix / "bin" / "functions-framework").is_file()
    source = Source(function_source(prefix), tmp_path, str(prefix / "bin" / "python"))
    with running(tmp_path / "cloud", source=source) as cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.variables.items():
            patch.setenv(name, value)
        app = build(Settings())
        try:
            handle_a_file_and_a_sale(app)
        finally:
            app.close()
        assert all(_handled(cloud, name) for name in ("stage", "sales", "settle", "announce"))


def handle_a_file_and_a_sale(app: App) -> None:
    received = inbox.receive_file(
        app.ports, app.contracts.pin("online-retail-uk"), "monday.csv", io.BytesIO(CSV), "emma"
    )
    publish_unsigned_sale(app.ports, StoreToken("till", "UK", "LON1"), store_sale_schema()["examples"][0])
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        batches = [
            batch_records.get_batch(app.ports, received.batch_id),
            *batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES),
        ]
        if len(batches) == 2 and all(batch.state is BatchState.ANNOUNCED for batch in batches):
            break
        time.sleep(0.5)
    assert [batch.state for batch in batches] == [BatchState.ANNOUNCED] * 2
    assert app.ports.documents.get("upkeep", "sweep")


def _handled(cloud: CloudLocal, function: str) -> bool:
    """Whether a function wrote that it handled something."""
    log = (cloud.logs / f"function-{function}.log").read_text(encoding="utf-8")
    return '"message": "handled"' in log or '"event": "handled"' in log
