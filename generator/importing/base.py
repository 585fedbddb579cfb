"""What every repository needs and no manifest says: System, Team and Environment, and who is told of alerts."""

from collections import Counter
from collections.abc import Sequence

from generator.importing.drafts import Drafts
from generator.importing.manifests import Found, Manifest, containers, items, mapping, pod_spec, text
from generator.importing.runtimes import runtimes


def main_namespace(found: Found, agents: Sequence[Manifest]) -> str:
    """Return the namespace in which agents run; where none do, the one that most objects are in."""
    inside = [m.namespace for m in agents if m.namespace]
    counted = Counter(inside or [m.namespace for m in found.manifests if m.namespace])
    return max(counted, key=lambda name: (counted[name], name)) if counted else "imported"


def complete(drafts: Drafts, name: str, owner: str) -> None:
    """Add System, Team and Environment, and Notifications where alerts came without any."""
    system = drafts.spec("System", name)
    system.put(("title",), name)
    system.put(("defaultOwner",), owner)
    team = drafts.spec("Team", owner)
    team.put(("title",), owner)
    drafts.assume(team, ("mail",), f"{owner}@example.com", "the mail address of the team")
    environment = drafts.spec("Environment", drafts.environment)
    environment.put(("namespace",), drafts.namespace)
    for manifest, _ in runtimes(drafts):
        _registry(manifest, drafts)
    if drafts.all("Alerts") and not drafts.all("Notifications"):
        told = drafts.spec("Notifications", "notifications")
        slack = {"slack": {"channel": "#alerts", "webhook": "slack-webhook/url"}}
        drafts.assume(told, ("receivers", "alerts"), slack, "who is told of alerts; nothing that was read says it")
        told.put(("default",), "alerts")


def _registry(manifest: Manifest, drafts: Drafts) -> None:
    environment = drafts.spec("Environment", drafts.environment)
    for loc, container in list(containers(manifest, init=False))[:1]:
        registry = text(container.get("image")).rpartition("/")[0]
        if "." in registry.split("/")[0] and "registry" not in environment.spec:
            environment.put(("registry",), registry, manifest, (*loc, "image"))
    loc, spec = pod_spec(manifest)
    secrets = [text(mapping(s).get("name")) for s in items(spec.get("imagePullSecrets")) if mapping(s).get("name")]
    if secrets and "pullSecrets" not in environment.spec:
        environment.put(("pullSecrets",), secrets, manifest, (*loc, "imagePullSecrets"))
