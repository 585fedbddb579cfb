"""Python's cyclic garbage collector, paused while a command works on values that live until its end."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Generator[None]:
    """Pause the collector: nothing that a build makes can be freed before its end, and looking for cycles in it takes
    a quarter of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
