"""The figures as docs/benchmarks.md, each beside its floor, with the machine they were measured on."""

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bench.full import Scale
from bench.process import Figures, ratio

PACKAGES = ("duckdb", "pyarrow", "pandas", "pandera", "dlt")


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def comparison(found: dict[str, Figures]) -> str:
    ours, raw = found["tillstream"], found["raw_duckdb"]
    names = {
        "tillstream": "`tillstream ingest` (checked, keyed, settled, receipt)",
        "raw_duckdb": "DuckDB `CREATE TABLE AS read_csv` (no checks)",
        "dlt_load": "dlt, Arrow into DuckDB (no checks)",
        "pandas_pandera": "pandas + pandera + DuckDB",
    }
    rows = [
        [names[name], f"{each.wall:.2f}", f"{each.cpu:.2f}", f"{each.memory:.0f}", f"{ratio(each, raw):.2f}"]
        for name, each in found.items()
    ]
    floors = [
        ["at most 3 × raw DuckDB (goal 1.5 ×)", f"{ratio(ours, raw):.2f} ×"],
        ["faster than dlt", f"{ratio(ours, found['dlt_load']):.2f} ×"],
        ["peak memory at most 700 MB", f"{ours.memory:.0f} MB"],
    ]
    return (
        "## One million rows × 15 columns, process start to receipt\n\n"
        f"Medians of {len(ours.runs)} rounds in turn after one uncounted round; "
        "a ratio is the median of the ratios round by round.\n\n"
        + _table(["what", "wall s", "processor s", "peak MB", "× raw"], rows)
        + "\n"
        + _table(["floor", "measured"], floors)
    )


def repeats(first: Figures, second: Figures) -> str:
    rows = [["the same million rows again, at most 0.7 × their first load", f"{ratio(second, first):.2f} ×"]]
    return "## The same file again\n\n" + _table(["floor", "measured"], rows)


def queue(publish: float, receive: float) -> str:
    rows = [
        ["publish in batches of 1,000, at least 100,000 a second", f"{publish:,.0f}"],
        ["receive and acknowledge in batches of 500", f"{receive:,.0f}"],
    ]
    return "## The queue\n\n" + _table(["what", "a second"], rows)


def at_scale(scale: Scale) -> str:
    floors = [
        [
            "10 M rows within ± 20 % of the memory of 1 M",
            f"{scale.history.memory:.0f} against {scale.million.memory:.0f} MB: "
            f"{scale.history.memory / scale.million.memory:.2f} ×",
        ],
        ["100,000 rows into 10 M at most 1.3 × into none", f"{ratio(scale.into_history, scale.into_none):.2f} ×"],
        ["settle one sale at 10 M in at most 0.1 s", f"{scale.one_sale:.3f} s"],
        ["announce at least 100,000 events a second", f"{scale.announced:,.0f}"],
    ]
    asked = [[name, f"{seconds * 1000:.0f}"] for name, seconds in scale.queries.items()]
    return (
        f"## At ten million lines\n\nLoading them took {scale.history.wall:.0f} s.\n\n"
        + _table(["floor", "measured"], floors)
        + "\nDashboard queries, never from the cache; floor: 300 ms at the 95th percentile.\n\n"
        + _table(["query", "p95 ms"], asked)
    )


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, {python}, {packages}"


def write(page: Path, sections: Sequence[str], *, full: bool) -> None:
    head = (
        "# Benchmarks\n\n"
        f"Written by `make {'bench-full' if full else 'bench'}`. Machine: {_machine()}.\n"
        "Absolute times say little about another machine; the ratios come from the same run.\n\n"
    )
    page.write_text(head + "\n".join(sections), encoding="utf-8")
