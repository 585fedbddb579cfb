"""One runtime for all tests of this folder, with keys."""

from collections.abc import AsyncGenerator, Generator

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.runtime.server.serving import served

KEYS = """
ada admin key-of-ada
olga operator key-of-olga
rita reader key-of-rita
anna approver key-of-anna
eve admin key-of-eve other
"""


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with served(tmp_path_factory.mktemp("served"), more={"APM_API_KEYS": KEYS.strip()}) as found:
        yield found


@pytest.fixture
async def client(address: str) -> AsyncGenerator[LangGraphClient]:
    async with get_client(url=address, api_key="key-of-ada") as found:
        yield found
