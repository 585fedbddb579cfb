"""Manifests that others wrote -> specs, with a proof of what stayed the same, and what is wrong with them."""
