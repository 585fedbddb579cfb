"""The limit of an objective on latency is no bound of the histogram's buckets.

A histogram counts how many observations were at most as long as each of its bounds. How many were below a limit between
two bounds is not known, and a selector of a bucket that does not exist counts every observation as too slow.

Fix: take one of the bounds that the message names.

Bad: `latency: {histogram: apm_run_duration_seconds, below: 2m}`, whose bounds are 60 and 300 seconds there.

Good: `latency: {histogram: apm_run_duration_seconds, below: 5m}`.
"""

from collections.abc import Iterable, Mapping

from generator.kinds.objective import ObjectiveSpec
from generator.model import Catalogue, Check
from generator.monitoring.metric_uses import families
from generator.problems import Problem
from generator.rules.promql import Family, PromQLError, selector
from runtime.contract import millis

CODE = "objective-bound"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each limit between two bounds."""
    known = families(catalogue)
    for found in catalogue.all("Objective"):
        spec: ObjectiveSpec = found.spec
        latency = spec.indicator.latency
        bounds = _bounds(latency.histogram, known) if latency else ()
        if latency and bounds and millis(latency.below) / 1000 not in bounds:
            hint = "it has: " + ", ".join(f"{bound:g}s" for bound in bounds)
            message = f"{latency.histogram} has no bucket that ends at {latency.below}"
            yield found.problem(("spec", "indicator", "latency", "below"), CODE, message, hint)


def _bounds(text: str, known: Mapping[str, Family]) -> tuple[float, ...]:
    try:
        family = known.get(selector(text).metric)
    except PromQLError:
        return ()
    return family.buckets if family else ()


CHECK = Check(CODE, run, each_environment=True)
