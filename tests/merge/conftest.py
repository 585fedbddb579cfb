"""The repositories of tests/diff, here too."""

from tests.diff.conftest import copy, first, repository

__all__ = ["copy", "first", "repository"]
