"""Findings of apm as diagnostics, and their repairs as code actions."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from lsprotocol import types as lsp

from generator.editor.texts import Text
from generator.fixing import offered
from generator.problems import Fix, Place, Problem
from generator.rules import secrecy

SOURCE = "apm"
FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.{SOURCE}"
TextOf = Callable[[str], Text]
"""Gives the text of a file below the root."""


def diagnostic(problem: Problem, text_of: TextOf, root: Path) -> lsp.Diagnostic:
    """Return a finding as a client shows it: the same place, code, sentence and witness as on a terminal."""
    severity = lsp.DiagnosticSeverity.Error if problem.severity == "error" else lsp.DiagnosticSeverity.Warning
    message = problem.message + (f"\n{problem.hint}" if problem.hint else "")
    related = [_related(place, text, text_of, root) for place, text in problem.related]
    return lsp.Diagnostic(
        text_of(problem.place.file).of_place(problem.place),
        secrecy.mask(message),
        severity,
        problem.code,
        source=SOURCE,
        related_information=related or None,
    )


def _related(place: Place, text: str, text_of: TextOf, root: Path) -> lsp.DiagnosticRelatedInformation:
    location = lsp.Location((root / place.file).as_uri(), text_of(place.file).of_place(place))
    return lsp.DiagnosticRelatedInformation(location, secrecy.mask(text))


def repairs(problems: Sequence[Problem], file: str, text: Text) -> list[tuple[Problem, Fix]]:
    """Return the repairs that `apm validate --fix` would make in a file, as long as the text is still the same."""
    fixes = [fix for fix in offered(problems) if fix.place.file == file and _stands(fix, text)]
    return [(next(p for p in problems if p.fix == fix), fix) for fix in fixes]


def _stands(fix: Fix, text: Text) -> bool:
    return text.text.startswith(fix.written, text.start_of(fix.place))


def edit(fix: Fix, text: Text) -> lsp.TextEdit:
    """Return the edit that makes a repair."""
    start = text.start_of(fix.place)
    return lsp.TextEdit(text.range(start, start + fix.length), fix.replacement)


def actions(found: Iterable[tuple[Problem, Fix]], text: Text, uri: str, at: lsp.Range,
            only: Sequence[str] | None, shown: TextOf, root: Path) -> list[lsp.CodeAction]:  # fmt: skip
    """Return one action for each repair that touches a range, and one for all repairs of the file."""
    found = list(found)
    single = [
        lsp.CodeAction(
            f"Write {fix.replacement} instead of {secrecy.mask(fix.written)}",
            lsp.CodeActionKind.QuickFix,
            [diagnostic(problem, shown, root)],
            is_preferred=True,
            edit=_change(uri, [edit(fix, text)]),
        )
        for problem, fix in found
        if _touch(edit(fix, text).range, at)
    ]
    every = [lsp.CodeAction("Repair all that apm can repair", FIX_ALL,
                            edit=_change(uri, [edit(fix, text) for _, fix in found]))]  # fmt: skip
    return [action for action in (*single, *(every if found else ())) if _wanted(action, only)]


def _change(uri: str, edits: list[lsp.TextEdit]) -> lsp.WorkspaceEdit:
    return lsp.WorkspaceEdit({uri: edits})


def _touch(one: lsp.Range, other: lsp.Range) -> bool:
    return one.start <= other.end and other.start <= one.end


def _wanted(action: lsp.CodeAction, only: Sequence[str] | None) -> bool:
    kind = str(action.kind.value if isinstance(action.kind, lsp.CodeActionKind) else action.kind)
    return only is None or any(kind == one or kind.startswith(f"{one}.") for one in only)
