"""An editor for tests: a client of the Language Server Protocol that talks to `apm lsp`, or another, over pipes."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

APM = (sys.executable, "-m", "generator", "lsp")
SECONDS = 60
"""How long an answer may take on a busy machine before a test gives up."""


class Editor:
    """One editor with one server; texts are by path below the repository."""

    def __init__(self, root: Path, server: Sequence[str] = APM, settings: Mapping[str, Any] | None = None) -> None:
        self.root, self._command, self._settings = root, server, settings or {}
        self.logged: list[str] = []
        self.published: dict[str, lsp.PublishDiagnosticsParams] = {}
        self._client = LanguageClient("tests", "1")
        self._news = asyncio.Condition()
        self._texts: dict[str, str] = {}
        self._versions: dict[str, int] = {}

    async def start(self, *, folders: Sequence[Path] | None = None, encodings: Sequence[str] = ("utf-16",)) -> None:
        """Start a server and open a repository."""

        @self._client.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # pyright: ignore[reportUntypedFunctionDecorator]
        async def published(params: lsp.PublishDiagnosticsParams) -> None:
            async with self._news:
                self.published[params.uri] = params
                self._news.notify_all()

        @self._client.feature(lsp.WINDOW_LOG_MESSAGE)  # pyright: ignore[reportUntypedFunctionDecorator]
        def logged(params: lsp.LogMessageParams) -> None:
            self.logged.append(params.message)

        @self._client.feature(lsp.WORKSPACE_CONFIGURATION)  # pyright: ignore[reportUntypedFunctionDecorator]
        def configured(params: lsp.ConfigurationParams) -> list[Any]:
            return [self._settings.get(item.section or "", {}) for item in params.items]

        start: Any = self._client.start_io  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        await start(*self._command, cwd=self.root)
        workspace = lsp.WorkspaceClientCapabilities(configuration=True)
        general = lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind(e) for e in encodings])
        shown = [lsp.WorkspaceFolder(folder.as_uri(), folder.name) for folder in folders or (self.root,)]
        able = lsp.ClientCapabilities(general=general, workspace=workspace)
        params = lsp.InitializeParams(able, root_uri=self.root.as_uri(), workspace_folders=shown)
        self.server = await self._within(self._client.initialize_async(params))
        self._client.initialized(lsp.InitializedParams())

    async def stop(self) -> int:
        """End the server in good order and return its exit code."""
        process = self.process
        await self._within(self._client.shutdown_async(None))
        self._client.exit(None)
        code = await asyncio.wait_for(process.wait(), SECONDS)
        await self._client.stop()
        return code

    async def leave(self) -> int:
        """Go away without a word, and return the server's exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = await asyncio.wait_for(self.process.wait(), SECONDS)
        await self._client.stop()
        return code

    @property
    def process(self) -> asyncio.subprocess.Process:
        """The server."""
        process = self._client._server  # pyright: ignore[reportPrivateUsage]
        assert process is not None
        return process

    def send(self, content: bytes) -> None:
        """Write bytes to the server as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(content)

    async def _within(self, answer: Any) -> Any:
        return await asyncio.wait_for(answer, SECONDS)

    # --- texts --------------------------------------------------------------------------------------------------------

    def uri(self, name: str) -> str:
        """Return the address of a file."""
        return (self.root / name).as_uri()

    def open(self, name: str, text: str | None = None) -> None:
        """Open a file, with another text than the one on disk if one is given."""
        self._texts[name] = (self.root / name).read_text() if text is None else text
        self._versions[name] = 1
        item = lsp.TextDocumentItem(self.uri(name), "yaml", 1, self._texts[name])
        self._client.text_document_did_open(lsp.DidOpenTextDocumentParams(item))

    def type(self, name: str, text: str) -> None:
        """Replace the text of an open file, without saving it."""
        self._texts[name] = text
        self._versions[name] += 1
        document = lsp.VersionedTextDocumentIdentifier(self._versions[name], self.uri(name))
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        self._client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [change]))

    def replace(self, name: str, old: str, new: str) -> None:
        """Replace a part of an open file, without saving it."""
        assert old in self._texts[name]
        self.type(name, self._texts[name].replace(old, new, 1))

    def close(self, name: str) -> None:
        """Close a file without saving it."""
        self._client.text_document_did_close(lsp.DidCloseTextDocumentParams(self._at(name)))

    def save_elsewhere(self, name: str) -> None:
        """Say that a file has changed on disk."""
        event = lsp.FileEvent(self.uri(name), lsp.FileChangeType.Changed)
        self._client.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([event]))

    # --- what the server says -----------------------------------------------------------------------------------------

    async def findings(self, name: str) -> list[lsp.Diagnostic]:
        """Return the diagnostics of a file for its newest text."""
        uri, wanted = self.uri(name), self._versions.get(name)
        async with self._news:
            await self._within(self._news.wait_for(lambda: self._is_new(uri, wanted)))
        return list(self.published.pop(uri).diagnostics)

    def _is_new(self, uri: str, wanted: int | None) -> bool:
        """Return whether there are diagnostics for a version; servers that don't number them are asked once a text."""
        return uri in self.published and self.published[uri].version in (wanted, None)

    async def completions(self, name: str, behind: str) -> dict[str, lsp.CompletionItem]:
        """Return what is offered behind a part of a text, by label."""
        params = lsp.CompletionParams(self._at(name), self._position(name, behind, len(behind)))
        found = await self._within(self._client.text_document_completion_async(params))
        return {item.label: item for item in found.items} if found else {}

    async def hover(self, name: str, on: str, within: int = 1) -> str:
        """Return what is shown for a part of a text; `within` is the character of it that the mouse is on."""
        params = lsp.HoverParams(self._at(name), self._position(name, on, within))
        found = await self._within(self._client.text_document_hover_async(params))
        return found.contents.value if found else ""

    async def definition(self, name: str, on: str, within: int = 1) -> str:
        """Return `path:line` of what a part of a text stands for, with the line counted from 1."""
        params = lsp.DefinitionParams(self._at(name), self._position(name, on, within))
        found = await self._within(self._client.text_document_definition_async(params))
        return self._short(found) if found else ""

    async def references(self, name: str, on: str, within: int = 1) -> list[str]:
        """Return `path:line` of everything that names what a part of a text stands for."""
        at = self._position(name, on, within)
        params = lsp.ReferenceParams(lsp.ReferenceContext(include_declaration=True), self._at(name), at)
        found = await self._within(self._client.text_document_references_async(params))
        return sorted(self._short(one) for one in found or ())

    async def symbols(self, name: str) -> list[lsp.DocumentSymbol]:
        """Return the outline of a file."""
        params = lsp.DocumentSymbolParams(self._at(name))
        return list(await self._within(self._client.text_document_document_symbol_async(params)) or ())

    async def actions(self, name: str, on: str, only: Sequence[str] | None = None) -> list[lsp.CodeAction]:
        """Return the repairs that are offered for a part of a text."""
        start, end = self._position(name, on, 0), self._position(name, on, len(on))
        context = lsp.CodeActionContext([], list(only) if only else None)
        params = lsp.CodeActionParams(self._at(name), lsp.Range(start, end), context)
        return list(await self._within(self._client.text_document_code_action_async(params)) or ())

    async def format(self, name: str) -> str:
        """Return the text of a file after it was formatted."""
        params = lsp.DocumentFormattingParams(self._at(name), lsp.FormattingOptions(2, insert_spaces=True))
        edits = await self._within(self._client.text_document_formatting_async(params))
        return self.edited(name, edits or [])

    def edited(self, name: str, edits: Sequence[lsp.TextEdit]) -> str:
        """Return the text of a file with edits, none of which touch."""
        text = self._texts[name]
        for edit in sorted(edits, key=lambda e: e.range.start, reverse=True):
            start, end = self._offset(text, edit.range.start), self._offset(text, edit.range.end)
            text = text[:start] + edit.new_text + text[end:]
        return text

    def marked(self, name: str, found: lsp.Diagnostic) -> str:
        """Return the characters that a diagnostic marks."""
        text = self._texts[name]
        return text[self._offset(text, found.range.start) : self._offset(text, found.range.end)]

    # --- places -------------------------------------------------------------------------------------------------------

    def _at(self, name: str) -> lsp.TextDocumentIdentifier:
        return lsp.TextDocumentIdentifier(self.uri(name))

    def _position(self, name: str, part: str, within: int) -> lsp.Position:
        text = self._texts[name]
        assert part in text, part
        above = text[: text.index(part) + within]
        return lsp.Position(above.count("\n"), len(above[above.rfind("\n") + 1 :].encode("utf-16-le")) // 2)

    @staticmethod
    def _offset(text: str, position: lsp.Position) -> int:
        rows = text.splitlines(keepends=True)
        row = rows[position.line] if position.line < len(rows) else ""
        units = row.encode("utf-16-le")[: position.character * 2]
        return sum(map(len, rows[: position.line])) + len(units.decode("utf-16-le"))

    def _short(self, found: lsp.Location) -> str:
        return f"{found.uri.removeprefix(self.root.as_uri() + '/')}:{found.range.start.line + 1}"
