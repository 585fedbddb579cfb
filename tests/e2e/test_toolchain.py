"""`toolchain/build.py` builds once, keeps what others build at the same time, and says what it could not build.

A script stands in for Go, so that nothing is downloaded and each build leaves a line in a log.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rigs.cache import BUILD

FAKE_GO = """#!/bin/sh
[ "$1" = env ] && { echo go1.99.0; exit; }
[ -e "$FAKE_GO_LOG" ] || { echo 'no network' >&2; exit 1; }
while [ $# -gt 0 ]; do
  [ "$1" = -o ] && { echo "$2" >> "$FAKE_GO_LOG"; sleep 0.3; echo > "$2"; }
  shift
done
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home with an empty cache, and a Go that has no network until its log exists."""
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(FAKE_GO)
    go.chmod(0o755)
    paths = {"PATH": f"{go.parent}{os.pathsep}{os.environ['PATH']}", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    return {**os.environ, **paths, "FAKE_GO_LOG": str(tmp_path / "log"), "CI": ""}


def test_missing_tool_is_named_with_what_stays_untested(environment: dict[str, str]) -> None:
    done = _build(environment, "promtool")
    assert done.returncode == 0
    assert "missing: promtool. Not tested: rendered alert and recording rules.\n  no network" in done.stderr


def test_missing_tool_fails_continuous_integration(environment: dict[str, str]) -> None:
    assert _build(environment | {"CI": "true"}, "promtool").returncode == 1


def test_tool_is_built_once(environment: dict[str, str]) -> None:
    log = _network(environment)
    assert "promtool: building, about" in _build(environment, "promtool").stdout
    assert "building" not in _build(environment, "promtool").stdout
    assert len(log.read_text().splitlines()) == 1
    assert (_programs(environment) / "promtool").exists()


def test_one_binary_is_reachable_under_all_its_names(environment: dict[str, str]) -> None:
    _network(environment)
    _build(environment, "kube")
    names = {path.name for path in _programs(environment).iterdir() if path.exists()}
    assert {"etcd", "kube-apiserver", "kubectl", "kwok"} <= names


def test_two_builds_at_once_build_once(environment: dict[str, str]) -> None:
    log = _network(environment)
    command = [sys.executable, BUILD, "amtool"]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    assert len(log.read_text().splitlines()) == 1


def test_failed_build_leaves_nothing_behind(environment: dict[str, str]) -> None:
    _build(environment, "promtool")
    store = Path(environment["XDG_CACHE_HOME"]) / "apm-tools" / "store"
    assert [path.name for path in store.iterdir() if path.suffix != ".lock"] == []


def _network(environment: dict[str, str]) -> Path:
    log = Path(environment["FAKE_GO_LOG"])
    log.touch()
    return log


def _build(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, BUILD, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def _programs(environment: dict[str, str]) -> Path:
    return Path(_build(environment, "--path").stdout.strip())
