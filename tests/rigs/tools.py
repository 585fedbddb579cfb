"""Tools for tests. A missing tool skips the test with the command that builds it; where CI=true it's a failure."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rigs import cache


def tool(name: str) -> Path:
    """The program of this name."""
    return _or_skip(cache.program, name)


def tool_folder(name: str) -> Path:
    """The folder of files of this name, such as `crds`."""
    return _or_skip(cache.folder, name)


def _or_skip(find: Callable[[str], Path], name: str) -> Path:
    try:
        return find(name)
    except FileNotFoundError as reason:
        text = str(reason)
    if os.environ.get("CI") == "true":
        pytest.fail(text, pytrace=False)
    pytest.skip(text)
