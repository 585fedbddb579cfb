"""Compiles the standard library while the image is built, and lays what was missing below a folder: `bytecode.py OUT`.

Some Python images leave its byte code out. On a read-only root each start would compile it anew.
"""

import compileall
import re
import shutil
import sys
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode

SKIPPED = re.compile("/(dist-packages|ensurepip|idlelib|lib2to3|site-packages|test|tests|tkinter|turtledemo)/")
UNCHECKED_HASH = 1
"""Flags in the header of byte code that is taken without a look at its source, as only we make it."""


def main(out: Path) -> None:
    """Compile, and copy the files that are new."""
    library = Path(sysconfig.get_path("stdlib"))
    mode = PycInvalidationMode.UNCHECKED_HASH
    compileall.compile_dir(library, quiet=1, rx=SKIPPED, invalidation_mode=mode)
    for file in sorted(library.rglob("*.pyc")):
        if int.from_bytes(file.read_bytes()[4:8], "little") == UNCHECKED_HASH:
            target = out / file.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
