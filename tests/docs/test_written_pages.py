"""The pages that people write: sizes, links, and that they name every event, room and make target."""

import functools
import re
from pathlib import Path

import pytest

from tillstream.handlers import ROUTES
from tillstream.model import events

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OTHER_PACKAGES = ("portal", "functions", "infra", "devtools", "sql", "looker", "bench", "till", "docs/generate")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@functools.cache
def source_files() -> list[str]:
    folders = [ROOT / package for package in ("tillstream", *OTHER_PACKAGES, "tests")]
    files = [path for folder in folders for path in folder.rglob("*.*")]
    return [f"/{path.relative_to(ROOT).as_posix()}" for path in [*files, *ROOT.glob("*.*")]]


def anchors(page: Path) -> set[str]:
    """The anchors that a link to the page can have after the #."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


def test_the_readme_has_at_most_150_lines() -> None:
    assert len(text("README.md").splitlines()) <= 150


def test_a_decision_has_at_most_60_lines_with_context_decision_and_consequences() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert pages
    for path in pages:
        content = path.read_text(encoding="utf-8")
        assert len(content.splitlines()) <= 60, path.name
        assert re.match(r"\d{3}-[a-z0-9-]+\.md", path.name)
        assert all(f"\n## {part}" in content for part in ("Context", "Decision", "Consequences")), path.name


def test_decisions_are_numbered_without_a_repeat() -> None:
    numbers = [path.name[:3] for path in (ROOT / "docs" / "adr").glob("*.md")]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs" / "adr").glob("*.md")), ROOT / "docs" / "architecture.md"])
def test_a_decision_names_only_files_that_exist(page: Path) -> None:
    """A file is named by the end of its path, such as `pipeline/settling/settle.py`; capitals are placeholders."""
    named = set(re.findall(r"`([a-z0-9_./-]+\.(?:py|sql|toml|proto|js|css))`", page.read_text(encoding="utf-8")))
    assert [name for name in sorted(named) if not any(path.endswith(f"/{name}") for path in source_files())] == []


def test_there_are_at_most_50_decisions() -> None:
    """A decision that replaces another one is written in its place."""
    assert len(list((ROOT / "docs" / "adr").glob("*.md"))) <= 50


def test_every_decision_is_in_the_index() -> None:
    index = text("docs/index.md")
    paths = [path.name for path in (ROOT / "docs" / "adr").glob("*.md")]
    assert [name for name in sorted(paths) if f"| [{name[:3]}](adr/{name}) |" not in index] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), f"{target} leads nowhere"
        assert not anchor or anchor in anchors(linked), f"{target}: there is no such heading"


def test_every_make_target_is_documented() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", text("Makefile"), flags=re.MULTILINE)
    pages = text("README.md") + text("CONTRIBUTING.md")
    assert {"help", "run", "test", "lint"} <= set(targets)
    assert [target for target in targets if f"make {target}" not in pages] == []


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", text("Makefile"), flags=re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert set(named) <= targets, page.name


def test_every_event_and_topic_is_in_the_table_of_events() -> None:
    table = text("docs/architecture.md").partition("\n## Events\n")[2]
    names = [value for name, value in vars(events).items() if name.isupper() and isinstance(value, str)]
    buckets = {events.INBOX, events.STAGING}
    assert [name for name in names if name not in buckets and f"`{name}`" not in table] == []
    for subscription, topic in events.SUBSCRIPTIONS.items():
        assert any(f"`{topic}`" in line and f"`{subscription}`" in line for line in table.splitlines())


def test_the_table_of_events_names_the_handler_of_every_event() -> None:
    lines = text("docs/architecture.md").partition("\n## Events\n")[2].splitlines()
    for event, handler in ROUTES.items():
        assert any(f"| `{event}` |" in line and f"`{handler.__name__}`" in line for line in lines), event


def test_every_package_is_in_the_tree() -> None:
    tree = text("docs/architecture.md").partition("\n```text\n")[2].partition("\n```\n")[0]
    product, _, other_folders = tree.partition("\nportal/ ")
    entries = set(re.findall(r"(?:^|  )([a-z_]+(?:\.py|/))", product, flags=re.MULTILINE))
    others = {"__init__.py", "__init__.pyi", "__pycache__", "py.typed"}
    inside = [path for path in (ROOT / "tillstream").iterdir() if path.name not in others]
    assert {path.name if path.suffix else f"{path.name}/" for path in inside} - entries == set()
    assert [name for name in OTHER_PACKAGES if f"{name}/ " not in f"portal/ {other_folders} "] == []


def test_every_kind_of_test_is_in_the_contributing_guide() -> None:
    kinds = {path.parent.relative_to(ROOT / "tests").parts[0] for path in (ROOT / "tests").glob("*/**/test_*.py")}
    assert "unit" in kinds
    assert [kind for kind in kinds if f"`tests/{kind}`" not in text("CONTRIBUTING.md")] == []


def test_no_two_test_files_share_a_name() -> None:
    """Their folders are no packages: pytest would take one for the other."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
