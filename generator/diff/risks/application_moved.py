"""An object moves from one Application of Argo CD to another.

The Application that has it now prunes it as soon as the commit is synced, and the other one makes it anew: pods end,
and until then nothing serves. That is so unless nothing is pruned while the object moves.

To be sure that it is meant: see whether `argocd.shards` of the Environment was changed. To go on without a loss, merge
three changes, each when the one before is synced: `argocd.prune: false`; the number of shards; `argocd.prune: true`.

Marked: a Deployment stood in `rendered/production/runtime/` and stands in `rendered/production/runtime-1/`.
Not marked: an object that is new there; a ConfigMap with a new name, which no Application had before.
"""

from collections.abc import Iterator

from generator.diff.model import FOLDER, Change, Mark, Risk


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for an object that stands in another folder."""
    for field in change.fields:
        if field.path == FOLDER:
            item = change.object
            message = f"{item.kind} {item.name} moves from {field.old} to {field.new}: deleted and made anew, if pruned"
            yield Mark("application-moved", message)


RISK = Risk("application-moved", run)
