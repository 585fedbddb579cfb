"""A CronJob for each report, which runs the runtime image, and the document that it reads.

A Job is not tried again: recipients that have taken the report would get it twice.
"""

from collections.abc import Iterator

from generator.cluster import configs
from generator.cluster.k8s import (
    Object,
    container,
    cron_job,
    here,
    labels,
    mount,
    pod_template,
    proxy_env,
    scratch_volume,
    secret_env,
    workload_name,
)
from generator.kinds.report import Report
from generator.kinds.runtime import Amount, Resources
from generator.model import Artifact, Project, Resource

_START = 3600
"""Seconds that a report may start late, when the cluster could not start it in time."""
_RESOURCES = Resources(
    requests=Amount(cpu="50m", memory="128Mi"),
    limits=Amount(cpu="500m", memory="256Mi"),
)


def render(project: Project) -> Iterator[Resource]:
    """Yield documents and CronJobs."""
    for report in project.all(Report):
        found, config = labels(project, report, "report"), configs.of_report(report)
        yield Resource("v1", "ConfigMap", config.name, "monitoring", report.source, config.body, labels=found)
        template, schedule = _template(project, report, found), report.spec.schedule
        body = {"spec": cron_job(schedule, template, found, late=_START, retries=0, kept=(1, 3))}
        yield Resource("batch/v1", "CronJob", workload_name(report, "report"), "monitoring", report.source, body,
                       labels=found)  # fmt: skip


def _template(project: Project, report: Report, found: dict[str, str]) -> Object:
    config, environment = configs.of_report(report), here(project)
    one = container(
        "report",
        report.runtime.spec.image.reference(environment.spec.registry),
        ["report", "--document", f"{configs.REPORT_DIR}/{config.key}"],
        _RESOURCES,
        env=[*(secret_env(name, secret) for name, secret in report.variables().items()), *proxy_env(environment)],
        mounts=[mount("report", configs.REPORT_DIR), mount("tmp", "/tmp", read_only=False)],  # noqa: S108  (its own volume)
    )
    volumes = [configs.volume("report", [config]), scratch_volume("tmp", "64Mi")]
    account = workload_name(report, "report")
    return pod_template(found, account, [one], volumes, environment=environment, grace=30, restart="Never")


ARTIFACT = Artifact("reports", render)
