"""`apm render` writes what the specs say, all or nothing, and touches only what is its own."""

from pathlib import Path

import pytest

from tests.cli.conftest import Apm

Tree = dict[str, bytes]


def tree(folder: Path) -> Tree:
    """Return all files below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def spoil(repository: Path) -> None:
    """Make the specs invalid."""
    agent = repository / "specs/agents/greeter.yaml"
    agent.write_text(agent.read_text().replace("model: default", "model: other"))


def test_a_second_render_changes_nothing(apm: Apm, repository: Path) -> None:
    before = tree(repository / "rendered")
    assert apm("render", "--no-cache").code == 0
    assert tree(repository / "rendered") == before
    assert apm("render", "--check").code == 0


def test_a_bad_spec_leaves_rendered_untouched_byte_for_byte(apm: Apm, repository: Path) -> None:
    before = tree(repository / "rendered")
    spoil(repository)
    assert apm("render").code == 1
    assert tree(repository / "rendered") == before


def test_check_finds_a_hand_edit_and_names_the_line(apm: Apm, repository: Path) -> None:
    path = next((repository / "rendered/production/namespace").glob("*.yaml"))
    path.write_text(path.read_text().replace("kind: Namespace", "kind: Namespaces", 1))
    result = apm("render", "--check")
    assert result.code == 3
    assert "kind: Namespaces" in result.out
    assert f"{path.relative_to(repository).as_posix()}:" in result.out


def test_a_render_repairs_a_hand_edit(apm: Apm, repository: Path) -> None:
    before = tree(repository / "rendered")
    path = next((repository / "rendered/production/namespace").glob("*.yaml"))
    path.write_text(path.read_text() + "# mine\n")
    assert apm("render").code == 0
    assert tree(repository / "rendered") == before


def test_a_changed_spec_changes_what_it_owns(apm: Apm, repository: Path) -> None:
    before = tree(repository / "rendered")
    prompt = repository / "specs/agents/prompts/greeter.md"
    prompt.write_text(prompt.read_text() + "Be brief.\n")
    assert apm("render").code == 0
    after = tree(repository / "rendered")
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert changed
    assert all("/runtime/" in path for path in changed), changed


def test_files_of_others_stay(apm: Apm, repository: Path) -> None:
    note = repository / "rendered/production/runtime/NOTE.txt"
    note.write_text("mine")
    prompt = repository / "specs/agents/prompts/greeter.md"
    prompt.write_text("Hello {{ input.guest }}\n")
    assert apm("render").code == 0
    assert note.read_text() == "mine"
    assert apm("render", "--check").code == 0


HINT = "move it out of rendered/, or write a spec that says it"


@pytest.mark.parametrize("name", ["production/policy/zz.yaml", "production/runtime/below/zz.json", "prod2/zz.yml"])
def test_a_manifest_of_others_stays_but_is_told_and_fails_the_check(apm: Apm, repository: Path, name: str) -> None:
    path = repository / "rendered" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("kind: ConfigMap\n")
    for _ in range(2):
        rendered = apm("render")
        assert rendered.code == 0
        assert f"warning: rendered/{name} is not from apm" in rendered.err
    assert path.read_text() == "kind: ConfigMap\n"
    check = apm("render", "--check")
    told = f"rendered/{name}: is not from apm, and Argo CD would apply it\n  help: {HINT}\n"
    assert (check.code, check.out) == (3, told)
    path.unlink()
    assert apm("render", "--check").code == 0


def test_a_manifest_of_others_fails_the_check_of_its_environment_only(apm: Apm, repository: Path) -> None:
    (repository / "rendered/prod2").mkdir()
    (repository / "rendered/prod2/zz.yaml").write_text("kind: ConfigMap\n")
    assert apm("render", "--env", "production", "--check").code == 0
    (repository / "rendered/production/policy/zz.yaml").write_text("kind: ConfigMap\n")
    assert apm("render", "--env", "production", "--check").code == 3


def test_a_link_is_of_others_and_is_never_read(apm: Apm, repository: Path, tmp_path: Path) -> None:
    ours = next((repository / "rendered/production/namespace").glob("*.yaml"))
    secret = tmp_path / "secret.yaml"
    secret.write_bytes(ours.read_bytes() + b"token: hidden-away\n")
    ours.unlink()
    ours.symlink_to(secret)
    extra = repository / "rendered/production/policy/zz.yaml"
    extra.symlink_to(secret)
    check = apm("render", "--check")
    assert check.code == 3
    assert "policy/zz.yaml: is not from apm" in check.out
    assert "hidden-away" not in check.out + check.err
    assert apm("render").code == 0
    assert not ours.is_symlink()
    assert extra.is_symlink()
    assert "hidden-away" in secret.read_text()


def test_what_is_no_longer_said_is_deleted_but_not_much_without_being_asked(apm: Apm, repository: Path) -> None:
    before = tree(repository / "rendered")
    (repository / "specs/runtime.yaml").unlink()
    (repository / "specs/backup.yaml").unlink()
    refused = apm("render")
    assert refused.code == 1
    assert "--allow-delete" in refused.err
    assert tree(repository / "rendered") == before
    assert apm("render", "--allow-delete", "100").code == 0
    assert not [path for path in tree(repository / "rendered") if "/runtime/runtime." in path]


def test_one_environment_can_be_rendered_alone(apm: Apm) -> None:
    assert apm("render", "--env", "production", "--check").code == 0
    result = apm("render", "--env", "produktion")
    assert result.code == 1
    assert 'did you mean "production"?' in result.err


def test_another_folder_can_be_written(apm: Apm, repository: Path, tmp_path: Path) -> None:
    assert apm("render", "--out", str(tmp_path / "out")).code == 0
    assert tree(tmp_path / "out") == tree(repository / "rendered")


def test_the_cache_gives_the_same_bytes_as_none(apm: Apm, repository: Path) -> None:
    cached = tree(repository / "rendered")
    assert "nothing changed" in apm("render").err
    assert apm("render", "--no-cache").code == 0
    assert tree(repository / "rendered") == cached


def test_the_cache_sees_a_deleted_rendered_file(apm: Apm, repository: Path) -> None:
    before = tree(repository / "rendered")
    next((repository / "rendered/production/runtime").glob("*.yaml")).unlink()
    assert apm("render").code == 0
    assert tree(repository / "rendered") == before


def test_a_folder_that_can_not_be_written_is_said(apm: Apm) -> None:
    result = apm("render", "--out", "/proc/apm")
    assert result.code == 1
    assert "can't be written" in result.err
    assert "Traceback" not in result.err


def test_a_file_in_the_place_of_a_folder_is_said(apm: Apm, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "production").write_text("a file")
    result = apm("render", "--out", str(tmp_path / "out"))
    assert result.code == 1
    assert "can't be written" in result.err
    assert "Traceback" not in result.err
    assert (tmp_path / "out" / "production").read_text() == "a file"
