"""What is in the image, and what is not."""

import gzip
import io
import json
import re
import tarfile
from collections.abc import Generator, Mapping
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

import pytest

from tests.rigs.docker import Docker
from tests.rigs.image import EPOCH, Image, built

SITE = re.compile(r"opt/apm/lib/python3\.\d+/site-packages/")
COMPILERS = {"cc", "gcc", "g++", "c++", "clang", "ld", "as", "make", "go", "rustc", "cargo", "npm"}
UNCHECKED_HASH = 1
LOADED = """
import json, pathlib, sys
import runtime.__main__, runtime.app, runtime.cli
from runtime.services import declared
files = [module.__spec__.origin for module in sys.modules.values() if getattr(module, '__spec__', None)]
cached = [module.__spec__.cached for module in sys.modules.values() if getattr(module, '__spec__', None)]
print(json.dumps([origin for origin, cache in zip(files, cached) if cache and not pathlib.Path(cache).exists()]))
"""
INSTALLED = """
import importlib.metadata, json
print(json.dumps({found.name.lower().replace('_', '-').replace('.', '-'): found.version
                  for found in importlib.metadata.distributions()}))
"""


@pytest.fixture(scope="module")
def saved(docker: Docker, image: Image) -> Generator[tarfile.TarFile]:
    """The image as an archive, with an archive for each layer."""
    with NamedTemporaryFile(suffix=".tar") as archive:
        docker("save", f"--output={archive.name}", image.name)
        with tarfile.open(archive.name) as file:
            yield file


@pytest.fixture(scope="module")
def layer(saved: tarfile.TarFile) -> Mapping[str, tarfile.TarInfo]:
    """The files of the one layer on the base, by path."""
    [manifest] = json.loads(_read(saved, "manifest.json"))
    with tarfile.open(fileobj=io.BytesIO(_read(saved, manifest["Layers"][-1]))) as found:
        return {member.name: member for member in found.getmembers()}


@pytest.fixture(scope="module")
def everything(docker: Docker, image: Image) -> Generator[list[str]]:
    """Every path of a container, the base's too."""
    container = docker("create", image.name, "check")
    with NamedTemporaryFile(suffix=".tar") as archive:
        try:
            docker("export", f"--output={archive.name}", container)
        finally:
            docker("rm", container)
        with tarfile.open(archive.name) as file:
            yield file.getnames()


def test_it_is_one_layer_on_the_base(docker: Docker, image: Image) -> None:
    base = json.loads(docker("image", "inspect", "--format={{json .RootFS.Layers}}", image.base))
    assert list(image.layers[:-1]) == base


def test_of_this_repository_it_holds_the_runtime_only(layer: Mapping[str, tarfile.TarInfo], sources: Path) -> None:
    ours = {SITE.sub("", name) for name in layer if SITE.match(name)}
    assert "runtime/__main__.py" in ours
    assert not [name for name in ours if name.split("/")[0] in ("generator", "tests", "toolchain", "setuptools", "pip")]
    assert not [name for name in ours if name.startswith("runtime/image")]
    there = {str(file.relative_to(sources)) for file in (sources / "runtime").rglob("*.py")}
    assert {name for name in ours if re.fullmatch(r"runtime/.*\.py", name)} == there - {"runtime/image/bytecode.py"}


def test_packages_are_those_of_the_lock(docker: Docker, image: Image, sources: Path) -> None:
    lock = (sources / "toolchain/python/image.lock").read_text()
    pinned = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", lock, re.MULTILINE))
    everywhere = dict(re.findall(r"^([a-z0-9.-]+)==(\S+) \\$", lock, re.MULTILINE))
    found: dict[str, str] = json.loads(_python(docker, image, INSTALLED))
    assert found.items() <= pinned.items()
    assert set(everywhere) - set(found) == {"setuptools"}  # for building apm, which is not done here


def test_nothing_is_compiled_when_it_starts(docker: Docker, image: Image) -> None:
    assert json.loads(_python(docker, image, LOADED)) == []


def test_byte_code_of_the_runtime_holds_without_its_sources_time(docker: Docker, image: Image) -> None:
    program = (
        "import pathlib, runtime; found = list(pathlib.Path(runtime.__file__).parent.rglob('*.py'))\n"
        "import importlib.util as u\n"
        "print({int.from_bytes(open(u.cache_from_source(str(f)), 'rb').read(8)[4:], 'little') for f in found})"
    )
    assert _python(docker, image, program) == str({UNCHECKED_HASH})


def test_it_has_no_compiler_and_no_cache(everything: list[str]) -> None:
    programs = {PurePosixPath(name).name for name in everything if PurePosixPath(name).parent.name in ("bin", "sbin")}
    assert not programs & COMPILERS
    assert not [name for name in everything if "/.cache/" in f"/{name}/"]
    assert {name for name in everything if name.startswith("root/")} <= {"root/.bashrc", "root/.profile"}
    assert not [name for name in everything if name.startswith("build/")]


def test_secrets_of_the_build_are_nowhere(docker: Docker, image: Image, saved: tarfile.TarFile, mark: str) -> None:
    """In no file of any layer, not in the configuration, not in the history."""
    for member in saved.getmembers():
        assert not member.isfile() or mark.encode() not in _read(saved, member.name), member.name
    assert mark not in docker("history", "--no-trunc", image.name)
    assert mark not in docker("image", "inspect", image.name)


def test_its_files_belong_to_root_and_are_as_old_as_told(layer: Mapping[str, tarfile.TarInfo]) -> None:
    own = {name: member for name, member in layer.items() if name.startswith("opt/apm")}
    assert {(member.uid, member.gid) for member in own.values()} == {(0, 0)}
    assert {member.mtime for member in layer.values()} == {EPOCH}
    assert not [name for name, member in own.items() if not member.issym() and member.mode & 0o6022]


def test_it_says_what_it_is(docker: Docker, image: Image) -> None:
    config = json.loads(docker("image", "inspect", "--format={{json .Config}}", image.name))
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"][0] == "/opt/apm/bin/python"  # no shell
    assert config["Cmd"] is None
    assert config.get("Healthcheck") is None  # Kubernetes asks
    assert config["Labels"]["org.opencontainers.image.revision"] == "test"
    assert config["Labels"]["org.opencontainers.image.base.name"] == image.base
    assert not [line for line in config["Env"] if re.search("(?i)secret|token|password|cert", line)]


def test_a_second_build_gives_the_same_layers(
    docker: Docker, image: Image, sources: Path, secrets: dict[str, Path]
) -> None:
    again = built(docker, f"{image.name}-again", sources, secrets, fresh=True)
    try:
        assert again.layers == image.layers
    finally:
        docker("image", "rm", "--force", again.name)


def _python(docker: Docker, image: Image, program: str) -> str:
    options = ["--rm", "--network=none", "--read-only", "--entrypoint=/opt/apm/bin/python"]
    return docker("run", *options, image.name, "-P", "-s", "-c", program)


def _read(file: tarfile.TarFile, name: str) -> bytes:
    """Return a file's content; some versions of Docker compress layers."""
    found = file.extractfile(name)
    assert found, name
    content = found.read()
    return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
