"""One ConfigMap for each workflow that a runtime serves: what the runtime interprets."""

from collections.abc import Iterator

from generator.cluster.configs import of_workflow
from generator.cluster.k8s import labels
from generator.kinds.runtime import Runtime
from generator.model import Artifact, Project, Resource


def render(project: Project) -> Iterator[Resource]:
    """Yield the ConfigMaps; workflows that several runtimes serve have one."""
    served = {workflow.name: workflow for runtime in project.all(Runtime) for workflow in runtime.workflows}
    for _, workflow in sorted(served.items()):
        config = of_workflow(workflow)
        found = labels(project, workflow, "workflow")
        yield Resource("v1", "ConfigMap", config.name, "runtime", workflow.source, config.body, labels=found)


ARTIFACT = Artifact("spec_configmaps", render)
