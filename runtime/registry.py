"""Find the one thing that each module of a package declares: spec kinds, checks, artifacts, node types."""

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Protocol, TypeVar


class Named(Protocol):
    """Anything with a name that is unique among its siblings."""

    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=Named)


def discover(package: ModuleType, constant: str, of: type[T]) -> Mapping[str, T]:
    """Return every module's `constant`, by its name, in the order of module names.

    Raises:
        TypeError: a module lacks the constant, or it is of another type.
        ValueError: two modules use one name.
    """
    found: dict[str, T] = {}
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        thing = getattr(module, constant, None)
        if not isinstance(thing, of):
            raise TypeError(f"{module.__name__} must define {constant} = {of.__name__}(...)")
        if thing.name in found:
            raise ValueError(f"{module.__name__}: {constant} {thing.name!r} is already defined")
        found[thing.name] = thing
    return MappingProxyType(found)
