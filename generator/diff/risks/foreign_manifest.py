"""A manifest in `rendered/` that apm did not write is new or changed.

Argo CD applies it like all others, but no spec says it: no check has seen it, and no policy of this repository.

To be sure that it is meant: ask who put it there. To go on: write a spec that says the same, or move it to a folder
that another Application syncs; until then `apm render --check` and `apm ci` fail.

Marked: a Role in `rendered/production/policy/extra.yaml`, a file without the first line that apm writes.
Not marked: the same file where it goes; files that Argo CD does not read, such as `NOTES.txt`.
"""

from collections.abc import Iterator

from generator.diff.model import Change, Mark, Risk


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for what a file of others holds now."""
    if change.new is not None and change.new.foreign:
        yield Mark("foreign-manifest", f"{change.new.owner.file} is not from apm, and Argo CD would apply it")


RISK = Risk("foreign-manifest", run)
