"""An object is deleted.

Argo CD prunes what is no longer rendered: the object goes from the cluster at the next sync. An object with the sync
option `Prune=false` stays there and belongs to nobody from then on.

To be sure that it is meant: look up who else uses the object, and whether it holds state. To go on, merge; where more
than a few objects go, `apm render` also asks for `--allow-delete N`. A rename is a deletion too: the message says so
where the same object is added under another name, and which of both Argo CD does first is not said.

Marked: a Deployment of the old side is not on the new one.
Not marked: a ConfigMap named by its content has a new name, and the old one goes.
"""

from collections.abc import Iterator

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import at

_PRECIOUS = ("Namespace", "PersistentVolumeClaim", "CustomResourceDefinition")


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for an object that goes."""
    if change.old is None or change.new is not None or change.old.kind == "File":
        return
    item = change.old
    kept = "Prune=false" in str(at(item.value, "metadata", "annotations", "argocd.argoproj.io/sync-options"))
    message = f"{item.kind} {item.name} is deleted"
    if change.renamed:
        message = f"{item.kind} {item.name} is renamed to {change.renamed}: it is deleted, and the same is added"
    if kept:
        message += "; Argo CD leaves it in the cluster (Prune=false)"
    elif item.kind in _PRECIOUS:
        message += ", with everything that it holds"
    yield Mark("delete", message)


RISK = Risk("delete", run)
