"""Where `toolchain/build.py` puts what it builds; the rigs run from there, with nothing but Python's own library."""

import functools
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "toolchain" / "build.py"


@functools.cache
def programs() -> Path:
    """The folder of programs; it need not exist."""
    return Path(subprocess.check_output([sys.executable, BUILD, "--path"], text=True).strip())


def program(name: str) -> Path:
    return _there(programs() / name)


def folder(name: str) -> Path:
    """A folder of files beside the programs, such as `crds`."""
    return _there(programs().parent / name)


def _there(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f"{path.name} is not built (looked for {path}); `make tools` builds it")
    return path
