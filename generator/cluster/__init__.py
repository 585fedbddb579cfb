"""Kubernetes objects, endpoints and secrets as data: what artifacts of the platform share."""
