"""Mistakes that nothing can find before a run, or that change nothing that anybody relies on, each with the reason."""

import re
from dataclasses import dataclass
from functools import lru_cache

from tests.mutation.evidence import CARRIED, SAME


@dataclass(frozen=True)
class Harmless:
    """Mutants that may pass."""

    operators: str
    """Names of operators, separated by spaces."""
    shapes: str
    """Pattern of their shapes (a regular expression, for the whole shape)."""
    why: str
    """Reason, for people."""


_STEP = r"Workflow\.spec\..*steps\[\w+\](\..*\[\w*\])?"
_CASE = r"WorkflowTest\.spec\.cases\[\]"
_BELOW = r"(\.\*|\[\])*"

PEOPLE = "a text for people, which says what it says"
OUTSIDE = "names something outside of the repository: only the system that holds it knows whether it is there"
FREE = "a name that nothing else uses; the author is free to choose it"
OPEN = "nobody has said what may stand there: the schema takes anything, or there is none"
AMOUNT = "another amount that makes sense"
PROGRAM = "another workflow that is as right by its form; the cases of its tests tell them apart"
CASES = "another value that can be; the run of the case tells whether it is what comes out"
CI = "`apm ci` and `apm codeowners` know the files of the repository, and refuse it"
SAMPLE = "the sample still is on its side of the policy"

RULES: tuple[Harmless, ...] = (
    Harmless("value", r".*\.(description|title|titles\.\w+|summary|help|message|role|formerly\[\]|meaning\.\*|question|"
                      r"detail|prompt|legend|reason|priceSource|tags\[\])", PEOPLE),
    Harmless("value", rf"{_CASE}\.name|Alerts\..*\.tests\[\]\.name|WorkflowTest\.spec\.unreachable\.\*", PEOPLE),
    Harmless("value", r".*\.(image\.name|registry|repoUrl|revision|url|endpoint|urls\.\w+|mail|members\[\]|webhook|"
                      r"channel|critical|secret|credentials|apiKeys|pullSecrets\[\]|database|bucket\.name|prefix|tokens\.\w+|"
                      r"mcp\.tool|model|producers\[\]|datasourceUid|namespace|cluster\.name|prometheusUrl|traces\."
                      r"headers)", OUTSIDE),
    Harmless("value", r"Report\.spec\.recipients\[\]\.slack", OUTSIDE),
    Harmless("value chosen-key", r".*\.(labels|selectorLabels)\.\*", OUTSIDE),
    Harmless("value", r"\w+\.metadata\.name", FREE),
    Harmless("value", rf"{_STEP}\.(id|fail\.type)", FREE),
    Harmless("value", r"Dashboard\.spec\.(uid|variables\[\]\.name)", FREE),
    Harmless("chosen-key", r"Agent\.spec\.gates\.\*|System\.spec\.glossary\.\*|Workflow\.spec\.output\.\*", FREE),
    Harmless("chosen-key", rf"{_STEP}\.(parallel\.branches\.\*|.*payload\.\*|save\.\*\.\*)", FREE),
    Harmless("chosen-key type value", rf"{_STEP}\.with\.\*{_BELOW}", OPEN),
    Harmless("type value", rf"{_STEP}\.(set\.\*|save\.\*|approval\.payload){_BELOW}", OPEN),
    Harmless("type value", rf"Workflow\.spec\.(output\.\*|state\.\*\.default|triggers\[\]\.input\.\*){_BELOW}", OPEN),
    Harmless("lost-next lost-when lost-save redirected", rf"{_STEP}\..*", PROGRAM),
    Harmless("chosen-key", r"Agent\.spec\.guardrails\.\*", FREE),
    Harmless("value", rf"{_STEP}\.cache\.key|Agent\.spec\.guardrails\.\*\.regex\.deny", FREE),
    Harmless("value", r"Agent\.spec\.guardrails\.\*\.schema\.\*\[\]", OPEN),
    Harmless("expression-field", r"Agent\.spec\.permissions\.\w+\[\]\.when", OPEN),
    Harmless("value", r"Team\.spec\.approves\[\]", CI),
    Harmless("value", r"System\.spec\.languages\[\]|Channel\.spec\.deadLetter|Runtime\.spec\.image\.tag", FREE),
    Harmless("value", r"StateStore\.spec\.collections\[\]\.(name|indexes\[\]\.fields\[\])", FREE),
    Harmless("chosen-key", r"(Alerts\.spec\.alerts|Metrics\.spec\.metrics)\.\*", FREE),
    Harmless("value", r"Metrics\.spec\.(targetLabels\[\]|metrics\.\*\.labels\.\*\[\])", OUTSIDE),
    Harmless("value", r"Environment\.spec\.overlay\.\*\.\*|Policy\.spec\.match\[\]\.apiGroups\[\]", OUTSIDE),
    Harmless("value", r"(Alerts|Report)\..*\.(promql|series\.\*|above)", AMOUNT),
    Harmless("value", r"Metrics\.spec\.metrics\.\*\.buckets\[\]", AMOUNT),
    Harmless("value", r"(Tool|Workflow|Channel|Agent)\.spec\.(input|output|payload)\..*", AMOUNT),
    Harmless("value", rf"{_STEP}\.approval\.options\[\]", FREE),
    Harmless("value type", r".*\.enum\[\]|(Tool|Workflow|Channel|Agent)\.spec\.(input|output|payload)\..*\[\]", OPEN),
    Harmless("chosen-key", r"(Tool|Workflow|Channel|Agent)\.spec\.(input|output|payload)\.\*\.\*", FREE),
    Harmless("value", r".*\.resources\.(limits|requests)\.\w+|Environment\.spec\.quota\.\w+", AMOUNT),
    Harmless("value type chosen-key", rf"{_CASE}\.(input|replies|but|tools|steps|events|answers|expect\.(state|output|"
                                      rf"emitted|calls))\.\*{_BELOW}", CASES),
    Harmless("chosen-key type value", rf"Policy\.spec\.(pass|fail)\[\]{_BELOW}", SAMPLE),
)  # fmt: skip


PROVEN = {PEOPLE: (SAME, CARRIED), SAMPLE: (SAME,), CI: (SAME, CARRIED)}
"""Reasons that count only with evidence: what is rendered without the mistake is rendered with it, but for the text."""


def holds(why: str, shown: str) -> bool:
    """Return whether there is a reason, and the evidence that it needs."""
    return bool(why) and shown in PROVEN.get(why, (shown,))


@lru_cache(maxsize=65536)
def reason(operator: str, shape: str) -> str:
    """Return why mutants of an operator do no harm at a shape; empty where they do."""
    found = (rule.why for rule in RULES if operator in rule.operators.split() and re.fullmatch(rule.shapes, shape))
    return next(found, "")
