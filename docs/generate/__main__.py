"""`python -m docs.generate` writes the generated pages; with --check it only lists those that are out of date."""

import argparse
import sys
from pathlib import Path

from docs.generate import PAGES

FOLDER = Path(__file__).resolve().parents[1]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 where a page is out of date")
    check = parser.parse_args().check
    stale = [name for name, page in PAGES.items() if _differs(FOLDER / name, page())]
    for name in stale:
        if not check:
            (FOLDER / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"docs/{name} {'is out of date: run make docs' if check else 'written'}")
    return 1 if stale and check else 0


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text


sys.exit(main())
