"""One runtime for all tests of this folder, with keys."""

from collections.abc import AsyncGenerator, Generator

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.client import LangGraphClient

from tests.runtime.server.model import ModelServer, model_server
from tests.runtime.server.serving import served

KEYS = """
ada admin key-of-ada
olga operator key-of-olga
rita reader key-of-rita
anna approver key-of-anna
eve admin key-of-eve other
"""


@pytest.fixture(scope="session")
def model() -> Generator[ModelServer]:
    with model_server() as found:
        yield found


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory, model: ModelServer) -> Generator[str]:
    keys = {"APM_API_KEYS": KEYS.strip()}
    with served(tmp_path_factory.mktemp("served"), model.address, more=keys) as found:
        yield found


@pytest.fixture
async def client(address: str) -> AsyncGenerator[LangGraphClient]:
    async with get_client(url=address, api_key="key-of-ada") as found:
        yield found
