"""Policies, waivers, strict environments, credentials, schedules: what checks and verification share."""
