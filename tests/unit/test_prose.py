"""Prompts are checked as Jinja2 reads them, before a run does."""

import pytest

from runtime.expressions.checking import check_prose


@pytest.mark.parametrize(("text", "says"), [
    ("Hi {{ input.name | uper }}", "uper"),
    ("{% if input.name is foo %}x{% endif %}", "foo"),
    ("Hi {{ input.name", "end of"),
    ("Hi {{ inptu.name }}", "inptu"),
])  # fmt: skip
def test_a_mistake_in_a_prompt_is_a_finding(text: str, says: str) -> None:
    (found,) = check_prose(text)
    assert says in found.message
