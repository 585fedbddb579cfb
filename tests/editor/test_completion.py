"""What is offered at a cursor in texts that are half typed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from generator.editor import completion
from generator.editor.cursor import half_typed
from generator.editor.session import Session

WORKFLOW = "specs/workflows/hello.yaml"
Offer = Callable[[str, str, str], set[str]]


@pytest.fixture
def offer(initialised: Path) -> Offer:
    """Return what is offered in a file whose text has another part, at the `|` in that."""
    session = Session(initialised)

    def offered(name: str, old: str, new: str) -> set[str]:
        whole = (initialised / name).read_text() if (initialised / name).exists() else old
        assert old in whole
        text = whole.replace(old, new, 1)
        session.open(name, text.replace("|", "", 1))
        at = half_typed(text.replace("|", "", 1), text.index("|"))
        return {one.label for one in completion.candidates(session.snapshot(), name, at)} if at else set()

    return offered


CASES = {
    "verbs of a step": ("    - id: send\n", "    - id: send\n      ap|\n    - id: other\n", {"approval", "save"}),
    "keys of a verb": ("        onTimeout: reject\n", "        onTimeout: reject\n        |\n", {"payload"}),
    "keys in flow style": ("sent: true}", "sent: true}\n    - {id: x, wo|", {"workflow", "when"}),
    "a key that has its colon": ("assignees: [platform]", "assi|: [platform]", {"assignees"}),
    "names of specs": ("agent: greeter", "agent: gr|", {"greeter"}),
    "names, nothing typed": ("agent: greeter", "agent: |", {"greeter"}),
    "names in a list": ("assignees: [platform]", "assignees: [pl|", {"platform"}),
    "names in a list of lines": ("assignees: [platform]", "assignees:\n          - |", {"platform"}),
    "steps beside a step": ("default: send", "default: se|", {"write", "approve", "send", "end"}),
    "steps in a case": ("then: approve}", "then: |", {"write", "decided", "end"}),
    "state in a condition": ("when: state.formal", "when: state.|", {"greeting", "formal", "sent"}),
    "input in a template": ('"${input.guest}"', '"${input.|', {"guest"}),
    "what save writes": ("save: {greeting", "save: {|, greeting", {"formal", "sent"}),
    "envelope": ("kind: Workflow\n", "ki|\n", {"kind"}),
    "kinds": ("kind: Workflow\n", "kind: |\n", {"Workflow", "Agent"}),
    "a mistake elsewhere": ("agent: greeter\n      with: {guest", "agent: |\n      with: {{guest", {"greeter"}),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "wanted"), CASES.values(), ids=CASES)
def test_what_is_offered_in_a_workflow(offer: Offer, old: str, new: str, wanted: set[str]) -> None:
    found = offer(WORKFLOW, old, new)
    assert wanted <= found, sorted(found)


def test_an_overlay_offers_kinds_names_and_fields(offer: Offer) -> None:
    name, old = "specs/environments/local.yaml", "deployed: false"
    assert {"Agent", "Runtime"} <= offer(name, old, "deployed: false\n  overlay:\n    |")
    assert offer(name, old, "deployed: false\n  overlay:\n    Agent:\n      |") == {"greeter"}
    assert "model" in offer(name, old, "deployed: false\n  overlay:\n    Agent:\n      greeter:\n        |")
    assert "default" in offer(name, old, "deployed: false\n  overlay:\n    Agent: {greeter: {model: |")


def test_values_that_can_be_counted_are_offered(offer: Offer) -> None:
    assert offer("specs/environments/local.yaml", "deployed: false", "deployed: |") == {"true", "false"}


def test_files_beside_a_spec_are_offered(offer: Offer) -> None:
    assert "prompts/greeter.md" in offer(
        "specs/agents/greeter.yaml", "instructions: prompts/greeter.md", "instructions: |"
    )


def test_nothing_is_offered_in_a_comment_or_where_any_text_may_stand(offer: Offer) -> None:
    assert offer("specs/agents/greeter.yaml", "role: writes greetings", "role: wr|") == set()
    assert offer("specs/agents/greeter.yaml", "  role: writes", "  # role|\n  role: writes") == set()
