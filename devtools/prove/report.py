"""The report of a proof: a result for each step, as Markdown, and as JSON, from which an interrupted proof resumes."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from devtools.prove.proof import Facts, Proof
from devtools.prove.steps import STEPS, Step
from tillstream.model.errors import TillstreamError

JSON, MARKDOWN = "report.json", "report.md"
PASSED, FAILED = "passed", "failed"


@dataclass(frozen=True)
class Result:
    """The result of a step. seconds: it took; error: empty if it passed."""

    step: str
    state: str
    seconds: float
    facts: Facts = field(default_factory=dict)
    error: str = ""


def prove(
    proof: Proof,
    report: Callable[[str], None],
    steps: Sequence[Step] = STEPS,
) -> dict[str, Result]:
    """Run the steps that have not passed yet; return the results by step. A failed step does not end the proof.

    All others need `deploy`. `destroy` is left out while a step has failed, so that its cause can be examined; the next
    run repeats what failed.
    """
    results = read(proof.folder)
    for step in steps:
        if results.get(step.name, Result("", FAILED, 0)).state == PASSED:
            report(f"{step.name}: passed before")
            continue
        if step.name == "destroy" and any(result.state == FAILED for result in results.values()):
            report("destroy: left out, as a step has failed. Run it again, or `make destroy`.")
            continue
        report(f"{step.name}: {step.title}, about {step.seconds} s")
        results[step.name] = _run(step, proof)
        write(proof, results)
        report(f"{step.name}: {results[step.name].state} {results[step.name].error}".rstrip())
        if step.name == "deploy" and results[step.name].state == FAILED:
            break
    return results


def _run(step: Step, proof: Proof) -> Result:
    started = time.monotonic()
    try:
        facts = step.run(proof)
    except (TillstreamError, OSError, ValueError, LookupError) as error:
        text = str(error) if isinstance(error, TillstreamError) else repr(error)
        return Result(step.name, FAILED, round(time.monotonic() - started, 1), error=text)
    return Result(step.name, PASSED, round(time.monotonic() - started, 1), facts)


def read(folder: Path) -> dict[str, Result]:
    """The results of earlier runs."""
    file = folder / JSON
    if not file.exists():
        return {}
    return {one["step"]: Result(**one) for one in json.loads(file.read_text(encoding="utf-8"))["steps"]}


def write(proof: Proof, results: Mapping[str, Result]) -> None:
    proof.folder.mkdir(parents=True, exist_ok=True)
    head = {"project": proof.stage.project, "stage": proof.stage.name, "region": proof.stage.region}
    content = head | {"steps": [asdict(result) for result in results.values()]}
    (proof.folder / JSON).write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
    (proof.folder / MARKDOWN).write_text(markdown(head, results), encoding="utf-8")


def markdown(head: Mapping[str, str], results: Mapping[str, Result]) -> str:
    expected, total = {step.name: step.seconds for step in STEPS}, sum(one.seconds for one in results.values())
    lines = [
        f"# What {head['project']} shows",
        f"Stage {head['stage']} in {head['region']}, {total:.0f} seconds in all.",
        "| step | result | seconds | expected | facts |\n| --- | --- | --- | --- | --- |\n"
        + "\n".join(
            f"| {one.step} | {one.state} | {one.seconds:.0f} | {expected.get(one.step, 0)} | {_text(one)} |"
            for one in results.values()
        ),
    ]
    return "\n\n".join(lines) + "\n"


def _text(result: Result) -> str:
    facts: Mapping[str, Any] = result.facts or ({"error": result.error} if result.error else {})
    return "; ".join(f"{name}: {value}" for name, value in facts.items()).replace("|", "\\|").replace("\n", " ")
