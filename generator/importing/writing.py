"""Specs in the making -> files, in their one form and with the comments that came along."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from generator.emit import scalar
from generator.formatting import formatted
from generator.importing.drafts import Draft, Drafts
from generator.importing.manifests import items, mapping
from generator.model import Loc
from generator.pipeline import KINDS
from generator.rules import secrecy

_FOLDERS = {
    "Alerts": "monitoring",
    "Dashboard": "monitoring",
    "Metrics": "monitoring",
    "Notifications": "monitoring",
    "Environment": "environments",
    "Workflow": "workflows",
}

_AMOUNT = re.compile("[0-9]+(ms|s|m|h|d|Ki|Mi|Gi|Ti)")
"""Durations and quantities, which no reader takes for a number."""


def files(drafts: Drafts) -> dict[str, str]:
    """Return texts by path below the repository root."""
    found = {path_of(draft): _text(draft) for draft in drafts.drafts.values()}
    texts = {f"specs/monitoring/{name}": content for name, content in drafts.files.items()}
    return dict(sorted({**found, **texts}.items()))


def path_of(draft: Draft) -> str:
    """Return where a spec is written."""
    folder = _FOLDERS.get(draft.kind)
    kind = re.sub("(?<=[a-z])(?=[A-Z])", "-", draft.kind).lower()
    name = f"{kind}-{draft.name}" if folder != "environments" else draft.name
    return f"specs/{folder}/{name}.yaml" if folder else f"specs/{name}.yaml"


def _text(draft: Draft) -> str:
    from ruamel.yaml import YAML

    source = ", ".join(dict.fromkeys(str(place) for place in draft.places))
    description = draft.description or (f"Imported from {source[:400]}." if source else "")
    metadata = {"name": draft.name, **({"description": description} if description else {})}
    value = {"apiVersion": "apm/v1", "kind": draft.kind, "metadata": metadata, "spec": draft.spec}
    out = io.StringIO()
    yaml: Any = YAML()
    yaml.width, yaml.allow_unicode = 100_000, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.dump(_commented(value, (), draft.comments, 0), out)
    return formatted(path_of(draft), out.getvalue(), KINDS).text


def _commented(value: Any, loc: Loc, comments: Mapping[Loc, Sequence[str]], depth: int) -> Any:
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, Mapping):
        found: Any = CommentedMap()
        for key, item in mapping(value).items():
            found[_quoted(key)] = _commented(item, (*loc, key), comments, depth + 1)
            if lines := comments.get((*loc, key)):
                shown = "\n".join(secrecy.mask(" ".join(line.lstrip("# ").split())) for line in lines)
                found.yaml_set_comment_before_after_key(_quoted(key), before=shown, indent=depth * 2)
        return found
    if isinstance(value, list):
        found = CommentedSeq(_commented(item, (*loc, i), {}, depth + 1) for i, item in enumerate(items(value)))
        if all(isinstance(item, str | int) for item in items(value)) and len(items(value)) < 6:
            found.fa.set_flow_style()
        return found
    return _quoted(value) if isinstance(value, str) else value


def _quoted(text: str) -> Any:
    """Return a text that is written so that every reader takes it for one."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    return text if scalar(text) == text or _AMOUNT.fullmatch(text) else DoubleQuotedScalarString(text)
