"""`apm promote` writes what runs in one environment into the overlay of the next, and nothing else."""

from tests.diff.conftest import Repository

NEW = "sha256:" + "1" * 64
OVERLAY = f"""\
  overlay:  # being tried
    Runtime:
      agents:
        image: {{digest: "{NEW}"}}
        slots: 25
"""
TEST, PRODUCTION = "specs/environments/test.yaml", "specs/environments/production.yaml"


def prepared(repository: Repository) -> str:
    """Add an environment in which another image and more slots are tried; return production's file."""
    path = repository.folder / PRODUCTION
    text = path.read_text().replace("registry: registry.example.com/[[ name ]]", "registry: registry.example.com/x")
    (repository.folder / TEST).write_text(text.replace("name: production", "name: test") + OVERLAY)
    path.write_text(text + "  promotesFrom: test  # after a day\n")
    return path.read_text()


def test_images_are_promoted_without_being_named_and_comments_stay(repository: Repository) -> None:
    before = prepared(repository)
    result = repository.apm("promote", "test", "production")
    assert result.code == 0, result.err
    assert result.out.startswith(f"Runtime.agents.image.digest: {NEW} (in production: sha256:0")
    after = (repository.folder / PRODUCTION).read_text()
    assert after.startswith(before)
    assert after[len(before) :] == f"  overlay:\n    Runtime:\n      agents:\n        image:\n          digest: {NEW}\n"
    assert repository.apm("render").code == 0
    for environment in ("test", "production"):
        rendered = (repository.folder / f"rendered/{environment}/runtime/runtime.agents.yaml").read_text()
        assert f"apm-runtime@{NEW}" in rendered


def test_a_second_promotion_finds_nothing(repository: Repository) -> None:
    prepared(repository)
    assert repository.apm("promote", "test", "production", "--check").code == 3
    assert repository.apm("promote", "test", "production").code == 0
    text = (repository.folder / PRODUCTION).read_text()
    result = repository.apm("promote", "test", "production", "--check")
    assert (result.code, "nothing to promote" in result.err) == (0, True)
    assert (repository.folder / PRODUCTION).read_text() == text


def test_other_values_only_where_they_are_named(repository: Repository) -> None:
    prepared(repository)
    assert repository.apm("promote", "test", "production").code == 0
    assert "slots" not in (repository.folder / PRODUCTION).read_text()
    assert repository.apm("promote", "test", "production", "Runtime.agents.slots").code == 0
    assert "        slots: 25\n" in (repository.folder / PRODUCTION).read_text()
    assert repository.apm("validate").code == 0


def test_check_writes_nothing(repository: Repository) -> None:
    before = prepared(repository)
    assert repository.apm("promote", "test", "production", "--check").code == 3
    assert (repository.folder / PRODUCTION).read_text() == before


def test_an_environment_that_does_not_take_from_the_other_is_refused(repository: Repository) -> None:
    prepared(repository)
    result = repository.apm("promote", "production", "test")
    assert result.code == 1
    assert "promotesFrom: production" in result.err
    assert "did you mean" in repository.apm("promote", "tst", "production").err


def test_values_that_are_not_there_are_said(repository: Repository) -> None:
    prepared(repository)
    for text, says in (
        ("Runtime.agent.slots", 'did you mean "agents"?'),
        ("Runtime.agents", "is a whole spec"),
        ("Runtime.agents.slot", "is written nowhere"),
        ("Runtime", 'there is no Runtime ""'),
    ):
        result = repository.apm("promote", "test", "production", text)
        assert (result.code, "apm itself failed" in result.err) == (1, False)
        assert says in result.err, result.err


def test_a_file_that_would_be_reformatted_is_left_alone(repository: Repository) -> None:
    prepared(repository)
    path = repository.folder / PRODUCTION
    path.write_text(path.read_text().replace("  promotesFrom: test", "  promotesFrom:     test"))
    before = path.read_text()
    result = repository.apm("promote", "test", "production")
    assert result.code == 1
    assert "by hand" in result.err
    assert path.read_text() == before


def test_a_promotion_that_makes_the_specs_invalid_is_taken_back(repository: Repository) -> None:
    prepared(repository)
    repository.edit(PRODUCTION, "  promotesFrom: test", "  rules: {imageDigest: true}\n  promotesFrom: test")
    repository.edit(TEST, f'{{digest: "{NEW}"}}', '{digest: null, tag: "1.2"}')
    repository.edit(TEST, "  overlay:", "  rules: {imageDigest: false}\n  overlay:")
    before = (repository.folder / PRODUCTION).read_text()
    result = repository.apm("promote", "test", "production")
    assert result.code == 1, result.out
    assert "image-digest" in result.out
    assert (repository.folder / PRODUCTION).read_text() == before
