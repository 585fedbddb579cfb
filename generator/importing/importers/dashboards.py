"""Dashboards of Grafana -> Dashboard: rows, panels, queries and variables."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.importing.drafts import Draft, Drafts, Importer, Objects, Twin, named
from generator.importing.importers._queries import confined
from generator.importing.manifests import DASHBOARD, Manifest, dig, items, mapping, text
from generator.rules.promql import PromQLError, names, parse

_SHOWN = {
    "timeseries": "timeseries",
    "graph": "timeseries",
    "stat": "stat",
    "singlestat": "stat",
    "gauge": "gauge",
    "bargauge": "gauge",
    "table": "table",
    "table-old": "table",
}
_UNITS = {
    "s": "seconds",
    "dtdurations": "seconds",
    "bytes": "bytes",
    "decbytes": "bytes",
    "percentunit": "ratio",
    "percent": "percent",
    "dateTimeAsIso": "timestamp",
    "short": "",
    "none": "",
    "cps": "",
    "ops": "",
    "reqps": "",
    "rps": "",
    "wps": "",
    "Bps": "bytes",
}
_BUILT_IN = ("__rate_interval", "__interval", "__range", "__from", "__to")
_LABEL_VALUES = re.compile(r"label_values\(\s*(?:(?P<metric>[^,]+?)\s*,)?\s*(?P<label>[A-Za-z_]\w*)\s*\)")
_REASONS = {
    "annotations": "panels link to runbooks; marks in time have no field",
    "editable": "a dashboard is changed by its spec",
    "id": "Grafana gives numbers itself",
    "schemaVersion": "written for Grafana 11",
    "version": "Git keeps versions",
    "style": "people choose it",
    "timepicker": "people choose it",
    "graphTooltip": "set for all dashboards",
    "templating": "the data source is a variable of every dashboard; variables list the labels of a metric",
}


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Lift one dashboard."""
    title = text(manifest.get("title")) or manifest.name or "Dashboard"
    rows = list(_rows(manifest))
    known = list(_variables(manifest))
    lifted = [
        (heading, [p for panel in panels for p in _panel(panel, [v["name"] for v in known])])
        for heading, panels in rows
    ]
    lifted = [(heading, panels) for heading, panels in lifted if panels]
    if not lifted:
        drafts.leave(manifest, "none of its panels shows PromQL")
        return
    draft = drafts.spec("Dashboard", _unique(named(text(manifest.get("uid")) or title), drafts), manifest)
    draft.put(("title",), title, manifest, ("title",))
    if re.fullmatch("[A-Za-z0-9_-]{1,40}", text(manifest.get("uid"))):
        draft.put(("uid",), text(manifest.get("uid")), manifest, ("uid",))
    _times(manifest, draft)
    if tags := [text(tag) for tag in items(manifest.get("tags")) if text(tag)]:
        draft.put(("tags",), tags)
    used = {name for _, panels in lifted for p in panels for q in p["queries"] for name in names(q["promql"])}
    if variables := [v for v in known if v["name"] in used]:
        draft.put(("variables",), variables)
    draft.put(("rows",), [{"title": heading or title, "panels": panels} for heading, panels in lifted])
    drafts.twins.append(
        Twin(manifest, draft.title, _form(manifest.value), lambda objects: _new(objects, draft), _REASONS)
    )


def _unique(wanted: str, drafts: Drafts) -> str:
    taken = {draft.name for draft in drafts.all("Dashboard")}
    return next(n for n in (wanted, *(f"{wanted}-{i}" for i in range(2, 10_000))) if n not in taken)


def _times(manifest: Manifest, draft: Draft) -> None:
    refresh = text(manifest.get("refresh"))
    if re.fullmatch("[1-9][0-9]*[smhd]", refresh):
        draft.put(("refresh",), refresh, manifest, ("refresh",))
    since = re.fullmatch("now-([1-9][0-9]*[smhd])", text(manifest.get("time", "from")))
    if since:
        draft.put(("range",), since[1], manifest, ("time", "from"))


def _rows(manifest: Manifest) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield headings with their panels, whichever way the dashboard's version writes rows."""
    heading, panels = "", list[dict[str, Any]]()
    for row in items(manifest.get("rows")):
        yield text(mapping(row).get("title")), [mapping(p) for p in items(mapping(row).get("panels"))]
    for item in map(mapping, items(manifest.get("panels"))):
        if item.get("type") != "row":
            panels.append(item)
            continue
        yield heading, panels
        heading, panels = text(item.get("title")), [mapping(p) for p in items(item.get("panels"))]
    yield heading, panels


def _panel(panel: Mapping[str, Any], known: list[str]) -> Iterator[dict[str, Any]]:
    queries = [q for target in items(panel.get("targets")) if (q := _query(mapping(target), known))]
    if not queries:
        return
    unit = text(
        dig(panel, "fieldConfig", "defaults", "unit") or dig(panel, "yaxes", 0, "format") or panel.get("format")
    )
    width, height = dig(panel, "gridPos", "w"), dig(panel, "gridPos", "h")
    found: dict[str, Any] = {
        "title": text(panel.get("title")) or "Panel",
        "queries": queries,
        "unit": _UNITS.get(unit, ""),
    }
    if description := text(panel.get("description")):
        found["description"] = description
    shown = _SHOWN.get(text(panel.get("type")))
    if shown and shown != "timeseries":
        found["show"] = shown
    for key, size in (("width", width), ("height", height)):
        if isinstance(size, int) and not isinstance(size, bool) and size != 8:
            found[key] = min(24, max(3, size))
    yield found


def _query(target: Mapping[str, Any], known: list[str]) -> dict[str, Any] | None:
    expr = " ".join(text(target.get("expr")).split())
    expr = re.sub(r"\$\{(\w+)(?::\w+)?\}", r"$\1", expr)
    if not expr or any(n not in known and n not in _BUILT_IN for n in names(expr)):
        return None
    try:
        parse(expr)
    except PromQLError:
        return None
    legend = text(target.get("legendFormat"))
    expr = confined(expr)
    return {"promql": expr, **({"legend": legend} if legend and legend != "__auto" else {})}


def _variables(manifest: Manifest) -> Iterator[dict[str, Any]]:
    for variable in map(mapping, items(manifest.get("templating", "list"))):
        query = variable.get("query")
        found = _LABEL_VALUES.fullmatch(text(dig(query, "query") if isinstance(query, dict) else query).strip())
        name = text(variable.get("name"))
        if found and found["metric"] and re.fullmatch("[a-z][a-z0-9_]*", name) and "$" not in found["metric"]:
            try:
                parse(found["metric"])
            except PromQLError:
                continue
            label = text(variable.get("label"))
            yield {
                "name": name,
                **({"title": label} if label else {}),
                "metric": found["metric"],
                "label": found["label"],
            }


# --- the proof --------------------------------------------------------------------------------------------------------


def _form(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dashboard with what people see of it: panels by title, queries in order."""
    panels: dict[str, Any] = {}
    every = [p for row in items(value.get("rows")) for p in items(mapping(row).get("panels"))]
    every += items(value.get("panels"))
    every += [p for row in items(value.get("panels")) for p in items(mapping(row).get("panels"))]
    for panel in map(mapping, every):
        if panel.get("type") == "row":
            continue
        title = text(panel.get("title")) or "Panel"
        unique = next(t for t in (title, *(f"{title} ({i})" for i in range(2, 10_000))) if t not in panels)
        panels[unique] = _seen(panel)
    kept = {k: v for k, v in value.items() if k not in ("panels", "rows", "uid", "description")}
    return {**kept, "uid": value.get("uid"), "panels": panels}


def _seen(panel: Mapping[str, Any]) -> dict[str, Any]:
    queries = [
        {
            "expr": re.sub(r"\$\{(\w+)(?::\w+)?\}", r"$\1", " ".join(text(t.get("expr")).split())),
            "legendFormat": text(t.get("legendFormat")).replace("__auto", ""),
        }
        for t in map(mapping, items(panel.get("targets")))
    ]
    unit = dig(panel, "fieldConfig", "defaults", "unit") or dig(panel, "yaxes", 0, "format") or panel.get("format")
    size = {k: v for k, v in mapping(panel.get("gridPos")).items() if k in ("w", "h")}
    steps = items(dig(panel, "fieldConfig", "defaults", "thresholds", "steps"))
    return {
        "type": _SHOWN.get(text(panel.get("type")), panel.get("type")),
        "unit": unit,
        "size": size,
        "queries": {str(i + 1): q for i, q in enumerate(queries)},
        "thresholds": steps[1:],
    }


def _new(objects: Objects, draft: Draft) -> dict[str, Any] | None:
    import json

    data = mapping(mapping(objects.get(("ConfigMap", f"dashboard-{draft.name}"))).get("data"))
    for content in data.values():
        return _form(json.loads(text(content)))
    return None


IMPORTER = Importer("dashboards", (DASHBOARD,), lift, order=61)
