"""Data goes to another place, or an answer comes from another one.

The network may be as closed as before, and the workflow look the same: who is on the other end has changed, or which
credential is shown to it.

Marked: another provider, endpoint or name of a model, another model of an agent or a step; another address, method,
server or function of a tool or a request; a tool, model or step with another secret; a variable of a pod that comes
from another secret, holds another address, or comes from another place of the secret store; another repository or
revision that Argo CD deploys.
Not marked: a new model, tool or step; other arguments.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from generator.diff.model import Change, Mark, Risk
from generator.diff.risks._read import WORKFLOW, Value, at, containers, documents, items, mapping, of, steps

_NAME = "destination-moved"
_PARTS = {
    "models": ("provider", "model", "endpoint", "secretEnv", "replies"),
    "tools": ("mcp", "command", "http", "function", "secretEnv"),
    "agents": ("model",),
    "memories": ("model",),
}
_STEP: tuple[tuple[str, ...], ...] = (
    *(("http", "url"), ("http", "method"), ("llm", "model"), ("emit", "channel")),
    *(("agent",), ("tool",), ("function",), ("workflow",)),
)
_DEFAULTS: Mapping[tuple[str, ...], str] = {("http", "method"): "GET"}


def run(change: Change) -> Iterator[Mark]:
    """Yield a mark for each other end that is another one."""
    old, new, base = documents(change, WORKFLOW)
    if old and new:
        yield from _workflow(old, new, base)
    yield from _variables(change)
    yield from _addresses(change)
    yield from _secrets(change)
    yield from _sources(change)


def _workflow(old: Value, new: Value, base: str) -> Iterator[Mark]:
    for kind, keys in _PARTS.items():
        for name, before in mapping(old, kind).items():
            now = mapping(new, kind, name)
            for key in keys if now else ():
                who = f"{kind.removesuffix('s').replace('memorie', 'memory')} {name}"
                yield from _moved(who, key, before.get(key), now.get(key), f"{base}.{kind}.{name}")
    after = dict(steps(new))
    for name, before in steps(old):
        for path in [path for path in _STEP if path[0] in before and path[0] in after.get(name, {})]:
            was, now = (at(side, *path) or _DEFAULTS.get(path) for side in (before, after[name]))
            yield from _moved(f"step {name}", ".".join(path), was, now, f"{base}.steps[{name}]")


def _moved(who: str, key: str, old: Any, new: Any, path: str) -> Iterator[Mark]:
    if old != new:
        yield Mark(_NAME, f"{who}: {key} is {_text(new)}, was {_text(old)}", f"{path}.{key}")


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "nothing" if value is None else str(value)


def _variables(change: Change) -> Iterator[Mark]:
    before = {name: _references(one) for name, (one, _) in containers(change.old).items()}
    for name, (container, path) in containers(change.new).items():
        for variable, source in _references(container).items():
            old = before.get(name, {}).get(variable)
            if old and old != source:
                yield Mark(_NAME, f"{name} takes {variable} from the secret {source}, was {old}", f"{path}.env")


def _references(container: Value) -> dict[str, str]:
    found = {str(at(one, "name")): mapping(one, "valueFrom", "secretKeyRef") for one in items(container, "env")}
    return {name: f"{ref.get('name')}/{ref.get('key')}" for name, ref in found.items() if ref}


def _addresses(change: Change) -> Iterator[Mark]:
    before = {name: _urls(one) for name, (one, _) in containers(change.old).items()}
    for name, (container, path) in containers(change.new).items():
        for variable, url in _urls(container).items() if name in before else ():
            if url != before[name].get(variable):
                yield Mark(_NAME, f"{name} has {variable} {url}, was {before[name].get(variable)}", f"{path}.env")


def _urls(container: Value) -> dict[str, str]:
    """Return the addresses that a container is given; of whom it lets in is told as a right."""
    found = {str(at(one, "name")): str(at(one, "value")) for one in items(container, "env")}
    return {k: v for k, v in found.items() if v.startswith(("http://", "https://")) and not k.startswith("APM_JWT_")}


def _secrets(change: Change) -> Iterator[Mark]:
    old, new = of(change.old, "ExternalSecret"), of(change.new, "ExternalSecret")
    if old and new:
        before, after = (at(side, "spec", "secretStoreRef", "name") for side in (old, new))
        yield from _moved(f"secret {change.object.name}", "secretStoreRef.name", before, after, "spec")
        places = ({at(one, "remoteRef", "key") for one in items(side, "spec", "data")} for side in (old, new))
        was, now = (", ".join(sorted(map(str, place))) for place in places)
        yield from _moved(f"secret {change.object.name}", "data.remoteRef.key", was, now, "spec")


def _sources(change: Change) -> Iterator[Mark]:
    old, new = (mapping(of(side, "Application"), "spec", "source") for side in (change.old, change.new))
    for key in ("repoURL", "targetRevision", "path") if old and new else ():
        yield from _moved(f"Application {change.object.name}", key, old.get(key), new.get(key), "spec.source")


RISK = Risk(_NAME, run)
