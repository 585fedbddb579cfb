"""Where specs read metrics: every field marked as PromQL or as one metric, parsed, with exact places for findings."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.kinds._alerting import Told
from generator.kinds.metrics import known
from generator.model import Catalogue, Declared, Loc
from generator.problems import Problem, path_text
from generator.references import marked
from generator.rules.promql import (
    Expression,
    Family,
    Grouping,
    LabelsOf,
    PromQL,
    PromQLError,
    Selector,
    parse,
    selector,
    spot,
)

ALERTING = ("Alerts", "Detector", "Maintenance", "Objective")
"""Kinds whose specs declare alerts, by their method `told`."""


@dataclass(frozen=True)
class Use:
    """One field that reads metrics."""

    spec: Declared
    loc: Loc
    text: str
    marker: PromQL | Selector
    expression: Expression | None
    """None where the text does not parse."""
    error: str

    def problem(self, name: str, code: str, message: str, hint: str = "") -> Problem:
        """Return a problem with one name (or quoted value) inside the text."""
        place = spot(self.text, name, self.spec.document.at(self.loc))
        return Problem(place, code, message, hint, path_text(self.loc))


def uses(catalogue: Catalogue) -> Iterator[Use]:
    """Yield every field that reads metrics."""
    for spec in catalogue.specs:
        for loc, marker, text in (*marked(spec, PromQL), *marked(spec, Selector)):
            yield _use(spec, loc, text, marker)


def _use(spec: Declared, loc: Loc, text: str, marker: PromQL | Selector) -> Use:
    try:
        if isinstance(marker, Selector):
            selector(text)
        return Use(spec, loc, text, marker, parse(text), "")
    except PromQLError as error:
        return Use(spec, loc, text, marker, None, str(error))


def groupings(catalogue: Catalogue) -> Iterator[tuple[Declared, Loc, Grouping]]:
    """Yield the labels that stand in fields of their own, such as a template's `by`, with what they group."""
    for spec in catalogue.specs:
        for loc, marker, label in marked(spec, LabelsOf):
            reads = [r for text in _beside(spec, loc, marker) if (r := _reads(text))]
            yield spec, loc, Grouping((label,), tuple(read for found in reads for read in found), frozenset())


def _beside(spec: Declared, loc: Loc, marker: LabelsOf) -> Iterator[str]:
    parent: Any = spec.document.value
    for part in loc[:-2]:
        parent = parent[part]
    yield from (text for name in marker.fields if isinstance(text := parent.get(name), str))


def _reads(text: str) -> Any:
    try:
        return parse(text).reads
    except PromQLError:
        return ()


def complete(catalogue: Catalogue, kind: str) -> bool:
    """Whether all specs of a kind are well-formed: what one that is not declares can't be called unknown."""
    return all(unparsed != kind for unparsed, _ in catalogue.unparsed)


def declared_alerts(catalogue: Catalogue) -> Iterator[tuple[Declared, Told]]:
    """Yield the alerts of all kinds that declare some, once for each severity."""
    for kind in ALERTING:
        for spec in catalogue.all(kind):
            yield from ((spec, told) for told in spec.spec.told(spec.name))


def alerts_complete(catalogue: Catalogue) -> bool:
    """Whether every spec that may declare alerts is well-formed."""
    return all(complete(catalogue, kind) for kind in ALERTING)


def alert_names(catalogue: Catalogue) -> list[str]:
    """Return the names of all alerts."""
    return list(dict.fromkeys(name for _, (name, _, _) in declared_alerts(catalogue)))


def families(catalogue: Catalogue) -> Mapping[str, Family]:
    """Return every metric that a catalogue knows, by name."""
    return known(spec.spec for spec in catalogue.all("Metrics"))
