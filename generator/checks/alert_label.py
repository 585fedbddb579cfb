"""A text of an alert uses a label that its expression does not give.

`{{ $labels.pod }}` is empty in the message when the expression has summed the pods together: whoever is called does not
learn which one it is. Every alert also has the labels severity, owner, environment and namespace.

Fix: add the label to the template's `by` (or to `sum by (...)`), or leave it out of the text.

Bad: `backlog: {metric: apm_queue_depth, above: 100}` with `summary: "Runs pile up in {{ $labels.queue }}"`.

Good: the same with `by: [queue]`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from generator.kinds.alerts import AlertSpec
from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem, nearest
from generator.rules.promql import PromQLError, labels_of

CODE = "alert-label"
_ALWAYS = ("severity", "owner", "environment", "namespace", "alertname")
_USED = re.compile(r"\$labels\.([A-Za-z_]\w*)")


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each label in a text that will be empty."""
    for group in catalogue.all("Alerts"):
        for name, alert in group.spec.alerts.items():
            texts = {("spec", "alerts", name, field): getattr(alert, field) for field in ("summary", "description")}
            yield from _empty(group, name, texts, _given(alert))
    for objective in catalogue.all("Objective"):
        yield from _empty(objective, objective.name, {("spec", "summary"): objective.spec.summary}, _counted(objective))
    for detector in catalogue.all("Detector"):
        given = {*_ALWAYS, "detector", *detector.spec.by}
        yield from _empty(detector, detector.name, {("spec", "summary"): detector.spec.summary}, given)
    for duty in catalogue.all("Maintenance"):
        yield from _empty(duty, duty.name, {("spec", "summary"): duty.spec.summary}, {*_ALWAYS, "duty"})


def _empty(spec: Declared, name: str, texts: Mapping[Loc, str], given: set[str] | None) -> Iterator[Problem]:
    for loc, text in texts.items() if given is not None else ():
        for label in dict.fromkeys(_USED.findall(text)):
            if label not in (given or ()):
                message = f'the condition of {name} gives no label "{label}"'
                suggestion = nearest(label, given or ())
                hint = suggestion if suggestion.startswith("did") else "it gives: " + ", ".join(sorted(given or ()))
                yield spec.problem(loc, CODE, message, hint)


def _counted(objective: Declared) -> set[str] | None:
    """Return the labels of an objective's alert; None where its selector can't be read, which is told elsewhere."""
    try:
        return {*_ALWAYS, "objective", "burn_tier", *objective.spec.indicator.count.by}
    except PromQLError:
        return None


def _given(alert: AlertSpec) -> set[str] | None:
    """Return the labels of an alert; None where its expression keeps whatever its series have."""
    if alert.template:
        template, parameters = alert.template
        return {*_ALWAYS, *template.labels(parameters)}
    try:
        found = labels_of(alert.promql or "")
    except PromQLError:
        return None
    return None if found is None else {*_ALWAYS, *found}


CHECK = Check(CODE, run, each_environment=True)
