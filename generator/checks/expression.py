"""An expression or a prompt can't be read.

Conditions (`when`, `in`, quality gates) are CEL. In values, CEL stands in `${ }`. Prompts and messages for people are
Jinja2 texts, where values stand in `{{ }}`. All of them start from `input`, `state`, `steps`, `item`, `output` and
`run`. They are compiled here with the engines that compute them later, so that none fails for its form while a
workflow runs.

Fix: the message names the place inside the text.

Bad: `when: "state.verdict = 'complete'"`, one equals sign.

Good: `when: "state.verdict == 'complete'"`.
"""

from collections.abc import Iterable, Iterator

from generator.model import Catalogue, Check, Declared
from generator.places import place_at
from generator.problems import Place, Problem
from generator.references import Expression, expressions
from generator.rules.cel_functions import EXPRESSIONS
from generator.rules.cel_messages import Finding, readable
from generator.workflows.spans import inside
from runtime.expressions import check, check_prose, check_template

_CHECKS = {"cel": check, "template": check_template, "prose": check_prose}


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each finding of the engines where it stands."""
    for spec in catalogue.specs:
        for expression in expressions(spec, catalogue.files):
            yield from _findings(catalogue, spec, expression)


def _findings(catalogue: Catalogue, spec: Declared, expression: Expression) -> Iterator[Problem]:
    for finding in _told(expression):
        place = _place(catalogue, spec, expression, finding.offset, finding.length)
        problem = spec.problem(expression.loc, "expression", finding.message, finding.hint)
        yield Problem(place, problem.code, problem.message, problem.hint, problem.path)


def _told(expression: Expression) -> list[Finding]:
    """Return what the engine of an expression says, in words."""
    found = _CHECKS[expression.language](expression.text)
    if expression.language == "prose":
        return [Finding(one.offset, one.length, one.message) for one in found]
    return readable(expression.text, ((one.offset, one.message) for one in found), EXPRESSIONS)


def _place(catalogue: Catalogue, spec: Declared, expression: Expression, offset: int, length: int) -> Place:
    if expression.file:
        return place_at(expression.file, expression.text, offset, length)
    scalar = spec.document.at(expression.loc)
    return inside(catalogue.files.get(scalar.file, ""), scalar, expression.text, offset, length)


CHECK = Check("expression", run, each_environment=True)
