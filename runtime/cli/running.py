"""`apm run` and `apm runs`."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from runtime import refusals
from runtime import settings as environment
from runtime.cli.reports import RunResult, result
from runtime.cli.session import Echo, Session, quiet, session, together
from runtime.contract import WorkflowDocument
from runtime.problems import Failure
from runtime.settings import Settings
from runtime.worker import starting
from runtime.worker.starting import Start

Prompt = Callable[[str], str]


def run(
    documents: Mapping[str, WorkflowDocument],
    workflow: str,
    input: Mapping[str, Any],  # noqa: A002  (it is called so in the specs)
    *,
    state_dir: Path | None = None,
    provider: str | None = None,
    replies: Path | None = None,
    model_file: Path | None = None,
    files: Path | None = None,
    interactive: bool = False,
    echo: Echo = quiet,
    prompt: Prompt = input,
    verbose: bool = False,
) -> RunResult:
    """Run a workflow here and now, and return where it stands at the end.

    It ends, or waits for a person (`interactive` asks that person on the terminal), or was interrupted by Ctrl-C; then
    `resume` goes on from the last checkpoint. `provider` (`scripted` with `replies`, or `local` with an optional
    `model_file`) overrides what the documents say about models.

    Raises:
        Failure: the workflow or a model is missing, the input is refused, or the store cannot be used.
    """
    settings = environment.read(
        state_dir=state_dir, provider=provider, replies=replies, model_file=model_file, files=files
    )
    refusals.scripts(settings, documents)
    asked = Start(workflow, input, options=_options(settings))

    async def work() -> RunResult:
        needed = starting.accepted(documents, asked)  # before a model is loaded, which takes its time
        async with session(settings, echo, verbose=verbose) as here:
            await here.prepare({document.name: document for document in needed})
            id_ = await starting.start(here.store, here.executor.clock, documents, asked, here.worker)
            echo(f"run {id_} of {workflow}, kept in {here.store.where}")
            return await here.follow(await starting.found(here.store, id_))

    found = together(work)
    return _asked(found, settings, echo, prompt, verbose=verbose) if interactive else found


def _options(settings: Settings) -> dict[str, Any]:
    """Return what a resumed run needs to be executed in the same way, from any folder."""
    paths = {"replies": settings.replies, "model_file": settings.model_file, "files": settings.files}
    absolute = {name: str(path.absolute()) for name, path in paths.items() if path is not None}
    return {"provider": settings.provider, **absolute}


def _asked(found: RunResult, settings: Settings, echo: Echo, prompt: Prompt, *, verbose: bool) -> RunResult:
    """Put a run's questions to the person at the terminal until it has no more; Ctrl-C leaves it waiting."""
    while found.status == "waiting":
        question = next(one for one in found.waiting if one["kind"] in ("approval", "ask"))
        echo(question["message"])
        try:
            value = _value(prompt(_ending(question)), question)
        except (KeyboardInterrupt, EOFError):
            return found
        try:
            found = answer(found.id, value, to=question["id"], state_dir=settings.state_dir, echo=echo, verbose=verbose)
        except Failure as error:
            echo(f"{error.message}: {error.hint}")
    return found


def _ending(question: Mapping[str, Any]) -> str:
    return f"[{' | '.join(question['options'])}] " if question["options"] else "> "


def _value(text: str, question: Mapping[str, Any]) -> Any:
    """Return an answer as typed for an approval or a text question, else as JSON."""
    if question["kind"] == "approval" or question["schema"].get("type") == "string":
        return text.strip()
    try:
        return json.loads(text)
    except ValueError:
        return text


# --- runs that are there already ------------------------------------------------------------------------------------


def list_runs(
    *, workflow: str | None = None, status: str | None = None, limit: int = 20, state_dir: Path | None = None
) -> list[RunResult]:
    """Return runs, newest first, without their paths.

    Raises:
        Failure: no run can have this status, or the store cannot be used.
    """
    refusals.status(status)

    async def work() -> list[RunResult]:
        async with session(environment.read(state_dir=state_dir)) as here:
            now = here.executor.clock.now()
            where = _where(workflow, status, now)
            return [result(run, (), now) for run in await here.store.runs.find(where, limit)]

    return together(work)


def _where(workflow: str | None, status: str | None, now: int) -> Mapping[str, Any]:
    """Return the condition of runs; those whose lease is over are abandoned, not running."""
    leases = {"running": {"$gte": now}, "abandoned": {"$lt": now}}
    found: dict[str, Any] = {"workflow": workflow} if workflow else {}
    if status in leases:
        return {**found, "state": "running", "lease": leases[status]}
    return {**found, "state": status} if status else found


def show(id_: str, *, state_dir: Path | None = None) -> RunResult:
    """Return where a run stands, with its path."""

    async def work() -> RunResult:
        async with session(environment.read(state_dir=state_dir)) as here:
            return await here.report(id_)

    return together(work)


def cancel(id_: str, *, state_dir: Path | None = None) -> RunResult:
    """Cancel a run; one that a worker executes ends when the worker has seen it, within seconds.

    What it has done is undone: by a worker, or here for a run of `apm run`.
    """

    async def work() -> RunResult:
        async with session(environment.read(state_dir=state_dir), as_run=id_) as here:
            run = await starting.found(here.store, id_)
            state = await starting.cancelled(here.store, here.executor.clock, run)
            if run.queue == "local" and state == "queued":  # it has something to undo, and no worker will
                return await here.follow(await here.claimed(id_))
            return await here.report(id_)

    return together(work)


def answer(
    id_: str,
    value: Any,
    *,
    to: str | None = None,
    comment: str = "",
    by: str = "terminal",
    state_dir: Path | None = None,
    echo: Echo = quiet,
    verbose: bool = False,
) -> RunResult:
    """Answer what a run waits for; a run of `apm run` goes on here, any other one where a worker has a free slot."""

    async def give(here: Session) -> None:
        await starting.answer(here.store, here.executor.clock, id_, value, by=by, comment=comment, to=to)

    return _continued(id_, give, state_dir, echo, verbose=verbose)


def resume(id_: str, *, state_dir: Path | None = None, echo: Echo = quiet, verbose: bool = False) -> RunResult:
    """Go on with an interrupted run from its last checkpoint."""

    async def again(here: Session) -> None:
        run = await starting.found(here.store, id_)
        now = here.executor.clock.now()
        # A command that was killed could not say so: its lease runs out.
        expired = run.state == "running" and run.lease < now
        if expired and await here.store.runs.recover(run, now, run.losses, run.reached):
            return
        if run.state == "queued" or (run.state == "waiting" and not await here.asks_a_person(id_)):
            return
        if refused := starting.why_not_resumable(run):
            hint = "it is still being executed, or was killed seconds ago" if run.state == "running" else refused.detail
            raise Failure(refused.title, hint)
        await here.store.runs.requeue(id_, now)

    return _continued(id_, again, state_dir, echo, verbose=verbose)


def revive(id_: str, *, by: str = "terminal", state_dir: Path | None = None, echo: Echo = quiet,
           verbose: bool = False) -> RunResult:  # fmt: skip
    """Take up a run again that was given up because workers died over it."""

    async def again(here: Session) -> None:
        await starting.revived(here.store, here.executor.clock, id_, by=by)

    return _continued(id_, again, state_dir, echo, verbose=verbose)


def _continued(
    id_: str, change: Callable[[Session], Any], state_dir: Path | None, echo: Echo, *, verbose: bool
) -> RunResult:
    async def work() -> RunResult:
        async with session(environment.read(state_dir=state_dir), echo, verbose=verbose, as_run=id_) as here:
            run = await starting.found(here.store, id_)
            await change(here)
            if run.queue != "local":
                return await here.report(id_)
            document = await here.store.specs.get(run.digest)
            await here.prepare({document.name: document} if document else {})
            return await here.follow(await here.claimed(id_))

    return together(work)
