"""Indexes of every collection: what the queries of the repositories need, and nothing else.

Created by the runtime's own start and by `python -m runtime indexes`, which the rendered job runs before a rollout.
Creating an index again changes nothing; none is ever dropped here.
"""

from collections.abc import Mapping

from runtime.services.store.collection import Collection

Keys = tuple[tuple[str, int], ...]

INDEXES: Mapping[str, tuple[Keys, ...]] = {
    "runs": (
        (("queue", 1), ("state", 1), ("priority", -1), ("due", 1), ("created", 1)),
        (("state", 1), ("lease", 1)),
        (("state", 1), ("wake", 1)),
        (("state", 1), ("hears", 1)),
        (("workflow", 1), ("state", 1), ("created", -1)),
        (("created", -1),),
        (("state", 1), ("created", -1)),
        (("workflow", 1), ("created", -1)),
        (("buried", 1), ("ended", 1)),
        (("tenant", 1), ("created", -1)),
        (("tenant", 1), ("state", 1), ("created", -1)),
        (("tenant", 1), ("workflow", 1), ("created", -1)),
        (("tenant", 1), ("workflow", 1), ("state", 1), ("created", -1)),
        (("thread", 1), ("number", 1)),
    ),
    "threads": (
        (("tenant", 1), ("created", -1)),
        (("tenant", 1), ("updated", -1)),
        (("tenant", 1), ("status", 1), ("created", -1)),
        (("tenant", 1), ("workflow", 1), ("created", -1)),
        (("updated", 1),),
    ),
    "assistants": ((("tenant", 1), ("created", -1)),),
    "schedules": ((("tenant", 1), ("created", -1)), (("next", 1),)),
    "items": ((("tenant", 1), ("namespace", 1), ("created", 1)), (("expires", 1),)),
    "run_events": ((("run", 1), ("seq", 1)),),
    "checkpoints": ((("thread", 1), ("ns", 1), ("epoch", -1), ("checkpoint", -1)), (("run", 1),)),
    "checkpoint_writes": ((("thread", 1), ("ns", 1), ("checkpoint", 1)),),
    "checkpoint_blobs": ((("thread", 1), ("blob", 1), ("part", 1)),),
    "effects": ((("run", 1),),),
    "compensations": ((("run", 1), ("order", -1)),),
    "outputs": ((("until", 1),),),
    "events": ((("channel", 1), ("at", 1)), (("state", 1), ("at", 1))),
    "dead_letters": ((("tenant", 1), ("at", 1)), (("tenant", 1), ("name", 1), ("at", 1)), (("name", 1), ("at", 1))),
    "budgets": ((("name", 1),), (("pot", 1), ("until", 1))),
    "artefacts": ((("collection", 1), ("at", -1)),),
    "memories": ((("tenant", 1), ("memory", 1), ("section", 1), ("at", -1)), (("expires", 1),)),
    "workers": ((("seen", 1),),),
}
"""Collection to its indexes; `specs`, `leases`, `targets` and `crons` are read by `_id` only."""


async def create(collections: Mapping[str, Collection]) -> None:
    """Create every index."""
    for name, indexes in INDEXES.items():
        for keys in indexes:
            await collections[name].index(keys)
