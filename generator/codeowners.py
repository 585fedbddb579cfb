"""Teams -> CODEOWNERS: who has to approve which path, in a block between two marks; other lines are left alone.

A code host takes the last line that matches a path. So the lines go from the shortest path to the longest, and each
names the teams of all paths above it too: who approves `specs/environments` also approves
`specs/environments/production.yaml`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.model import Declared
from generator.problems import Problem

Host = Literal["github", "gitlab"]

PLACES = (".github/CODEOWNERS", ".gitlab/CODEOWNERS", "docs/CODEOWNERS", "CODEOWNERS")
"""Where code hosts look for it; the last one is read by GitHub, GitLab and Forgejo alike."""
BEGIN, END = "# apm: begin (from the Team specs; `apm codeowners` writes it)", "# apm: end"


@dataclass(frozen=True)
class Rule:
    """One path and the teams that approve it."""

    path: str
    """Path below the repository root, without slashes at its ends."""
    teams: tuple[Declared, ...]

    @property
    def members(self) -> list[str]:
        """Accounts of all its teams, once each."""
        return list(dict.fromkeys(name for team in self.teams for name in team.spec.members))


def rules(teams: Iterable[Declared]) -> list[Rule]:
    """Return what has to be approved, from the shortest path to the longest."""
    named = {_clean(path): None for team in teams for path in team.spec.approves}
    return [Rule(path, tuple(team for team in teams if _approves(team, path))) for path in sorted(named)]


def _clean(path: str) -> str:
    return path.strip("/")


def _approves(team: Declared, path: str) -> bool:
    return any(f"{path}/".startswith(f"{_clean(above)}/") for above in team.spec.approves)


def problems(teams: Iterable[Declared], root: Path) -> Iterator[Problem]:
    """Yield what would protect nothing: paths that are not there, and teams without an account."""
    for team in teams:
        for index, path in enumerate(team.spec.approves):
            if not (root / _clean(path)).exists():
                message = f"there is no {path}: nobody is asked to approve it"
                yield team.problem(("spec", "approves", index), "approves-nothing", message)
        if team.spec.approves and not team.spec.members:
            message = f"team {team.name} approves paths and has no account at the code host"
            yield team.problem(("spec", "approves"), "approves-nothing", message, "list `members`", key=True)


def block(teams: Sequence[Declared], root: Path, host: Host) -> str:
    """Return the lines between the marks.

    On GitHub the approval of one account of a line is enough; GitLab asks each section, so there a team is a section.
    """
    if host == "github":
        lines = [_line(root, rule.path, rule.members) for rule in rules(teams) if rule.members]
    else:
        lines = [line for team in teams for line in _section(team, root)]
    return "\n".join([BEGIN, *lines, END]) + "\n"


def _section(team: Declared, root: Path) -> list[str]:
    members = list(team.spec.members)
    paths = sorted(map(_clean, team.spec.approves))
    return [f"[{team.name}]", *(_line(root, path, members) for path in paths)] if members and paths else []


def _line(root: Path, path: str, members: Sequence[str]) -> str:
    pattern = "/" + path.replace("\\", "\\\\").replace(" ", "\\ ") + ("/" if (root / path).is_dir() else "")
    return f"{pattern} {' '.join(members)}"


def place(root: Path) -> str:
    """Return the file that the code host reads: the first that is there, else the place that all hosts know."""
    return next((name for name in PLACES if (root / name).is_file()), PLACES[-1])


def updated(text: str, found: str) -> str:
    """Return a file's text with the block in it: in its place, or at the end, where its lines count last."""
    start, end = text.find(BEGIN), text.find(END)
    if 0 <= start < end:
        return text[:start] + found + text[end + len(END) :].removeprefix("\n")
    return text + ("\n" if text and not text.endswith("\n\n") else "") + found
