"""The language server: what clients say -> sessions, and what sessions know -> clients."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer

from generator.editor import completion, findings, hover, navigation
from generator.editor.cursor import Spot, half_typed, spot
from generator.editor.session import Session, root_of
from generator.editor.texts import Text
from generator.formatting import formatted
from generator.pipeline import KINDS
from generator.problems import Failure, Place, Problem

PAUSE = 0.15
"""Seconds without a keystroke before everything is checked again."""
_LOG = logging.getLogger(__name__)
_KINDS = {
    "key": lsp.CompletionItemKind.Property, "value": lsp.CompletionItemKind.EnumMember,
    "name": lsp.CompletionItemKind.Reference, "file": lsp.CompletionItemKind.File,
    "step": lsp.CompletionItemKind.Function, "field": lsp.CompletionItemKind.Field,
}  # fmt: skip


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


class Server(LanguageServer):
    """Repositories by their roots; each file belongs to the one around it."""

    def __init__(self, root: Path) -> None:
        full = lsp.TextDocumentSyncKind.Full  # specs are small, and a whole text can't get out of step
        super().__init__("apm", version("apm"), text_document_sync_kind=full)  # pyright: ignore[reportUnknownMemberType]
        self.started_in = root
        self._repositories: dict[Path, Repository] = {}

    def repository(self, root: Path) -> Repository:
        """Return the repository at a root."""
        if root not in self._repositories:
            self._repositories[root] = Repository(self, root)
        return self._repositories[root]

    def repositories(self) -> Sequence[Repository]:
        """Return all that are known."""
        return tuple(self._repositories.values())

    def of(self, uri: str) -> tuple[Repository, str] | None:
        """Return the repository of a file, and its path below the root; None where no spec has to do with it."""
        path = uris.to_fs_path(uri) if uri.startswith("file:") else None
        root = root_of(Path(path)) if path else None
        repository = self.repository(root) if root else None
        name = repository.session.name(Path(path)) if repository and path else None
        return (repository, name) if repository and name else None

    def found(self, uri: str, position: lsp.Position) -> tuple[Repository, str, Text, Spot] | None:
        """Return what stands at a position."""
        here = self.of(uri)
        if here is None:
            return None
        text = here[0].text(here[1])
        at = spot(text.text, text.offset(position))
        return (*here, text, at) if at else None


def serve(root: Path) -> None:
    """Serve one client on stdin and stdout until it says `exit` or goes away."""
    output = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever prints must not get between the messages
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    made(root).start_io(stdout=output)


def made(root: Path) -> Server:
    """Return a server with all its features."""
    server = Server(root)
    _synchronisation(server)
    _reading(server)
    _writing(server)
    return server


# --- what is open -----------------------------------------------------------------------------------------------------


def _synchronisation(server: Server) -> None:
    @server.feature(lsp.INITIALIZED)
    def initialized(ls: Server, _: lsp.InitializedParams) -> None:
        folders = [Path(uris.to_fs_path(uri) or "") for uri in ls.workspace.folders] or [ls.started_in]
        for folder in folders:
            if (folder / "specs").is_dir():
                ls.repository(folder).check()

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
        _take(ls, params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
        _take(ls, params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
        if here := ls.of(params.text_document.uri):
            here[0].close(here[1])

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: Server, _: lsp.DidSaveTextDocumentParams) -> None:
        _all_changed(ls)

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(ls: Server, _: lsp.DidChangeWatchedFilesParams) -> None:
        _all_changed(ls)


def _take(server: Server, uri: str) -> None:
    if here := server.of(uri):
        document = server.workspace.get_text_document(uri)
        here[0].open(here[1], uri, document.source, document.version)


def _all_changed(server: Server) -> None:
    for repository in server.repositories():
        repository.session.changed()
        repository.check()


# --- reading ----------------------------------------------------------------------------------------------------------


def _reading(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hovered(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
        found = ls.found(params.text_document.uri, params.position)
        if found is None:
            return None
        repository, name, text, at = found
        shown = hover.hover(repository.session.snapshot(), name, at)
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, shown)
        return lsp.Hover(content, text.range(at.start, at.end)) if shown else None

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def defined(ls: Server, params: lsp.DefinitionParams) -> lsp.Location | None:
        found = ls.found(params.text_document.uri, params.position)
        if found is None:
            return None
        repository, name, _, at = found
        snapshot = repository.session.snapshot()
        document = next((d for d in snapshot.of_file(name) if d.identity == _identity(at)), None)
        place = navigation.definition(snapshot, name, document, at)
        return repository.location(place) if place else None

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def referred(ls: Server, params: lsp.ReferenceParams) -> list[lsp.Location] | None:
        found = ls.found(params.text_document.uri, params.position)
        named = navigation.identity(found[3]) if found else None
        if found is None or named is None:
            return None
        own = params.context.include_declaration
        places = navigation.references(found[0].session.snapshot(), named, own=own)
        return [found[0].location(place) for place in places]

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(ls: Server, params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol] | None:
        here = ls.of(params.text_document.uri)
        return navigation.symbols(here[0].text(here[1])) if here else None


def _identity(at: Spot) -> tuple[str, str]:
    return str(at.at(("kind",)) or ""), str(at.at(("metadata", "name")) or "")


# --- writing ----------------------------------------------------------------------------------------------------------


def _writing(server: Server) -> None:
    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[":", " ", "-", "{", "[", "."])
    )
    def completed(ls: Server, params: lsp.CompletionParams) -> lsp.CompletionList | None:
        here = ls.of(params.text_document.uri)
        if here is None or not here[1].endswith((".yaml", ".yml")):
            return None
        text = here[0].text(here[1])
        at = half_typed(text.text, text.offset(params.position))
        if at is None:
            return None
        found = completion.candidates(here[0].session.snapshot(), here[1], at)
        return lsp.CompletionList(is_incomplete=False, items=_items(found, text, at))

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION,
                    lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, findings.FIX_ALL]))  # fmt: skip
    def offered(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction] | None:
        here = ls.of(params.text_document.uri)
        if here is None:
            return None
        repository, name = here
        text = repository.text(name)
        made_ = findings.repairs(repository.found, name, text)
        only = [str(getattr(kind, "value", kind)) for kind in params.context.only] if params.context.only else None
        uri = params.text_document.uri
        return findings.actions(made_, text, uri, params.range, only, repository.text, repository.session.root)

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def laid_out(ls: Server, params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        here = ls.of(params.text_document.uri)
        if here is None or not here[1].endswith((".yaml", ".yml")):
            return None
        text = here[0].text(here[1])
        made_ = formatted(here[1], text.text, KINDS)
        return [] if made_.problems or made_.text == text.text else [lsp.TextEdit(text.whole, made_.text)]


def _items(found: Sequence[completion.Candidate], text: Text, at: Spot) -> list[lsp.CompletionItem]:
    start, end = _word(text.text, at)
    where = text.range(start, end)
    return [_item(one, number, where, text.text[end : end + 1]) for number, one in enumerate(found)]


def _word(text: str, at: Spot) -> tuple[int, int]:
    """Return the part of a word that is replaced: behind the dot of `state.` only."""
    dot = text.rfind(".", at.start, at.end)
    return (
        (dot + 1, at.end)
        if dot >= 0 and at.word.rpartition(".")[0].endswith(("state", "input"))
        else (at.start, at.end)
    )


def _item(one: completion.Candidate, number: int, where: lsp.Range, following: str) -> lsp.CompletionItem:
    new = (one.insert or one.label).rstrip(": ") if following == ":" else (one.insert or one.label)
    return lsp.CompletionItem(
        one.label,
        kind=_KINDS[one.what],
        detail=one.detail or None,
        documentation=lsp.MarkupContent(lsp.MarkupKind.Markdown, one.doc) if one.doc else None,
        sort_text=f"{number:04}",
        text_edit=lsp.TextEdit(where, new),
    )
