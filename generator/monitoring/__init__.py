"""Metrics, PromQL, Grafana and Alertmanager as data: what checks and artifacts of monitoring share."""
