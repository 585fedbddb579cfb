"""The two engines, loaded on first use, and the caches of what they have compiled.

CEL is Google's own implementation: about 13 us to compile, 3 us to evaluate. Jinja2 is sandboxed and refuses names that
are not there.
"""

from functools import cache, lru_cache
from typing import Any

ROOTS = ("input", "state", "steps", "item", "output", "run", "error")
"""Names that expressions can start from."""


@cache
def cel() -> Any:
    """Return the module of the CEL engine."""
    from cel_expr_python import cel as module

    return module


@cache
def _environment() -> Any:
    from cel_expr_python.ext import ext_math, ext_strings

    engine = cel()
    extensions = [ext_strings.ExtStrings(), ext_math.ExtMath()]
    return engine.NewEnv(variables=dict.fromkeys(ROOTS, engine.Type.DYN), extensions=extensions)


@lru_cache(maxsize=8192)
def compiled(source: str) -> Any:
    """Return a compiled CEL expression.

    Raises:
        RuntimeError: the expression is not valid; the engine's message has line and column.
    """
    return _environment().compile(source)


@cache
def jinja() -> Any:
    """Return the Jinja2 environment for prompts."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    # Prompts are plain text for a model, never HTML: escaping would only spoil them.
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)


@lru_cache(maxsize=2048)
def prompt(source: str) -> Any:
    """Return a compiled Jinja2 template.

    Raises:
        jinja2.TemplateSyntaxError: the template is not valid.
    """
    return jinja().from_string(source)
