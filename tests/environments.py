"""Programs of packages that must not share an environment with apm: each lock has an environment of its own.

It is made once, in the cache of the tools, from versions and hashes in `toolchain/python`.
"""

import hashlib
import os
import subprocess
import venv
from pathlib import Path

LOCKS = Path(__file__).parents[1] / "toolchain" / "python"


def programs(name: str) -> Path:
    """Return the folder of programs of a lock's environment, which is made if need be.

    Raises:
        CalledProcessError: pip could not install it; its message is on stderr.
    """
    lock = LOCKS / f"{name}.lock"
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "apm-tools" / f"{name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    if not (folder / "made").exists():
        print(f"installing {name} into {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        install = [folder / "bin/python", "-m", "pip", "install", "-q", "--require-hashes", "--no-deps", "-r", lock]
        subprocess.run(install, check=True)
        (folder / "made").touch()
    return folder / "bin"
