"""docs/reference is what the code says, and links in docs lead somewhere."""

import re
from pathlib import Path

import pytest

from generator.documentation import reference

ROOT = Path(__file__).parents[2]
PAGES = {path.as_posix(): text for path, text in reference.pages().items()}
WRITTEN = sorted([ROOT / "README.md", ROOT / "toolchain/README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
CODE = re.compile(r"^ *(```|````).*?^ *\1$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_a_reference_page_is_what_the_code_says(page: str) -> None:
    assert (ROOT / page).read_text() == PAGES[page], "run `make docs`"


def test_there_are_no_other_reference_pages() -> None:
    assert {p.relative_to(ROOT).as_posix() for p in (ROOT / "docs/reference").rglob("*.md")} == PAGES.keys()


def links(page: Path) -> list[tuple[str, str]]:
    """Return file and anchor of every link of a page to a page of ours."""
    return [found for found in LINK.findall(CODE.sub("", page.read_text())) if "://" not in found[0]]


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub and GitLab give to the headings of a page."""
    found: dict[str, int] = {}
    names: set[str] = set()
    for heading in HEADING.findall(CODE.sub("", page.read_text())):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        names.add(f"{name}-{found[name]}" if name in found else name)
        found[name] = found.get(name, 0) + 1
    return names


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_that_exist(page: Path) -> None:
    assert [file for file, _ in links(page) if not (page.parent / file).exists()] == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_anchors_lead_to_headings_that_exist(page: Path) -> None:
    named = [(page.parent / file if file else page, anchor) for file, anchor in links(page) if anchor]
    assert [(str(file), anchor) for file, anchor in named if anchor not in anchors(file)] == []


def test_an_anchor_without_a_heading_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Say what\n\n[a](#say-what) [b](#say-who)\n\n```\n# no heading\n```\n")
    assert (links(page), anchors(page)) == ([("", "say-what"), ("", "say-who")], {"say-what"})
