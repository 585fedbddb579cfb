"""A container runs another image.

Nothing else in a diff can change as much as an image: it decides what runs. A reviewer should know where the digest
comes from: which build, which source, which scan.

Marked: another digest, another name, another registry, a tag where a digest was.
Not marked: a new workload with an image that it never had before.
"""

from collections.abc import Iterator

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import at, containers


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each container whose image differs."""
    before = containers(change.old)
    for name, (container, path) in containers(change.new).items():
        old, new = at(before[name][0], "image") if name in before else None, at(container, "image")
        if old is not None and old != new:
            looser = "; a tag can be moved, a digest can not" if "@" in str(old) and "@" not in str(new) else ""
            yield Mark("image-moved", f"{name} runs {_short(new)}, was {_short(old)}{looser}", f"{path}.image")


def _short(image: object) -> str:
    name, _, digest = str(image).partition("@sha256:")
    return f"{name}@{digest[:12]}" if digest else name


RISK = Risk("image-moved", run)
