"""`apm lsp`: a language server for editors."""

import click

from generator.commands._common import Terminal, with_terminal


@click.command(epilog="Example: apm lsp, started by an editor as docs/editors.md says")
@with_terminal
def lsp(terminal: Terminal) -> None:
    """Serve editors: findings while you type, completion, definitions, repairs.

    Speaks the Language Server Protocol on stdin and stdout, until the editor ends it. Findings are those of
    `apm validate` on what is in the editor, saved or not; the form is that of `apm fmt`.
    """
    from generator.problems import Failure

    try:
        from generator.editor.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        message = f"a language server needs {error.name}, which is not installed"
        raise Failure(message, "install apm with its extra `editor`") from None
    serve(terminal.root)
