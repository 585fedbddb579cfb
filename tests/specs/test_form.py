"""`apm fmt` leaves what the reference system means as it is, however its files were written."""

import random
import re
from pathlib import Path
from typing import Any, cast

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.formatting import formatted
from generator.load import load
from generator.pipeline import KINDS, check
from generator.resolve import resolve

ROOT = Path(__file__).parents[2]
LOADED = load(ROOT)
TEXTS = {document.file: LOADED.files[document.file] for document in LOADED.documents}
COMMENT = "# a comment, kept: [1]"


class Writer(yaml.SafeDumper):
    """Writes every text in quotes, so that no reader takes it for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out: files with anchors are left as they are."""
        del data
        return True


def _text(writer: Writer, value: str) -> Any:
    style = "|" if value.count("\n") > 1 and re.fullmatch(r"(\S[^\n]*\n)+", value) else random.choice("'\"")
    plain = re.fullmatch(r"[a-z]{5}[a-z-]*", value) and random.random() < 0.5
    represent: Any = writer.represent_scalar  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return represent("tag:yaml.org,2002:str", value, style=None if plain else style)


Writer.add_representer(str, _text)


def shuffled(value: Any) -> Any:
    """Return a value with the keys of all mappings in another order."""
    if isinstance(value, dict):
        pairs = list(cast("dict[str, Any]", value).items())
        random.shuffle(pairs)
        return {key: shuffled(one) for key, one in pairs}
    return [shuffled(one) for one in cast("list[Any]", value)] if isinstance(value, list) else value


def rewritten(file: str, text: str) -> str:
    """Return a file in another form: order of keys, quotes, indentation, flow or block style, comments."""
    values = [d.value for d in load_one(file, text)]
    shape: dict[str, Any] = {"indent": random.randint(2, 6), "default_flow_style": random.choice([True, False, None]),
                             "width": 4096, "sort_keys": False, "allow_unicode": True}  # fmt: skip
    dump: Any = yaml.dump_all  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    dumped: str = dump([shuffled(value) for value in values], Dumper=Writer, explicit_start=True, **shape)
    lines = dumped.split("\n")
    return "\n".join(f"{COMMENT}\n{line}" if re.match(r"[a-zA-Z]", line) and random.random() < 0.5 else line
                     for line in lines)  # fmt: skip


def load_one(file: str, text: str) -> list[Any]:
    """Return the documents of one text."""
    from generator.compose import documents

    problems: list[Any] = []
    found = documents(file, text, problems)
    assert problems == [], file
    return found


def meaning(buffers: dict[str, str]) -> dict[str, list[str]]:
    """Return everything that is resolved for each environment, without the digests of the files it comes from."""
    specs = check(ROOT, buffers)
    projects = [resolve(view, KINDS) for view in specs.views]
    return {p.environment_name: sorted(re.sub(r"digest='\w{64}'", "", repr(thing)) for thing in p) for p in projects}


@settings(max_examples=2, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_the_resolved_system_is_the_same_before_and_after(seed: int) -> None:
    random.seed(seed)
    before = {file: rewritten(file, text) for file, text in TEXTS.items()}
    made = {file: formatted(file, text, KINDS) for file, text in before.items()}
    assert [p for one in made.values() for p in one.problems] == []
    after = {file: one.text for file, one in made.items()}
    assert meaning(before) == meaning(after)
    assert {f: t.count(COMMENT) for f, t in before.items()} == {f: t.count(COMMENT) for f, t in after.items()}
    again = {file: formatted(file, text, KINDS).text for file, text in after.items()}
    assert again == after
    assert before != after
