"""`apm fmt` writes files in their form, or says which are not."""

from pathlib import Path

from tests.cli.conftest import Apm

SPEC = "metadata: {owner: t, name: x}\r\n# why\r\nkind: Team\r\napiVersion: apm/v1\r\nspec:\r\n    members: [a]\r\n"
FORM = "apiVersion: apm/v1\n# why\nkind: Team\nmetadata: {name: x, owner: t}\nspec:\n  members: [a]\n"


def test_what_init_writes_is_in_its_form(apm: Apm) -> None:
    result = apm("fmt", "--check")
    assert (result.code, result.out) == (0, "")


def test_a_file_is_written_in_its_form_once(apm: Apm, repository: Path) -> None:
    file = repository / "specs" / "new.yaml"
    file.write_bytes(SPEC.encode())
    checked = apm("fmt", "--check")
    assert (checked.code, checked.out) == (1, "not formatted: specs/new.yaml\n")
    assert file.read_bytes() == SPEC.encode()
    assert apm("fmt", "specs/new.yaml").out == "formatted: specs/new.yaml\n"
    assert file.read_bytes() == FORM.encode()
    again = apm("fmt")
    assert (again.code, again.out) == (0, "")


def test_a_file_that_is_no_yaml_is_reported_and_left_alone(apm: Apm, repository: Path) -> None:
    file = repository / "specs" / "new.yaml"
    file.write_text("kind: Team\na: [1\n")
    result = apm("fmt")
    assert result.code == 1
    assert "specs/new.yaml:" in result.out
    assert "[yaml-syntax]" in result.out
    assert file.read_text() == "kind: Team\na: [1\n"


def test_a_file_that_is_no_spec_is_refused(apm: Apm) -> None:
    result = apm("fmt", "README.md")
    assert (result.code, result.out) == (1, "")
    assert "README.md is no spec file" in result.err
