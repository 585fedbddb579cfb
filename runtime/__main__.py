"""`python -m runtime serve | indexes | check | report | archive`: what the image runs."""

import argparse
import asyncio
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime import settings as environment
from runtime.problems import Failure
from runtime.telemetry import logs


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or 1 with one sentence on standard error."""
    asked = parser().parse_args(arguments)
    try:
        how = environment.logs(terminal=sys.stderr.isatty())
        logs.configure(how, **({"role": asked.role} if "role" in asked else {}))
        asked.command(asked)
    except Failure as error:
        sys.stderr.write(f"error: {error.message}\n" + (f"hint: {error.hint}\n" if error.hint else ""))
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the commands and their options."""
    found = argparse.ArgumentParser(prog="runtime", description=__doc__)
    commands = found.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="serve the API, claim runs, or act for all of them")
    serving.add_argument("--role", choices=environment.ROLES, default="all")
    serving.add_argument("--host")
    serving.add_argument("--port", type=int)
    serving.add_argument("--spec-dir", type=Path)
    serving.set_defaults(command=_serve)
    indexing = commands.add_parser("indexes", help="create the indexes of the store, and what a file declares")
    indexing.add_argument("--store", type=Path, help="store document with declared collections")
    indexing.set_defaults(command=_indexes)
    checking = commands.add_parser("check", help="load and compile the workflow documents of a folder")
    checking.add_argument("--spec-dir", type=Path)
    checking.set_defaults(command=_check)
    reporting = commands.add_parser("report", help="ask Prometheus what a report is about, and send it")
    reporting.add_argument("--document", type=Path, required=True, help="document of the report")
    reporting.set_defaults(command=_report)
    archiving = commands.add_parser("archive", help="read an archive of mongodump to its end, then delete old ones")
    archiving.add_argument("--file", type=Path, required=True, help="the archive that was just made")
    archiving.add_argument("--keep-days", type=int, help="delete archives beside it that are older")
    archiving.add_argument("--min-keep", type=int, default=1, help="whole archives that stay, however old")
    archiving.set_defaults(command=_archive)
    return found


def _archive(asked: argparse.Namespace) -> None:
    from runtime import archives

    found = archives.verify(asked.file)
    _say(f"{asked.file.name} is whole: {found.text()}")
    if asked.keep_days is None:
        return
    now = dt.datetime.now(dt.UTC)
    for name in archives.prune(asked.file.parent, days=asked.keep_days, min_keep=asked.min_keep, now=now):
        _say(f"deleted {name}, which is older than {asked.keep_days} days")


def _report(asked: argparse.Namespace) -> None:
    from runtime.reports import sending

    sending.run(sending.read(asked.document), os.environ, dt.datetime.now(dt.UTC), _say)


def _serve(asked: argparse.Namespace) -> None:
    from runtime.serving import serve

    serve(role=asked.role, host=asked.host, port=asked.port, spec_dir=asked.spec_dir, echo=_say)


def _indexes(asked: argparse.Namespace) -> None:
    from runtime.services import declared
    from runtime.services.store import indexes, opened
    from runtime.telemetry import Telemetry

    document = declared.read(asked.store) if asked.store else None

    async def work() -> list[str]:
        async with opened(environment.read(), Telemetry()) as store:
            await indexes.create(store.collections)
            return await declared.apply(store.database, document) if document else []

    found = asyncio.run(work())
    _say(f"created {sum(len(keys) for keys in indexes.INDEXES.values())} indexes of the runtime")
    for line in found:
        _say(f"created {line}")


def _check(asked: argparse.Namespace) -> None:
    from runtime import load
    from runtime.graph.building import Graphs
    from runtime.worker.documents import closure

    documents = load.read_all(environment.read(spec_dir=asked.spec_dir).spec_dir)
    graphs = Graphs(None)
    for name in documents:
        for document in closure(documents, name):
            graphs.nested(document)
    _say(f"{len(documents)} workflows can be run")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
