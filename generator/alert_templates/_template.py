"""What a template is, and what templates share."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from generator.kinds.runtime import Runtime
from generator.rules.promql import Family, Matcher, Read
from runtime.contract import Strict, millis

_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")


def _percent(text: str) -> str:
    if not _PERCENT.fullmatch(text) or not 0 < Decimal(text[:-1]) <= 100:
        raise PydanticCustomError("percentage-form", "a share is a number above 0 up to 100 and %, such as 5% or 0.1%")
    return text


Percent: TypeAlias = Annotated[str, AfterValidator(_percent)]
"""A share, such as `10%`."""


@dataclass(frozen=True)
class Condition:
    """One rule of an alert: it fires while `value` is beyond `threshold`."""

    value: str
    """PromQL without the comparison; `$namespace` stands for the environment's namespace."""
    threshold: str
    """Decimal number in `unit`."""
    unit: str
    """Unit of the value, as in a metric's declaration; `ratio` is 0 to 1."""
    op: str = ">"
    guard: str = ""
    """PromQL that must also hold, so that little traffic does not count."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Labels that the expression itself does not give."""

    raw: str = ""
    """The whole expression, where people wrote it themselves."""

    @property
    def expr(self) -> str:
        """The whole expression."""
        if self.raw:
            return self.raw
        compared = f"{self.value} {self.op} {self.threshold}"
        return f"{compared} and {self.guard}" if self.guard else compared


@dataclass(frozen=True)
class Case:
    """One situation in which an alert has to fire or be silent."""

    name: str
    series: tuple[tuple[str, str], ...]
    """Series and their values, as promtool writes them; `$namespace` as above."""
    minutes: int
    """When to look, in minutes after the first sample."""
    fires: bool
    step: int = 1
    """Minutes between samples."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Labels of the rule that is meant, where an alert has several."""
    expr: str = ""
    """PromQL that has to be 1 then, where something else than the alert itself is looked at."""


@dataclass(frozen=True)
class Proof:
    """What a template needs to make its cases."""

    families: Mapping[str, Family]
    pending: int
    """Minutes for which the condition has to hold."""
    runtime: Callable[[str], Runtime]

    def series(self, read: Read, suffix: str = "", **labels: str) -> str:
        """Return one series that a selector matches, with further labels."""
        return self._named(read, suffix, {**self._matched(read.metric, read.matchers), **labels})

    def unlike(self, read: Read, other: Read, **labels: str) -> str:
        """Return one series that `read` matches and `other` does not."""
        free = [m for m in other.matchers if str(m) not in map(str, read.matchers)]
        values = {m.label: self._value(other.metric, _opposite(m)) for m in free}
        return self._named(read, "", {**self._matched(read.metric, read.matchers), **values, **labels})

    def _named(self, read: Read, suffix: str, labels: Mapping[str, str]) -> str:
        shown = {**labels, "namespace": labels.get("namespace", "$namespace")}
        return Read(read.metric, tuple(Matcher(k, "=", v) for k, v in sorted(shown.items()))).text(suffix)

    def _matched(self, metric: str, matchers: Iterable[Matcher]) -> dict[str, str]:
        return {m.label: self._value(metric, m) for m in matchers}

    def _value(self, metric: str, matcher: Matcher) -> str:
        family = self.families.get(metric) or self.families.get(re.sub("_(bucket|sum|count)$", "", metric))
        closed = family.labels.get(matcher.label, ()) if family else ()
        found = next((v for v in (*closed, *_guesses(matcher)) if _fits(matcher, v)), None)
        assert found is not None, f"no value fits {matcher}"
        return found


def _guesses(matcher: Matcher) -> list[str]:
    plain = [re.sub(r"\.[+*]", "x", part) for part in matcher.value.split("|")]
    return [matcher.value, *plain, "x", "other"]


def _fits(matcher: Matcher, value: str) -> bool:
    match matcher.op:
        case "=":
            return value == matcher.value
        case "!=":
            return value != matcher.value
        case "=~":
            return re.fullmatch(matcher.value, value) is not None
        case "!~":
            return re.fullmatch(matcher.value, value) is None


def _opposite(matcher: Matcher) -> Matcher:
    opposite: Any = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}[matcher.op]
    return Matcher(matcher.label, opposite, matcher.value)


def _by(parameters: Any) -> Iterable[str]:
    return getattr(parameters, "by", ())


@dataclass(frozen=True)
class AlertTemplate:
    """A condition under a name."""

    name: str
    """As it stands in YAML, such as `targetDown`."""
    parameters: type[Strict]
    """What people write below the name. A field `above` is the threshold; `critical.above` may set a second one."""
    conditions: Callable[[Any, Callable[[str], Runtime]], Iterable[Condition]]
    """Parameters, and what finds a Runtime -> the rules."""
    describe: Callable[[Any], str]
    """Parameters -> sentence for the message; may hold Prometheus' template language."""
    cases: Callable[[Any, Proof], Iterable[Case]]
    """Parameters -> what proves the alert."""
    labels: Callable[[Any], Iterable[str]] = _by
    """Parameters -> labels that tell what was found; by default those in the parameter `by`."""


# --- writing PromQL -------------------------------------------------------------------------------------------------


def aggregate(how: str, by: Iterable[str], inner: str) -> str:
    """Return an aggregation; without labels it makes one series of all."""
    labels = ", ".join(by)
    return f"{how} by ({labels}) ({inner})" if labels else f"{how}({inner})"


def number(value: float | Decimal) -> str:
    """Return a decimal number without exponent and without needless zeros."""
    text = format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def fraction(percent: str) -> str:
    """Return `10%` as `0.1`."""
    return number(Decimal(percent[:-1]) / 100)


def seconds(duration: str) -> str:
    """Return a `Duration` in seconds."""
    return number(Decimal(millis(duration)) / 1000)


def minutes(duration: str) -> int:
    """Return a `Duration` in whole minutes, rounded up."""
    return -(-millis(duration) // 60_000)


def threshold(above: float | str) -> str:
    """Return a number, or a duration in seconds."""
    return seconds(above) if isinstance(above, str) else number(above)


def prometheus(duration: str) -> str:
    """Return a `Duration` as Prometheus and Alertmanager write it: whole numbers, from large to small units."""
    rest, text = millis(duration), ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def label_value(values: Iterable[str]) -> dict[str, str]:
    """Return a value for each label of a `by`, for cases."""
    return {label: f"{label}-1" for label in values}
