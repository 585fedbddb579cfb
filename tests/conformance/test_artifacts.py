"""Every artifact is deterministic: whatever the hash seed and the order in which files were made, the same bytes."""

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generator.pipeline import ARTIFACTS

REPOSITORY = Path(__file__).parents[2]
Digests = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Digests, Digests]:
    """What the reference system renders to, in two processes, from two copies that were made in another order."""
    found = [_digests(_copy(tmp_path_factory.mktemp("copy"), seed), str(seed)) for seed in (1, 4242)]
    return found[0], found[1]


def _copy(root: Path, seed: int) -> Path:
    names = [path for top in ("specs", "policies") for path in (REPOSITORY / top).rglob("*") if path.is_file()]
    names.sort()
    random.Random(seed).shuffle(names)
    for path in names:
        target = root / path.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return root


def _digests(root: Path, seed: str) -> Digests:
    command = [sys.executable, "-m", "tests.conformance.rendering", str(root)]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("artifact", sorted(ARTIFACTS))
def test_artifact_is_deterministic(artifact: str, twice: tuple[Digests, Digests]) -> None:
    first, second = twice
    assert first[artifact] == second[artifact]


@pytest.mark.parametrize("artifact", sorted(ARTIFACTS))
def test_artifact_renders_something(artifact: str, twice: tuple[Digests, Digests]) -> None:
    if artifact in ELSEWHERE:
        assert not twice[0][artifact], f"{artifact} is rendered by the reference system now: take it out of the list"
        return
    assert twice[0][artifact], f"the reference system renders nothing by {artifact}, so nothing is known of its order"


ELSEWHERE: tuple[str, ...] = ()
"""Artifacts that the reference system has no use for."""
