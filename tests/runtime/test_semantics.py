"""docs/semantics.md: every sentence names the test that shows it, and the test is there."""

import re
from pathlib import Path

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "semantics.md"


def test_every_sentence_names_a_test_that_is_there() -> None:
    there = {name for file in HERE.glob("test_*.py") for name in re.findall(r"def (test_\w+)", file.read_text())}
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("* ")]
    assert [line for line in lines if not re.search(r"\. `test_\w+`$", line)] == []
    named = {name for line in lines for name in re.findall(r"`(test_\w+)`", line)}
    assert sorted(named - there) == []
    assert len(lines) > 60
