"""Exceptions from rules: which findings a Waiver covers, and which Waivers nothing needs any more."""

from collections.abc import Iterator

from generator.model import Catalogue, Declared
from generator.problems import Problem

WAIVABLE = (
    "alert-untested",
    "backup-coverage",
    "image-digest",
    "plaintext-endpoint",
    "runtime-scale",
    "scripted-model",
    "store-members",
    "unused-spec",
)
"""Checks that a Waiver can make an exception from, beside all policies; the others say what can't work at all."""


class Waivers:
    """The waivers of one rule in one environment; remembers which were needed.

    One that has expired, or names no environment that is there, still covers: that is reported once, as such, and not
    again as the old finding. A rule about the specs as written takes the waivers of all environments.
    """

    def __init__(self, catalogue: Catalogue, rule: str) -> None:
        self._open: dict[tuple[str, str], Declared] = {}
        self._used: set[str] = set()
        self._known = catalogue.names("Environment")
        for waiver in catalogue.all("Waiver"):
            scope = waiver.spec.scope
            here = catalogue.environment in (None, scope.environment) or scope.environment not in self._known
            if waiver.spec.rule == rule and here:
                self._open[scope.kind, scope.name] = waiver

    def cover(self, kind: str, name: str) -> bool:
        """Return whether there is an exception for a spec, or for a rendered object."""
        waiver = self._open.get((kind, name))
        if waiver is not None:
            self._used.add(waiver.name)
        return waiver is not None

    def unused(self) -> Iterator[Problem]:
        """Yield a warning for each waiver that covered nothing."""
        for waiver in self._open.values():
            if waiver.name not in self._used and waiver.spec.scope.environment in self._known:
                message = f'nothing needs the waiver "{waiver.name}"'
                yield waiver.problem(("metadata", "name"), "unused-waiver", message, "remove it", severity="warning")
