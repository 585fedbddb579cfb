"""What the functions of the runtime image take and do, for `apm explain functions` and the reference."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from runtime.contract import Function
from runtime.functions import registered


def page() -> str:
    """Return the reference page."""
    head = (
        "# Functions\n\nWhat the runtime image ships for `function` steps and for tools with `function`. "
        "`apm explain functions` prints the same; a function of your own is a module in `runtime/functions/`.\n"
    )
    return head + "".join(_section(function) for function in _all())


def lines() -> Iterator[str]:
    """Yield the lines of `apm explain functions`."""
    yield "Functions that the runtime image ships, for `function` steps and for tools with `function`:"
    for function in _all():
        yield f"\n  {function.name} ({function.effect})\n      {function.description}"
        for name, kind, need, text in arguments(function):
            yield f"      {name} ({kind}; {need})" + (f": {text}" if text else "")


def arguments(function: Function) -> Iterator[tuple[str, str, str, str]]:
    """Yield name, type, `required` or `optional`, and meaning of every argument."""
    required = function.input.get("required", ())
    for name, about in cast("Mapping[str, dict[str, Any]]", function.input.get("properties", {})).items():
        yield name, _type(about), "required" if name in required else "optional", about.get("description", "")


def _all() -> list[Function]:
    return sorted(registered().values(), key=lambda function: function.name)


def _type(about: Mapping[str, Any]) -> str:
    kind = about.get("type", "any")
    return " or ".join(cast("list[str]", kind)) if isinstance(kind, list) else str(kind)


def _section(function: Function) -> str:
    rows = "\n".join(f"| `{name}` | {kind} | {need} | {text} |" for name, kind, need, text in arguments(function))
    told = f"\n## {function.name}\n\n{function.description} Effect: `{function.effect}`.\n"
    return f"{told}\n| argument | type | | meaning |\n|---|---|---|---|\n{rows}\n" if rows else told
