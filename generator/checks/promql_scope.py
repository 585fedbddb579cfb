"""An expression would read the metrics of other environments too.

One Prometheus often scrapes several environments. A selector that does not name the namespace adds up staging and
production, and an alert then fires here for what happens there. Fields that hold one metric are confined by themselves;
in `promql` people write it.

Fix: add `namespace="$namespace"`; `apm render` puts the environment's namespace there. For an exporter whose
`namespace` label is its own (such as Argo CD's), match another label: `dest_namespace="$namespace"`.

Bad: `promql: max(apm_store_up) < 1`.

Good: `promql: max(apm_store_up{namespace="$namespace"}) < 1`.
"""

from collections.abc import Iterable

from generator.model import Catalogue, Check
from generator.monitoring.metric_uses import families, uses
from generator.problems import Problem
from generator.rules.promql import NAMESPACE, PromQL, Read, series


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each selector in a PromQL field that names no namespace though its metric has one."""
    names = series(families(catalogue).values())
    for use in uses(catalogue):
        if use.expression is None or not isinstance(use.marker, PromQL):
            continue
        for read in use.expression.reads:
            if read.metric in names and "namespace" in names[read.metric].labels and not _confined(read):
                message = f"{read.metric} is read from all namespaces"
                yield use.problem(read.metric, "promql-scope", message, f'add namespace="{NAMESPACE}"')


def _confined(read: Read) -> bool:
    return any(m.label == "namespace" or NAMESPACE in m.value for m in read.matchers)


CHECK = Check("promql-scope", run, each_environment=True)
