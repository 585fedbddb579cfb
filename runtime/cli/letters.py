"""Events that could not be delivered: `apm letters`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runtime import settings as environment
from runtime.cli.session import session, together
from runtime.problems import Failure


def letters(name: str = "", *, state_dir: Path | None = None) -> Sequence[Mapping[str, Any]]:
    """Return dead letters, oldest first: `{id, name, channel, payload, reason, at}`."""

    async def work() -> Sequence[Mapping[str, Any]]:
        async with session(environment.read(state_dir=state_dir)) as here:
            return await here.store.events.dead(name)

    names = ("name", "channel", "payload", "reason", "at")
    return [{"id": row["_id"], **{name: row[name] for name in names}} for row in together(work)]


def redeliver(id_: str, *, state_dir: Path | None = None) -> None:
    """Publish a dead letter again, for example after its workflow was corrected.

    Raises:
        Failure: there is no such letter.
    """

    async def work() -> bool:
        async with session(environment.read(state_dir=state_dir)) as here:
            return await here.store.events.redeliver(id_, here.executor.clock.now())

    if not together(work):
        raise Failure(f"There is no dead letter {id_}", "list them with `apm letters list`")
