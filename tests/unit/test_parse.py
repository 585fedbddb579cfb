"""Each cause is told once, with the nearest name and at the exact place."""

import pytest

from generator.pipeline import check
from generator.problems import Rejected
from tests.conformance.cases import HERE
from tests.unit.conftest import Repository

HEAD = "".join(
    (HERE / "base" / name).read_text().rstrip() + "\n---\n"
    for name in ("system.yaml", "teams.yaml", "environments.yaml")
)
FIRST = HEAD.count("\n")


def _found(repository: Repository, text: str) -> list[tuple[str, int, int, str]]:
    root = repository({"specs/x.yaml": HEAD + text})
    try:
        found = check(root).problems
    except Rejected as rejected:
        found = rejected.problems
    return [(p.code, p.place.line - FIRST, p.place.column, p.hint) for p in found]


def _model(spec: str) -> str:
    return f"apiVersion: apm/v1\nkind: Model\nmetadata: {{name: a}}\nspec: {spec}\n"


def _steps(steps: str) -> str:
    return f"apiVersion: apm/v1\nkind: Workflow\nmetadata: {{name: a}}\nspec: {{steps: {steps}}}\n"


_OTHER_KIND = "---\napiVersion: apm/v1\nkind: Modell\nmetadata: {name: b}\nspec: {provider: x}\n"
CASES: dict[str, tuple[str, list[tuple[str, int, int, str]]]] = {
    "a misspelt key is not a missing field too": (
        _model("{providr: openai}"),
        [("unknown-key", 4, 8, 'did you mean "provider"?')],
    ),
    "a key that is like nothing, and a missing field": (
        _model("{temper: 1}"),
        [("missing-field", 4, 1, ""), ("unknown-key", 4, 8, 'did you mean "temperature"?')],
    ),
    "two mistakes are two findings": (
        _model("{provider: 7, temperature: hot}"),
        [("wrong-type", 4, 18, 'quote it: "7"'), ("wrong-type", 4, 34, "")],
    ),
    "a truth value where a text is meant": (
        _model("{provider: true}"),
        [("wrong-type", 4, 18, 'quote it: "true"')],
    ),
    "a number where its unit is missing": (
        _model("{provider: x, timeout: 30}"),
        [("duration", 4, 30, "write its unit, such as 30s")],
    ),
    "a number where nobody knows the currency": (_model("{provider: x, priceIn: 5}"), [("money", 4, 30, "")]),
    "a number as it is written": (_model("{provider: 4.10}"), [("wrong-type", 4, 18, 'quote it: "4.10"')]),
    "a number that is neither of two forms": (
        _steps('[{id: a, forEach: {in: "[1]", toleratedFailures: true, steps: [{id: b, wait: {for: 1s}}]}}]'),
        [("wrong-type", 4, 64, "")],
    ),
    "an empty spec": (_model(""), [("wrong-type", 4, 6, "")]),
    "a list for a spec": (_model("[a]"), [("wrong-type", 4, 7, "")]),
    "a misspelt envelope": (
        "apiVersion: apm/v1\nkind: Model\nmetadate: {name: a}\nspec: {provider: x}\n",
        [("unknown-key", 3, 1, 'did you mean "metadata"?')],
    ),
    "another version": (
        "apiVersion: v1\nkind: Model\nmetadata: {name: a}\nspec: {provider: x}\n",
        [("api-version", 1, 13, "write `apiVersion: apm/v1`")],
    ),
    "a misspelt kind": (
        "apiVersion: apm/v1\nkind: Modell\nmetadata: {name: a}\nspec: {provider: x}\n",
        [("unknown-kind", 2, 7, 'did you mean "Model"?')],
    ),
    "a document that is no spec": (
        "agents: {a: [b]}\n",
        [("not-a-spec", 1, 1, "what stands beside specs is named by one of them")],
    ),
    "a key of the verb that is meant": (
        _steps('[{id: a, switch: [{when: "true", then: end}], defualt: end}]'),
        [("unknown-key", 4, 61, 'did you mean "default"?')],
    ),
    "a key inside a step inside a step": (
        _steps('[{id: a, forEach: {in: "[1]", steps: [{id: b, wait: {fro: 1s}}]}}]'),
        [("unknown-key", 4, 68, 'did you mean "for"?')],
    ),
    "a list with one wrong item is not empty": (_steps("[7]"), [("wrong-type", 4, 16, "")]),
    "an empty list": (_steps("[]"), [("invalid-value", 4, 15, "")]),
    "a broken step and a good one": (
        _steps("[{id: A, wait: {for: 1s}}, {id: b, wait: {for: 1s}}]"),
        [("name", 4, 21, "write a")],
    ),
    "a text with a comma": (
        _model("{provider: x, model: small, fast}"),
        [("unknown-key", 4, 35, "quote a text with a comma in { }")],
    ),
    "a key without a value": (_model("{provider: x, fast: }"), [("unknown-key", 4, 21, "")]),
    "a number instead of a mapping": (
        _steps("[{id: a, wait: {for: 1s}}], limits: 5"),
        [("wrong-type", 4, 51, "known: maxConcurrentRuns, maxSteps, timeout")],
    ),
    "one thing instead of a list": (
        "apiVersion: apm/v1\nkind: Team\nmetadata: {name: a}\nspec: {title: A, mail: a@b.c, members: ada}\n",
        [("wrong-type", 4, 40, "write [ada]")],
    ),
    "what names a spec of a misspelt kind is right": (
        _model("{provider: x, fallback: [b]}") + _OTHER_KIND,
        [("unknown-kind", 7, 7, 'did you mean "Model"?')],
    ),
    "an object of Kubernetes": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\ndata: {}\n",
        [("api-version", 1, 13, "`apm import FILES` makes specs of objects of Kubernetes")],
    ),
    "a time in words": (_model("{provider: x, timeout: 2 minutes}"), [("duration", 4, 30, "write 2m")]),
    "a number with a factor": (_model("{provider: x, maxOutputTokens: 2k}"), [("wrong-type", 4, 38, "write 2000")]),
}


@pytest.mark.parametrize("name", CASES)
def test_findings(repository: Repository, name: str) -> None:
    text, expected = CASES[name]
    assert _found(repository, text) == expected
