"""Keep the output of a step that changes nothing, and give it again instead of executing the step."""

import hashlib
from collections.abc import Awaitable, Callable

from runtime import expressions
from runtime.contract import Cache, Context, Step, millis
from runtime.graph.frame import Frame
from runtime.graph.nesting import Result


async def cached(step: Step, frame: Frame, context: Context, work: Callable[[], Awaitable[Result]]) -> Result:
    """Return the output that was kept under the step's key, or do the work and keep what comes out."""
    if step.cache is None:
        return await work()
    key = _key(step.cache, frame, context)
    kept = await frame.services.kept(key)
    outcome = "miss" if kept is None else "hit"
    frame.watch("cached", {"path": context.path, "workflow": frame.document.name, "step": step.id, "outcome": outcome})
    if kept is not None:
        return Result(kept["output"])
    result = await work()
    await frame.services.keep_for(key, {"output": result.output}, millis(step.cache.ttl))
    return result


def _key(cache: Cache, frame: Frame, context: Context) -> str:
    """Return the key with the digest of the workflow: another version, or tenant, starts with nothing kept."""
    written = expressions.as_text(expressions.value(cache.key, context.scope))
    text = "\n".join((frame.tenant, frame.document.digest, context.step, written))
    return hashlib.sha256(text.encode()).hexdigest()
