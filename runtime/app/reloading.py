"""Take changed workflow documents without a restart: new runs get the new version, all others keep theirs."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from runtime.app.series import announce
from runtime.contract import WorkflowDocument
from runtime.load import Source
from runtime.problems import Failure
from runtime.telemetry import Telemetry
from runtime.telemetry.catalogue import SPECS_CHANGED
from runtime.worker.documents import Served, complete

log = logging.getLogger(__name__)
LOOK = 1.0
"""Seconds between two looks at the source."""
Check = Callable[[WorkflowDocument], None]
"""Raises `Failure` when a document cannot be executed here."""


class Reloading:
    """Keeps `served` as its source says it; a source that says something wrong changes nothing.

    Raises:
        Failure: it says something wrong at the start.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._taken = self._seen = source.stamp()
        self.served = Served(source.read())
        complete(self.served)

    async def watch(self, telemetry: Telemetry, check: Check) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self.look(telemetry, check)
            except Exception:
                log.exception("changed workflow documents cannot be looked at")  # a defect here must not end in silence

    async def look(self, telemetry: Telemetry, check: Check) -> None:
        """Take what the source says once it has been the same for two looks: files are written one after the other."""
        stamp = await asyncio.to_thread(self._source.stamp)
        if stamp != self._seen:
            self._seen = stamp
        elif stamp != self._taken:
            self._taken = stamp
            await self._take(telemetry, check)

    async def _take(self, telemetry: Telemetry, check: Check) -> None:
        try:
            documents = await asyncio.to_thread(self._source.read)
            changed = _changed(self.served, documents)
            await _check(documents, changed, check)
        except Failure as error:
            telemetry.add(SPECS_CHANGED, outcome="refused")
            log.error("the changed workflow documents are refused, those from before stay: %s", error)
            return
        gone = sorted(set(self.served) - set(documents))
        if changed or gone:
            self.served.replace(documents)
            announce(telemetry, changed.values())
            telemetry.add(SPECS_CHANGED, outcome="taken")
            log.info("new runs take %s; not served any more: %s", _told(changed), ", ".join(gone) or "none")


async def _check(
    documents: Mapping[str, WorkflowDocument], changed: Mapping[str, WorkflowDocument], check: Check
) -> None:
    complete(documents)
    for document in changed.values():
        check(document)
        await asyncio.sleep(0)  # heartbeats go on between two of them


def _changed(
    before: Mapping[str, WorkflowDocument], now: Mapping[str, WorkflowDocument]
) -> dict[str, WorkflowDocument]:
    """Return the documents that are new or have another digest."""
    return {name: one for name, one in now.items() if name not in before or before[name].digest != one.digest}


def _told(changed: Mapping[str, WorkflowDocument]) -> str:
    return ", ".join(f"{name} ({one.digest[:12]})" for name, one in sorted(changed.items())) or "what they took"
