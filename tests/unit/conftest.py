"""What the unit tests share: small repositories made of texts."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

Repository = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Write files below a new folder and return it."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write
