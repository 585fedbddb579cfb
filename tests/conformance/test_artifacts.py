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
    """What the reference system and all golden cases render to, in two processes and from two copies.

    The copies were made in another order, since folders list their files in the order in which they came.
    """
    found = [_digests(_copy(tmp_path_factory.mktemp("copy"), seed), str(seed)) for seed in (1, 4242)]
    return found[0], found[1]


def _copy(root: Path, seed: int) -> Path:
    tops = [REPOSITORY / name for name in ("specs", "policies")]
    for name in ("specs", "policies"):
        tops += REPOSITORY.glob(f"tests/golden/*/*/{name}")
    names = sorted(path for top in tops for path in top.rglob("*") if path.is_file())
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
    assert twice[0][artifact], f"nothing here is rendered by {artifact}, so nothing is known of its order"
