"""A certificate ends soon, or nothing is known of it.

A certificate that no exporter reports any more counts as one that has ended: it fires too.
"""

from collections.abc import Callable, Iterable
from typing import Annotated

from generator.alert_templates._template import AlertTemplate, Case, Condition, Proof, minutes, prometheus, seconds
from generator.kinds.runtime import Runtime
from generator.rules.promql import Selector, scoped, selector
from runtime.contract import Duration, Strict

_STEP = 4
"""Minutes between samples: below the five after which Prometheus calls a series stale."""


class CertificateExpiry(Strict):
    """Fires while the certificate that ends first has less than a time left, has ended, or is not exported."""

    metric: Annotated[str, Selector(("gauge",))]
    """When certificates end, in seconds since 1970; its unit is `timestamp`."""
    within: Duration = "21d"
    """Time that there should be left at least."""


def conditions(params: CertificateExpiry, _: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return the one rule."""
    ends = f"min({scoped(selector(params.metric)).text()}) - time()"
    yield Condition(f"({ends} or vector(0))", seconds(params.within), "seconds", "<")


def describe(params: CertificateExpiry) -> str:
    """Return the time that is left."""
    left = "{{ if le $value 0.0 }}It has ended, or is not exported{{ else }}{{ $value | humanizeDuration }} are left"
    return f"{left}{{{{ end }}}}; {prometheus(params.within)} should be."


def cases(params: CertificateExpiry, proof: Proof) -> Iterable[Case]:
    """Prove it just before and after the limit, ended, one of two, and missing."""
    at = proof.pending + 5 * _STEP
    length, limit = at // _STEP + 1, minutes(params.within)
    read = selector(params.metric)
    series = proof.series(read)

    def ends(left: int) -> str:
        return f"{(at + left) * 60}x{length}"

    margin = max(limit // 10, proof.pending + 1)
    soon, late = ends(limit - margin), ends(limit + margin)
    yield Case("ends soon", ((series, soon),), at, fires=True, step=_STEP)
    yield Case("ends later", ((series, late),), at, fires=False, step=_STEP)
    yield Case("has ended", ((series, f"0x{length}"),), at, fires=True, step=_STEP)
    yield Case("not exported", (), at, fires=True, step=_STEP)
    both = (f'{series[:-1]},uid="{name}"}}' for name in ("a", "b"))
    yield Case("one of two ends soon", tuple(zip(both, (late, soon), strict=True)), at, fires=True, step=_STEP)


TEMPLATE = AlertTemplate("certificateExpiry", CertificateExpiry, conditions, describe, cases)
