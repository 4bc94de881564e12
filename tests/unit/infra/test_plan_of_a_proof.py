"""The plan of `make prove`: half an hour, commands that their programs take; and its report, with failed steps."""

import re
import shlex
from pathlib import Path

import click
import pytest

from devtools.prove import report
from devtools.prove.figures import sale
from devtools.prove.files import TOUR, sample_files
from devtools.prove.proof import OPERATOR, Facts, Proof, expect, percentile_95
from devtools.prove.report import FAILED, PASSED
from devtools.prove.steps import LIMIT, STEPS, Step, plan
from docs.generate.commands import leaves
from infra import stage
from infra.gcloud import Gcloud
from tillstream.app import App
from tillstream.cli.main import main
from tillstream.model.errors import Rejected
from tillstream.model.messages import store_sale_errors

ROOT = Path(__file__).resolve().parents[3]
STAGE = stage.read("prove", "demo", "123")
COMMANDS = dict(leaves(main, "tillstream"))


def lines(folder: Path) -> list[str]:
    return [line for line in plan(STAGE, Gcloud("demo", folder)) if not line.startswith("#")]


def test_the_steps_take_half_an_hour_at_most() -> None:
    assert sum(step.seconds for step in STEPS) <= LIMIT
    names = [step.name for step in STEPS]
    assert names[0] == "deploy"
    assert names[-1] == "destroy"
    assert len(set(names)) == len(names)
    assert all(step.title for step in STEPS)


def test_each_command_of_our_own_exists_with_its_options(tmp_path: Path) -> None:
    own = [line for line in lines(tmp_path) if line.startswith("tillstream ")]
    assert len(own) == 5
    for line in own:
        path = next(path for path in sorted(COMMANDS, key=len, reverse=True) if f"{line} ".startswith(f"{path} "))
        arguments = shlex.split(line.removeprefix(path))
        with click.Context(COMMANDS[path]) as context:
            COMMANDS[path].parse_args(context, arguments)


def test_each_target_of_make_exists(tmp_path: Path) -> None:
    targets = {line.split()[1] for line in lines(tmp_path) if line.startswith("make ")}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets == {"deploy"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in (*targets, "prove"))


def test_only_gcloud_make_and_our_own_commands_are_run(tmp_path: Path) -> None:
    assert {line.split()[0] for line in lines(tmp_path)} == {"gcloud", "make", "tillstream"}
    assert any(OPERATOR in line for line in lines(tmp_path))


def test_what_a_step_creates_besides_the_deployment_is_removed(tmp_path: Path) -> None:
    created = re.findall(r"gcloud (?:iam service-accounts|storage buckets) create (\S+)", "\n".join(lines(tmp_path)))
    removed = "\n".join(line for line in lines(tmp_path) if " delete " in line or " rm " in line)
    assert len(created) == 4
    assert all(name in removed for name in created)


# ---- the report --------------------------------------------------------------------------------------------------


def proof(folder: Path) -> Proof:
    def no_app() -> App:
        raise Rejected("These steps have no project.")

    class NoProject:
        """These steps reach no project."""

    return Proof(STAGE, NoProject(), folder, {}, no_app)  # type: ignore[arg-type]


def steps(fails: list[str], runs: list[str]) -> list[Step]:
    def step(name: str) -> Step:
        def run(_: Proof) -> Facts:
            """Run."""
            runs.append(name)
            if name in fails:
                raise Rejected("Lines: 2 instead of 3.")
            return {"lines": 3}

        return Step(name, 10, run)

    return [step(name) for name in ("deploy", "load", "people", "destroy")]


def test_a_failed_step_is_in_the_report_and_is_repeated_by_the_next_run(tmp_path: Path) -> None:
    fails, runs, lines_of_report = ["load"], [], []  # type: ignore[var-annotated]
    results = report.prove(proof(tmp_path), lines_of_report.append, steps(fails, runs))
    assert runs == ["deploy", "load", "people"]
    assert {name: result.state for name, result in results.items()} == {
        "deploy": PASSED,
        "load": FAILED,
        "people": PASSED,
    }
    text = (tmp_path / report.MARKDOWN).read_text(encoding="utf-8")
    assert "error: Lines: 2 instead of 3." in text
    assert "| people | passed |" in text
    fails.clear()
    again = report.prove(proof(tmp_path), lines_of_report.append, steps(fails, runs))
    assert runs == ["deploy", "load", "people", "load", "destroy"]
    assert {result.state for result in again.values()} == {PASSED}
    assert report.read(tmp_path) == again


def test_nothing_runs_after_a_failed_deploy(tmp_path: Path) -> None:
    runs: list[str] = []
    report.prove(proof(tmp_path), lambda _: None, steps(["deploy"], runs))
    assert runs == ["deploy"]


def test_files_are_those_of_the_readme_and_of_three_regions_or_of_a_folder(tmp_path: Path) -> None:
    chosen = sample_files()
    assert len({contract for contract, _ in chosen.values()}) == 4
    assert chosen[TOUR][1].count(b"\n") == 6
    (tmp_path / "IN").mkdir()
    (tmp_path / "IN" / "june.csv").write_bytes(b"x")
    assert sample_files(tmp_path) == {"june.csv": ("IN", b"x")}
    with pytest.raises(Rejected, match="CONTRACT/FILE"):
        sample_files(tmp_path / "IN")


def test_the_sale_of_a_till_is_one_that_the_api_accepts() -> None:
    assert store_sale_errors(sale(1)) == []


@pytest.mark.parametrize(("values", "expected"), [([3.0], 3.0), ([*map(float, range(1, 21))], 19.0), ([1.0, 9.0], 9.0)])
def test_the_95th_percentile_is_not_exceeded_by_19_of_20(values: list[float], expected: float) -> None:
    assert percentile_95(values) == expected


def test_what_is_not_expected_is_an_error() -> None:
    expect([1], [1], "Lines")
    with pytest.raises(Rejected, match=re.escape("Lines: 2 instead of 3.")):
        expect(2, 3, "Lines")
