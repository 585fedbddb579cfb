"""Something that has to happen regularly did not: the time of its last success is too long ago, or unknown.

A missing time counts as 1970, so that an alert on a series that never existed fires too.
"""

from collections.abc import Callable, Iterable
from typing import Annotated

from generator.alert_templates._template import AlertTemplate, Case, Condition, Proof, minutes, seconds
from generator.kinds.runtime import Runtime
from generator.rules.promql import Selector, scoped, selector
from runtime.contract import Duration, Strict

_STEP = 4
"""Minutes between samples: below the five after which Prometheus calls a series stale."""


class Freshness(Strict):
    """Fires while the last success is too long ago, never was, or is not exported."""

    metric: Annotated[str, Selector(("gauge",))]
    """Time of the last success, in seconds since 1970; its unit is `timestamp`."""
    since: Annotated[str | None, Selector(("gauge",))] = None
    """Time from which on it is due, such as when the CronJob was created; counts until there is a first success."""
    above: Duration
    """The longest time without a success."""


def conditions(params: Freshness, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return the one rule."""
    found = [f"max({scoped(selector(text)).text()})" for text in (params.metric, params.since) if text]
    yield Condition(f"time() - ({' or '.join(found)} or vector(0))", seconds(params.above), "seconds")


def describe(params: Freshness) -> str:
    """Return the age, or that there is none."""
    known = "{{ if gt $value 1e9 }}No success is known{{ else }}No success for {{ $value | humanizeDuration }}{{ end }}"
    return f"{known}; the limit is {params.above}."


def cases(params: Freshness, proof: Proof) -> Iterable[Case]:
    """Prove it fresh, stale and missing; and with `since`, that a new thing has time for its first success."""
    limit = minutes(params.above)
    at = limit + proof.pending + 5 * _STEP
    last, length = proof.series(selector(params.metric)), at // _STEP + 1

    def value(series: str, age: int) -> tuple[str, str]:
        return (series, f"{(at - age) * 60}x{length}")

    yield Case("fresh", (value(last, limit * 4 // 5),), at, fires=False, step=_STEP)
    yield Case("stale", (value(last, at),), at, fires=True, step=_STEP)
    yield Case("missing", (), at, fires=True, step=_STEP)
    if params.since:
        since = proof.series(selector(params.since))
        yield Case("new, without a success yet", (value(since, limit // 2),), at, fires=False, step=_STEP)
        yield Case("old, without any success", (value(since, at),), at, fires=True, step=_STEP)


TEMPLATE = AlertTemplate("freshness", Freshness, conditions, describe, cases)
