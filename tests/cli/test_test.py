"""`apm test` runs the workflow tests, and says which branches no case has taken."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import yaml

from tests.cli.conftest import Apm
from tests.rigs.tools import tool

ACCEPTED = """\
    - name: a formal greeting is sent when a person accepts it
      input: {guest: Ada}
      replies: {greeter: [{greeting: "Dear Ms Lovelace", formal: true}]}
      answers: {approve: accept}
      expect: {output: {sent: true}}
"""


def add(repository: Path, text: str) -> None:
    """Add a case to the test that `apm init` writes."""
    file = repository / "specs" / "tests" / "hello.yaml"
    file.write_text(file.read_text() + text)


def test_cases_pass_and_coverage_names_what_is_missing(apm: Apm) -> None:
    result = apm("test", "--coverage")
    assert result.code == 0, result.out + result.err
    assert "2 passed, 0 failed" in result.out
    assert "missing: decided/switch[0]" in result.out
    assert "missing: approve/next" not in result.out


def test_a_lower_coverage_than_wanted_fails(apm: Apm, repository: Path) -> None:
    assert apm("test", "--fail-under", "100").code == 1
    add(repository, ACCEPTED)
    result = apm("test", "--fail-under", "100")
    assert (result.code, "100.0 %" in result.out) == (0, True)


def test_a_case_that_differs_fails_and_junit_says_so(apm: Apm, repository: Path) -> None:
    add(repository, ACCEPTED.replace("sent: true", "sent: false"))
    result = apm("test", "--junit", "out.xml")
    assert result.code == 1
    assert "output.sent: expected false, got true" in result.out
    root = ET.parse(repository / "out.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("3", "1")


def test_jenkins_accepts_the_reports(apm: Apm, repository: Path) -> None:
    add(repository, ACCEPTED.replace("sent: true", "sent: false").replace("a formal", "<a> & 'b' ]]>"))
    assert apm("test", "--junit", "out.xml").code == 1
    assert against((repository / "out.xml").read_text()) == []
    assert against("<testsuites><testsuite/></testsuites>") != []


def against(report: str) -> list[str]:
    """Return what the schema of Jenkins has against a report."""
    done = subprocess.run([tool("junit")], input=report, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_dots_tell_only_what_differs(apm: Apm, repository: Path) -> None:
    add(repository, ACCEPTED.replace("sent: true", "sent: false"))
    lines = apm("test", "--dots").out.splitlines()
    assert lines[0] == "..F"
    assert lines[1].startswith("FAIL  hello: a formal greeting")
    assert lines[2].strip() == "output.sent: expected false, got true"
    assert lines[3].startswith("2 passed, 1 failed")


def test_a_step_that_is_misspelt_in_a_case_is_told(apm: Apm, repository: Path) -> None:
    add(repository, ACCEPTED.replace("approve: accept", "aprove: accept"))
    result = apm("test")
    assert result.code == 1
    assert 'the workflow "hello" has no step "aprove" [test-step]' in result.out
    assert 'did you mean "approve"?' in result.out


def test_a_branch_that_is_called_unreachable_does_not_count_until_it_is_taken(apm: Apm, repository: Path) -> None:
    file = repository / "specs" / "tests" / "hello.yaml"
    excuse = '  environment: local\n  unreachable: {"decided/switch[0]": nobody here ever accepts}\n'
    file.write_text(file.read_text().replace("  environment: local\n", excuse))
    result = apm("test", "--fail-under", "100")
    assert (result.code, "1 unreachable" in result.out) == (0, True)
    add(repository, ACCEPTED)
    result = apm("test")
    assert result.code == 1
    assert "decided/switch[0] was taken, and the test calls it unreachable: nobody here ever accepts" in result.out


def test_skeletons_are_valid_specs_for_the_missing_branches(apm: Apm, repository: Path) -> None:
    file = repository / "specs" / "tests" / "more.yaml"
    assert apm("test", "--generate", str(file)).code == 0
    written = yaml.safe_load(file.read_text())
    names = [case["name"].split(": ")[0] for case in written["spec"]["cases"]]
    assert names == ["decided/switch[0]"]
    assert written["spec"]["cases"][0]["expect"] == {"takes": ["decided/switch[0]"]}
    assert apm("validate").code == 0
    assert "branch decided/switch[0]: expected to be taken" in apm("test").out
    again = apm("test", "--generate", str(file))
    assert (again.code, "is there already" in again.err) == (1, True)
