"""An expression uses a label that the metric does not have, or a value that the label never takes.

A matcher on a label that is not there selects nothing (or, with `!=`, everything), a sum by it makes one nameless
group, and a value with a typing error is a series that never exists. None of this is an error for Prometheus.

Fix: use a label of the metric (the message lists them). For a metric of an exporter, add the label or the value to its
`Metrics` spec if the exporter does have it.

Bad: `bad: apm_runs_total{status="failed"}`, and `apm_runs_total{outcome="faild"}`.

Good: `bad: apm_runs_total{outcome="failed"}`.
"""

import re
from collections.abc import Iterable, Mapping

from generator.model import Catalogue, Check
from generator.monitoring.metric_uses import Use, families, groupings, uses
from generator.problems import Problem, nearest
from generator.rules.promql import NAMESPACE, Grouping, Matcher, Series, series

CODE = "unknown-metric-label"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report labels and values that the metrics' declarations do not know."""
    names = series(families(catalogue).values())
    for use in uses(catalogue):
        for read in use.expression.reads if use.expression else ():
            if read.metric in names:
                for matcher in read.matchers:
                    yield from _matcher(use, names[read.metric], matcher)
        for grouping in use.expression.groupings if use.expression else ():
            for label, message, hint in _grouping(grouping, names):
                yield use.problem(label, CODE, message, hint)
    for spec, loc, grouping in groupings(catalogue):
        for _, message, hint in _grouping(grouping, names):
            yield spec.problem(loc, CODE, message, hint)


def _matcher(use: Use, found: Series, matcher: Matcher) -> Iterable[Problem]:
    name, values = found.family.name, found.labels.get(matcher.label)
    if values is None:
        message = f'{name} has no label "{matcher.label}"'
        yield use.problem(matcher.label, CODE, message, _hint(matcher.label, found.labels))
    elif values and not _possible(matcher, values):
        message = f'the label {matcher.label} of {name} is never "{matcher.value}"'
        yield use.problem(f'"{matcher.value}"', CODE, message, _hint(matcher.value, values))


def _possible(matcher: Matcher, values: Iterable[str]) -> bool:
    """Whether a matcher means a value that there is; a Grafana variable or an empty text may be any."""
    if "$" in matcher.value.replace(NAMESPACE, "") or not matcher.value:
        return True
    if matcher.op in ("=", "!="):
        return matcher.value in values
    return any(re.fullmatch(matcher.value, value) for value in values)


def _grouping(grouping: Grouping, names: Mapping[str, Series]) -> Iterable[tuple[str, str, str]]:
    found = [names[read.metric] for read in grouping.reads if read.metric in names]
    if len(found) < len(grouping.reads) or not found:
        return
    known = {label: () for one in found for label in one.labels}
    for label in grouping.labels:
        if label not in known and label not in grouping.made:
            metrics = " and ".join(dict.fromkeys(one.family.name for one in found))
            yield label, f'{metrics} has no label "{label}"', _hint(label, known)


def _hint(name: str, known: Iterable[str]) -> str:
    suggestion = nearest(name, known)
    return suggestion if suggestion.startswith("did") else "it has: " + ", ".join(sorted(known))


CHECK = Check(CODE, run, each_environment=True)
