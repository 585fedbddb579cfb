"""The runtime image, built as a release builds it; where there's no registry, on a Debian made of packages."""

import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rigs import cache
from tests.rigs.cache import REPOSITORY
from tests.rigs.docker import Docker, UnavailableError, unpacked

DOCKERFILE = "runtime/image/Dockerfile"
EPOCH = 1_700_000_000
WEEK = 7 * 86_400
"""Seconds that a base made of packages is used; after that some of them will have changed."""
LEFT_OUT = ("debootstrap", "dev", "proc", "sys", "var/cache/apt", "var/lib/apt/lists", "var/log", "usr/share/doc",
            "usr/share/locale", "usr/share/man")  # fmt: skip
ENOUGH_TO_INSTALL = """
FROM {base}
RUN apt-get -qq update && apt-get -qq install --yes --no-install-recommends python3-venv python3-pip
"""


@dataclass(frozen=True)
class Image:
    """A built image."""

    name: str
    base: str
    layers: tuple[str, ...]
    """Digests of what its layers hold, the base's first."""
    bytes: int
    base_bytes: int
    seconds: float


def snapshot(folder: Path) -> None:
    """Copy what the build may see, and some that it must not take: what is compared mustn't change meanwhile."""
    for name in ("generator", "runtime", "toolchain"):
        shutil.copytree(REPOSITORY / name, folder / name)


def built(docker: Docker, name: str, sources: Path, secrets: Mapping[str, Path], *, fresh: bool = False) -> Image:
    """Build the image of a checkout with these build secrets; `fresh` uses nothing of an earlier build."""
    base, builder = _bases(docker)
    arguments = {"BASE": base, "BUILDER": builder, "SOURCE_DATE_EPOCH": str(EPOCH), "REVISION": "test"}
    options = [f"--build-arg={key}={value}" for key, value in arguments.items()]
    options += [f"--secret=id={key},src={file}" for key, file in secrets.items()]
    options += ["--no-cache"] if fresh else []
    start = time.monotonic()
    docker("build", "--quiet", "--network=host", *options, "--file", sources / DOCKERFILE, "--tag", name, sources)
    seconds, found, below = time.monotonic() - start, _inspect(docker, name), _inspect(docker, base)
    return Image(name, base, tuple(found["RootFS"]["Layers"]), found["Size"], below["Size"], seconds)


def _inspect(docker: Docker, name: str) -> dict[str, Any]:
    return json.loads(docker("image", "inspect", name))[0]


def _bases(docker: Docker) -> tuple[str, str]:
    """Return what the image stands on, and what installs its packages."""
    if named := os.environ.get("APM_IMAGE_BASE"):
        return named, named
    if not docker.ours:
        default = next(
            line for line in (REPOSITORY / DOCKERFILE).read_text().splitlines() if line.startswith("ARG BASE=")
        )
        return default.removeprefix("ARG BASE="), default.removeprefix("ARG BASE=")
    base, builder = "local/python:base", "local/python:builder"
    if docker.attempt("image", "inspect", builder).returncode:
        docker("import", _debian(), base)
        docker("build", "--quiet", "--network=host", "--tag", builder, "-", stdin=ENOUGH_TO_INSTALL.format(base=base))
    return base, builder


def _debian() -> Path:
    """Return an archive with Debian and its Python, and little else."""
    target = cache.programs().parent.parent / "image" / f"{_codename()}.tar"
    if not target.exists() or time.time() - target.stat().st_mtime > WEEK:
        folder = target.with_name(f".{target.stem}.{os.getpid()}")
        try:
            _bootstrap(folder)
            _pack(folder, folder.with_suffix(".tar"))
            folder.with_suffix(".tar").rename(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return target


def _bootstrap(folder: Path) -> None:
    """With mounts of its own, so that none is left below the folder, which is deleted afterwards."""
    command = ["unshare", "--mount", unpacked() / "usr/sbin/debootstrap", "--variant=minbase"]
    command += ["--include=python3,ca-certificates", _codename(), folder, _mirror()]
    environment = {**os.environ, "DEBOOTSTRAP_DIR": f"{unpacked()}/usr/share/debootstrap"}
    environment["PATH"] += ":/usr/sbin:/sbin"
    found = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if found.returncode:
        raise UnavailableError(f"debootstrap failed:\n{(found.stdout + found.stderr)[-2000:]}")


def _pack(folder: Path, archive: Path) -> None:
    def kept(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if member.name.startswith(tuple(f"./{path}/" for path in LEFT_OUT)) else member

    with tarfile.open(archive, "w") as file:
        file.add(folder, ".", filter=kept)


def _codename() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)["VERSION_CODENAME"]


def _mirror() -> str:
    """Where this machine takes its own packages of this release from."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"]
    found = [line.split() for line in subprocess.check_output(asked, text=True).splitlines()]
    return next(address for address, release in found if release == _codename())
