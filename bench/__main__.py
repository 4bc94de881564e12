"""`python -m bench`: measure, print and write docs/benchmarks.md; `--full` with ten million rows of history."""

import argparse
import tempfile
from pathlib import Path

from bench import cloud, detection, full, ingest, live, report, small, strangers
from bench.event_bus import publish_rate, receive_rate
from bench.live import report as live_report
from bench.stores import report as stores

LIVE = live.Load(seconds=15)
PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="the floors at ten million rows too")
    parser.add_argument("--runs", type=int, default=5, help="counted rounds of the comparison")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        work = Path(folder)
        sections = [
            report.comparison(ingest.compare_peers(work, options.runs)),
            report.repeats(*ingest.load_twice(work, 3)),
            report.small_files(small.measure(work)),
            report.queue(publish_rate(), receive_rate()),
            report.detected(detection.measure(), *detection.large(work)),
            report.strangers(strangers.measure()),
            report.cold(cloud.cold_starts(work)),
        ]
        if not options.full:
            ingest.ingest(ingest.file_of(work, ingest.ROWS), work / "stores")
            sections.append(stores.section(stores.measure_stores(work / "stores", stores.SHORT)))
        if options.full:
            sections.append(live_report.section(LIVE, live.measure(work / "live", LIVE)))
            sections.append(report.large_file(cloud.streamed(work)))
            sections.append(report.at_scale(full.measure(work)))
            sections.append(stores.section(stores.measure_stores(work / "history", stores.FULL)))
    report.write(PAGE, sections, full=options.full)
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
