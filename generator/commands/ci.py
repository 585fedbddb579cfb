"""`apm ci`: everything that a pull request has to pass, as one command with one exit code."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from generator.commands._common import FOREIGN_HINT, FORMATS, Terminal, count, print_problems, texts, with_terminal

if TYPE_CHECKING:
    from generator.pipeline import Built
    from generator.problems import Problem

_SHOWN = 20
"""Files that are listed when rendered/ differs; one command repairs them all."""


@dataclass(frozen=True)
class Stage:
    """How one stage ended."""

    name: str
    says: str
    code: int = 0
    """0 passed, 1 problems, 3 a rendered file differs."""
    problems: tuple["Problem", ...] = ()


@click.command(epilog="Example: apm ci --base origin/main... --comment comment.md --fail-on rights-widened")
@click.option("--base", metavar="REF", help="What the change is compared with (default: the target of the pull request "
              "that CI runs for, else nothing is compared).")  # fmt: skip
@click.option("--comment", type=click.Path(dir_okay=False, path_type=Path), help="Write the diff here, as Markdown.")
@click.option("--limit", type=click.IntRange(min=200), default=65536, show_default=True, metavar="CHARACTERS",
              help="Longest comment; GitLab takes 1000000.")  # fmt: skip
@click.option("--fail-on", "risks", multiple=True, metavar="RISK", help="Fail when this risk is marked, or `any`.")
@click.option("--format", "form", type=click.Choice(FORMATS),
              help="How findings are printed (default: text; github in GitHub Actions).")  # fmt: skip
@with_terminal
def ci(terminal: Terminal, base: str | None, comment: Path | None, limit: int, risks: tuple[str, ...],
       form: str | None) -> None:  # fmt: skip
    """Check specs, run their tests, compare rendered/ and CODEOWNERS, and say what the change does.

    Every stage runs that can, and everything is reported. Exit codes: 1 problems, failed tests or a risk of --fail-on;
    3 only rendered/ or CODEOWNERS differ.
    """
    from generator.commands.diff import check_risks

    check_risks(risks)
    form = form or ("github" if os.environ.get("GITHUB_ACTIONS") == "true" else "text")
    stages = list(_stages(terminal, base or _target(), comment, limit, risks, form))
    found = [problem for stage in stages for problem in stage.problems]
    print_problems(found, texts(terminal.root, found), form, terminal)
    for stage in stages:
        click.echo(f"{'ok  ' if not stage.code else 'FAIL'}  {stage.name}: {stage.says}", err=True)
    codes = {stage.code for stage in stages}
    click.get_current_context().exit(1 if 1 in codes else max(codes))


def _target() -> str | None:
    """Return what the pull request of this CI run is to be merged into."""
    if branch := os.environ.get("GITHUB_BASE_REF"):
        return f"origin/{branch}..."
    return os.environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or None


def _stages(terminal: Terminal, base: str | None, comment: Path | None, limit: int, risks: Sequence[str],
            form: str) -> Iterator[Stage]:  # fmt: skip
    from generator.pipeline import build_all
    from generator.problems import Rejected

    try:
        built = build_all(terminal.root)
    except Rejected as rejected:
        yield Stage("validate", f"{count(rejected.problems)}; the other stages need valid specs", 1, rejected.problems)
        return
    yield Stage("validate", count(built.warnings) if built.warnings else "no problems", 0, built.warnings)
    yield _tests(built)
    yield _rendered(terminal.root, built)
    yield from _codeowners(terminal.root, built)
    yield _diff(terminal, built, base, comment, limit, risks, form)


def _tests(built: "Built") -> Stage:
    if not built.specs.written.all("WorkflowTest"):
        return Stage("test", "there are no workflow tests")
    from generator.commands.test import test

    parent = click.get_current_context()
    with contextlib.redirect_stdout(sys.stderr), test.make_context("test", [], parent=parent) as context:
        try:
            test.invoke(context)
        except click.exceptions.Exit as ended:
            return Stage("test", "passed" if not ended.exit_code else "failed, see above", ended.exit_code)
        except Exception as error:
            if type(error).__name__ != "Failure":
                raise
            return Stage("test", str(error), 1)
    return Stage("test", "passed")


def _rendered(root: Path, built: "Built") -> Stage:
    from generator import conventions, ownership, write
    from generator.problems import Place, Problem, plural

    target = root / conventions.RENDERED
    hint = "run `apm render` and commit the result"
    problems: list[Problem] = []
    for environment, files in built.files().items():
        change = write.compare(files, target, environment)
        for path in (*change.changed, *change.added, *change.deleted):
            first = write.first_difference(files, target, path)
            place = Place(f"{conventions.RENDERED}/{path}", first.line)
            says = first.whole or f"the specs say: {first.expected.strip()[:100] or '(nothing)'}"
            problems.append(Problem(place, "rendered-differs", says, hint))
    for environment in ownership.left_over(target, built.known):
        place = Place(f"{conventions.RENDERED}/{environment}")
        problems.append(Problem(place, "rendered-differs", "there is no such environment any more", hint))
    message = "this is not from apm, and Argo CD would apply it"
    foreign = [
        Problem(Place(f"{conventions.RENDERED}/{path}"), "foreign-manifest", message, FOREIGN_HINT)
        for path in ownership.foreign(target, built.known)
    ]
    parts = [f"{plural(len(problems), 'file')} differ{'s' * (len(problems) == 1)}; {hint}"] if problems else []
    parts += [f"{len(foreign)} not from apm"] if foreign else []
    code = 3 if parts else 0
    return Stage("render --check", "; ".join(parts) or "what the specs say", code, (*foreign, *problems[:_SHOWN]))


def _codeowners(root: Path, built: "Built") -> Iterator[Stage]:
    """Compare CODEOWNERS where apm writes it; a repository may do without."""
    from generator import codeowners as owners
    from generator.problems import Place, Problem, plural

    name = owners.place(root)
    path = root / name
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if owners.BEGIN not in text:
        return
    teams = built.specs.written.all("Team")
    found = list(owners.problems(teams, root))
    code = 1 if found else 0
    expected = owners.updated(text, owners.block(teams, root, "gitlab" if name.startswith(".gitlab") else "github"))
    if text != expected:
        message, hint = "this is not what the Team specs say", "run `apm codeowners` and commit the result"
        found.append(Problem(Place(name), "codeowners-differ", message, hint))
        code = code or 3
    says = plural(len(found), "problem") if found else "what the Team specs say"
    yield Stage("codeowners --check", says, code, tuple(found))


def _diff(terminal: Terminal, built: "Built", base: str | None, comment: Path | None, limit: int,
          risks: Sequence[str], form: str) -> Stage:  # fmt: skip
    from generator.commands.diff import failing, printed
    from generator.diff.reports.machine import as_problems
    from generator.diff.rows import counts
    from generator.diff.run import diff
    from generator.problems import Failure

    if base is None:
        return Stage("diff", "not compared: there is no --base and no pull request")
    found = diff(terminal.root, base, built=built)
    refused = failing(found, risks)
    if comment:
        try:
            comment.write_text(printed(found, base, "markdown", limit, color=False), encoding="utf-8")
        except OSError as error:
            raise Failure(f"{comment} can't be written: {error.strerror}") from None
    if form == "text":
        click.echo(printed(found, base, "text", limit, color=terminal.color))
    problems = as_problems(found, refused) if form != "text" else ()
    marked = ", ".join(f"{name} {number}" for name, number in found.risks().items())
    says = counts(found) + (f"; {marked}" if marked else "") + (f"; refused: {', '.join(refused)}" if refused else "")
    return Stage("diff", says, 1 if refused else 0, problems)
