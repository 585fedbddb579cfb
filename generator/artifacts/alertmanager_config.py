"""The routing of notifications: an AlertmanagerConfig, and the same as Alertmanager's own file under docs/."""

from collections.abc import Iterator

from generator.emit import dumps
from generator.kinds.notifications import Notifications
from generator.model import Artifact, Project, Resource, TextFile
from generator.monitoring.alertmanager import operator_spec, plain
from generator.monitoring.common import selected

FILE = "alertmanager.yml"


def render(project: Project) -> Iterator[Resource | TextFile]:
    """Yield both forms."""
    for found in project.all(Notifications):
        yield Resource("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", found.name, "monitoring", found.source,
                       {"spec": operator_spec(found.spec)}, labels=selected(project, found))  # fmt: skip
        yield TextFile(FILE, dumps(plain(found.spec)), found.source)


ARTIFACT = Artifact("alertmanager_config", render)
