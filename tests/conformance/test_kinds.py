"""Every kind says what each of its fields means, and has examples that are accepted and refused.

`kinds/<Kind>/good*.yaml` is laid over the base and comes through to rendered objects. `kinds/<Kind>/refused*.yaml`
starts with a comment `# code at line:column`: the one finding that it has to give.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from generator.documentation.docstrings import field_docs
from generator.kinds.system import SystemSpec
from generator.model import Metadata
from generator.pipeline import KINDS
from runtime.steps import NODES
from tests.conformance.cases import HERE, built_problems, problems, repository, text

KIND_CASES = HERE / "kinds"
GOOD = sorted(KIND_CASES.glob("*/good*.yaml"))
REFUSED = sorted(KIND_CASES.glob("*/refused*.yaml"))
_FIRST_LINE = re.compile(r"# ([a-z0-9-]+) at (\d+):(\d+)\n")


def _name(case: Path) -> str:
    return case.relative_to(KIND_CASES).as_posix()


def _models(annotation: Any, seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Yield every model that a field can hold, each once."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if annotation not in seen:
            seen.add(annotation)
            yield annotation
            for field in annotation.model_fields.values():
                yield from _models(field.annotation, seen)
        return
    for argument in get_args(annotation):
        yield from _models(argument, seen)


def _undocumented(root: type[BaseModel]) -> list[str]:
    models = _models(root, set())
    return [
        f"{model.__name__}.{name}" for model in models for name in model.model_fields if name not in field_docs(model)
    ]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kind_has_a_page(kind: str) -> None:
    doc = sys.modules[KINDS[kind].resolve.__module__].__doc__ or ""
    assert doc.strip().splitlines()[0].endswith("."), "a kind says in one sentence what it is"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_field_has_a_line(kind: str) -> None:
    assert not _undocumented(KINDS[kind].spec)


@pytest.mark.parametrize("verb", sorted(NODES))
def test_every_field_of_a_step_has_a_line(verb: str) -> None:
    assert NODES[verb].step.__doc__
    assert not _undocumented(NODES[verb].step)


def test_every_field_of_the_metadata_has_a_line() -> None:
    assert not _undocumented(Metadata)


def test_an_undocumented_field_would_be_seen() -> None:
    assert "Bare.field" in _undocumented(type("Bare", (SystemSpec,), {"__annotations__": {"field": str}}))


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("side", ["good", "refused"])
def test_kind_has_an_example(kind: str, side: str) -> None:
    assert list((KIND_CASES / kind).glob(f"{side}*.yaml")), f"write tests/conformance/kinds/{kind}/{side}.yaml"


@pytest.mark.parametrize("case", GOOD, ids=_name)
def test_good_example(case: Path, tmp_path: Path) -> None:
    root = _with_example(case, tmp_path)
    assert text(root, built_problems(root)) == ""


@pytest.mark.parametrize("case", REFUSED, ids=_name)
def test_refused_example(case: Path, tmp_path: Path) -> None:
    first = _FIRST_LINE.match(case.read_text(encoding="utf-8"))
    assert first, "the first line is `# code at line:column`"
    root = _with_example(case, tmp_path)
    found = [(p.place.file, p.code, p.place.line, p.place.column) for p in problems(root)]
    assert found == [("specs/example/example.yaml", first[1], int(first[2]), int(first[3]))], text(root, problems(root))


def _with_example(case: Path, tmp_path: Path) -> Path:
    """Return the base with one example; its companions stand in folders beside it. One System takes another's place."""
    kind = case.parent.name
    root = repository(tmp_path, without=("system.yaml",) if kind == "System" else ())
    companions = (folder for folder in case.parent.iterdir() if folder.is_dir())
    for folder in companions:
        shutil.copytree(folder, root / "specs" / "example" / folder.name)
    (root / "specs" / "example").mkdir(exist_ok=True)
    shutil.copy(case, root / "specs" / "example" / "example.yaml")
    return root
