"""What is wrong with the types of expressions: operators, fields, conditions, optional data, values for the state."""

from collections.abc import Iterator, Mapping

from generator.model import Catalogue, Declared, Loc, beside
from generator.problems import Problem
from generator.references import Expression, expressions
from generator.workflows import types
from generator.workflows.inference import Finding, infer
from generator.workflows.reads import schema_of
from generator.workflows.spans import inside
from generator.workflows.typed import typed
from generator.workflows.types import ANY, Type, from_schema, of
from runtime.contract import Field_, Guardrail
from runtime.expressions.tree import tree

_ANYTHING: Mapping[str, Type] = dict.fromkeys(("input", "output", "state", "steps", "run", "item"), ANY)


def problems(catalogue: Catalogue, workflow: Declared) -> Iterator[Problem]:
    """Yield what is wrong with the expressions of a workflow, and with what they write."""
    found = typed(catalogue, workflow)
    for expression, finding in found.findings():
        yield problem(catalogue, workflow, expression, finding)
    for loc, value in found.writes():
        field: Field_ | None = workflow.spec.state.get(loc[-1])
        if field is not None and found.spot(loc).facts is not None:
            yield from _written(workflow, loc, field, found.value(value, loc))


def _written(workflow: Declared, loc: Loc, field: Field_, value: Type) -> Iterator[Problem]:
    single = field.reducer == "append" and "list" not in value.kinds
    # CEL and models write 3.0 for 3; the runtime makes it a whole number again.
    also = ("null", "double") if field.type == "integer" else ("null",)
    accepted = types.declared(field.type).kinds | frozenset(also)
    if value.kinds and not single and not value.kinds & accepted:
        message = f'"{loc[-1]}" is declared as {field.type}, and this writes {value.words()}'
        related = ((workflow.document.key_at(("spec", "state", loc[-1])), f"declared as {field.type} here"),)
        yield workflow.problem(loc, "expression-type", message, "", related=related)


def of_agent(catalogue: Catalogue, agent: Declared) -> Iterator[Problem]:
    """Yield what is wrong with the quality gates, permissions and guardrails of an agent."""
    for expression in expressions(agent, catalogue.files):
        node = tree(expression.text) if expression.language == "cel" else None
        if node:
            every = tuple(_roots(catalogue, agent, expression.loc))
            found = (finding for roots in every for finding in infer(expression.text, node, roots, condition=True)[1])
            for finding in dict.fromkeys(found):
                # What never holds at one point may at another.
                if len(every) == 1 or finding.code != "constant-condition":
                    yield problem(catalogue, agent, expression, finding)


def _roots(catalogue: Catalogue, agent: Declared, loc: Loc) -> Iterator[Mapping[str, Type]]:
    """Yield what is known of `input` and `output` wherever an expression of an agent is read."""
    match loc:
        case ("spec", "gates", *_):
            yield {"output": _type(catalogue, agent, "output")}
        case ("spec", "guardrails", name, *_):
            for point in agent.spec.guardrails[str(name)].at:
                yield from _looked(catalogue, agent, agent.spec.guardrails[str(name)], point)
        case ("spec", "permissions", right, int(index), *_):
            tool = catalogue.find("Tool", getattr(agent.spec.permissions, str(right))[index].tool)
            yield {"input": _type(catalogue, tool, "input")}
        case ("spec", "until"):
            for name in agent.spec.sub_agents:
                yield {**_ANYTHING, "output": _type(catalogue, catalogue.find("Agent", name), "output")}
        case _:
            yield _ANYTHING


def _looked(catalogue: Catalogue, agent: Declared, guardrail: Guardrail, point: str) -> Iterator[Mapping[str, Type]]:
    """Yield what a guardrail looks at: for tools, once for each of them. Before there is an output, it is null."""
    if point == "input":
        yield {"input": ANY, "output": of("null")}
    elif point == "output":
        yield {"input": ANY, "output": _type(catalogue, agent, "output")}
    for name in guardrail.tools or agent.spec.tools if point in ("toolInput", "toolOutput") else ():
        tool = catalogue.find("Tool", name)
        output = of("null") if point == "toolInput" else _type(catalogue, tool, "output")
        yield {"input": _type(catalogue, tool, "input"), "output": output}


def _type(catalogue: Catalogue, spec: Declared | None, side: str) -> Type:
    schema = schema_of(catalogue, spec, getattr(spec.spec, side)) if spec else None
    return from_schema(schema) if schema is not None else ANY


def problem(catalogue: Catalogue, spec: Declared, expression: Expression, finding: Finding) -> Problem:
    """Return a finding as a problem, where it stands in the file."""
    found = spec.problem(expression.loc, finding.code, finding.message, finding.hint)
    source = catalogue.files.get(found.place.file, "")
    place = inside(source, found.place, expression.text, finding.offset, finding.length)
    return Problem(place, found.code, found.message, found.hint, found.path)


def at(catalogue: Catalogue, spec: Declared, loc: Loc, text: str, offset: int, length: int) -> Problem:
    """Return an empty problem at a part of an expression; for its place."""
    return problem(catalogue, spec, Expression(loc, "cel", text), Finding("", offset, length, ""))


def file_text(catalogue: Catalogue, spec: Declared, relative: str) -> str:
    """Return the text of a file beside a spec; empty where there is none."""
    return catalogue.files.get(beside(spec.document.file, relative), "")
