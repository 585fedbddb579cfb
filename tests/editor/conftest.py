"""A small repository in an editor."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest_asyncio

from tests.cli.conftest import initialised as initialised
from tests.cli.conftest import repository as repository
from tests.editor.client import Editor


@pytest_asyncio.fixture
async def editor(repository: Path) -> AsyncGenerator[Editor]:
    """An editor that has opened the repository; its server has to end well, whatever the test did to it."""
    one = Editor(repository)
    await one.start()
    yield one
    assert await one.stop() == 0
