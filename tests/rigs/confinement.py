"""What a process in one of our containers may do, as it finds out itself."""

import json
from typing import Any

READ_ONLY = ("/", "/opt/apm", "/etc/apm/specs", "/var/tmp")
USER = 65532

PROBE = f"""
import errno, json, os, pathlib
def written(folder):
    try:
        pathlib.Path(folder, 'x').write_text('x')
    except OSError as error:
        return errno.errorcode[error.errno]
    return 'written'
status = dict(line.split(':', 1) for line in pathlib.Path('/proc/1/status').read_text().splitlines())
print(json.dumps({{
    'ids': [os.getuid(), os.getgid()],
    'privileges': [status[name].strip() for name in ('CapPrm', 'CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp')],
    'folders': {{folder: written(folder) for folder in {(*READ_ONLY, "/tmp")!r}}},
    'token': pathlib.Path('/var/run/secrets/kubernetes.io').exists(),
}}))
"""
"""A program for the container's Python; what it prints goes to `assert_confined`."""


def assert_confined(printed: str) -> None:
    """Hold what `PROBE` printed against what is rendered: no root, no privilege, no token, files only in /tmp."""
    none = "0" * 16
    expected: dict[str, Any] = {
        "ids": [USER, USER],
        "privileges": [none, none, none, "1", "2"],
        "folders": {**dict.fromkeys(READ_ONLY, "EROFS"), "/tmp": "written"},
        "token": False,
    }
    assert json.loads(printed) == expected
