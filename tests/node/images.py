"""The images of the test's cluster: ours as a release builds it, and what a cluster has besides it."""

import hashlib
import importlib.util
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.rigs import cache
from tests.rigs import docker as docker_rig
from tests.rigs.cache import REPOSITORY
from tests.rigs.docker import Docker
from tests.rigs.image import built, snapshot
from tests.rigs.registry import Registry

RUNTIME = "apm/apm-runtime"
STORE_PACKAGES = ("nx_27017", "neosqlite")
"""The embedded store, which stands in for MongoDB: no server of MongoDB's own is to be had as a package."""
PROGRAM = 'FROM scratch\nCOPY {0} /{0}\nUSER 65532:65532\nENTRYPOINT ["/{0}"]\n'
STORE = """\
FROM {runtime}
COPY packages /opt/store
ENV PYTHONPATH=/opt/store
ENTRYPOINT ["/opt/apm/bin/python", "-s", "-c", "import sys; from nx_27017.nx_27017 import main; sys.exit(main())"]
"""
SOURCES = ("runtime", "toolchain/python/image.lock")
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Images:
    """Digests by name, and the registry that has them."""

    digests: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """Return how a manifest names an image that is none of ours."""
        return f"apm.local/{name}@{self.digests[name]}"


def published(registry: Registry) -> Images:
    """Return the images, after building and pushing those that the registry lacks; a warm cache needs no Docker."""
    programs = ("pause", "coredns", "prometheus")
    tags = {name: _digest([cache.program(name)]) for name in programs}
    tags[RUNTIME] = _digest([REPOSITORY / source for source in SOURCES])
    tags["store"] = _digest([REPOSITORY / source for source in SOURCES] + [_package(name) for name in STORE_PACKAGES])
    missing = [name for name, tag in tags.items() if registry.digest(name, tag) is None]
    if missing:
        with docker_rig.docker() as docker:
            for name in missing:
                _publish(docker, registry, name, tags)
    digests = {name: registry.digest(name, tag) for name, tag in tags.items()}
    return Images({name: digest for name, digest in digests.items() if digest})


def _publish(docker: Docker, registry: Registry, name: str, tags: Mapping[str, str]) -> None:
    image = f"{registry.address}/{name}:{tags[name]}"
    if name == RUNTIME:
        _build_runtime(docker, image)
    else:
        with TemporaryDirectory(prefix="apm-image-") as folder:
            _store(docker, registry, Path(folder), tags) if name == "store" else _program(name, Path(folder))
            docker("build", "--quiet", "--network=none", "--tag", image, folder)
    docker("push", "--quiet", image)
    if name == "pause":  # the tag that the node's settings name
        docker("tag", image, f"{registry.address}/pause:1")
        docker("push", "--quiet", f"{registry.address}/pause:1")


def _build_runtime(docker: Docker, image: str) -> None:
    secrets = {"ca": CERTIFICATES} if CERTIFICATES.exists() else {}
    with TemporaryDirectory(prefix="apm-sources-") as folder:
        snapshot(Path(folder))
        built(docker, image, Path(folder), secrets)


def _program(name: str, folder: Path) -> None:
    shutil.copy(cache.program(name), folder / name)
    (folder / "Dockerfile").write_text(PROGRAM.format(name))


def _store(docker: Docker, registry: Registry, folder: Path, tags: Mapping[str, str]) -> None:
    runtime = f"{registry.address}/{RUNTIME}:{tags[RUNTIME]}"
    docker("pull", "--quiet", runtime)
    for name in STORE_PACKAGES:
        shutil.copytree(_package(name), folder / "packages" / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "Dockerfile").write_text(STORE.format(runtime=runtime))


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    assert found, f"{name} is not installed"
    assert found.origin
    return Path(found.origin).parent


def _digest(paths: list[Path]) -> str:
    """Return a tag that changes when one of these files, or a file in one of these folders, changes."""
    found = hashlib.sha256()
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix != ".pyc") if path.is_dir() else [path]
        for file in files:
            found.update(str(file.relative_to(path.parent)).encode())
            found.update(hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()[:32]
