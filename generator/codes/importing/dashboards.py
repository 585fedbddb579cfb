"""Panels that show nothing."""

PAGES = {
    "fixed-dashboard-id": """
A dashboard carries the number that one Grafana gave it.

In another one that number may belong to another dashboard.

Fix: remove it; `uid` names a dashboard.
""",
    "no-dashboard-uid": """
A dashboard has no `uid`.

Its address is another one after every import, and links to it break.

Fix: `uid` of the Dashboard; default is its name.
""",
    "removed-panel": """
A panel is of a type that current versions of Grafana do not have.

Fix: `timeseries`, `stat` or `table`; import translates what it knows.
""",
    "unknown-panel": """
A panel is of a type that there is not.

Fix: correct the type.
""",
    "panel-without-unit": """
A panel has no unit.

Nobody can tell whether 0.3 is seconds, a share or a core.

Fix: `unit` of the panel.
""",
    "threshold-unit": """
A panel has a threshold of 80 and a unit that is no per cent.

80 is what Grafana writes by itself; 80 bytes or 80 seconds mean nothing, and the panel is always red or never.

Fix: a threshold in the panel's unit; a panel of an alert has that of the alert.
""",
    "datasource-uid": """
A panel wants a data source by a fixed uid.

Where provisioning sets another or none, it finds nothing.

Fix: a variable; every Dashboard has one, with `monitoring.datasourceUid` of the Environment.
""",
    "no-schema-version": """
A dashboard does not say for which version of the form it was written.

Grafana takes it for one of its first, and changes it as it sees fit.

Fix: the number that Grafana writes; a Dashboard is rendered with one.
""",
    "percent-of-core": """
A panel shows CPU in per cent of one core.

Of a pod that may use half a core it shows 50 when nothing is left.

Fix: divide by the limit; a panel of an alert of the template `saturationOfLimit` does.
""",
}
