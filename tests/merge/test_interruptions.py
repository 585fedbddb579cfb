"""A render that is killed leaves the old tree or the new one; two renders at once do not disturb each other."""

import fcntl
import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import specs
from tests.diff.conftest import IDENTITY, Repository

KILLS = 100


def contents(repository: Repository) -> dict[str, bytes]:
    """Return all of rendered/, hidden folders too."""
    top = repository.folder / "rendered"
    return {p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*")) if p.is_file()}


def grow(repository: Repository, count: int) -> None:
    """Add so many agents, workflows and runtimes, so that writing takes long enough to be interrupted."""
    for number in range(count):
        text = specs.agent(number, count).replace("model: small", "model: default")
        text = text.replace("owner: ops", "owner: platform").replace("assignees: [ops]", "assignees: [platform]")
        text = text.replace("tools: [look-up]", "tools: []").replace("prompts/clerk.md", "prompts/clerk.md")
        text = text.replace("apiKeys: api-keys/keys", "apiKeys: apm-api-keys/keys")
        (repository.folder / f"specs/agents/agent-{number}.yaml").write_text(text)
    (repository.folder / "specs/agents/prompts/clerk.md").write_text("Answer: {{ input.question }}\n")


def test_a_hundred_kills_leave_the_old_or_the_new_tree(repository: Repository) -> None:
    grow(repository, 60)
    assert repository.apm("render").code == 0
    prompt = repository.folder / "specs/agents/prompts/clerk.md"
    prompt.write_text("Answer in one sentence: {{ input.question }}\n")
    done = subprocess.run(
        [sys.executable, "-m", "tests.merge.killed", str(repository.folder), str(KILLS)],
        env={**IDENTITY, "PYTHONPATH": str(Path.cwd())}, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found["wrong"] == []
    assert found["old"] + found["new"] == KILLS
    assert found["old"] > 5, "no kill came early enough to show anything"
    assert found["interrupted"] > 5, "no kill hit a render that was writing"
    assert repository.apm("render").code == 0
    assert repository.apm("render", "--check", "--no-cache").code == 0
    assert not [path for path in contents(repository) if path.startswith(".")], "left-overs of killed renders"


def test_a_whole_command_that_is_killed_changes_nothing_by_halves(repository: Repository) -> None:
    old = contents(repository)
    repository.edit("specs/workflows/hello.yaml", "maxTokens: 5000", "maxTokens: 9000")
    for delay in (0.05, 0.3, 0.6, 0.9):
        process = subprocess.Popen(
            [sys.executable, "-m", "generator", "render"], cwd=repository.folder, stderr=subprocess.DEVNULL
        )
        time.sleep(delay)
        process.kill()
        process.wait()
        visible = {path: data for path, data in contents(repository).items() if not path.startswith(".")}
        assert visible == old or repository.apm("render", "--check", "--no-cache").code == 0
    assert repository.apm("render").code == 0
    assert repository.apm("render", "--check", "--no-cache").code == 0


def test_renders_at_once_all_succeed_and_leave_what_one_leaves(repository: Repository) -> None:
    repository.edit("specs/workflows/hello.yaml", "maxTokens: 5000", "maxTokens: 9000")
    command = [sys.executable, "-m", "generator", "render", "--no-cache"]
    running = [subprocess.Popen(command, cwd=repository.folder, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    found = contents(repository)
    assert repository.apm("render", "--check", "--no-cache").code == 0
    assert not [path for path in found if path.startswith(".")]


def test_a_render_waits_for_the_one_that_is_writing(repository: Repository) -> None:
    repository.edit("specs/workflows/hello.yaml", "maxTokens: 5000", "maxTokens: 9000")
    before = contents(repository)
    with (repository.folder / ".apm/render.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen([sys.executable, "-m", "generator", "-q", "render"], cwd=repository.folder)
        time.sleep(4)
        assert process.poll() is None
        assert contents(repository) == before
    assert process.wait(timeout=60) == 0
    assert contents(repository) != before
