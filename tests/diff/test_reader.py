"""The fast reader reads exactly what the emitter writes, as a whole YAML reader does, and refuses everything else."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.diff import reader
from generator.emit import dumps

_NASTY = [
    "yes",
    "1e3",
    "a: b",
    "- a",
    "# no",
    "a\nb\n",
    "a\n\nb",
    " a\nb",
    "a\n",
    "|",
    "{}",
    "[]",
    "",
    '"',
    "a: \nb",
    "\t",
    "~",
]
_TEXTS = st.text(max_size=12) | st.sampled_from([*_NASTY, "'", "\x85", "é\n", "\\x41"])
_FLOATS = st.decimals(places=3, min_value=-(10**9), max_value=10**9).map(float)
_SCALARS = st.none() | st.booleans() | st.integers() | _FLOATS | _TEXTS
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS, inner, max_size=4), max_leaves=20
)


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5))
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    try:
        text = dumps(value)
    except TypeError:  # half of a surrogate pair
        return
    assert reader.loads(text) == value


@given(st.dictionaries(_TEXTS, _VALUES, max_size=5))
def test_a_whole_yaml_reader_reads_the_same(value: dict[str, Any]) -> None:
    try:
        text = dumps(value)
    except TypeError:
        return
    assert reader.loads(text) == yaml.safe_load(text)


_OTHERS = [
    "a: yes\n", "a: 1e3\n", "a: 'b'\n", "a: {b: 1}\n", "a: [1]\n", "a: &x 1\n", "a: *x\n", "a: >\n  b\n",
    "a: 1 # c\n", "a: 1\na: 2\n", "  a: 1\n", "a:\n    b: 1\n", "a: 1", "", "\n", "- a\n", "<<<<<<< HEAD\na: 1\n",
    "a: 1\n=======\n", "a: 0x1\n", "a: 01\n", "? a\n: b\n", "a: 1\n...\n", 'a: "x\n', "a: |\n\n  b\n",
    "a:\n- b\n  c\n", "a: |2\n  b\n",
]  # fmt: skip


@pytest.mark.parametrize("text", _OTHERS)
def test_what_the_emitter_does_not_write_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (whatever it says)
        reader.loads(text)
