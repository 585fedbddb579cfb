"""`apm duties`: what people have to do again and again, when it is due, and that it was done."""

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, checked, with_terminal
from generator.commands._reading import readable

if TYPE_CHECKING:
    from generator.model import Declared


@click.group(invoke_without_command=True, epilog="Example: apm duties done access-review && apm render && git diff")
@click.pass_context
def duties(context: click.Context) -> None:
    """List the recurring duties with when they are due; record that one was done.

    A duty is a spec of kind Maintenance. Once it is done and merged, its alert is silent until it is due again.
    """
    if context.invoked_subcommand is None:
        context.invoke(listed)


@duties.command("list")
@with_terminal
def listed(terminal: Terminal) -> None:
    """List duties, the most urgent first; exit 1 when one is overdue, or can't be told to be not."""
    from generator.rules import clock

    specs = readable(terminal).written
    found = [(_due(duty), duty) for duty in specs.all("Maintenance")]
    dated = sorted(((due, duty) for due, duty in found if due), key=lambda one: (one[0], one[1].name))
    unknown = [duty.name for due, duty in found if not due]
    unknown += [name for kind, name in specs.unparsed if kind == "Maintenance"]
    for name in sorted(unknown):
        click.echo(f"{name:24} {'unknown':10} its spec has errors")
    states = [_state(duty, due, clock.today()) for due, duty in dated]
    for state, (due, duty) in zip(states, dated, strict=True):
        click.echo(f"{duty.name:24} {state:10} due {due:%Y-%m-%d}, last done {duty.spec.last_done}, "
                   f"owner {duty.metadata.owner or 'the default owner'}")  # fmt: skip
    if not dated and not unknown:
        terminal.say("there are no duties; `apm explain Maintenance` says how one is written")
    click.get_current_context().exit(1 if unknown or "overdue" in states else 0)


def _due(duty: "Declared") -> dt.datetime | None:
    """Return when a duty is due; None where its schedule can't be understood."""
    from generator.rules.cron import NotASchedule

    try:
        return duty.spec.due
    except (NotASchedule, zoneinfo.ZoneInfoNotFoundError):
        return None


def _state(duty: "Declared", due: dt.datetime, today: dt.date) -> str:
    from runtime.contract import millis

    late = today - due.date()
    if late < dt.timedelta(0):
        return "ok"
    return "overdue" if late > dt.timedelta(milliseconds=millis(duty.spec.grace)) else "due"


@duties.command(epilog="Example: apm duties done access-review --on 2026-11-20")
@click.argument("name")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="Day on which it was done (default: today).")
@with_terminal
def done(terminal: Terminal, name: str, day: dt.datetime | None) -> None:
    """Write into the spec that a duty was done; comments and layout stay.

    Render and commit it afterwards: the merge is the record of who did it and who agreed.
    """
    from generator.problems import Failure, nearest
    from generator.rules import clock

    specs = checked(terminal).written
    duty = specs.find("Maintenance", name)
    if duty is None:
        raise Failure(f'there is no duty "{name}"', nearest(name, specs.names("Maintenance")))
    on = day.date() if day else clock.today()
    if on > clock.today() + dt.timedelta(days=1):
        raise Failure(f"{on} has not come yet", "write the day on which it was done")
    if on < dt.date.fromisoformat(duty.spec.last_done):
        raise Failure(f"{name} was done later than that already, on {duty.spec.last_done}", "see git log of its spec")
    _write(terminal, duty, on)
    from generator.rules.cron import following

    due = following(duty.spec.schedule.cron, duty.spec.schedule.time_zone, on)
    terminal.say(f"{duty.document.file} written: {name} is due again on {due:%Y-%m-%d}; next: apm render, commit")


def _write(terminal: Terminal, duty: "Declared", on: dt.date) -> None:
    from generator.fixing import repaired
    from generator.problems import Failure, Fix

    loc, path = ("spec", "lastDone"), terminal.root / duty.document.file
    fix = Fix(duty.document.at(loc), duty.document.written(loc, False), f'"{on.isoformat()}"')
    text, made = repaired(path.read_bytes().decode(), [fix])
    if not made:
        raise Failure(f"{duty.document.file} was changed meanwhile", "try again")
    path.write_bytes(text.encode())
