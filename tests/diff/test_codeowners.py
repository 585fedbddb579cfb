"""Teams become CODEOWNERS: who approves a path also approves what lies below it."""

from tests.diff.conftest import Repository

TEAM = """\
---
apiVersion: apm/v1
kind: Team
metadata: {{name: {name}}}
spec:
  title: {name}
  mail: {name}@example.com
  approves: [{approves}]
  members: [{members}]
"""


def team(repository: Repository, name: str, approves: str, members: str) -> None:
    """Add a team."""
    path = repository.folder / "specs/teams.yaml"
    before = path.read_text() if path.exists() else ""
    path.write_text(before + TEAM.format(name=name, approves=approves, members=members))


def block(repository: Repository, file: str = "CODEOWNERS") -> list[str]:
    """Return the lines between the marks."""
    text = (repository.folder / file).read_text()
    return text.split("writes it)\n")[1].split("# apm: end")[0].splitlines()


def test_a_line_names_all_teams_above_its_path_and_the_longest_path_comes_last(repository: Repository) -> None:
    team(repository, "ops", "specs/environments, /specs/runtime.yaml", '"@org/ops", "@ada"')
    team(repository, "sec", "specs/environments/production.yaml, specs/runtime.yaml", '"@org/sec"')
    assert repository.apm("codeowners").code == 0
    assert block(repository) == [
        "/specs/environments/ @org/ops @ada",
        "/specs/environments/production.yaml @org/ops @ada @org/sec",
        "/specs/runtime.yaml @org/ops @ada @org/sec",
    ]


def test_gitlab_asks_each_team(repository: Repository) -> None:
    team(repository, "ops", "specs/runtime.yaml", '"@org/ops"')
    team(repository, "sec", "specs/runtime.yaml", '"@org/sec"')
    (repository.folder / ".gitlab").mkdir()
    (repository.folder / ".gitlab/CODEOWNERS").write_text("")
    assert repository.apm("codeowners").code == 0
    found = block(repository, ".gitlab/CODEOWNERS")
    assert found == ["[ops]", "/specs/runtime.yaml @org/ops", "[sec]", "/specs/runtime.yaml @org/sec"]


def test_a_part_of_a_name_is_no_path_above(repository: Repository) -> None:
    team(repository, "ops", "specs/agents", '"@org/ops"')
    (repository.folder / "specs/agents-more").mkdir()
    team(repository, "sec", "specs/agents-more", '"@org/sec"')
    assert repository.apm("codeowners").code == 0
    assert block(repository) == ["/specs/agents/ @org/ops", "/specs/agents-more/ @org/sec"]


def test_other_lines_stay_and_a_second_call_changes_nothing(repository: Repository) -> None:
    team(repository, "ops", "specs/runtime.yaml", '"@org/ops"')
    path = repository.folder / ".github/CODEOWNERS"
    path.write_text("* @everybody\n")
    assert repository.apm("codeowners").code == 0
    path.write_text(path.read_text() + "/README.md @writers\n")
    first = path.read_text()
    assert first.startswith("* @everybody\n")
    team(repository, "sec", "specs/runtime.yaml", '"@org/sec"')
    assert repository.apm("codeowners", "--check").code == 3
    assert path.read_text() == first
    assert repository.apm("codeowners").code == 0
    assert path.read_text() == first.replace("@org/ops\n", "@org/ops @org/sec\n")
    assert "is what the Team specs say" in repository.apm("codeowners").err


def test_a_path_that_is_not_there_protects_nothing_and_is_a_problem(repository: Repository) -> None:
    team(repository, "ops", "specs/runtimes.yaml", '"@org/ops"')
    result = repository.apm("codeowners")
    assert result.code == 1
    assert "specs/teams.yaml:8:14: error: there is no specs/runtimes.yaml" in result.out
    assert not (repository.folder / "CODEOWNERS").exists()


def test_a_team_without_an_account_is_a_problem(repository: Repository) -> None:
    team(repository, "ops", "specs/runtime.yaml", "")
    result = repository.apm("codeowners")
    assert result.code == 1
    assert "no account" in result.out


def test_ci_looks_at_it_where_apm_wrote_it(repository: Repository) -> None:
    team(repository, "ops", "specs/runtime.yaml", '"@org/ops"')
    assert repository.apm("render").code == 0
    assert "codeowners" not in repository.apm("ci").err
    assert repository.apm("codeowners").code == 0
    assert "ok    codeowners --check" in repository.apm("ci").err
    repository.edit("specs/teams.yaml", "@org/ops", "@org/other")
    result = repository.apm("ci")
    assert (result.code, "FAIL  codeowners --check" in result.err) == (3, True)
