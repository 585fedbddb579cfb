"""Spec kinds: one module each, which declares `KIND = Kind(...)`."""
