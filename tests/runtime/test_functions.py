"""Functions behind tools are held to their own schemas, whatever the tool says."""

from tests.runtime.conftest import World, workflow


async def test_an_argument_that_the_function_needs_is_named(world: World) -> None:
    tools = {"look": {"name": "look", "effect": "read", "function": "search"}}
    found = await world.run(workflow("steps: [{id: s, tool: look, with: {query: x}}]", tools=tools))
    assert found.problem
    assert (found.status, found.problem.type) == ("failed", "invalid-input")
    assert str(found.problem).startswith("search does not accept these arguments")
    assert "collection" in found.problem.detail


async def test_arguments_that_fit_go_through(world: World) -> None:
    tools = {"look": {"name": "look", "effect": "read", "function": "search"}}
    found = await world.run(
        workflow(
            'output: {hits: "${steps.s.output.hits}"}\nsteps: [{id: s, tool: look, with: {query: x, collection: c}}]',
            tools=tools,
        )
    )
    assert (found.status, found.output) == ("succeeded", {"hits": []})
