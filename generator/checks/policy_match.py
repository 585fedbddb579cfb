"""A policy looks at kinds that there are not.

`match` names API groups and the kinds in them. A misspelt kind matches nothing: the policy would let all objects of the
kind through, in silence. Groups and kinds of Kubernetes itself are known here. Groups of custom resources are domain
names such as `cert-manager.io`; which kinds they have is for the cluster to say.

Fix: correct the name (the nearest one is suggested); the core group is the empty text.

Bad: `{apiGroups: [batch], kinds: [Jobb]}`, `{apiGroups: [core], kinds: [Pod]}`.

Good: `{apiGroups: [batch], kinds: [Job]}`, `{apiGroups: [""], kinds: [Pod]}`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem, nearest
from generator.rules.kubernetes_kinds import KINDS, is_built_in

CODE = "policy-match"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each group and each kind that can't be meant."""
    for policy in catalogue.all("Policy"):
        for number, match in enumerate(policy.spec.match):
            yield from _unknown(policy, number, match)


def _unknown(policy: Declared, number: int, match: Any) -> Iterator[Problem]:
    strangers = [group for group in match.api_groups if is_built_in(group) and group not in KINDS]
    for group in strangers:
        at = ("spec", "match", number, "apiGroups", match.api_groups.index(group))
        hint = nearest(group, KINDS) or 'the core group is ""'
        yield policy.problem(at, CODE, f'Kubernetes has no API group "{group}"', hint)
    if strangers or any(not is_built_in(group) for group in match.api_groups):
        return
    known = frozenset[str]().union(*(KINDS[group] for group in match.api_groups))
    for index, kind in enumerate(match.kinds):
        if kind not in known:
            groups = " or ".join(f'"{group}"' for group in match.api_groups)
            at = ("spec", "match", number, "kinds", index)
            yield policy.problem(at, CODE, f'there is no kind "{kind}" in the API group {groups}', _hint(kind, known))


def _hint(kind: str, known: Iterable[str]) -> str:
    group = next((group for group, kinds in KINDS.items() if kind in kinds), None)
    return f'it is in the group "{group}"' if group is not None else nearest(kind, known)


CHECK = Check(CODE, run)
