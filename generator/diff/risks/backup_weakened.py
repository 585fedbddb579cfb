"""Less can be restored, or what can is kept for a shorter time.

Marked: a backup that is gone or suspended, runs less often, copies fewer collections (`--oplog` gone), goes
elsewhere, is no longer encrypted where it lies, or has less time; documents of a state store, and what agents
remember, that are kept for a shorter time or count it from another date.
Not marked: a backup that runs more often, or at another hour.
How long archives are kept (`retention` of a Backup) is promised in HANDOVER.md and enforced by the bucket: no object
shows it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from generator.diff.model import Change, Mark, Object, Risk
from generator.diff.risks._cron import runs_a_week
from generator.diff.risks._read import STORE, WORKFLOW, at, containers, documents, items, mapping, of, seconds
from runtime.contract.stores import CollectionDocument

_NAME = "backup-weakened"
_FROM = CollectionDocument.model_fields["retention_field"].default
_ENCRYPTION = "RCLONE_CONFIG_BUCKET_SERVER_SIDE_ENCRYPTION"
_FOREVER = float("inf")


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each way in which data is protected less."""
    if _is_backup(change.old):
        yield from _backup(change)
    yield from _retention(change)
    yield from _memories(change)


def _is_backup(item: Object | None) -> bool:
    return at(of(item, "CronJob"), "metadata", "labels", "app.kubernetes.io/component") == "backup"


def _backup(change: Change) -> Iterator[Mark]:
    old, new, name = change.old, change.new, change.object.name
    if new is None or old is None:
        yield Mark(_NAME, f"backup {name} is gone")
        return
    if at(new.value, "spec", "suspend") and not at(old.value, "spec", "suspend"):
        yield Mark(_NAME, f"backup {name} is suspended", "spec.suspend")
    before, after = str(at(old.value, "spec", "schedule")), str(at(new.value, "spec", "schedule"))
    if runs_a_week(after) < runs_a_week(before):
        yield Mark(_NAME, f'backup {name} runs at "{after}", ran at "{before}": less often', "spec.schedule")
    limit = ("spec", "jobTemplate", "spec", "activeDeadlineSeconds")
    if (at(new.value, *limit) or _FOREVER) < (at(old.value, *limit) or _FOREVER):
        yield Mark(
            _NAME,
            f"backup {name} is stopped after {at(new.value, *limit)} s, was {at(old.value, *limit)} s",
            ".".join(limit),
        )
    yield from _steps(name, containers(old), containers(new))


def _steps(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Mark]:
    for step, (before, path) in old.items():
        if step not in new:
            yield Mark(_NAME, f"backup {name} has no step {step} any more")
            continue
        now = new[step][0]
        if "--oplog" in items(before, "args") and "--oplog" not in items(now, "args"):
            yield Mark(_NAME, f"backup {name} no longer shows one moment of the whole server (--oplog)", f"{path}.args")
        if _target(before) != _target(now):
            yield Mark(_NAME, f"backup {name} goes to {_target(now)}, went to {_target(before)}", f"{path}.args")
        if _ENCRYPTION in _variables(before) and _ENCRYPTION not in _variables(now):
            yield Mark(_NAME, f"backup {name} is stored readable", f"{path}.env")


def _target(container: Mapping[str, Any]) -> str:
    arguments = [str(one) for one in items(container, "args") if str(one).startswith("bucket:")]
    return arguments[-1].removeprefix("bucket:").rpartition("/")[0] if arguments else "its volume"


def _variables(container: Mapping[str, Any]) -> set[str]:
    return {str(at(one, "name")) for one in items(container, "env")}


def _retention(change: Change) -> Iterator[Mark]:
    old, new, base = documents(change, STORE)
    if not old or not new:
        return
    yield from _kept("runs", old.get("runtimeRetention"), new.get("runtimeRetention"), f"{base}.runtimeRetention")
    before = {at(one, "name"): mapping(one) for one in items(old, "collections")}
    for one in items(new, "collections"):
        name = at(one, "name")
        if name in before:
            path = f"{base}.collections[{name}].retention"
            yield from _kept(f"documents of {name}", before[name].get("retention"), at(one, "retention"), path)
            was, now = (at(side, "retentionField") or _FROM for side in (before[name], one))
            if was != now:
                yield Mark(_NAME, f"documents of {name} are kept from {now}, were from {was}", path)


def _memories(change: Change) -> Iterator[Mark]:
    old, new, base = documents(change, WORKFLOW)
    for name, memory in mapping(new, "memories").items():
        for section, one in mapping(memory, "sections").items():
            before = mapping(old, "memories", name, "sections").get(section)
            path = f"{base}.memories.{name}.sections.{section}.retention"
            if before is not None:
                yield from _kept(f"entries of {name}/{section}", at(before, "retention"), at(one, "retention"), path)


def _kept(what: str, old: Any, new: Any, path: str) -> Iterator[Mark]:
    if (seconds(new) or _FOREVER) < (seconds(old) or _FOREVER):
        yield Mark(_NAME, f"{what} are kept {new}, were kept {old or 'for ever'}", path)


RISK = Risk(_NAME, run)
