"""`python -m tests.runtime.server.cases FOLDER [...]`: the integration cases of `langgraph-sdk` against this runtime.

FOLDER is `libs/sdk-py/tests/integration` of a checkout of langchain-ai/langgraph (MIT); what follows goes to pytest.
The cases run as they are, against `apm serve` with the workflows of `workflows`. Some of them name port 2024, so it has
to be free. Exit code: that of pytest. docs/http-api.md says which cases cannot pass, and why.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.runtime.server.model import model_server
from tests.runtime.server.serving import served

PORT = 2024
_PLAIN = ("-q", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "asyncio_mode=auto")


def main() -> int:
    """Run the cases."""
    cases = Path(sys.argv[1]).resolve()
    with (
        tempfile.TemporaryDirectory() as folder,
        model_server() as model,
        served(Path(folder), model.address, PORT) as address,
    ):
        root = ("--rootdir", str(cases.parents[1]))
        command = [sys.executable, "-m", "pytest", *_PLAIN, *root, str(cases), *sys.argv[2:]]
        own = {**os.environ, "LANGGRAPH_INTEGRATION_URL": address}
        return subprocess.run(command, env=own, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
