"""The prompt of an agent reads what a step does not hand over.

`input` in a prompt is what the step that runs the agent hands over under `with`. A value that is not there fails the
step when the prompt is written, so every step that runs the agent has to hand over what its prompt reads. `state` and
`steps` are those of the workflow that runs it.

Fix: hand it over, or correct the name in the prompt.

Bad, where the prompt says `{{ input.question }}`:

    - {id: draft, agent: writer, with: {text: "${input.question}"}}

Good: `with: {question: "${input.question}"}`.
"""

from collections.abc import Iterable, Iterator
from typing import cast

from generator.model import Catalogue, Check, Declared, beside
from generator.problems import Problem, nearest
from generator.workflows.flow import Node, Scope, scopes
from runtime.expressions import references_in_prose
from runtime.nodes.agent import AgentStep

CODE = "prompt-input"


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each such read at the step."""
    told: set[tuple[str, ...]] = set()  # what the state does not have is wrong in the prompt, once for all steps
    for workflow in catalogue.all("Workflow"):
        for scope in scopes(workflow):
            for node in scope.nodes:
                if isinstance(node.step, AgentStep) and (agent := catalogue.find("Agent", node.step.agent)):
                    yield from _missing(catalogue, workflow, scope, node, agent, told)


def _missing(
    catalogue: Catalogue, workflow: Declared, scope: Scope, node: Node, agent: Declared, told: set[tuple[str, ...]]
) -> Iterator[Problem]:
    path = beside(agent.document.file, agent.spec.instructions)
    given = cast("AgentStep", node.step).with_
    said = ("team",) if agent.spec.sub_agents else ()  # what its sub-agents answered
    known: dict[str, Iterable[str]] = {"input": (*given, *said), "state": workflow.spec.state, "steps": scope.visible}
    for read in references_in_prose(catalogue.files.get(path, "")):
        root, *fields = read.path
        once = (agent.name, root, *fields[:1], *((workflow.name, node.step.id) if root == "input" else ()))
        if root not in known or not fields or read.tested or fields[0] in known[root] or once in told:
            continue
        told.add(once)
        message = f'the prompt of "{agent.name}" reads `{root}.{fields[0]}`, which is not there in this step'
        loc = (*node.loc, "with" if root == "input" and given else "agent")
        related = ((agent.document.at(("spec", "instructions")), f"{path} is its prompt"),)
        yield workflow.problem(loc, CODE, message, nearest(fields[0], known[root]), key=loc[-1] == "with",
                               related=related)  # fmt: skip


CHECK = Check(CODE, run, each_environment=True)
