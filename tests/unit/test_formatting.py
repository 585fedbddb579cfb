"""`apm fmt` moves lines and nothing else: meaning and comments stay, and a second time changes nothing."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.compose import documents
from generator.formatting import formatted
from generator.pipeline import KINDS

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    path
    for top in ("specs", "policies")
    for path in (ROOT / top).rglob("*.yaml")
    if not path.name.endswith(".replies.yaml")
)

WRITTEN = """\
# The file is about one workflow.

spec:
    # Steps come last.
    steps:
    -   description: says why   # beside it
        next: end
        # What it sets.
        set:
            a: 1     # one

            # deeper
            b: >-
              # no comment

                kept
        id: first
    - {fail: {title: t, type: x}, id: second}
    - id: third
      # of the third
      onError:
      - {goto: first, match: "*"}
      approval:
        options: [b,
          a]  # not sorted
        message: "two
          lines"
      # the end of the third
    # What is kept.
    state: {z: {default: 1, type: integer}}
metadata: {owner: ops, name: first}
# Above the kind.
kind: Workflow
apiVersion: apm/v1
# the end
---
# The second.
apiVersion: apm/v1
metadata:
  name: other
kind: Team
spec: {}
"""
EXPECTED = """\
# The file is about one workflow.

apiVersion: apm/v1
# Above the kind.
kind: Workflow
metadata: {name: first, owner: ops}
spec:
  # What is kept.
  state: {z: {type: integer, default: 1}}
  # Steps come last.
  steps:
    - id: first
      description: says why   # beside it
      # What it sets.
      set:
        a: 1     # one

        # deeper
        b: >-
          # no comment

            kept
      next: end
    - {id: second, fail: {type: x, title: t}}
    - id: third
      approval:
        message: "two
          lines"
        options: [b,
          a]  # not sorted
      # of the third
      onError:
        - {match: "*", goto: first}
      # the end of the third
# the end
---
# The second.
apiVersion: apm/v1
kind: Team
metadata:
  name: other
spec: {}
"""


def fmt(text: str) -> str:
    """Return a text formatted; a problem fails the test."""
    found = formatted("specs/x.yaml", text, KINDS)
    assert found.problems == ()
    return found.text


def values(text: str) -> list[Any]:
    """Return the values of the documents of a text."""
    return [d.value for d in documents("specs/x.yaml", text, [])]


def test_keys_are_ordered_and_lines_indented_with_their_comments() -> None:
    assert fmt(WRITTEN) == EXPECTED
    assert fmt(EXPECTED) == EXPECTED


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_is_shipped_is_formatted(path: Path) -> None:
    assert fmt(path.read_text()) == path.read_text()


def test_steps_say_what_they_are_then_what_they_do_then_what_follows() -> None:
    step = "{next: end, save: {}, with: {}, tool: t, when: x, id: a, onError: [], maxVisits: 1}"
    text = f"apiVersion: apm/v1\nkind: Workflow\nmetadata: {{}}\nspec: {{steps: [{step}]}}\n"
    assert "{id: a, when: x, maxVisits: 1, tool: t, with: {}, save: {}, next: end, onError: []}" in fmt(text)


def test_keys_that_people_choose_keep_their_order() -> None:
    text = "apiVersion: apm/v1\nkind: Workflow\nmetadata: {}\nspec:\n  state: {z: {}, a: {}}\n  steps: []\n"
    assert fmt(text) == text


def test_what_is_no_yaml_is_reported_and_left_alone() -> None:
    found = formatted("specs/x.yaml", "a: [1\nb: 2\n", KINDS)
    assert [p.code for p in found.problems] == ["yaml-syntax"]
    assert found.text == "a: [1\nb: 2\n"


def test_anchors_keep_a_file_as_it_is() -> None:
    text = "kind: Team\nspec: &a {x: 1}\napiVersion: apm/v1\nmetadata: *a\n"
    assert fmt(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "a: |\n   x\n\n    y\n\nb: 1\n",
        "a: |+\n  x\n\n\nb: 1\n",
        "a: |2\n    x\n  y\nb: 1\n",
        "s:\n- - a\n  - b\n-\n  c: 1\n",
        "a:\n- b\n-\n- c:\n  - d\n",
        "a:\nb:\n  c:\n",
        "a: 'x\n\n  y'\n",
        "--- {a: 1}\n--- {b: 2}\n",
        "a: x\n  y\n # c\nb: 1\n",
        "? a\n: b\n",
        "a:   # c\n  # d\n\n  b: 1\n",
        "a: {b: [c,\n  d]}\n",
        "",
        "# only\n",
        "a: 1\n...\n# x\n---\nb: 2\n",
        "\u00e4: \u4e2d  # \U0001f600\nb:\n    - \u00e9\n",
    ],
)
def test_every_form_of_yaml_keeps_its_value(text: str) -> None:
    once = fmt(text)
    assert values(once) == values(text)
    assert fmt(once) == once
    assert once.count("#") == text.count("#")


_KEYS = st.sampled_from(["id", "kind", "spec", "metadata", "apiVersion", "next", "x y", "1a", "name", "steps", "set"])
_SCALARS = st.one_of(
    st.integers(), st.booleans(), st.none(), st.text(st.sampled_from("ab #:-'\"\n|>{}[]\u00e9"), max_size=12)
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_KEYS, _TREES, min_size=1, max_size=5), st.integers(2, 6), st.booleans(), st.randoms())
def test_any_document_keeps_its_value_and_its_comments(tree: Any, indent: int, flow: bool, chance: Any) -> None:
    tree = {**tree, "kind": "Workflow"}
    text: Any = yaml.safe_dump(tree, indent=indent, default_flow_style=None if flow else False, sort_keys=False)
    text = _with_comments(text, chance)
    problems: list[Any] = []
    documents("specs/x.yaml", text, problems)
    if problems:
        return
    once = fmt(text)
    assert values(once) == values(text)
    assert fmt(once) == once
    assert once.count("#!") == text.count("#!")


def _with_comments(text: str, chance: Any) -> str:
    """Return a text with comments above some lines, at their column; the ones that land inside of scalars are text."""
    found: list[str] = []
    for line in text.splitlines():
        if chance.random() < 0.3:
            found.append(" " * (len(line) - len(line.lstrip())) + "#! why")
        found.append(line)
    return "\n".join(found) + "\n"
