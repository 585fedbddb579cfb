"""What is written is read as the same values by YAML 1.1, YAML 1.2 and Go, whatever the texts are."""

import io
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from generator.emit import dumps
from generator.load import load
from tests.rigs.tools import tool

NASTY = [
    "", " ", "\n", "\n\n", " a", "a ", "a\n", "\na", "a\n\n", "a\n b\n  c\n", " a\nb", "a \nb", "a\t\nb", "\ta",
    "a\tb", "a\r\nb", "\r", "y", "Y", "n", "yes", "No", "on", "OFF", "true", "True", "null", "~", "Null",
    ".nan", ".inf", "-.INF", "=", "<<", "nan", "1", "-1", "1.0", "1e3", "1E3", "1e+3", "0o17", "017", "08",
    "0x1F", "0b1", "1_000", "12:30", "12:30:45", "190:20:30", "2026-01-31", "2026-01-31T10:00:00Z", "+1", "+.5",
    ".5", "1.", "0.", "-", "--", "---", "...", "--- a", "... a", "- a", "? a", ": a", "a: b", "a:", ":a", "a:b",
    "a #b", "#a", "a#b", "&a", "*a", "!a", "!!str a", "|", ">", "|-", "%a", "@a", "`a", "'", "''", "\"", "\"\"",
    "'a'", "\"a\"", "a'b", "a\"b", "{}", "[]", "{a}", "[a]", "a, b", ",", "a]", "}", "{{ .Values.a }}", "${a}",
    "\\", "a\\nb", "\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\xa0", "\u2028", "\u2029", "\ufeff", "a\ufeffb",
    "\ufffe", "\uffff", "é", "日本", "é", "\U0001f469\u200d\U0001f4bb", "\U0010ffff", "\u200b", "\u202e", "-\n",
    "key: |\n  a", "a\n---\nb", "a\n...\nb", "x" * 5000, "line\n" * 50, "a\n\n\nb", "trailing\n  \nspace",
    "a\n\tb", "#!/bin/sh\nset -eu\n", "-----BEGIN X-----\nabc\n-----END X-----\n",
]  # fmt: skip

TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=40),
    st.text(st.sampled_from("yYnNoO01:-#'\"\\ \n\t{}[]&*!|>%@`,.=~?<é\u2028\ufeff"), max_size=12),
)
VALUES = st.recursive(
    st.one_of(
        TEXTS,
        st.booleans(),
        st.none(),
        st.integers(min_value=-(2**53), max_value=2**53),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(TEXTS, VALUES, max_size=5)


def _through_1_1(text: str) -> Any:
    reader: Any = yaml
    return reader.load(text, Loader=yaml.CSafeLoader)


def _through_1_2(text: str) -> Any:
    reader: Any = ruamel.yaml.YAML(typ="safe", pure=True)
    return reader.load(io.StringIO(text))


@given(DOCUMENTS)
@example({name: name for name in NASTY})
@example({"a": NASTY})
@example({"a": [[["b"], []], {}, [{}], {"c": []}]})
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_reader_reads_the_same(value: dict[str, Any]) -> None:
    text = dumps(value)
    assert _through_1_1(text) == value
    assert _through_1_2(text) == value


@given(DOCUMENTS)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_types_stay(value: dict[str, Any]) -> None:
    assert json.dumps(_through_1_1(dumps(value))) == json.dumps(value)


@given(value=DOCUMENTS)
@settings(max_examples=50, deadline=None)
def test_our_own_loader_reads_it_too(value: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("own")
    (root / "specs").mkdir()
    text = dumps(value)
    (root / "specs/x.yaml").write_bytes(text.encode())
    loaded = load(root)
    assert [p for p in loaded.problems if p.code != "ambiguous-scalar"] == []
    if value and not loaded.problems:
        assert loaded.documents[0].value == value


@pytest.mark.parametrize("value", [{1: "a"}, {"a": {None: "b"}}, {"a": object()}, {"a": {1, 2}}, {"a": float("nan")},
                                   {"a": float("inf")}, {"a": b"x"}, {"a": "\ud800"}])  # fmt: skip
def test_what_can_not_be_written_is_said(value: Mapping[str, Any]) -> None:
    with pytest.raises(TypeError):
        dumps(value)


def test_texts_of_several_lines_stay_readable() -> None:
    assert dumps({"script": "set -eu\ndump | upload\n"}) == "script: |\n  set -eu\n  dump | upload\n"


# --- Go -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kubectl() -> Path:
    """kubectl reads YAML as everything in Kubernetes does, Argo CD and Helm too."""
    return tool("kubectl")


def _through_go(kubectl: Path, documents: list[str], folder: Path) -> list[Any]:
    """Return texts as Go reads them: as the data of ConfigMaps, which `label --local` prints without a cluster."""
    file = folder / "maps.yaml"
    file.write_bytes("---\n".join(documents).encode())
    command = [kubectl, "label", "--local", "-f", file, "read=yes", "-o", "json", "--kubeconfig", "/dev/null"]
    done = subprocess.run(command, capture_output=True, check=True)
    return list(_values(done.stdout.decode()))


def _values(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        value, at = decoder.raw_decode(text, at)
        at += len(text[at:]) - len(text[at:].lstrip())
        yield value


def _config_map(data: Mapping[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": dict(data)}


def test_go_reads_the_same(kubectl: Path, tmp_path: Path) -> None:
    """All nasty texts, and thousands of drawn ones, as values and as keys, in one call."""
    drawn: list[str] = []

    @given(TEXTS)
    @settings(max_examples=1500, deadline=None, database=None, derandomize=True)
    def draw(text: str) -> None:
        drawn.append(text)

    draw()
    texts = [*NASTY, *dict.fromkeys(drawn)]
    maps = [
        _config_map({f"k{number}": text for number, text in enumerate(texts)}),
        _config_map(dict.fromkeys(texts, "v")),
    ]
    found = _through_go(kubectl, [dumps(value) for value in maps], tmp_path)
    assert [value["data"] for value in found] == [value["data"] for value in maps]
