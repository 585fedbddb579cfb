"""Every code that can be raised has a page."""

import inspect

import pytest

from generator.codes import page, pages
from generator.pipeline import CHECKS
from tests.conformance import raised

DOCS = {name: inspect.getmodule(check.run).__doc__ or "" for name, check in CHECKS.items()}  # pyright: ignore[reportOptionalMemberAccess]
RAISED = raised.codes()


def test_the_sources_are_read() -> None:
    assert {"duplicate-key", "wrong-type", "no-verb", "object-schema", "dead-overlay", "one-transport"} <= RAISED.keys()


@pytest.mark.parametrize("code", sorted({*RAISED, *CHECKS}))
def test_code_has_a_page(code: str) -> None:
    text = page(code, DOCS)
    assert text, f"{code} is raised at {RAISED.get(code)} and has no page in generator/codes/"
    first, *rest = text.splitlines()
    assert first.endswith("."), "a page starts with one sentence that says what is wrong"
    assert any(line.strip() for line in rest), "a page says more than one sentence"


def test_no_page_is_left_behind() -> None:
    own = {code for code in pages({}) if code not in RAISED}
    assert not own, "pages of codes that nothing raises"


def test_an_unknown_code_has_no_page() -> None:
    assert page("no-such-code", DOCS) is None
