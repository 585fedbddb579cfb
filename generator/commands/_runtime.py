"""What the commands that run workflows share. The runtime and its libraries are imported only when they are called."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from generator.commands._common import Terminal, project

if TYPE_CHECKING:
    from runtime.cli import RunResult
    from runtime.cli.reports import Compensated
    from runtime.contract import WorkflowDocument
    from runtime.load import Source


def runtime_cli() -> ModuleType:
    """Return `runtime.cli`.

    Raises:
        Failure: the libraries of the runtime are not installed.
    """
    from generator.problems import Failure

    try:
        import runtime.cli
    except ModuleNotFoundError as error:
        raise Failure(
            f"running workflows needs {error.name}, which is not installed",
            "install apm with its extras `runtime` and `local`",
        ) from None
    return runtime.cli


def documents(terminal: Terminal, environment: str, workflow: str | None = None) -> "Mapping[str, WorkflowDocument]":
    """Return the workflow documents of an environment.

    Raises:
        Failure: there is no such environment or workflow.
    """
    from generator.kinds.workflow import Workflow
    from generator.problems import Failure, nearest

    found = {w.name: w.document for w in project(terminal, environment).all(Workflow)}
    if workflow is not None and workflow not in found:
        raise Failure(f'there is no workflow "{workflow}"', nearest(workflow, found))
    return found


def source(terminal: Terminal, environment: str) -> "Source":
    """Return the workflow documents of an environment as a source that can be read again when the specs change."""
    from generator import conventions, problems
    from runtime.load import Source, stamp
    from runtime.problems import Failure

    folders = [terminal.root / name for name in (conventions.SPECS, conventions.POLICIES)]

    def read() -> "Mapping[str, WorkflowDocument]":
        try:
            return documents(terminal, environment)
        except click.exceptions.Exit:  # what is wrong has been printed
            raise Failure("The specs cannot be served", "see above") from None
        except problems.Failure as error:
            raise Failure(error.message, error.hint) from error

    return Source(read, lambda: stamp(*folders))


def printed(terminal: Terminal, found: "RunResult", as_json: bool, *, shown: bool = False) -> None:
    """Print where a run stands; `shown` says that its steps were printed while it ran."""
    if as_json:
        click.echo(json.dumps(as_value(found), indent=2, ensure_ascii=False))
        return
    told = runtime_cli().lines(replace(found, path=()) if shown else found, verbose=terminal.verbose > 0)
    for number, line in enumerate(told):
        click.echo(line)
        if number == 0 and shown:
            click.echo(f"  path: {_path(found)}")
    from generator.workflows.cases import fields_of

    if found.output is not None:
        click.echo("  output:")
        for name, value in fields_of(found.output).items():
            click.echo(f"    {name}: {_short(value)}")


def _path(found: "RunResult") -> str:
    """Return the steps of the workflow itself, in order: `van → plan → create`."""
    own = (step for step in found.path if step.path.count("/") == 1 and step.verb not in ("set", "switch"))
    return " → ".join(step.path.split("/")[1] for step in own) or "(no step has ended)"


def as_value(found: "RunResult") -> dict[str, Any]:
    """Return a run as plain values, in camelCase as everything that people write."""
    problem = found.problem
    return {
        "id": found.id,
        "workflow": found.workflow,
        "status": found.status,
        "created": datetime.fromtimestamp(found.created / 1000, UTC).isoformat(timespec="milliseconds"),
        "path": [asdict(step) for step in found.path],
        "compensated": [_compensated(one) for one in found.compensated],
        "output": found.output,
        "problem": problem.json() if problem else None,
        "waiting": [dict(question) for question in found.waiting],
        "tokensIn": found.tokens_in,
        "tokensOut": found.tokens_out,
        "seconds": found.seconds,
        "attempts": found.attempts,
        "digest": found.digest,
        "provider": found.provider,
    }


def _compensated(one: "Compensated") -> dict[str, Any]:
    return {"path": one.path, "problem": one.problem.json() if one.problem else None}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:159] + "…"
