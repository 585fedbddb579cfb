"""Panels that stay empty, or are always red."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from generator.importing.defects import Defects
from generator.importing.manifests import DASHBOARD, Found, Manifest, dig, items, mapping, text
from generator.model import Loc
from generator.problems import Problem

_REMOVED = ("graph", "singlestat", "table-old", "grafana-piechart-panel", "worldmap")
_KNOWN = {
    "timeseries",
    "stat",
    "gauge",
    "bargauge",
    "table",
    "row",
    "text",
    "heatmap",
    "piechart",
    "barchart",
    "histogram",
    "logs",
    "news",
    "nodeGraph",
    "state-timeline",
    "status-history",
    "candlestick",
    "canvas",
    "dashlist",
    "alertlist",
    "annolist",
    "geomap",
    "trend",
    "traces",
    "xychart",
    "flamegraph",
    "datagrid",
    "welcome",
}
_NO_PERCENT = {"bytes", "decbytes", "s", "ms", "ops", "reqps", "Bps", "", "none", "short"}


def run(found: Found) -> Iterable[Problem]:
    """Report what is wrong with dashboards."""
    for manifest in found.of(DASHBOARD):
        if isinstance(manifest.get("id"), int):
            message = f"`id: {manifest.get('id')}` is a number of one Grafana: in another it may be another dashboard's"
            yield manifest.problem(("id",), "fixed-dashboard-id", message, "remove it; `uid` names a dashboard")
        if not manifest.get("uid"):
            yield manifest.problem((), "no-dashboard-uid", "no `uid`: its address is another one after every import")
        if not manifest.get("schemaVersion"):
            message = "no `schemaVersion`: Grafana takes it for one of its first, and changes it as it sees fit"
            yield manifest.problem((), "no-schema-version", message, "the version of the Grafana that wrote it")
        for loc, panel in _panels(manifest):
            yield from _panel(manifest, loc, panel)


def _panels(manifest: Manifest) -> Iterator[tuple[Loc, dict[str, Any]]]:
    for index, panel in enumerate(items(manifest.get("panels"))):
        yield ("panels", index), mapping(panel)
        for inner, item in enumerate(items(mapping(panel).get("panels"))):
            yield ("panels", index, "panels", inner), mapping(item)
    for r, row in enumerate(items(manifest.get("rows"))):
        for p, panel in enumerate(items(mapping(row).get("panels"))):
            yield ("rows", r, "panels", p), mapping(panel)


def _panel(manifest: Manifest, loc: Loc, panel: dict[str, Any]) -> Iterator[Problem]:
    title, kind = text(panel.get("title")), text(panel.get("type"))
    if kind in _REMOVED:
        yield manifest.problem(
            (*loc, "type"), "removed-panel", f'"{title}": Grafana 12 has no panel `{kind}`', "timeseries"
        )
    elif kind and kind not in _KNOWN and not kind.endswith(("-panel", "-app")):
        yield manifest.problem((*loc, "type"), "unknown-panel", f'"{title}": there is no panel of type `{kind}`')
    if not panel.get("targets"):
        return
    unit = text(dig(panel, "fieldConfig", "defaults", "unit") or dig(panel, "yaxes", 0, "format"))
    if not unit and kind != "table":
        yield manifest.problem(loc, "panel-without-unit", f'"{title}" has no unit')
    if unit == "percent" and any(_of_core(text(dig(target, "expr"))) for target in items(panel["targets"])):
        message = f'"{title}": 100 % is one core, whatever the pod may use: half a core at its limit shows 50'
        yield manifest.problem((*loc, "targets"), "percent-of-core", message, "divide by the limit")
    steps = [mapping(s).get("value") for s in items(dig(panel, "fieldConfig", "defaults", "thresholds", "steps"))]
    if 80 in steps and unit in _NO_PERCENT:
        message = f'"{title}": 80 is Grafana\'s default, meant for per cent; here it is 80 {unit or "of nothing"}'
        yield manifest.problem(loc, "threshold-unit", message, "a threshold in the panel's unit")
    uids = [
        text(dig(target, "datasource", "uid") or dig(panel, "datasource", "uid")) for target in items(panel["targets"])
    ]
    fixed = next(
        (uid for uid in uids if uid and not uid.startswith("$") and uid not in ("-- Grafana --", "grafana")), ""
    )
    if fixed:
        message = (
            f'"{title}" wants the data source with the uid `{fixed}`: where provisioning sets none, it finds nothing'
        )
        yield manifest.problem(loc, "datasource-uid", message, "a variable of type datasource")


def _of_core(expr: str) -> bool:
    return bool(re.search(r"cpu_(usage_)?seconds_total", expr)) and "* 100" in expr and " / " not in expr


DEFECTS = Defects("dashboards", run)
