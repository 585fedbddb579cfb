"""The mistakes of the hand-written system that the spec language can still express are refused, each by its rule.

`defects/<id>.yaml` holds one of them, laid over the base. Its first line says what has to be found, and where; the
second, what is wrong.
"""

import re
import shutil
from pathlib import Path

import pytest

from tests.conformance.cases import HERE, problems, repository, text

DEFECTS = sorted((HERE / "defects").glob("*.yaml"))
_FIRST_LINE = re.compile(r"# ([a-z0-9-]+) at (\d+):(\d+)\n# (\w+): .+\.\n")


def test_there_are_defects() -> None:
    assert DEFECTS


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda path: path.stem)
def test_defect_is_refused(defect: Path, tmp_path: Path) -> None:
    first = _FIRST_LINE.match(defect.read_text(encoding="utf-8"))
    assert first, "the first two lines are `# code at line:column` and `# id: what is wrong.`"
    assert first[4] == defect.stem
    root = repository(tmp_path)
    (root / "specs/example").mkdir()
    shutil.copy(defect, root / "specs/example/example.yaml")
    found = [(p.place.file, p.code, p.place.line, p.place.column) for p in problems(root)]
    assert found == [("specs/example/example.yaml", first[1], int(first[2]), int(first[3]))], text(root, problems(root))
