"""`apm duties`: what people have to do again and again, when it is due, and that it was done."""

import datetime as dt
from typing import TYPE_CHECKING

import click

from generator.commands._common import Terminal, checked, with_terminal

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
    """List duties, the most urgent first; exit 1 when one is overdue."""
    from generator.rules import clock

    found = sorted(checked(terminal).written.all("Maintenance"), key=lambda duty: (duty.spec.due, duty.name))
    for duty in found:
        click.echo(f"{duty.name:24} {_state(duty, clock.today()):10} due {duty.spec.due:%Y-%m-%d}, "
                   f"last done {duty.spec.last_done}, owner {duty.metadata.owner or 'the default owner'}")  # fmt: skip
    if not found:
        terminal.say("there are no duties; `apm explain Maintenance` says how one is written")
    overdue = any(_state(duty, clock.today()) == "overdue" for duty in found)
    click.get_current_context().exit(1 if overdue else 0)


def _state(duty: "Declared", today: dt.date) -> str:
    from runtime.contract import millis

    late = today - duty.spec.due.date()
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
