"""The routing of notifications: an AlertmanagerConfig, and the same as Alertmanager's own file under docs/."""

from collections.abc import Iterator
from functools import partial

from generator.cluster.k8s import here, workload_name
from generator.emit import dumps
from generator.kinds.notifications import Notifications, Webhook
from generator.kinds.objective import Objective
from generator.kinds.runtime import Runtime
from generator.model import Artifact, Project, Resource, TextFile
from generator.monitoring.alertmanager import between_tiers, operator_spec, plain
from generator.monitoring.common import selected
from runtime.contract import PORT

FILE = "alertmanager.yml"


def render(project: Project) -> Iterator[Resource | TextFile]:
    """Yield both forms."""
    address = partial(_address, project)
    between = tuple(between_tiers(objective.budget for objective in project.all(Objective)))
    for found in project.all(Notifications):
        body = {"spec": operator_spec(found.spec, address, between)}
        yield Resource("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", found.name, "monitoring", found.source,
                       body, labels=selected(project, found))  # fmt: skip
        yield TextFile(FILE, dumps(plain(found.spec, address, between)), found.source)


def _address(project: Project, webhook: Webhook) -> str:
    api = workload_name(project.get(Runtime, webhook.runtime), "api")
    return f"http://{api}.{here(project).namespace}.svc:{PORT}/channels/{webhook.channel}/events"


ARTIFACT = Artifact("alertmanager_config", render)
