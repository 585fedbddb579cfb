"""Dashboards as the JSON that Grafana 11 reads.

Everything that people forget by hand is set here: a unit for each panel, a refId for each query, the data source by
variable, thresholds where the alert has them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from generator.alert_templates._template import Condition, aggregate, number, prometheus
from generator.cluster.k8s import Object
from generator.kinds._alerting import Alert
from generator.kinds._band import LOWER, UPPER, VALUE
from generator.kinds._budget import BUDGET
from generator.kinds.dashboard import Dashboard, Panel, Variable
from generator.monitoring.levels import BUDGET_LEVELS, PLAIN, Level, levels_of
from generator.rules.promql import NAMESPACE, Family, Matcher, Read, labels_of, scoped, selector

SCHEMA_VERSION = 39
"""What Grafana 11.0 writes; later ones raise it themselves when they load the dashboard."""
_SOURCE: Object = {"type": "prometheus", "uid": "${datasource}"}
_UNITS = {"seconds": "s", "bytes": "bytes", "ratio": "percentunit", "percent": "percent", "tokens": "short",
          "timestamp": "dateTimeAsIso", "cores": "none", "info": "none", "state": "none", "": "short"}  # fmt: skip
_RATES = {"bytes": "Bps", "seconds": "none", "": "cps"}
"""Unit of a counter's rate; seconds for each second are cores."""
_ROW = 24


@dataclass(frozen=True)
class Line:
    """One query of a panel."""

    expr: str
    legend: str


def to_json(
    dashboard: Dashboard, alerts: Mapping[str, tuple[Alert, Mapping[str, str]]], namespace: str, uid: str
) -> str:
    """Return a dashboard as JSON.

    `alerts` holds alerts by name with their links, `uid` is that of the Prometheus data source that is chosen at first.
    """
    spec = dashboard.spec
    value: Object = {
        "uid": dashboard.uid,
        "title": spec.title,
        "description": dashboard.description,
        "tags": list(spec.tags),
        "editable": False,
        "graphTooltip": 1,
        "schemaVersion": SCHEMA_VERSION,
        "timezone": "browser",
        "refresh": prometheus(spec.refresh),
        "time": {"from": f"now-{prometheus(spec.range)}", "to": "now"},
        "timepicker": {},
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": [_datasource(uid), *(_variable(v, dashboard) for v in spec.variables)]},
        "panels": list(_panels(dashboard, alerts)),
    }
    return json.dumps(value, indent=2, ensure_ascii=False).replace(NAMESPACE, namespace) + "\n"


def _datasource(uid: str) -> Object:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "regex": "",
        "hide": 0,
        "multi": False,
        "includeAll": False,
        "current": {"text": uid, "value": uid},
    }


def _variable(variable: Variable, dashboard: Dashboard) -> Object:
    read = selector(variable.metric)
    family = dashboard.families[read.metric]
    suffix = "_count" if family.type == "histogram" else ""
    query = f"label_values({_confined(variable.metric, family).text(suffix)}, {variable.label})"
    return {
        "name": variable.name,
        "label": variable.title or variable.name,
        "type": "query",
        "datasource": _SOURCE,
        "definition": query,
        "query": {"query": query, "refId": f"variable-{variable.name}"},
        "refresh": 2,
        "sort": 1,
        "regex": "",
        "hide": 0,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _confined(text: str, family: Family) -> Read:
    return scoped(selector(text)) if "namespace" in family.labels else selector(text)


# --- panels ---------------------------------------------------------------------------------------------------------


def _panels(dashboard: Dashboard, alerts: Mapping[str, tuple[Alert, Mapping[str, str]]]) -> Iterator[Object]:
    y = number_ = 0
    for row in dashboard.spec.rows:
        number_ += 1
        yield {"id": number_, "type": "row", "title": row.title, "collapsed": False, "panels": [],
               "gridPos": {"x": 0, "y": y, "w": _ROW, "h": 1}}  # fmt: skip
        y += 1
        x = tallest = 0
        for panel in row.panels:
            if x + panel.width > _ROW:
                x, y, tallest = 0, y + tallest, 0
            number_ += 1
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            yield {"id": number_, "gridPos": place, **_panel(panel, dashboard, alerts)}
            x, tallest = x + panel.width, max(tallest, panel.height)
        y += tallest


def _panel(panel: Panel, dashboard: Dashboard, alerts: Mapping[str, tuple[Alert, Mapping[str, str]]]) -> Object:
    nothing: tuple[None, Mapping[str, str]] = (None, {})
    alert, links = alerts[panel.alert] if panel.alert else nothing
    lines = list(_alert_lines(alert, panel)) if alert else list(_lines(panel, dashboard))
    levels = levels_of(alert) if alert else BUDGET_LEVELS if panel.objective else PLAIN
    found: Object = {
        "type": panel.show,
        "title": panel.title,
        "description": panel.description or _help(panel, dashboard, alert),
        "datasource": _SOURCE,
        "targets": [_target(line, _ref(index), panel.show) for index, line in enumerate(lines)],
        "fieldConfig": {"defaults": _defaults(panel, _unit(panel, dashboard, alert), levels), "overrides": []},
        "options": _options(panel),
    }
    if url := links.get("runbook_url"):
        found["links"] = [{"title": "Runbook", "url": url, "targetBlank": True}]
    return found


def _ref(index: int) -> str:
    return f"{ascii_uppercase[index % 26]}{index // 26 or ''}"


def _target(line: Line, ref: str, show: str) -> Object:
    return {"refId": ref, "datasource": _SOURCE, "editorMode": "code", "expr": line.expr, "legendFormat": line.legend,
            "range": show == "timeseries", "instant": show != "timeseries",
            "format": "table" if show == "table" else "time_series"}  # fmt: skip


def _lines(panel: Panel, dashboard: Dashboard) -> Iterator[Line]:
    if panel.objective:
        read = Read(BUDGET, (Matcher("objective", "=", panel.objective), Matcher("namespace", "=", NAMESPACE)))
        yield Line(read.text(), "__auto")
        return
    if panel.detector:
        named = (Matcher("detector", "=", panel.detector), Matcher("namespace", "=", NAMESPACE))
        yield from (Line(Read(name, named).text(), name.partition(":")[2]) for name in (VALUE, UPPER, LOWER))
        return
    if panel.metric is None:
        yield from (Line(q.promql, q.legend or "__auto") for q in panel.queries)
        return
    family = dashboard.families[selector(panel.metric).metric]
    read, follows = _confined(panel.metric, family), _follows(dashboard.spec.variables, family)
    legend = " ".join(f"{{{{{label}}}}}" for label in panel.by)
    if family.type == "histogram":
        rate = aggregate("sum", ("le", *panel.by), f"rate({read.text('_bucket', follows)}[$__rate_interval])")
        for quantile in panel.quantiles:
            share = number(quantile)
            yield Line(f"histogram_quantile({share}, {rate})", f"p{number(quantile * 100)} {legend}".strip())
        return
    inner = read.text("", follows)
    if family.type == "counter":
        inner = f"rate({inner}[$__rate_interval])"
    if family.unit == "timestamp":
        inner = f"{inner} * 1000"  # Grafana counts milliseconds
    yield Line(aggregate(panel.aggregate, panel.by, inner), legend or panel.title)


def _follows(variables: Iterable[Variable], family: Family) -> list[Matcher]:
    """A panel of a metric obeys every variable whose label the metric has."""
    return [Matcher(v.label, "=~", f"${v.name}") for v in variables if v.label in family.labels]


def _alert_lines(alert: Alert, panel: Panel) -> Iterator[Line]:
    """Return what an alert watches.

    Where the value itself is coloured the guard counts too, as in the alert: a share of few events has no colour
    because it is not shown. A curve is drawn whole, so that it can be followed.
    """
    for condition in alert.tiers[0].conditions:
        guarded = condition.guard and panel.show != "timeseries"
        expr = f"{condition.value} and {condition.guard}" if guarded else condition.value
        yield Line(expr, _legend(condition, panel.title))


def _legend(condition: Condition, title: str) -> str:
    """Name lines by the labels that the expression gives, since these tell them apart, else by the rule's own."""
    given = labels_of(condition.value)
    if given:
        return " ".join(f"{{{{{label}}}}}" for label in sorted(given))
    return " ".join(condition.labels.values()) or ("__auto" if given is None else title)


def _unit(panel: Panel, dashboard: Dashboard, alert: Alert | None) -> str:
    if panel.unit is not None:
        return _UNITS[panel.unit]
    if alert:
        return _UNITS[alert.tiers[0].conditions[0].unit]
    if panel.objective:
        return _UNITS["ratio"]
    family = dashboard.families[selector(panel.metric or "").metric]
    return _RATES.get(family.unit, "short") if family.type == "counter" else _UNITS[family.unit]


def _help(panel: Panel, dashboard: Dashboard, alert: Alert | None) -> str:
    if alert:
        return f"What the alert {alert.name} watches, with its thresholds."
    if panel.objective:
        return f"Share of the error budget of the objective {panel.objective} that is left; below 0 it is missed."
    if panel.detector:
        return f"What the detector {panel.detector} watches, and the band of what is usual."
    return dashboard.families[selector(panel.metric).metric].help if panel.metric else ""


def _defaults(panel: Panel, unit: str, levels: Sequence[Level]) -> Object:
    steps = [{"color": level.color, "value": level.value} for level in levels]
    found: Object = {"unit": unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.show == "timeseries":
        style = "line" if len(levels) > 1 else "off"
        found["color"] = {"mode": "palette-classic"}
        found["custom"] = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never",
                           "spanNulls": False, "thresholdsStyle": {"mode": style}}  # fmt: skip
    else:
        found["color"] = {"mode": "thresholds"}
    return found


def _options(panel: Panel) -> Object:
    reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match panel.show:
        case "timeseries":
            return {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
                    "tooltip": {"mode": "multi", "sort": "desc"}}  # fmt: skip
        case "stat":
            return {"reduceOptions": reduce, "colorMode": "value", "graphMode": "area", "justifyMode": "auto",
                    "orientation": "auto", "textMode": "auto", "wideLayout": True}  # fmt: skip
        case "gauge":
            return {"reduceOptions": reduce, "showThresholdLabels": False, "showThresholdMarkers": True,
                    "orientation": "auto"}  # fmt: skip
        case "table":
            return {"showHeader": True, "cellHeight": "sm"}
