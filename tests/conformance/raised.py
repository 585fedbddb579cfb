"""Every code that the sources can raise, read from the sources themselves."""

import ast
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

_POSITIONS = {
    "problem": (0, 1),  # the first argument of a document's is a path, never a text
    "Problem": (1,),
    "_problem": (2,),
    "_refuse": (1,),
    "_RefusedError": (0,),
    "PydanticCustomError": (0,),
    "_fullmatch": (1,),
    "Finding": (0,),
}
"""Functions that make a finding, and which of their arguments is the code."""


def codes() -> dict[str, str]:
    """Return where each code is raised first, as file:line."""
    found: dict[str, str] = {}
    runtime = REPOSITORY / "runtime"
    files = [*(REPOSITORY / "generator").rglob("*.py"), *(runtime / "contract").glob("*.py"),
             *(runtime / "nodes").glob("*.py"), runtime / "steps.py"]  # fmt: skip
    for path in sorted(files):
        tree = ast.parse(path.read_text())
        for code, line in _in(tree):
            found.setdefault(code, f"{path.relative_to(REPOSITORY)}:{line}")
    return found


def _in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for position in _POSITIONS.get(name, ()):
                if position < len(node.args):
                    yield from ((text, node.lineno) for text in _texts(node.args[position]))
        if isinstance(node, ast.FunctionDef) and "code" in ast.unparse(node):
            yield from _returned(node)


def _returned(function: ast.FunctionDef) -> Iterator[tuple[str, int]]:
    """Codes that a function returns as the first of several values, such as `return "wrong-type", message, hint`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
            yield from ((text, node.lineno) for text in _texts(node.value.elts[0]))


def _texts(node: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression can be; of a condition, both."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value.replace("-", "").isalnum() and node.value == node.value.lower() and len(node.value) > 2:
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
