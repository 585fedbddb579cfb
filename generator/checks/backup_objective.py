"""A backup promises what its schedule can't hold.

`objectives.rpo` says how much work may be lost. With one backup a day, a day's work is lost in the worst case, whatever
is written there; a promise of 15 minutes then is one that nobody keeps, and that people find out about on the worst
day. In a protected environment the archive also has to survive the loss of the cluster: a claim does not.

Fix: make backups as often as the promise says, or promise what the schedule gives. In a protected environment write to
a bucket.

Bad: `schedule: {cron: "0 2 * * *", ...}` with `objectives: {rpo: 15m, ...}`.

Good: the same schedule with `objectives: {rpo: 24h, ...}`.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from generator.model import Catalogue, Check, Declared
from generator.problems import Problem
from generator.rules.cron import NotASchedule, Schedule, parse
from generator.rules.strictness import environment_of, is_protected
from runtime.contract import millis

_DAYS = 8 * 366
"""Days that are looked at: every 29th of February lies within eight years of the last."""


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report promises that can't be kept, where anything is deployed."""
    environment = environment_of(catalogue)
    if environment is None or not environment.spec.deployed:
        return
    for backup in catalogue.all("Backup"):
        yield from _schedule(backup)
        if is_protected(catalogue) and backup.spec.destination.claim:
            message = "the archives are lost with the cluster: a claim is part of it"
            yield backup.problem(
                ("spec", "destination", "claim"), "backup-objective", message, "write to a bucket", key=True
            )


def _schedule(backup: Declared) -> Iterator[Problem]:
    promised = backup.spec.objectives.rpo
    try:
        pause = longest_pause(parse(backup.spec.schedule.cron))
    except NotASchedule:
        return  # another check says so
    if millis(promised) < pause.total_seconds() * 1000:
        hours = f"{pause.total_seconds() / 3600:g}h"
        message = f"{promised} of work may be lost, but up to {hours} lie between two backups"
        hint = f"make backups more often, or promise {hours}"
        yield backup.problem(("spec", "objectives", "rpo"), "backup-objective", message, hint)


@lru_cache(maxsize=256)
def longest_pause(schedule: Schedule) -> dt.timedelta:
    """Return the longest time between two times of a schedule; a change of the clocks can add an hour to it."""
    times = sorted(dt.timedelta(hours=hour, minutes=minute) for hour in schedule.hours for minute in schedule.minutes)
    inside = (after - before for before, after in pairwise(times))
    days = [day for number in range(_DAYS) if schedule.on(day := dt.date(2024, 1, 1) + dt.timedelta(days=number))]
    over_night = (after - before - times[-1] + times[0] for before, after in pairwise(days))
    return max([*inside, *over_night], default=dt.timedelta())


CHECK = Check("backup-objective", run, each_environment=True)
