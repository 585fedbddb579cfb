"""What proves the rules of a detector: values just inside and just outside of the band, and ordinary days."""

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from generator.alert_templates._template import Case, Proof, label_value, minutes, number
from generator.rules.promql import Family

if TYPE_CHECKING:
    from generator.kinds._band import Band

_DAY, _WEEK = 1440, 7 * 1440
_NORMAL = 1.4826
_ORDINARY_DAYS = 3


def cases(band: "Band", alert: str, families: Mapping[str, Family]) -> Iterator[Case]:
    """Yield what proves the alert."""
    made = _Made(band, families)
    yield from made.edges()
    yield made.replayed(alert)


class _Made:
    def __init__(self, band: "Band", families: Mapping[str, Family]) -> None:
        self.band = band
        self.series = Proof(families, 0, _no_runtime).series(band.read, **label_value(band.by))
        self.step = max(1, min(5, minutes(band.over) // 2))
        self.history = (minutes(band.window) if band.window else _WEEK) + 60
        self.sign = -1 if band.direction == "below" else 1
        self.base = 10 * band.least * (1 + band.sensitivity)
        self.lasting = minutes(band.over) + minutes(band.pending) + 3 * self.step

    def edges(self) -> Iterator[Case]:
        """Yield cases about the edges of the band, found by values whose spread is known."""
        flat, least = self._flat(self.history), self.band.least * self.sign
        yield self._case("always the same, then outside", flat, 1.2 * least, fires=True)
        yield self._case("always the same, then inside", flat, 0.8 * least, fires=False)
        yield self._case("the other way", flat, -3 * least, fires=self.band.direction == "both")
        yield self._case("nothing changes", flat, 0, fires=False)
        if self.band.window:
            yield from self._spread()
        else:
            yield from self._season()
        yield Case("no data", (), self.history, fires=False, step=self.step)

    def _spread(self) -> Iterator[Case]:
        """Three levels, equally often: the middle one is the median, and the distance of the others the spread."""
        block = max(2 * minutes(self.band.over), self.history // 60)
        levels = (self.base + self.band.least * (t // block % 3 - 1) for t in range(0, self.history, self.step))
        values, edge = list(levels), max(1, self.band.sensitivity * _NORMAL) * self.band.least * self.sign
        values += [self.base] * (2 * minutes(self.band.over) // self.step)
        yield self._case("spread, then outside", values, 1.25 * edge, fires=True)
        yield self._case("spread, then inside", values, 0.75 * edge, fires=False)
        few = [self.base + 20 * abs(edge) * (t // block % 5 == 1) for t in range(0, self.history, self.step)]
        few += [self.base] * (2 * minutes(self.band.over) // self.step)
        yield self._case("outliers, then outside", few, 1.2 * self.band.least * self.sign, fires=True)
        yield self._case("outliers, then inside", few, 0.8 * self.band.least * self.sign, fires=False)
        young = self._flat(minutes(self.band.window or "") // 4)
        yield self._case("too young to know", young, 5 * edge, fires=False)

    def _season(self) -> Iterator[Case]:
        """A wave by the day that is larger than the band: the same hour of the week before tells its crest."""
        swing = 4 * self.band.least * self.band.sensitivity
        wave = [self.base * 4 + swing * math.sin(2 * math.pi * t / _DAY) for t in range(0, self.history, self.step)]
        yield self._case("as every day", [*wave, *wave[-_DAY // self.step :][: self.lasting // self.step]], None,
                         fires=False)  # fmt: skip
        yield self._case("as at another hour", wave, swing * self.sign, fires=True)

    def _flat(self, length: int) -> list[float]:
        return [self.base] * (length // self.step)

    def _case(self, name: str, values: list[float], change: float | None, *, fires: bool) -> Case:
        """What was, and then for as long as the alert needs a change against the last of it."""
        if change is not None:
            values = [*values, *[values[-1] + change] * (self.lasting // self.step)]
        at = (len(values) - 1) * self.step
        return Case(name, ((self.series, self._samples(values, self.step)),), at, fires, step=self.step)

    def replayed(self, alert: str) -> Case:
        """Yield the back-test: how often the alert has begun in the days after what it has to know."""
        replay = self.band.replay
        step = minutes(replay.step) if replay.values else self.step
        values = list(replay.values) or self._ordinary()
        length = (len(values) - 1) * step
        days = (len(values) * step - (self.history - 60)) / _DAY
        firing = f'ALERTS{{alertname="{alert}",alertstate="firing"}}'
        begun = f"({firing} unless {firing} offset {step}m)[{length}m:{step}m]"
        expr = f"(sum(sum_over_time({begun})) or vector(0)) <= bool {number(replay.alerts_a_day * days)}"
        samples = ((self.series, self._samples(values, step)),)
        return Case("back-test", samples, length, fires=True, step=step, expr=expr)

    def _ordinary(self) -> list[float]:
        """Days with a cycle and noise: the same numbers every time."""
        drawn, least = random.Random(1), self.band.least  # noqa: S311  (no secret)
        swing = 4 * least if self.band.weeks else least / 2
        length = self.history + _ORDINARY_DAYS * _DAY
        return [
            self.base + swing * math.sin(2 * math.pi * t / _DAY) + drawn.gauss(0, least / 3)
            for t in range(0, length, self.step)
        ]

    def _samples(self, values: Iterable[float], step: int) -> str:
        """Return a gauge, or the counter whose rate it is, in promtool's notation."""
        if not self.band.counter:
            return " ".join(_shortened([f"{value:.4f}" for value in values]))
        total, found = 0.0, ["0.0000"]
        for value in values:
            total += max(value, 0) * 60 * step
            found.append(f"{total:.4f}")
        return " ".join(found)


def _shortened(values: list[str]) -> Iterator[str]:
    """Write what is repeated once, with how often."""
    count = 0
    for value, after in pairwise([*values, ""]):
        count += 1
        if value != after:
            yield f"{value}x{count - 1}" if count > 1 else value
            count = 0


def _no_runtime(_: str) -> Any:
    raise AssertionError("a detector reads no Runtime")
