"""Specs of other repositories: copied at a pinned commit, refused when they are changed."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Apm

TEAM = """apiVersion: apm/v1
kind: Team
metadata: {name: shared}
spec: {title: Shared, mail: shared@example.com}
"""


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """Another repository, with specs for others."""
    folder = tmp_path / "shared"
    (folder / "library" / "prompts").mkdir(parents=True)
    (folder / "library" / "team.yaml").write_text(TEAM)
    (folder / "library" / "prompts" / "note.md").write_text("Be kind.\r\n")
    (folder / "README.md").write_text("not copied\n")
    _git(folder, "init", "-q")
    _commit(folder)
    return folder


def _commit(folder: Path) -> str:
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "Change")
    return _git(folder, "rev-parse", "HEAD")


def _import(repository: Path, shared: Path, commit: str) -> Path:
    """Import the other repository from this one."""
    file = repository / "specs" / "system.yaml"
    head, line, rest = file.read_text().partition("---\n")
    block = f"  imports:\n    shared:\n      url: file://{shared}\n      commit: {commit}\n      path: library\n"
    file.write_text(f"{head}{block}{line}{rest}")
    return file


def test_an_import_is_copied_pinned_and_rendered_without_network(repository: Path, shared: Path, apm: Apm) -> None:
    file = _import(repository, shared, _git(shared, "rev-parse", "HEAD"))
    assert "there is no copy" in apm("validate").out
    done = apm("vendor")
    assert (done.code, done.out) == (0, "")
    copies = sorted(
        p.relative_to(repository).as_posix() for p in (repository / "specs/vendor").rglob("*") if p.is_file()
    )
    assert copies == ["specs/vendor/shared/prompts/note.md", "specs/vendor/shared/team.yaml"]
    assert 'digest: "sha256:' in file.read_text()
    (shared / "library").rename(shared / "gone")
    assert apm("validate").code == 0
    assert apm("render").code == 0
    assert apm("fmt", "--check").code == 0


def test_a_copy_that_was_changed_is_refused_and_fetched_again(repository: Path, shared: Path, apm: Apm) -> None:
    _import(repository, shared, _git(shared, "rev-parse", "HEAD"))
    apm("vendor")
    copy = repository / "specs/vendor/shared/team.yaml"
    copy.write_text(TEAM.replace("Shared", "Changed"))
    refused = apm("render")
    assert refused.code == 1
    assert "specs/vendor/shared/ is not what was fetched" in refused.out
    assert apm("vendor").code == 0
    assert copy.read_text() == TEAM
    assert apm("validate").code == 0


def test_another_commit_is_taken_only_when_it_is_pinned(repository: Path, shared: Path, apm: Apm) -> None:
    first = _git(shared, "rev-parse", "HEAD")
    file = _import(repository, shared, first)
    apm("vendor")
    (shared / "library" / "team.yaml").write_text(TEAM.replace("Shared", "Wider"))
    file.write_text(file.read_text().replace(first, _commit(shared)))
    refused = apm("vendor")
    assert refused.code == 1
    assert "nothing was copied" in refused.err
    assert (repository / "specs/vendor/shared/team.yaml").read_text() == TEAM
    assert apm("vendor", "--pin").code == 0
    assert "Wider" in (repository / "specs/vendor/shared/team.yaml").read_text()
    assert apm("validate").code == 0


def test_what_is_not_imported_any_more_is_removed(repository: Path, shared: Path, apm: Apm) -> None:
    file = _import(repository, shared, _git(shared, "rev-parse", "HEAD"))
    before = file.read_text()
    apm("vendor")
    start = before.index("  imports:")
    file.write_text(before[:start] + before[before.index("---\n") :])
    assert "belongs to no import" in apm("validate").out
    assert apm("vendor").code == 0
    assert not list((repository / "specs/vendor").iterdir())


@pytest.mark.parametrize(("old", "new", "said"), [
    ("path: library", "path: nothing", "has no folder nothing"),
    ("commit: ", "commit: 0000000000000000000000000000000000000000 #", "can't be fetched"),
])  # fmt: skip
def test_what_can_not_be_fetched_is_told(
    repository: Path, shared: Path, apm: Apm, old: str, new: str, said: str
) -> None:
    file = _import(repository, shared, _git(shared, "rev-parse", "HEAD"))
    file.write_text(file.read_text().replace(old, new))
    done = apm("vendor")
    assert done.code == 1
    assert said in done.err
    assert not (repository / "specs" / "vendor").exists()


def test_links_are_not_copied(repository: Path, shared: Path, apm: Apm) -> None:
    (shared / "library" / "secret.yaml").symlink_to("/etc/hostname")
    _import(repository, shared, _commit(shared))
    done = apm("vendor")
    assert done.code == 1
    assert "apm itself failed" not in done.err


def test_an_address_that_would_run_a_command_is_refused(repository: Path, shared: Path, apm: Apm) -> None:
    file = _import(repository, shared, _git(shared, "rev-parse", "HEAD"))
    file.write_text(file.read_text().replace("file://", "ext::sh -c "))
    assert apm("vendor").code == 1


def test_a_copy_is_not_repaired(repository: Path, shared: Path, apm: Apm) -> None:
    misspelt = TEAM.replace("title:", "titel:")
    (shared / "library" / "team.yaml").write_text(misspelt)
    _import(repository, shared, _commit(shared))
    apm("vendor")
    copy, own = repository / "specs/vendor/shared/team.yaml", repository / "specs/own.yaml"
    own.write_text(misspelt.replace("name: shared", "name: own"))
    done = apm("validate", "--fix")
    assert done.code == 1
    assert "specs/own.yaml" in done.err
    assert "title:" in own.read_text()
    assert copy.read_text() == misspelt
