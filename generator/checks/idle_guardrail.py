"""A guardrail can never look at anything, or never hold.

It stands at `toolInput` or `toolOutput` of an agent without tools and memory, names tools that the agent does not
have, or a pattern that is no regular expression of RE2 (which has no look-around and no back-references, and in return
takes linear time whatever is sent).

Fix: correct the name or the pattern, or take the guardrail away.

Bad: `guardrails: {no-keys: {at: [toolInput], tools: [serach], regex: {deny: "(?!sk-)"}}}`

Good: `guardrails: {no-keys: {at: [toolInput], tools: [search], regex: {deny: "sk-[A-Za-z0-9]{20,}"}}}`
"""

from collections.abc import Collection, Iterable, Iterator

from generator.model import Catalogue, Check, Declared, Loc
from generator.problems import Problem, nearest
from runtime.contract import Guardrail
from runtime.expressions import evaluate
from runtime.problems import StepError

_CODE = "idle-guardrail"
_TOOLS = ("toolInput", "toolOutput")


def run(catalogue: Catalogue) -> Iterable[Problem]:
    """Report each where it stands."""
    for agent in catalogue.all("Agent"):
        for name, guardrail in agent.spec.guardrails.items():
            yield from _of(agent, ("spec", "guardrails", name), guardrail, catalogue.names("Tool"))


def _of(agent: Declared, loc: Loc, guardrail: Guardrail, known: Collection[str]) -> Iterator[Problem]:
    if guardrail.tools and not set(guardrail.at) & set(_TOOLS):
        yield agent.problem((*loc, "tools"), _CODE, f"`tools` means nothing at {', '.join(guardrail.at)}", key=True)
    for index, tool in enumerate(guardrail.tools):
        if tool not in agent.spec.tools and tool in known:
            message = f'the agent does not have the tool "{tool}"'
            yield agent.problem((*loc, "tools", index), _CODE, message, nearest(tool, agent.spec.tools))
    for index, point in enumerate(guardrail.at):
        if point in _TOOLS and not agent.spec.tools and not agent.spec.memory:
            yield agent.problem((*loc, "at", index), _CODE, "the agent has neither tools nor a memory")
    yield from _pattern(agent, (*loc, "regex"), guardrail)


def _pattern(agent: Declared, loc: Loc, guardrail: Guardrail) -> Iterator[Problem]:
    for name in ("deny", "require") if guardrail.regex else ():
        pattern = getattr(guardrail.regex, name)
        if pattern is None:
            continue
        try:
            evaluate("input.matches(item)", {"input": "", "item": pattern})
        except StepError:
            message, hint = "this is no regular expression", "the syntax is that of RE2"
            yield agent.problem((*loc, name), _CODE, message, hint)


CHECK = Check(_CODE, run, each_environment=True)
