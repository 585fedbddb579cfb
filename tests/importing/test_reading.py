"""Whatever a file holds, it is read or refused in one sentence with its place."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.importing import reports
from generator.importing.manifests import Found
from generator.importing.reading import parsed, read
from generator.importing.run import DEFECTS, Wanted, imported
from generator.problems import Problem
from tests.importing.conftest import OLD

SEEDS = sorted(path for path in OLD.rglob("*.*") if path.is_file())
PIECES = [b"null", b"[]", b"{}", b"- ", b": ", b"\n", b"  ", b'"', b"|", b"&a ", b"*a", b"1e9", b"-1", b"true", b"\x00",
          b"\xff", b"#", b"9" * 30, b"{{ x }}", b"!!binary ", b"? ", b"\t", b"---\n"]  # fmt: skip


def _all(data: bytes) -> None:
    problems: list[Problem] = []
    unread: list[Problem] = []
    found = parsed("file.yaml", data, problems, unread)
    result = imported(Found(tuple(found), tuple(problems), ("file.yaml",), tuple(unread)), Wanted(Path("nowhere/x")))
    assert reports.text(result, [], verbose=True)
    assert reports.markdown(result, [])
    assert reports.as_json(result, [])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    _all(data)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 4000), st.sampled_from(PIECES), st.integers(0, 40)),
                                        max_size=6))  # fmt: skip
def test_damaged_manifests_are_read_or_refused(path: Path, edits: list[tuple[int, bytes, int]]) -> None:
    data = bytearray(path.read_bytes())
    for position, piece, cut in edits:
        at = position % (len(data) + 1)
        data[at : at + cut] = piece
    _all(bytes(data))


KEYS = ["name", "spec", "containers", "env", "rules", "groups", "metadata", "labels", "targets", "panels"]
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["critical", "5m", "up == 0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(KEYS),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
KINDS = ["Deployment", "CronJob", "Service", "NetworkPolicy", "PrometheusRule", "HorizontalPodAutoscaler", "Secret",
         "PodDisruptionBudget", "ConfigMap", "ServiceMonitor", "AlertmanagerConfig", "Role", "RoleBinding", "Ingress",
         "StatefulSet", "ResourceQuota", "PersistentVolumeClaim", "Namespace"]  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(KINDS), _values, _values, _values)
def test_objects_of_any_shape_are_lifted_or_left(kind: str, spec: object, metadata: object, data: object) -> None:
    import json

    value = {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec, "data": data, "rules": data,
             "subjects": spec}  # fmt: skip
    _all(json.dumps(value).encode())


def test_a_list_is_its_items() -> None:
    problems: list[Problem] = []
    text = b"kind: List\napiVersion: v1\nitems:\n  - {apiVersion: v1, kind: Service, metadata: {name: a}}\n"
    (found,) = parsed("list.yaml", text, problems, [])
    assert (found.kind, found.name, str(found.place(("metadata", "name")))) == ("Service", "a", "list.yaml:4:54")


def test_a_rule_inside_a_configmap_stands_where_the_file_has_it() -> None:
    rules_text = "    groups:\n      - name: a\n        rules: []\n"
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: rules}}\ndata:\n  r.yml: |\n{rules_text}"
    holder, rules = parsed("c.yaml", text.encode(), [], [])
    assert rules.holder is holder
    assert str(rules.place(("groups", 0, "name"))) == "c.yaml:7:15"


@pytest.mark.parametrize(("content", "code"), [
    (b" ", "empty-manifest"), (b"\xff\xfe", "not-utf8"), (b"a: {{ .x }}\n", "template-file"), (b"a: [", "yaml-syntax"),
])  # fmt: skip
def test_what_can_not_be_read_is_told(content: bytes, code: str) -> None:
    problems: list[Problem] = []
    parsed("x.yaml", content, problems, [])
    assert [p.code for p in problems] == [code]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    (problem,) = read([tmp_path / "none.yaml"], tmp_path).problems
    assert str(problem.place) == "none.yaml:1:1"
    assert "no such file" in problem.message


def _credentials(tmp_path: Path, manifest: dict[str, Any]) -> list[str]:
    (tmp_path / "x.yaml").write_text(json.dumps(manifest))
    found = DEFECTS["rights"].run(read([tmp_path], tmp_path))
    return [p.path for p in found if p.code == "plaintext-secret"]


def test_only_texts_that_hold_a_credential_are_called_plain(tmp_path: Path) -> None:
    config = "[server]\ndomain = example.com\n"
    secret = config + "password = Tr0ub4dor-9k2\n"
    plain = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}
    assert _credentials(tmp_path, {**plain, "data": {"a": config, "b": secret}}) == ["data.b"]
    held = {**plain, "kind": "Secret", "stringData": {"a": config, "b": secret, "c": "hunter"}}
    assert _credentials(tmp_path, held) == ["stringData.b", "stringData.c"]
