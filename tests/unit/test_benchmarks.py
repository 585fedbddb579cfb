"""Benchmarks are no part of the tests, but they start: each with as little to do as it can have."""

import subprocess
import sys

import pytest

from benchmarks.runtime import nodes


@pytest.mark.parametrize("program", ["benchmarks", "benchmarks.runtime", "benchmarks.diff", "benchmarks.fleet"])
def test_a_benchmark_says_what_it_takes(program: str) -> None:
    found = subprocess.run([sys.executable, "-m", program, "--help"], capture_output=True, text=True, check=False)
    assert (found.returncode, "usage:" in found.stdout) == (0, True), found.stderr


def test_steps_are_measured_beside_a_bare_graph() -> None:
    ours, bare = nodes(2)
    assert ours > 0
    assert bare > 0
