"""What a step may change outside of its run, as far as the specs say."""

from generator.model import Catalogue
from runtime.contract import Step
from runtime.functions import registered
from runtime.nodes.agent import AgentStep
from runtime.nodes.function import FunctionStep
from runtime.nodes.http import HttpStep
from runtime.nodes.tool import ToolStep
from runtime.steps import NODES, name_of


def harmless(catalogue: Catalogue, step: Step) -> str | None:
    """Return why a step itself changes nothing outside; None where it may, or where that is not known."""
    verb = name_of(step)
    if isinstance(step, AgentStep):
        return _reading(catalogue, step)
    if not NODES[verb].needs.effect:
        return f"`{verb}` changes nothing outside of the run"
    if isinstance(step, HttpStep):
        return "a GET changes nothing" if step.http.method == "GET" else None
    if isinstance(step, ToolStep):
        tool = catalogue.find("Tool", step.tool)
        return f"the tool {step.tool} only reads" if tool and tool.spec.effect == "read" else None
    if isinstance(step, FunctionStep):
        function = registered().get(step.function)
        return f"the function {step.function} only reads" if function and function.effect == "read" else None
    return None


def known(catalogue: Catalogue, step: Step) -> bool:
    """Return whether all that a step calls is there: what is not, is told elsewhere."""
    if isinstance(step, FunctionStep):
        return step.function in registered()
    tools = {step.tool} if isinstance(step, ToolStep) else set[str]()
    if isinstance(step, AgentStep):
        agent = catalogue.find("Agent", step.agent)
        if agent is None:
            return False
        tools = set(agent.spec.tools)
    return all(catalogue.find("Tool", name) for name in tools)


def _reading(catalogue: Catalogue, step: AgentStep) -> str | None:
    agent = catalogue.find("Agent", step.agent)
    if agent is None:
        return None
    tools = [catalogue.find("Tool", name) for name in agent.spec.tools]
    read = all(tool is not None and tool.spec.effect == "read" for tool in tools)
    return f"the agent {step.agent} has only tools that read" if read else None
