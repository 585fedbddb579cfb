"""The language server: what clients say -> sessions, and what sessions know -> clients."""

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
from generator.editor.repository import Repository
from generator.editor.session import root_of
from generator.editor.texts import Text
from generator.formatting import formatted
from generator.pipeline import KINDS

_KINDS = {
    "key": lsp.CompletionItemKind.Property, "value": lsp.CompletionItemKind.EnumMember,
    "name": lsp.CompletionItemKind.Reference, "file": lsp.CompletionItemKind.File,
    "step": lsp.CompletionItemKind.Function, "field": lsp.CompletionItemKind.Field,
}  # fmt: skip


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
