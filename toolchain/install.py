"""Installs what is pinned into `.venv`, and nothing when it is there already. Standard library only.

    python3 toolchain/install.py run     what `apm` needs to render and to run workflows here
    python3 toolchain/install.py dev     the same and what the tests need
    python3 toolchain/install.py lock    writes the lock files anew from pyproject.toml (needs uv)

Lock files hold versions and hashes and no addresses, so that pip asks whatever index its user has set up.
"""

import hashlib
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "toolchain" / "python"
VENV = ROOT / ".venv"
SETS = {"run": ("run.lock", "local.lock"), "dev": ("dev.lock", "local.lock")}
"""local.lock is the small model, without what its package would compile."""


def main() -> int:
    """Install a set, or write the locks."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else "dev"
    if wanted == "lock":
        return lock()
    if sys.version_info < (3, 11):
        return _fail(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    if wanted not in SETS:
        return _fail(f"unknown set {wanted!r}; known: {', '.join(SETS)}, lock")
    return install(wanted)


def install(wanted: str) -> int:
    """Install a set into .venv unless its stamp says that it is there."""
    stamp, files = VENV / f"{wanted}.stamp", [LOCKS / name for name in SETS[wanted]]
    digest = hashlib.sha256(
        b"".join(f.read_bytes() for f in [*files, ROOT / "pyproject.toml"]) + str(ROOT).encode()
    ).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return 0
    print(
        f"installing Python packages ({wanted}) into .venv; a minute the first time, seconds with pip's cache",
        flush=True,
    )
    start = time.monotonic()
    if not _python().exists():
        try:
            venv.create(VENV, with_pip=True)
        except subprocess.CalledProcessError:
            return _fail(
                "this Python can't make virtual environments; on Debian and Ubuntu: sudo apt install python3-venv"
            )
    for file in files:
        if _pip("--require-hashes", "--no-deps", "-r", str(file)):
            return _fail(f"pip could not install {file.relative_to(ROOT)}; its message is above")
    if _pip("--no-deps", "--no-build-isolation", "-C", "editable_mode=compat", "-e", str(ROOT)):
        return _fail("pip could not install apm itself; its message is above")
    stamp.write_text(digest)
    print(f"installed in {time.monotonic() - start:.0f} s", flush=True)
    return 0


def lock() -> int:
    """Write the lock files; run and dev share every version."""
    common = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header",
              "--no-annotate", "--quiet"]  # fmt: skip
    runtime = ["pyproject.toml", "--extra", "runtime", "--extra", "local", "--extra", "memory", "--extra", "editor",
               "--extra", "live"]  # fmt: skip
    jobs = {
        "dev.lock": [*runtime, "--extra", "dev"],
        "run.lock": [*runtime, "--extra", "build", "-c", "toolchain/python/dev.lock"],
        "image.lock": ["pyproject.toml", "--extra", "runtime", "--extra", "build", "-c", "toolchain/python/dev.lock"],
        "local.lock": ["toolchain/python/local.in", "--no-deps"],
    }
    for name, arguments in jobs.items():
        code = subprocess.run(
            ["uv", "pip", "compile", *arguments, *common, "-o", f"toolchain/python/{name}"], cwd=ROOT, check=False
        ).returncode
        if code:
            return code
    return 0


def _python() -> Path:
    return VENV / "bin" / "python"


def _pip(*arguments: str) -> int:
    command = [_python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False).returncode


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
