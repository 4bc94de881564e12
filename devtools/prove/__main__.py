"""`python -m devtools.prove --project PROJECT [--stage STAGE] [--plan]`; see docs/cloud/proving.md."""

import argparse
import os
import sys
from pathlib import Path

from devtools.prove import report
from devtools.prove.files import sample_files
from devtools.prove.google import GoogleProject
from devtools.prove.proof import Proof
from devtools.prove.steps import plan
from infra import stage as stages
from infra.gcloud import QUOTA_PROJECT, Gcloud
from infra.project import WORK, number_of
from tillstream.app import build
from tillstream.model.errors import TillstreamError
from tillstream.settings import Settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m devtools.prove", description=__doc__)
    parser.add_argument("--project", required=True, help="a fresh project: everything in it is removed at the end")
    parser.add_argument("--stage", default="prove", help="a stage file in infra/stages")
    parser.add_argument("--files", type=Path, help="a folder of further files, as CONTRACT/FILE")
    parser.add_argument("--plan", action="store_true", help="only print the steps, their commands and their seconds")
    options = parser.parse_args()
    try:
        return run(options.project, options.stage, options.files, only_plan=options.plan)
    except TillstreamError as error:
        print(error, file=sys.stderr)
        return 1


def run(project: str, stage_name: str, files: Path | None, *, only_plan: bool) -> int:
    """The exit code: 1 if a step failed."""
    folder = WORK / f"{project}-{stage_name}-prove"
    gcloud = Gcloud(project, folder, print)
    if only_plan:
        print("\n".join(plan(stages.read(stage_name, project), gcloud)))
        return 0
    stage = stages.read(stage_name, project, number_of(gcloud))
    os.environ.update(stage.settings)
    os.environ.setdefault(QUOTA_PROJECT, project)
    proof = Proof(
        stage,
        GoogleProject(stage, gcloud, folder),
        folder,
        sample_files(files),
        lambda: build(Settings()),
        stage["PORTAL_ADDRESS"],
    )
    try:
        results = report.prove(proof, print)
    finally:
        proof.close()
    print(f"The report is in {folder / report.MARKDOWN}.")
    return 1 if any(result.state == report.FAILED for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
