"""A schedule can't be understood, or does not mean one time.

A schedule has five fields: minute, hour, day of month, month and day of week. It counts in the time zone beside it,
an IANA name such as `Europe/Berlin`; without one, 02:00 would be whatever the machine takes it for. A day that never
comes (the 31st of February) is refused.

Where clocks are changed, an hour is skipped in spring and comes twice in autumn. A schedule inside that hour is a
warning: on these two days a year it runs not at all, or maybe twice.

Fix: correct the field that is named; for the warning, choose another hour or a zone without changes (`Etc/UTC`), or
live with it knowingly.

Bad: `{cron: "0 25 * * *", timeZone: Europe/Berlin}`. Good: `{cron: "0 6 * * 1", timeZone: Europe/Berlin}`.
"""

import zoneinfo
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem, nearest
from generator.rules.cron import NotASchedule, Schedule, parse, unlucky
from generator.workflows.spans import inside


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report what is wrong with each schedule."""
    for spec in catalogue.specs:
        for loc, model in _schedules(spec.spec, ("spec",)):
            yield from _problems(catalogue, spec, loc, model)


def _schedules(model: BaseModel, loc: Loc) -> Iterator[tuple[Loc, Any]]:
    """Yield place and value of everything with a `cron` and a `timeZone`, one level down at the most."""
    for name in _candidates(type(model)):
        field = type(model).model_fields[name]
        value: Any = getattr(model, name)
        items: Any = enumerate(value) if isinstance(value, tuple) else [(None, value)]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        for index, item in items:
            if isinstance(item, BaseModel) and {"cron", "time_zone"} <= type(item).model_fields.keys():
                at = (*loc, field.alias or name)
                yield (at if index is None else (*at, index)), item


@lru_cache(maxsize=256)
def _candidates(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name in model.model_fields if name in ("triggers", "schedule", "schedules"))


def _problems(catalogue: Catalogue, spec: Declared, loc: Loc, model: Any) -> Iterator[Problem]:
    if getattr(model, "cron", None) is None and getattr(model, "starting_deadline", None) is not None:
        at, message = (*loc, "startingDeadline"), "an event starts its run when it comes: only a `cron` can be late"
        yield spec.problem(at, "cron-schedule", message, "take it away", key=True)
    if getattr(model, "cron", None) is None:
        if getattr(model, "channel", None) is None:
            yield spec.problem(loc, "cron-schedule", "a trigger has a `cron` or a `channel`")
        return
    if getattr(model, "channel", None) is not None:
        yield spec.problem(
            (*loc, "channel"), "cron-schedule", "a trigger has a `cron` or a `channel`, not both", key=True
        )
    zone = _zone_problem(spec, loc, model.time_zone)
    if zone:
        yield zone
    schedule = _schedule(catalogue, spec, loc, model.cron)
    if isinstance(schedule, Problem):
        yield schedule
    elif not zone:
        yield from _on_changes(spec, loc, schedule, model.time_zone)


def _zone_problem(spec: Declared, loc: Loc, zone: str | None) -> Problem | None:
    if zone is None:
        hint = "write one such as `timeZone: Europe/Berlin`"
        return spec.problem((*loc, "cron"), "cron-schedule", "a schedule needs a `timeZone`", hint)
    if zone not in _zones():
        hint = nearest(zone, _zones()) or "write one such as Europe/Berlin or Etc/UTC"
        return spec.problem((*loc, "timeZone"), "cron-schedule", f'"{zone}" is no IANA time zone', hint)
    return None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _schedule(catalogue: Catalogue, spec: Declared, loc: Loc, text: str) -> Schedule | Problem:
    at = (*loc, "cron")
    try:
        schedule = parse(text)
    except NotASchedule as error:
        found = spec.problem(at, "cron-schedule", error.message)
        source = catalogue.files.get(found.place.file, "")
        place = inside(source, found.place, text, error.offset, error.length)
        return Problem(place, found.code, found.message, "", found.path)
    if not schedule.ever():
        return spec.problem(at, "cron-schedule", "there is no such day: this would never happen")
    return schedule


def _on_changes(spec: Declared, loc: Loc, schedule: Schedule, zone: str) -> Iterator[Problem]:
    change = unlucky(schedule, zone)
    if change:
        hours = f"{change.start // 60:02}:{change.start % 60:02} to {change.end // 60:02}:{change.end % 60:02}"
        what = "skip" if change.skipped else "repeat"
        message = f"the clocks of {zone} {what} {hours} on a day such as {change.day.isoformat()}"
        hint = "another hour, or a zone such as Etc/UTC, has one such time every day"
        yield spec.problem((*loc, "cron"), "cron-schedule", message, hint, severity="warning")


CHECK = Check("cron-schedule", run, each_environment=True)
