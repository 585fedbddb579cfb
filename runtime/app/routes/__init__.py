"""What answers requests, by the name of the route; `discovered()` finds the modules.

Nothing in here can reach data of another tenant: handlers get a `Call`, whose scope is the tenant's, and no store.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from runtime.app.call import Handler


def discovered() -> Mapping[str, Handler]:
    """Return every handler by the name of its route."""
    found: dict[str, Handler] = {}
    for module in iter_modules(__path__):
        found |= import_module(f"{__name__}.{module.name}").HANDLERS
    return found
