"""The build of Google Cloud is well formed and calls what there is."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "cloudbuild.yaml"
STEPS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["steps"]


def test_the_build_is_what_cloud_build_takes() -> None:
    checked = [
        str(Path(sys.executable).parent / "check-jsonschema"),
        "--builtin-schema",
        "vendor.cloudbuild",
        str(FILE),
    ]
    done = subprocess.run(checked, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_step_but_the_image_it_runs_in_is_a_make_target_that_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    image, *steps = STEPS
    assert image["args"][0] == "build"
    assert {step["name"] for step in steps} == {"tillstream-builder"}
    assert {step["entrypoint"] for step in steps} == {"make"}
    assert [step["args"][0] for step in steps if step["args"][0] not in targets] == []


def test_what_is_proved_comes_before_what_is_deployed_and_a_real_file_after_it() -> None:
    order = [step["id"] for step in STEPS]
    proofs = ["lint", "emulators", "notebooks", "expectations", "spark", "mlflow", "test", "test-system"]
    assert order == ["image", *proofs, "deploy", "forward", "smoke"]
    assert "BACK=1" in STEPS[-1]["args"]
