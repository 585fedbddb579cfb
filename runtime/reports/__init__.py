"""Scheduled reports: ask Prometheus, write what it says, send it."""
