"""docs/reference is what the code says, and links in docs lead somewhere."""

import re
from pathlib import Path

import pytest

from generator.documentation import reference

ROOT = Path(__file__).parents[2]
PAGES = {path.as_posix(): text for path, text in reference.pages().items()}
WRITTEN = sorted([ROOT / "README.md", ROOT / "toolchain/README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES)
def test_a_reference_page_is_what_the_code_says(page: str) -> None:
    assert (ROOT / page).read_text() == PAGES[page], "run `make docs`"


def test_there_are_no_other_reference_pages() -> None:
    assert {p.relative_to(ROOT).as_posix() for p in (ROOT / "docs/reference").rglob("*.md")} == PAGES.keys()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_exist(page: Path) -> None:
    targets = [target for target in LINK.findall(page.read_text()) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []
