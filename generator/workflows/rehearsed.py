"""What the cases of a workflow test name: steps by their path below the workflow, branches, agents, calls."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.model import Catalogue, Declared, Loc
from generator.workflows.coverage import ways
from generator.workflows.flow import Node, nodes, scopes
from generator.workflows.teams import chains
from runtime.functions import registered
from runtime.nodes.agent import AgentStep
from runtime.nodes.tool import ToolStep
from runtime.nodes.workflow import WorkflowStep

_DEEP = 12
"""Levels of sub-workflows that are looked into; the runtime allows fewer."""


@dataclass(frozen=True)
class Placed:
    """A step, and the workflow in which it is written."""

    workflow: Declared
    node: Node


def steps_below(catalogue: Catalogue, workflow: Declared) -> Mapping[str, Placed]:
    """Return every step of a workflow and of its sub-workflows, by path: `plan/assess/risk-assessment`."""
    return workflow.once(f"steps below {id(catalogue)}", lambda: dict(_steps(catalogue, workflow, "", _DEEP)))


def _steps(catalogue: Catalogue, workflow: Declared, above: str, left: int) -> Iterator[tuple[str, Placed]]:
    paths: dict[Loc, str] = {}
    for scope in scopes(workflow):
        around = max((loc for loc in paths if scope.loc[: len(loc)] == loc), key=len, default=None)
        for node in scope.nodes:
            path = f"{paths[around] if around else above}{node.step.id}"
            paths[node.loc] = f"{path}/"
            yield path, Placed(workflow, node)
            child = catalogue.find("Workflow", node.step.workflow) if isinstance(node.step, WorkflowStep) else None
            if child and left:
                yield from _steps(catalogue, child, f"{path}/", left - 1)


def branches(workflow: Declared) -> tuple[str, ...]:
    """Return every branch of a workflow as tests name it: `decide/switch[1]`."""
    return tuple(f"{node.step.id}/{way}" for node in nodes(workflow) for way in ways(node.step))


def agents(catalogue: Catalogue, workflow: Declared) -> frozenset[str]:
    """Return the agents that a run can come to, those that work for others too."""
    found = steps_below(catalogue, workflow).values()
    named = {p.node.step.agent for p in found if isinstance(p.node.step, AgentStep)}
    return frozenset([*named, *(chain[-1].name for name in named for chain in chains(catalogue, name))])


def callable_(catalogue: Catalogue, workflow: Declared) -> frozenset[str]:
    """Return the tools and functions that a run can call, through its agents too."""
    used = {p.node.step.tool for p in steps_below(catalogue, workflow).values() if isinstance(p.node.step, ToolStep)}
    specs = (catalogue.find("Agent", name) for name in agents(catalogue, workflow))
    return frozenset([*used, *(tool for agent in specs if agent for tool in agent.spec.tools), *registered()])
