"""ConfigMaps: rules, dashboards and Alertmanager configurations in them are imported; other settings are not."""

from generator.importing.drafts import Drafts, Importer
from generator.importing.manifests import Manifest


def lift(manifest: Manifest, drafts: Drafts) -> None:
    """Say what became of a ConfigMap."""
    keys = [m.key for m in drafts.found.manifests if m.holder is manifest]
    if keys:
        drafts.leave(manifest, f"it is only a wrapper: {', '.join(keys)} is imported by what it is")
    else:
        drafts.leave(
            manifest, "settings of another program; those of agents, models and tools are fields of their specs"
        )


IMPORTER = Importer("configmaps", ("ConfigMap",), lift)
