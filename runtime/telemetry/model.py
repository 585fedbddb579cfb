"""What a metric is."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Label:
    """One label; its values are either closed (`values`) or bounded by what the specs declare (`bounded_by`)."""

    name: str
    values: tuple[str, ...] = ()
    """All values there can be; each is exported from the start, with 0."""
    bounded_by: Literal["", "workflows", "steps", "channels", "models", "targets", "queues", "version"] = ""
    """What the values are names of; never an identifier of a run, a thread or a person."""


@dataclass(frozen=True)
class Metric:
    """One time series family."""

    name: str
    type: Literal["counter", "gauge", "histogram"]
    unit: Literal["", "seconds", "tokens", "ratio", "info", "state"]
    help: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram, in `unit`, without +Inf."""
