"""A case of a workflow test holds a value that can't be.

The input of a case, the answers to its questions, the replies of agents and the results of tools take the place of what
comes in production, so they are held to the same schemas: the workflow's input, the options of an approval, the output
of the agent or tool, the payload of the channel. What is expected (fields of the state and of the output, arguments of
calls, payloads of events) has to be possible too. A case that expects the problem `invalid-input` or `invalid-output`
may hold a wrong input, or wrong replies.

Fix: correct the value, or the schema.

Bad, where the input requires `question`: `input: {qestion: "Is it open?"}`. Good: `input: {question: "Is it open?"}`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from generator.kinds.workflow_test import IN_TURN, Case, in_turn
from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem, nearest
from generator.workflows.accepting import Handed, compared
from generator.workflows.reads import input_schema, output_schema, schema_of
from generator.workflows.rehearsed import steps_below
from runtime.contract import teams
from runtime.nodes.approval import Approval, ApprovalStep
from runtime.nodes.ask import AskStep
from runtime.nodes.listen import Listen, ListenStep

CODE = "test-value"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such value where it stands."""
    for test in catalogue.all("WorkflowTest"):
        workflow = catalogue.find("Workflow", test.spec.workflow)
        for index, case in enumerate(test.spec.cases) if workflow else ():
            assert workflow
            yield from _Case(catalogue, test, workflow, case, ("spec", "cases", index)).problems()


@dataclass(frozen=True)
class _Case:
    """One case of one workflow."""

    catalogue: Catalogue
    test: Declared
    workflow: Declared
    case: Case
    at: Loc

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with the case."""
        if self.case.expect.problem != "invalid-input":
            yield from self._input()
        if self.case.expect.problem != "invalid-output":
            yield from self._replies()
        yield from self._results()
        yield from self._answers()
        yield from self._expected()

    def held(self, at: Loc, value: Any, schema: Any, who: str, *, partial: bool = False) -> Iterator[Problem]:
        """Yield what a schema refuses in a value."""
        if schema is not None and not _special(value):
            yield from compared(Handed(self.test, CODE, who, partial=partial), (*self.at, *at), value, schema)

    def _input(self) -> Iterator[Problem]:
        schema = input_schema(self.catalogue, self.workflow)
        if self.case.input or schema is None:
            yield from self.held(("input",), self.case.input, schema, f'the workflow "{self.workflow.name}"')
            return
        for found in self.held(("input",), {}, schema, f'the workflow "{self.workflow.name}"'):
            yield self.test.problem((*self.at, "name"), CODE, f"{found.message}, and this case has no `input`")

    def _replies(self) -> Iterator[Problem]:
        written = self.case.replies if isinstance(self.case.replies, Mapping) else {}
        for field, replies in (("replies", written), ("but", self.case.but)):
            for agent, listed in replies.items():
                for index, reply in enumerate(listed):
                    schema, what = self._answer(agent, reply)
                    yield from self.held((field, agent, index), reply, schema, f'{what} of the agent "{agent}"',
                                         partial=field == "but")  # fmt: skip

    def _answer(self, name: str, reply: Mapping[str, Any]) -> tuple[Any, str]:
        """Return the schema of a reply and what it is: an agent also says who of its team does what."""
        agent = self.catalogue.find("Agent", name)
        if agent and not all(self.catalogue.knows("Agent", one) for one in agent.spec.sub_agents):
            return None, ""  # a name that is not there is told where the team is
        if agent and agent.spec.strategy == "router":
            return teams.choice(agent.spec.sub_agents), "the choice"
        if agent and agent.spec.strategy == "plan_execute" and "tasks" in reply:
            return teams.plan(agent.spec.sub_agents, agent.spec.max_rounds), "the plan"
        return self._schema("Agent", name, "output"), "the output"

    def _results(self) -> Iterator[Problem]:
        for tool, results in self.case.tools.items():
            schema = self._schema("Tool", tool, "output")
            for index, result in enumerate(results):
                yield from self.held(("tools", tool, index), result, schema, f'the output of the tool "{tool}"')
        steps = steps_below(self.catalogue, self.workflow)
        for path, results in self.case.steps.items():
            schema = output_schema(self.catalogue, steps[path].node.step) if path in steps else None
            for index, result in enumerate(results):
                yield from self.held(("steps", path, index), result, schema, f"what {path} answers", partial=True)

    def _answers(self) -> Iterator[Problem]:
        steps = steps_below(self.catalogue, self.workflow)
        for path, answer in self.case.answers.items():
            step = steps[path].node.step if path in steps else None
            schema: Any = None
            if isinstance(step, ApprovalStep):
                schema = _of_approval(step.approval)
            elif isinstance(step, AskStep):
                schema = step.ask.json_schema
            for at, value in self._turns(("answers", path), answer):
                yield from self.held(at, value, schema, f'the question "{path}"')
        for path, event in self.case.events.items():
            step = steps[path].node.step if path in steps else None
            for at, value in self._turns(("events", path), event) if isinstance(step, ListenStep) else ():
                assert isinstance(step, ListenStep)
                yield from self._heard(at, path, step.listen, value)

    def _turns(self, at: Loc, written: Any) -> Iterator[tuple[Loc, Any]]:
        """Yield what is said at a step, once for each time."""
        if isinstance(written, Mapping) and IN_TURN in written:
            for index, value in enumerate(in_turn(written)):
                yield (*at, IN_TURN, index), value
        else:
            yield at, written

    def _heard(self, at: Loc, path: str, listen: Listen, event: Any) -> Iterator[Problem]:
        if listen.channel is not None:
            schema = self._schema("Channel", listen.channel, "payload")
            yield from self.held(at, event, schema, f'the channel "{listen.channel}"')
            return
        schemas: dict[str, Any] = {
            one.channel: self._schema("Channel", one.channel, "payload") or {} for one in listen.heard
        }
        schema: Any = {"type": "object", "properties": schemas, "additionalProperties": False}
        yield from self.held(at, event, schema, f"what {path} listens to, by channel")

    def _expected(self) -> Iterator[Problem]:
        expect = self.case.expect
        yield from self._names(("expect", "output"), expect.output, self.workflow.spec.output, "output")
        yield from self._names(("expect", "state"), expect.state, self.workflow.spec.state, "state")
        for name, value in expect.state.items():
            declared = self.workflow.spec.state.get(name)
            if declared and declared.type != "any":
                schema = {"type": [declared.type, "null"]}
                yield from self.held(("expect", "state", name), value, schema, f'the state field "{name}"')
        for kind, field, named in (("Tool", "input", expect.calls), ("Channel", "payload", expect.emitted)):
            for name, listed in named.items():
                schema = self._schema(kind, name, field)
                where = "calls" if kind == "Tool" else "emitted"
                for index, value in enumerate(cast("tuple[Any, ...]", listed)):
                    who = f'the {kind.lower()} "{name}"'
                    yield from self.held(("expect", where, name, index), value, schema, who, partial=True)

    def _names(self, at: Loc, named: Mapping[str, Any], known: Mapping[str, Any], what: str) -> Iterator[Problem]:
        for name in named if known else ():
            if name not in known:
                message = f'the {what} of the workflow "{self.workflow.name}" has no "{name}"'
                yield self.test.problem((*self.at, *at, name), CODE, message, nearest(name, known), key=True)

    def _schema(self, kind: str, name: str, field: str) -> Any:
        spec = self.catalogue.find(kind, name)
        return schema_of(self.catalogue, spec, getattr(spec.spec, field)) if spec else None


def _of_approval(asked: Approval) -> Any:
    """Return the schema of what people answer: an option, several of them, or one with a payload."""
    option: dict[str, Any] = {"enum": list(asked.options)}
    if asked.required > 1:
        return {"anyOf": [option, {"type": "array", "items": option}]}
    if asked.edit is None:
        return option
    fields = {"decision": option, "payload": asked.edit}
    edited = {
        "type": "object",
        "properties": fields,
        "required": ["decision", "payload"],
        "additionalProperties": False,
    }
    return {"anyOf": [option, edited]}


def _special(value: Any) -> bool:
    """Whether a reply is an instruction, such as `{$fail: ...}`."""
    return isinstance(value, Mapping) and any(str(key).startswith("$") for key in cast("Mapping[str, Any]", value))


CHECK = Check(CODE, run, each_environment=True)
