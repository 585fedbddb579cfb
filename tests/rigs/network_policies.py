"""A small engine for NetworkPolicies (networking.k8s.io/v1, IPv4, one node), since none can be had as a program.

It reads the cluster twice a second and writes rules for nftables, in the network of the node:

    nsenter --target=PID --net python -m tests.rigs.network_policies KUBECONFIG

The reading of the semantics is ours. It is good for seeing rules at work on real packets; what they mean on every other
engine is for an independent analyser to say. Traffic from the node itself passes, as do replies.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Object = Mapping[str, Any]
PAUSE_SECONDS = 0.5
SIDES = {"Ingress": ("from", "saddr", "daddr"), "Egress": ("to", "daddr", "saddr")}
"""Direction -> where a rule names the others, what side of a packet they are on, and what side the pod itself is on."""


def main(kubeconfig: str) -> None:
    """Keep the rules of the node as the cluster says, for ever."""
    last = ""
    while True:
        command = [
            "kubectl",
            f"--kubeconfig={kubeconfig}",
            "get",
            "pods,namespaces,networkpolicies",
            "-A",
            "-o",
            "json",
        ]
        found: list[Object] = json.loads(subprocess.check_output(command))["items"]
        if (rules := ruleset(found)) != last:
            subprocess.run(["nft", "-f", "-"], input=rules.encode(), check=True)
            last = rules
            print("rules changed", flush=True)
        time.sleep(PAUSE_SECONDS)


def ruleset(items: Sequence[Object]) -> str:
    """Return the rules of a node whose cluster has these pods, namespaces and policies."""
    kinds = {kind: [i for i in items if i["kind"] == kind] for kind in ("Pod", "Namespace", "NetworkPolicy")}
    namespaces = {n["metadata"]["name"]: _labels(n) for n in kinds["Namespace"]}
    pods = [pod for pod in kinds["Pod"] if _has_address(pod)]
    chains = list(_chains(pods, namespaces, kinds["NetworkPolicy"]))
    texts = [f"chain {name} {{\n{body}\ncounter drop\n}}" for name, _, body in chains]
    jumps = [jump for _, jump, _ in chains]
    # What pods send to the node itself is looked at too, but not what the node sends.
    hooks = {"forward": jumps, "input": [jump for jump in jumps if "saddr" in jump]}
    for hook, found in hooks.items():
        lines = "\n".join(["ct state established,related accept", *found])
        texts.append(f"chain {hook} {{\ntype filter hook {hook} priority 0\n{lines}\n}}")
    body = "\n".join(texts)
    return f"table inet policies\ndelete table inet policies\ntable inet policies {{\n{body}\n}}\n"


def matches(selector: Object, labels: Object) -> bool:
    """Return whether a label selector holds; an empty one holds for everything."""
    expressions = selector.get("matchExpressions") or ()
    plain: Object = selector.get("matchLabels") or {}
    return all(labels.get(k) == v for k, v in plain.items()) and all(_holds(one, labels) for one in expressions)


def _holds(expression: Object, labels: Object) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values", ())
    return {
        "In": value in values,
        "NotIn": value not in values,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[expression["operator"]]


def _labels(item: Object) -> Object:
    return item["metadata"].get("labels") or {}


def _has_address(pod: Object) -> bool:
    status = pod["status"]
    return (
        bool(status.get("podIP")) and status["phase"] in ("Pending", "Running") and not pod["spec"].get("hostNetwork")
    )


def _chains(
    pods: Sequence[Object], namespaces: Mapping[str, Object], policies: Sequence[Object]
) -> Iterator[tuple[str, str, str]]:
    """Yield name, jump and rules of a chain for every pod and direction that a policy speaks of."""
    for direction, (_, _, own) in SIDES.items():
        for number, pod in enumerate(pods):
            speaking = [p for p in policies if _selects(p, pod) and direction in p["spec"]["policyTypes"]]
            if speaking:
                name = f"{direction.lower()}{number}"
                rules = [rule for p in speaking for rule in _rules(p, direction, pod, pods, namespaces)]
                yield name, f"ip {own} {pod['status']['podIP']} jump {name}", "\n".join(rules)


def _selects(policy: Object, pod: Object) -> bool:
    same = policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
    return same and matches(policy["spec"].get("podSelector") or {}, _labels(pod))


def _rules(
    policy: Object, direction: str, pod: Object, pods: Sequence[Object], namespaces: Mapping[str, Object]
) -> Iterator[str]:
    others, side, _ = SIDES[direction]
    for rule in policy["spec"].get(direction.lower()) or ():
        for match, peer in _peers(rule.get(others), side, policy["metadata"]["namespace"], pods, namespaces):
            target = pod if direction == "Ingress" else peer
            for port in _ports(rule.get("ports"), target):
                yield f"{match} {port} return".strip()


def _peers(
    peers: Sequence[Object] | None, side: str, namespace: str, pods: Sequence[Object], namespaces: Mapping[str, Object]
) -> Iterator[tuple[str, Object | None]]:
    """Yield a match for each peer, and the pod that it stands for; no peers at all means everybody."""
    if not peers:
        yield "", None
    for peer in peers or ():
        block = peer.get("ipBlock")
        if block and ":" not in block["cidr"]:
            yield (
                " ".join([f"ip {side} {block['cidr']}", *(f"ip {side} != {e}" for e in block.get("except", ()))]),
                None,
            )
        elif not block:
            for pod in pods:
                if _is_meant(peer, pod, namespace, namespaces):
                    yield f"ip {side} {pod['status']['podIP']}", pod


def _is_meant(peer: Object, pod: Object, namespace: str, namespaces: Mapping[str, Object]) -> bool:
    where = pod["metadata"]["namespace"]
    wanted = peer.get("namespaceSelector")
    near = matches(wanted, namespaces[where]) if wanted is not None else where == namespace
    return near and matches(peer.get("podSelector") or {}, _labels(pod))


def _ports(ports: Iterable[Object] | None, target: Object | None) -> Iterator[str]:
    """Yield a match for each port; a name is looked up in the target pod and matches nothing where it is not there."""
    if not ports:
        yield ""
    for one in ports or ():
        protocol, port = one.get("protocol", "TCP").lower(), one.get("port")
        if port is None:
            yield f"meta l4proto {protocol}"
        elif isinstance(port, int):
            yield f"{protocol} dport {port}" + (f"-{one['endPort']}" if "endPort" in one else "")
        else:
            yield from (f"{protocol} dport {number}" for number in _named(target, port, protocol))


def _named(target: Object | None, name: str, protocol: str) -> Iterator[int]:
    for container in target["spec"]["containers"] if target else ():
        for port in container.get("ports") or ():
            if port.get("name") == name and port.get("protocol", "TCP").lower() == protocol:
                yield port["containerPort"]


if __name__ == "__main__":
    main(sys.argv[1])
