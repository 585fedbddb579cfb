"""A pod comes close to the CPU or memory that its Runtime allows it.

The limit is the one that is rendered into the Deployment, so the threshold can always be reached.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from generator.alert_templates._template import (
    AlertTemplate,
    Case,
    Condition,
    Percent,
    Proof,
    fraction,
    minutes,
    number,
    prometheus,
)
from generator.kinds.runtime import Role, Runtime
from runtime.contract import Duration, Many, Ref, Strict

Component = Literal["api", "worker", "scheduler"]
_DECIMAL = {"m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")


class SaturationOfLimit(Strict):
    """Fires while a pod uses more than a share of its limit."""

    runtime: Annotated[str, Ref("Runtime")]
    """Runtime that is watched."""
    resource: Literal["cpu", "memory"]
    """What is used up."""
    components: Annotated[Many[Component], Field(min_length=1)] = ("api", "worker", "scheduler")
    """Components that are watched, each by a rule of its own."""
    above: Percent
    """Share of the limit."""
    over: Duration = "5m"
    """Time over which CPU use is averaged."""


def conditions(params: SaturationOfLimit, find: Callable[[str], Runtime]) -> Iterable[Condition]:
    """Return a rule for each component."""
    for name in params.components:
        pods = f'namespace="$namespace",pod=~"{params.runtime}-{name}-.+",container!=""'
        used = f"container_memory_working_set_bytes{{{pods}}}"
        if params.resource == "cpu":
            used = f"rate(container_cpu_usage_seconds_total{{{pods}}}[{prometheus(params.over)}])"
        value = f"sum by (pod) ({used}) / {number(_limit(params, find, name))}"
        yield Condition(value, fraction(params.above), "ratio", labels={"component": name})


def _limit(params: SaturationOfLimit, find: Callable[[str], Runtime], component: str) -> Decimal:
    role: Role = getattr(find(params.runtime).spec, component)
    limits = role.resources.limits
    return quantity(limits.cpu if params.resource == "cpu" else limits.memory)


def quantity(text: str) -> Decimal:
    """Return a Kubernetes quantity, such as `500m` or `512Mi`, as a number of cores or bytes."""
    amount = text.rstrip("".join({*"".join(_DECIMAL), *"".join(_BINARY)}))
    suffix = text.removeprefix(amount)
    return (
        Decimal(amount).scaleb(_DECIMAL[suffix])
        if suffix in _DECIMAL
        else Decimal(amount) * 1024 ** _BINARY.index(suffix)
    )


def describe(params: SaturationOfLimit) -> str:
    """Return pod and share."""
    what = "CPU" if params.resource == "cpu" else "memory"
    return (
        f"{{{{ $labels.pod }}}} uses {{{{ $value | humanizePercentage }}}} of its {what}; {params.above} is the limit."
    )


def cases(params: SaturationOfLimit, proof: Proof) -> Iterable[Case]:
    """Prove it for each component: just above, just below, idle, no pod; and that the limit itself is above."""
    at = minutes(params.over) + proof.pending + 3
    limit = Decimal(fraction(params.above))
    for name in params.components:
        full, labels = _limit(params, proof.runtime, name), {"component": name}
        for text, share, fires in (
            ("just above", limit + (1 - limit) / 5, limit < 1),
            ("at the limit", Decimal(1), limit < 1),
            ("just below", limit * Decimal("0.9"), False),
            ("idle", Decimal(0), False),
        ):
            yield Case(f"{name}: {text}", _series(params, name, full * share, at), at, fires=fires, labels=labels)
        yield Case(f"{name}: no pod", (), at, fires=False, labels=labels)


def _series(params: SaturationOfLimit, component: str, used: Decimal, at: int) -> tuple[tuple[str, str], ...]:
    labels = f'{{namespace="$namespace",pod="{params.runtime}-{component}-7d9f-abcde",container="runtime"}}'
    if params.resource == "memory":
        return ((f"container_memory_working_set_bytes{labels}", f"{used:.0f}x{at}"),)
    return ((f"container_cpu_usage_seconds_total{labels}", f"0+{used * 60:.3f}x{at}"),)


TEMPLATE = AlertTemplate(
    "saturationOfLimit", SaturationOfLimit, conditions, describe, cases, lambda _: ("pod", "component")
)
