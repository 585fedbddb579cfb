"""What imported alerts and dashboards read and nobody declares -> a Metrics spec, as far as names and uses tell."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

from generator.importing.drafts import Drafts
from generator.importing.manifests import dig, mapping
from generator.kinds.metrics import own
from generator.rules.promql import Expression, PromQLError, Read, parse, series

_COUNTED = ("rate", "irate", "increase", "resets")
_TARGET = ("job", "instance")
_PARTS = re.compile("_(bucket|sum|count)$")
_UNITS = (("_seconds", "seconds"), ("_bytes", "bytes"), ("_ratio", "ratio"), ("_percent", "percent"))


def declare(drafts: Drafts) -> None:
    """Declare every metric that is read and not known, in place of what was declared here before.

    What the repository declares stays as people have left it; what is new is a spec of its own beside it.
    """
    names = itertools.chain(["imported"], (f"imported-{number}" for number in itertools.count(2)))
    name = next(name for name in names if ("Metrics", name) not in drafts.there)
    drafts.drafts.pop(("Metrics", name), None)
    drafts.forget(f"Metrics {name}")
    known = {*series(own()), *_there(drafts)}
    uses: dict[str, list[tuple[Read, Expression]]] = {}
    for expression in _expressions(drafts):
        for read in expression.reads:
            if read.metric and read.metric not in known:
                uses.setdefault(read.metric, []).append((read, expression))
    families = _families(uses)
    if not families:
        return
    draft = drafts.spec("Metrics", name)
    found = {
        name: _declared(name, [u for part in parts for u in uses[part]], histogram=histogram)
        for name, (parts, histogram) in sorted(families.items())
    }
    drafts.assume(
        draft,
        ("metrics",),
        found,
        "types, units and labels are read off names and uses; compare them with "
        "what the exporters really export, or the alerts never fire",
    )


def _there(drafts: Drafts) -> Iterator[str]:
    """Yield the names by which metrics may be read that the repository declares."""
    for (kind, _), document in drafts.there.items():
        metrics = mapping(dig(document.value, "spec", "metrics")) if kind == "Metrics" else {}
        for metric, declared in metrics.items():
            histogram = dig(declared, "type") == "histogram"
            yield from (metric, *(f"{metric}_{part}" for part in ("bucket", "sum", "count") if histogram))


def _expressions(drafts: Drafts) -> Iterator[Expression]:
    for draft in drafts.all("Alerts"):
        for alert in draft.spec["alerts"].values():
            yield parse(alert["promql"])
    for draft in drafts.all("Dashboard"):
        queries = [q["promql"] for row in draft.spec["rows"] for panel in row["panels"] for q in panel["queries"]]
        for query in (*queries, *(v["metric"] for v in draft.spec.get("variables", []))):
            try:
                yield parse(query)
            except PromQLError:
                continue


def _families(uses: dict[str, Any]) -> dict[str, tuple[list[str], bool]]:
    """Return metrics with the names by which they are read, and whether each is a histogram."""
    found: dict[str, tuple[list[str], bool]] = {}
    stems = {_PARTS.sub("", name) for name in uses if name.endswith("_bucket")}
    for name in uses:
        stem = _PARTS.sub("", name)
        histogram = stem in stems or (stem != name and {f"{stem}_sum", f"{stem}_count"} <= uses.keys())
        key = stem if histogram else name
        found.setdefault(key, ([], histogram))[0].append(name)
    return found


def _declared(name: str, uses: list[tuple[Read, Expression]], *, histogram: bool) -> dict[str, Any]:
    counted = any(set(read.inside) & set(_COUNTED) for read, _ in uses) or name.endswith("_total")
    found: dict[str, Any] = {"type": "histogram" if histogram else "counter" if counted else "gauge"}
    unit = next((u for end, u in _UNITS if name.removesuffix("_total").endswith(end)), None)
    if unit:
        found["unit"] = "timestamp" if "timestamp" in name else unit
    labels = {m.label for read, _ in uses for m in read.matchers}
    labels |= {
        label
        for read, expression in uses
        for g in expression.groupings
        if read in g.reads
        for label in g.labels
        if label not in g.made
    }
    named: dict[str, list[str]] = {
        label: [] for label in sorted(labels - {*_TARGET, "le", "quantile" if histogram else ""})
    }
    found["help"] = f"Read by what was imported as {', '.join(sorted({read.metric for read, _ in uses}))}."
    return {**found, **({"labels": named} if named else {})}
