"""Functions that the runtime image ships: one module each, which declares `FUNCTION = Function(...)`.

`registered()` finds them. Specs name them; nothing in a spec can name any other code.
"""

from collections.abc import Mapping
from functools import cache

from runtime.contract import Function


@cache
def registered() -> Mapping[str, Function]:
    """Return every function by name."""
    from runtime import functions
    from runtime.registry import discover

    return discover(functions, "FUNCTION", Function)
