"""The image is built by its recipe, without Docker, and run: it serves a folder, and starts a function.

buildah runs the recipe unchanged. Its base is made here of packages of Debian, under the name that the recipe has, and
the locked packages of Python are downloaded beforehand, so that no step of the build needs the network.
"""

import base64
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from emulator_fixtures import require
from image_builds import Builder, debian, missing
from unit.connectors.connector_steps import sales
from waiting import wait_for

from devtools.emulators import free_port

ROOT = Path(__file__).resolve().parents[3]
BASE = next(re.finditer(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE))[1]
DEBIAN = BASE.rpartition("-")[2]
RELEASE = BASE.removeprefix("python:").partition("-")[0]
PACKAGES = "python3,python3-pip,python3-venv,python-is-python3"
MAIN = "/opt/tillstream/packages/functions/main.py"
PATIENCE = 90.0

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """A builder that has the image `tillstream`."""
    require(missing())
    folder = tmp_path_factory.mktemp("image")
    wheels, root = folder / "wheels", folder / "rootfs.tar"
    lock = ROOT / "infra" / "locks" / "image.lock"
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    download += ["--python-version", RELEASE]
    parts = [
        debian(DEBIAN, PACKAGES, root),
        [*download, "--require-hashes", "-r", str(lock), "-d", str(wheels)],
    ]
    at_work = [subprocess.Popen(part, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for part in parts]
    printed = [process.communicate()[0] for process in at_work]
    require("\n".join(text[-500:] for text, process in zip(printed, at_work, strict=True) if process.returncode))
    builder = Builder(folder)
    (folder / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    builder.base(BASE, {"/": root, "/etc/pip.conf": folder / "pip.conf"})
    builder("bud", "--pull-never", "--format=docker", f"--volume={wheels}:/wheels:ro", "--tag=tillstream", ROOT)
    yield builder
    builder("rm", "--all")
    shutil.rmtree(folder)


@pytest.fixture
def container(build: Builder) -> Iterator[str]:
    name = build("from", "--pull-never", "tillstream")
    yield name
    build("rm", name)


def answer(
    address: str, data: bytes | None = None, method: str = "", **headers: str
) -> tuple[int, Any, Mapping[str, str]]:
    """Status, body as JSON if it is, and headers of the first answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, data, names, method=method or None)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                body = reply.read()
                return reply.status, json.loads(body) if body.startswith((b"{", b"[")) else body, reply.headers
        except urllib.error.HTTPError as error:
            return error.code, None, error.headers
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


def upload(address: str, token: str, content: bytes) -> None:
    bearer = {"Authorization": f"Bearer {token}", "Tus_Resumable": "1.0.0"}
    fields = {"filename": "monday.csv", "contract": "online-retail-uk"}
    named = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())
    size = {"Upload_Length": str(len(content)), "Upload_Metadata": named}
    _, _, headers = answer(f"{address}/api/uploads", b"", **bearer, **size)
    piece = {"Upload_Offset": "0", "Content_Type": "application/offset+octet-stream"}
    place = urljoin(address, headers["Location"])
    assert answer(place, content, "PATCH", **bearer, **piece)[0] == 204


def test_the_image_has_its_user_its_check_and_only_its_packages(build: Builder, container: str) -> None:
    image = json.loads(build("inspect", "--type=image", "tillstream"))["Docker"]["config"]
    assert (image["User"], image["Cmd"]) == ("10001:10001", ["tillstream", "serve", "--host", "0.0.0.0"])
    assert "healthz" in image["Healthcheck"]["Test"][-1]
    checks = (
        'test "$(id -u)" = 10001',
        "test -w /data",
        "! test -w /opt/tillstream",
        'python -c "import portal.wsgi, gunicorn, functions_framework, lightgbm"',
        'python -c "import apprise, asyncssh, boto3, confluent_kafka, fsspec, imap_tools, lxml, psycopg, sqlalchemy"',
        'python -c "from tillstream.connectors import kind_table; kind_table.all_kinds()"',
    )
    assert build("run", container, "--", "sh", "-euxc", "; ".join(checks)) == ""


def test_a_container_serves_a_folder_and_counts_an_upload(build: Builder, container: str) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    served = {"TILLSTREAM_PORT": str(port), "TILLSTREAM_PUBLIC_URL": address, "TILLSTREAM_SAMPLES": "false"}
    with build.running(container, "tillstream", "serve", "--host", "127.0.0.1", **served):
        assert answer(f"{address}/healthz")[0] == 200
        rights = [part for right in ("numbers", "uploads", "upload") for part in ("--right", right)]
        command = ("tillstream", "tokens", "make", "admin", "--name", "test", "--json", *rights)
        token = json.loads(build("run", container, "--", *command))["token"]
        upload(address, token, sales(1, 2, 3).encode())

        def figures() -> Any:
            return answer(f"{address}/api/kpis", Authorization=f"Bearer {token}")[1]

        wait_for(lambda: figures()["lines"] == 3, "three lines", state=figures, pause=0.2)
        assert (figures()["orders"], Decimal(figures()["units"])) == (3, 3)


def test_a_container_starts_a_function(build: Builder, container: str) -> None:
    """An answer of 400 is that of the function: the request is no event."""
    port = free_port()
    target = ("functions-framework", "--source", MAIN, "--target", "stage", "--port", str(port))
    with build.running(container, *target, TILLSTREAM_PROJECT="demo-project"):
        assert answer(f"http://127.0.0.1:{port}/", b"{}", Content_Type="application/json")[0] == 400
