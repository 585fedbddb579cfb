"""What clients say of a repository's files -> its session, and what is found there -> clients."""

import asyncio
import logging
from pathlib import Path

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

from generator.editor import findings
from generator.editor.session import Session
from generator.editor.texts import Text
from generator.problems import Failure, Place, Problem

PAUSE = 0.15
"""Seconds without a keystroke before everything is checked again."""
_LOG = logging.getLogger(__name__)


class Repository:
    """A session, and what its clients have been told."""

    def __init__(self, server: LanguageServer, root: Path) -> None:
        self.session = Session(root)
        self.found: tuple[Problem, ...] = ()
        self._server = server
        self._uris: dict[str, str] = {}
        self._numbers: dict[str, int | None] = {}
        self._told: frozenset[str] = frozenset()
        self._tasks: set[asyncio.Task[None]] = set()
        self._wanted = 0
        self._checking = asyncio.Lock()

    # --- what clients say ---------------------------------------------------------------------------------------------

    def open(self, name: str, uri: str, text: str, number: int | None) -> None:
        """Take the text of an editor for that of a file; `number` is the editor's version of it."""
        self._uris[name], self._numbers[name] = uri, number
        self.session.open(name, text)
        self.check()

    def close(self, name: str) -> None:
        """Take what is on disk again."""
        self._uris.pop(name, None)
        self._numbers.pop(name, None)
        self.session.close(name)
        self.check()

    def uri(self, name: str) -> str:
        """Return the address of a file, as its editor spells it."""
        return self._uris.get(name) or (self.session.root / name).as_uri()

    # --- findings -----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Check everything after a pause; a change before that starts the pause anew."""
        self._wanted += 1
        task = asyncio.create_task(self._check(self._wanted))
        self._tasks.add(task)  # the loop itself keeps no task alive
        task.add_done_callback(self._tasks.discard)

    async def _check(self, wanted: int) -> None:
        await asyncio.sleep(PAUSE)
        async with self._checking:
            if wanted != self._wanted:
                return
            try:
                found = await asyncio.to_thread(self.session.problems)
            except Failure as failure:
                self._say(f"{failure.message}. {failure.hint}")
                return
            except Exception as error:  # noqa: BLE001  (whatever it is, the next keystroke may be past it)
                _LOG.exception("a check failed")
                self._say(f"apm itself failed ({type(error).__name__}); the server's log says more")
                return
        if wanted == self._wanted:
            self._publish(found)

    def _say(self, text: str) -> None:
        self._server.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, f"apm: {text}"))

    def _publish(self, found: tuple[Problem, ...]) -> None:
        self.found = found
        by_file: dict[str, list[Problem]] = {}
        for problem in found:
            by_file.setdefault(problem.place.file, []).append(problem)
        for name in sorted(self._told | by_file.keys() | self._uris.keys()):
            told = [findings.diagnostic(p, self.text, self.session.root) for p in by_file.get(name, ())]
            params = lsp.PublishDiagnosticsParams(self.uri(name), told, self._numbers.get(name))
            self._server.text_document_publish_diagnostics(params)
        self._told = frozenset(by_file)

    # --- places -------------------------------------------------------------------------------------------------------

    def text(self, name: str) -> Text:
        """Return the text of a file with the unit of the client."""
        encoding = self._server.workspace.position_encoding
        return Text(self.session.text(name), str(getattr(encoding, "value", encoding)))

    def location(self, place: Place) -> lsp.Location:
        """Return a place as a client reads it."""
        return lsp.Location(self.uri(place.file), self.text(place.file).of_place(place))
