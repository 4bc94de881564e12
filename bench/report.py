"""The report docs/benchmarks.md: measurements, their limits and the machine."""

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.cloud import GIGABYTE, Streamed, fit_line
from bench.detection import Outcome, question_counts, questions_a_file
from bench.full import Scale
from bench.process import Figures, ratio
from bench.small import Small
from bench.strangers import FEW, Result, Row, rows

ROOT = Path(__file__).resolve().parents[1]
PEERS = ROOT / "requirements-bench.lock"
FORECAST_PEERS = ROOT / "devtools" / "locks" / "forecast-peers.lock"

FLOOR = ("floor", "measured", "")
PACKAGES = ("duckdb", "pyarrow", "polars", "pandera", "pandas", "dlt")


def versions(lock: Path) -> dict[str, str]:
    """Return the version of each package; of those pinned by Python version, the newest."""
    return dict(line.split(" ")[0].split("==") for line in lock.read_text(encoding="utf-8").splitlines())


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def floor(
    limit: str, value: float, *, most: float | None = None, least: float | None = None, unit: str = "×"
) -> list[str]:
    """Return a table row: the limit, the measurement, and whether it is met."""
    met = (most is None or value <= most) and (least is None or value >= least)
    figure = f"{value:,.0f}" if value >= 20 else f"{value:.2f}"
    return [limit, f"{figure} {unit}", "met" if met else "**missed**"]


def comparison(results: dict[str, Figures]) -> str:
    ours, raw = results["tillstream"], results["raw_duckdb"]
    names = {
        "tillstream": "`tillstream ingest` (checked, keyed, settled, receipt)",
        "raw_duckdb": "DuckDB `CREATE TABLE AS read_csv` (no checks)",
        "dlt_load": "dlt, Arrow into DuckDB (no checks)",
        "pandas_pandera": "pandas + pandera + DuckDB",
    }
    rows = [
        [
            names[name],
            f"{figures.wall:.2f}",
            f"{figures.cpu:.2f}",
            f"{figures.memory:.0f}",
            f"{ratio(figures, raw):.2f}",
        ]
        for name, figures in results.items()
    ]
    floors = [
        floor("at most 2.2 × raw DuckDB (goal 1.5 ×)", ratio(ours, raw), most=2.2),
        floor("faster than dlt", ratio(ours, results["dlt_load"]), most=1),
        floor("faster than pandas + pandera + DuckDB", ratio(ours, results["pandas_pandera"]), most=1),
        floor("peak memory at most 700 MB", ours.memory, most=700, unit="MB"),
    ]
    return (
        "## One million rows × 15 columns, process start to receipt\n\n"
        f"Medians of {len(ours.runs)} rounds in turn after one uncounted round; "
        "a ratio is the median of the ratios round by round.\n\n"
        + table(["what", "wall s", "processor s", "peak MB", "× raw"], rows)
        + "\n"
        + table(FLOOR, floors)
    )


def repeats(first: Figures, second: Figures) -> str:
    rows = [floor("the same million rows again, at most 0.7 × their first load", ratio(second, first), most=0.7)]
    return "## The same file again\n\n" + table(FLOOR, rows)


def small_files(small: Small) -> str:
    rows = [
        floor("20 rows from process start to receipt, at most 0.5 s", small.command.wall, most=0.5, unit="s"),
        ["seconds of the processor for these", f"{small.command.cpu:.2f} s", ""],
        floor("1,000 rows uploaded to a server until they count, at most 0.7 s", small.visible, most=0.7, unit="s"),
    ]
    return "## Small files\n\n" + table(FLOOR, rows)


def queue(publish: float, receive: float) -> str:
    rows = [
        floor("publish in batches of 1,000, at least 100,000 a second", publish, least=100_000, unit="/s"),
        ["receive and acknowledge in batches of 500", f"{receive:,.0f} /s", ""],
    ]
    return "## The queue\n\n" + table(FLOOR, rows)


def detected(outcomes: list[Outcome], seconds: float, read: int) -> str:
    correct = sum(outcome.settled for outcome in outcomes)
    wrong = sum(len(outcome.wrong) for outcome in outcomes)
    question_rows = [[f"`{kind}`", f"{count} of {len(outcomes)}"] for kind, count in question_counts(outcomes)]
    slowest = max(outcome.seconds for outcome in outcomes)
    floors = [
        floor("wrong without asking, or loaded to another total: none", wrong, most=0, unit="of the files' parts"),
        ["right without asking", f"{correct:,} of {correct + wrong:,} parts that were decided", ""],
        ["questions asked a file", f"{questions_a_file(outcomes):.1f}", ""],
        floor("the slowest of them in at most 0.5 s", slowest, most=0.5, unit="s"),
        floor("a file of a million rows in at most 0.5 s of the processor", seconds, most=0.5, unit="s"),
        floor("bytes read of it, at most 2 MB", read / 1e6, most=2, unit="MB"),
    ]
    return (
        f"## Detection over {len(outcomes)} files in random styles\n\n"
        "Languages, encodings, delimiters, numbers, dates, totals, titles, returns and statuses are drawn at random; "
        "each proposal is compared with how its file was written, then its questions are answered and "
        "the file is loaded.\n\n" + table(FLOOR, floors) + "\n" + table(("question", "asked in"), question_rows)
    )


def strangers(results: list[Result]) -> str:
    families = rows(results)
    every = families[-1]
    header = ("shape", "files", "right", f"right with at most {FEW} questions", "refused", "held", "stuck",
              "silently wrong", "questions a file")  # fmt: skip
    floors = [
        floor("silently wrong: none", every.wrong, most=0, unit="files"),
        floor(
            f"right with at most {FEW} questions, at least 80%", 100 * every.right_with_few / every.files, least=80,
            unit="%",
        ),
    ]  # fmt: skip
    return (
        "## Strangers' files\n\n"
        f"{every.files} files in the shapes of real exports, with their quirks and defects, each with figures computed "
        "apart from the product (`tests/strangers`). A simulated clerk answers the questions of detection from the "
        "facts of the shop, then the file is loaded and compared: rows, sales, units, revenue by status and by month, "
        "days, currency, words. A file that must not load is right if it is refused or held.\n\n"
        + table(FLOOR, floors) + "\n" + table(header, [_family(row) for row in families])
    )  # fmt: skip


def _family(row: Row) -> list[str]:
    counts = (row.files, row.right, row.right_with_few, row.refused, row.held, row.stuck, row.wrong)
    return [row.family, *(f"{count:,}" for count in counts), f"{row.questions:.1f}"]


def cold(results: dict[str, Figures]) -> str:
    limits = {"stage": 2.5}
    rows = [
        floor(f"`{name}`, at most {limits.get(name, 1.0):g} s", figures.wall, most=limits.get(name, 1.0), unit="s")
        for name, figures in results.items()
    ]
    return (
        "## Cold starts of the cloud's functions\n\n"
        "From the start of Python until all that a function's first event needs is loaded, Google's libraries too; "
        "the median of some rounds. Reaching the services comes on top.\n\n" + table(FLOOR, rows)
    )


def large_file(results: Sequence[Streamed]) -> str:
    sizes = [result.size / GIGABYTE for result in results]
    base_memory, memory_per_gigabyte = fit_line(sizes, [result.run.memory for result in results])
    base_time, time_per_gigabyte = fit_line(sizes, [result.run.wall for result in results])
    rows = [
        [f"{result.size / GIGABYTE:.2f} GB", f"{result.run.wall:.1f} s", f"{result.run.memory:.0f} MB"]
        for result in results
    ]
    floors = [
        floor(
            "memory at 5 GB, at most the 4,295 MB of its function",
            base_memory + 5 * memory_per_gigabyte,
            most=4295,
            unit="MB",
        ),
        floor(
            "seconds for 5 GB, at most the 540 of its function", base_time + 5 * time_per_gigabyte, most=540, unit="s"
        ),
        ["more memory for each gigabyte", f"{memory_per_gigabyte:.0f} MB", ""],
    ]
    return (
        "## A large file through `stage`\n\nA plain CSV file in the local object store, read, checked and written as "
        "Parquet by a process of its own; 5 GB are extrapolated by the line through these.\n\n"
        + table(["file", "wall", "peak"], rows) + "\n" + table(FLOOR, floors)
    )  # fmt: skip


def at_scale(scale: Scale) -> str:
    floors = [
        floor("10 M rows at most 1.2 × the memory of 1 M", scale.history.memory / scale.million.memory, most=1.2),
        floor("100,000 rows into 10 M at most 1.3 × into none", ratio(scale.into_history, scale.into_none), most=1.3),
        floor("settle one sale at 10 M in at most 0.1 s", scale.one_sale, most=0.1, unit="s"),
        floor("announce at least 100,000 events a second", scale.events_per_second, least=100_000, unit="/s"),
        floor("the executive report of a month as PDF in at most 10 s", scale.executive_report, most=10, unit="s"),
    ]
    portal = scale.portal
    requests = [
        ["all tiles of the page, six at a time, median", f"{portal.page:.2f} s", ""],
        ["a trivial request alone, p95", f"{1000 * portal.trivial:.1f} ms", ""],
        floor(
            "a trivial request while 100,000 rows are loaded, p95 at most 50 ms",
            1000 * portal.trivial_during_load, most=50, unit="ms",
        ),
    ]  # fmt: skip
    return (
        f"## At ten million lines\n\nLoading them took {scale.history.wall:.0f} s, summing all their days, "
        f"which nobody waits for, {scale.totals_time:.0f} s; all quality checks {scale.quality_time:.0f} s, "
        f"those of a changed day {scale.quality_of_a_day:.1f} s.\n\n"
        + table(FLOOR, floors)
        + "\nDashboard queries, never answered from the cache.\n\n"
        + _fast(scale.queries)
        + "\nMeasures by their dimensions, and the queries of the pages Customers and Products.\n\n"
        + _fast(scale.measures)
        + "\nTiles of the admin's page through the running server, each time for another period.\n\n"
        + f"{_fast(portal.tiles)}\n{table(FLOOR, requests)}"
    )


def _fast(seconds: Mapping[str, float]) -> str:
    rows = [floor(f"`{name}`, p95 at most 300 ms", 1000 * s, most=300, unit="ms") for name, s in seconds.items()]
    return table(FLOOR, rows)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    locked = versions(PEERS)
    packages = ", ".join(f"{name} {locked[name]}" for name in PACKAGES)
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, {python}, {packages}"


def write(page: Path, sections: Sequence[str], *, full: bool) -> None:
    """Write the page. Sections that are not measured now are kept: those of the full measurement, and by hand."""
    kept = _others(page.read_text(encoding="utf-8"), sections) if page.exists() else []
    head = (
        "# Benchmarks\n\n"
        f"Written by `make {'bench-full' if full else 'bench'}`. Machine: {_machine()}.\n"
        "Absolute times do not transfer to another machine; the ratios come from the same run.\n"
        + ("The last sections are from an earlier `make bench-full`.\n" if kept and not full else "")
        + "\n"
    )
    page.write_text(head + "\n".join([*sections, *kept]), encoding="utf-8")


def replace_section(page: Path, section: str) -> None:
    """Write one section of the page again, at its place; at the end if it is new."""
    heading, text = section.partition("\n")[0], page.read_text(encoding="utf-8")
    head, *parts = text.split("\n## ")
    sections = [f"## {part.rstrip()}\n" for part in parts]
    names = [one.partition("\n")[0] for one in sections]
    at = names.index(heading) if heading in names else len(sections)
    sections[at : at + 1] = [section]
    page.write_text(f"{head.rstrip()}\n\n" + "\n".join(sections), encoding="utf-8")


def _others(text: str, sections: Sequence[str]) -> list[str]:
    """The sections of a page that are not measured again."""
    measured = {section.partition("\n")[0] for section in sections}
    parts = [f"## {part}" for part in text.split("\n## ")[1:]]
    return [f"{part.rstrip()}\n" for part in parts if part.partition("\n")[0] not in measured]
