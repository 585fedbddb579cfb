"""Outputs of steps that change nothing are given again for some time."""

from runtime.services.store import outputs
from tests.runtime.conftest import World, workflow

DOCUMENT = workflow("""
state: {n: {type: integer}, text: {type: string}}
input: {type: object, properties: {file: {type: string}}}
output: {text: "${state.text}"}
steps:
  - id: read
    function: file-read
    with: {path: "${input.file}"}
    cache: {key: "${input.file}", ttl: 1h}
    save: {text: "${output.text}"}
""")


def write(world: World, name: str, text: str) -> None:
    (world.executor.settings.files / name).write_text(text)


async def read(world: World, name: str = "a.txt") -> object:
    found = await world.run(DOCUMENT, input={"file": name})
    return found.output["text"] if found.ok else found.problem and found.problem.type


async def test_an_output_is_given_again_until_its_time_is_up(world: World) -> None:
    write(world, "a.txt", "one")
    write(world, "b.txt", "other")
    assert await read(world) == "one"
    write(world, "a.txt", "two")
    assert (await read(world), await read(world, "b.txt")) == ("one", "other")
    world.clock.advance(3601)
    assert await read(world) == "two"
    counts = [world.telemetry.value("apm_step_cache_total", workflow="main", step="read", outcome=outcome)
              for outcome in ("hit", "miss")]  # fmt: skip
    assert counts == [1, 3]


async def test_another_version_of_the_workflow_starts_with_nothing_kept(world: World) -> None:
    write(world, "a.txt", "one")
    await read(world)
    write(world, "a.txt", "two")
    found = await world.run(DOCUMENT.model_copy(update={"digest": "0" * 64}), input={"file": "a.txt"})
    assert found.output == {"text": "two"}


async def test_a_failure_is_not_kept(world: World) -> None:
    assert await read(world) == "not-found"
    write(world, "a.txt", "here")
    assert await read(world) == "here"


async def test_an_output_that_is_too_long_is_not_kept(world: World) -> None:
    write(world, "a.txt", "x" * outputs.LIMIT)
    await read(world)
    write(world, "a.txt", "short")
    assert await read(world) == "short"


async def test_what_is_out_of_date_is_forgotten(world: World) -> None:
    write(world, "a.txt", "one")
    await read(world)
    assert await world.store.collections["outputs"].count({}) == 1
    world.clock.advance(3601)
    await world.scheduler().prune()
    assert await world.store.collections["outputs"].count({}) == 0
