"""What is too large for one Application of Argo CD is told before it is merged, and how to divide it."""

import re
from pathlib import Path

import pytest

from generator import sizes
from generator.pipeline import Built, build_all
from generator.problems import Rejected
from tests.conformance.cases import repository

RUNTIME = """\
apiVersion: apm/v1
kind: Runtime
metadata: {{name: more-{n}}}
spec:
  image: {{digest: "sha256:1111111111111111111111111111111111111111111111111111111111111111"}}
  workflows: [answer]
  stateStore: main
  apiKeys: api/keys
"""


def _warnings(built: Built) -> list[str]:
    return [f"{p.place} {p.message}; {p.hint}" for p in built.warnings if p.code == "application-size"]


def _divided(tmp_path: Path, count: int) -> Path:
    """A repository with many runtimes, whose group `runtime` is divided."""
    root = repository(tmp_path)
    texts = (RUNTIME.format(n=number) for number in range(20))
    (root / "specs" / "more.yaml").write_text("---\n".join(texts))
    file = root / "specs" / "environments.yaml"
    text = file.read_text()
    assert "argocd: {" in text
    file.write_text(text.replace("argocd: {", f"argocd: {{shards: {{runtime: {count}}}, "))
    return root


def _folders(built: Built) -> set[str]:
    return {path.split("/")[1] for one in built.environments.values() for path in one.files}


def test_a_small_system_is_not_warned_of(tmp_path: Path) -> None:
    assert not _warnings(build_all(repository(tmp_path)))


def test_a_group_above_the_limit_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "BYTES", 10_000)
    found = _warnings(build_all(repository(tmp_path)))
    assert any(line.startswith("specs/environments.yaml:1:1 the group runtime has 0.0 MB") for line in found)
    assert not any("group namespace" in line for line in found)


def test_the_number_that_is_told_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "BYTES", 100_000)
    (before,) = _warnings(build_all(_divided(tmp_path / "before", 1)))
    (number,) = re.findall(r"`argocd.shards.runtime: (\d+)`", before)
    built = build_all(_divided(tmp_path / "after", int(number)))
    assert not _warnings(built)
    assert {f"runtime-{n}" for n in range(1, int(number))} | {"runtime"} == {
        folder for folder in _folders(built) if folder.startswith("runtime")
    }


def test_many_small_objects_are_too_much_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "OBJECTS", 100)
    (before,) = _warnings(build_all(_divided(tmp_path / "before", 1)))
    assert re.search(r"the group runtime has 0\.\d MB and \d{3} objects in one Application", before)
    (number,) = re.findall(r"`argocd.shards.runtime: (\d+)`", before)
    assert not _warnings(build_all(_divided(tmp_path / "after", int(number))))


def test_more_applications_than_can_be_filled_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Rejected) as refused:
        build_all(_divided(tmp_path / "many", 100))
    (problem,) = (p for p in refused.value.problems if p.code == "application-empty")
    (number,) = re.findall(r"`argocd.shards.runtime: (\d+)`", problem.hint)
    assert _folders(build_all(_divided(tmp_path / "fewer", int(number))))
