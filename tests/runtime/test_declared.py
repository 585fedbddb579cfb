"""What a StateStore declares is there after the index job, and stays as it is when that runs again."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from runtime import __main__ as command
from runtime.contract.stores import IndexDocument
from runtime.problems import Failure
from runtime.services import declared
from runtime.services.store import Store, opened
from runtime.settings import Settings
from runtime.telemetry import Telemetry

NOTES: dict[str, Any] = {
    "name": "notes",
    "indexes": [
        {"fields": ["project", "-createdAt"]},
        {"fields": ["number"], "unique": True},
    ],
    "retention": "30d",
}


def _file(folder: Path, *collections: dict[str, Any]) -> Path:
    document = {"format": "apm.store/v1", "name": "db", "database": "shop", "runtimeRetention": "30d"}
    path = folder / "db.yaml"
    path.write_text(yaml.safe_dump({**document, "collections": list(collections)}))
    return path


async def _indexes(store: Store, collection: str) -> dict[str, dict[str, Any]]:
    """Indexes by their fields; the embedded engine names them in its own way and lists no directions."""
    found = [dict(index) async for index in await store.database[collection].list_indexes()]
    return {" ".join(index["key"]): index for index in found}


async def test_indexes_and_retention_are_created(settings: Settings, tmp_path: Path) -> None:
    document = declared.read(_file(tmp_path, NOTES))
    async with opened(settings, Telemetry(), check=False) as store:
        done = await declared.apply(store.database, document)
        assert done == ["notes: project, -createdAt", "notes: number", "notes: kept for 30d"]
        found = await _indexes(store, "notes")
        assert set(found) == {"_id", "project createdAt", "number", "createdAt"}
        assert found["number"]["unique"] is True
        assert found["createdAt"]["expireAfterSeconds"] == 30 * 86_400


def test_directions_and_text_are_told_to_the_server() -> None:
    assert declared.keys(IndexDocument(fields=("project", "-createdAt"))) == [("project", 1), ("createdAt", -1)]
    assert declared.keys(IndexDocument(fields=("title", "body"), text=True)) == [("title", "text"), ("body", "text")]


async def test_doing_it_again_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    document = declared.read(_file(tmp_path, NOTES))
    async with opened(settings, Telemetry(), check=False) as store:
        await declared.apply(store.database, document)
        before = await _indexes(store, "notes")
        await declared.apply(store.database, document)
        assert await _indexes(store, "notes") == before


async def test_the_command_of_the_image_does_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import asyncio

    monkeypatch.setenv("MONGODB_URI", settings.store_uri)
    monkeypatch.setenv("APM_DATABASE", settings.database)
    arguments = ["indexes", "--store", str(_file(tmp_path, NOTES))]
    assert await asyncio.to_thread(command.main, arguments) == 0
    assert "created notes: number" in capsys.readouterr().out
    async with opened(settings, Telemetry(), check=False) as store:
        assert "number" in await _indexes(store, "notes")


@pytest.mark.parametrize("text", ["a: [", "format: other", "format: apm.store/v1\nname: x", "[]"])
def test_a_wrong_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "db.yaml"
    path.write_text(text)
    with pytest.raises(Failure, match=r"db\.yaml"):
        declared.read(path)
