"""Data of a protected environment is in no backup, and nobody said that it may be lost.

Every collection of a StateStore names the Backup that covers it, and so do memories, and the runtime's own collections
with `runtimeBackup`. What may be lost says so with `backup: null`; leaving the field out is no answer.

Fix: name a Backup, or write `null`.

Bad: `collections: [{name: articles, retention: forever}]`

Good: `collections: [{name: articles, retention: forever, backup: nightly}, {name: cache, retention: 1d, backup:
null}]`
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.rules.strictness import environment_of, is_protected
from generator.rules.waivers import Waivers


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each collection without an answer, in a protected environment that is deployed."""
    environment = environment_of(catalogue)
    if environment is None or not environment.spec.deployed or not is_protected(catalogue):
        return
    waivers = Waivers(catalogue, "backup-coverage")
    for store in catalogue.all("StateStore"):
        found = list(_uncovered(catalogue, store))
        if found and not waivers.cover(store.kind, store.name):
            yield from found
    for memory in catalogue.all("Memory"):
        found = list(_memory(catalogue, memory))
        if found and not waivers.cover(memory.kind, memory.name):
            yield from found
    yield from waivers.unused()


def _uncovered(catalogue: Catalogue, store: Declared) -> Iterator[Problem]:
    hint = "name a Backup, or write null if the data may be lost"
    if "runtime_backup" not in store.spec.model_fields_set:
        message = "runs and checkpoints are in no backup: `runtimeBackup` is missing"
        yield store.problem(("spec",), "backup-coverage", message, hint, key=True)
    for index, collection in enumerate(store.spec.collections):
        loc = ("spec", "collections", index)
        if "backup" not in collection.model_fields_set:
            message = f'the collection "{collection.name}" is in no backup: `backup` is missing'
            yield store.problem((*loc, "name"), "backup-coverage", message, hint)
        elif (backup := _elsewhere(catalogue, collection.backup, store.name)) is not None:
            message = f'the backup "{backup.name}" covers the store "{backup.spec.covers.store}", not this one'
            yield store.problem((*loc, "backup"), "backup-coverage", message, "name a Backup of this store")


def _memory(catalogue: Catalogue, memory: Declared) -> Iterator[Problem]:
    if "backup" not in memory.spec.model_fields_set:
        message = f'the memory "{memory.name}" is in no backup: `backup` is missing'
        hint = "name a Backup, or write null if the data may be lost"
        yield memory.problem(("spec",), "backup-coverage", message, hint, key=True)
    elif (backup := _elsewhere(catalogue, memory.spec.backup, memory.spec.store)) is not None:
        message = f'the backup "{backup.name}" covers the store "{backup.spec.covers.store}", not {memory.spec.store}'
        yield memory.problem(("spec", "backup"), "backup-coverage", message, "name a Backup of its store")


def _elsewhere(catalogue: Catalogue, name: str | None, store: str) -> Declared | None:
    """Return the backup of that name where it covers another store; a store that is not there is told elsewhere."""
    backup = catalogue.find("Backup", name or "")
    if backup is None or backup.spec.covers.store == store:
        return None
    return backup if {backup.spec.covers.store, store} <= {*catalogue.names("StateStore")} else None


CHECK = Check("backup-coverage", run, each_environment=True)
