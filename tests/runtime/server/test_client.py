"""What the vendor's own client does and sees: threads, runs, streams, interrupts, schedules, store."""

import uuid
from typing import Any

import pytest
from langgraph_sdk import get_client
from langgraph_sdk.errors import ConflictError, NotFoundError, PermissionDeniedError

from tests.runtime.server.model import HALVES, ModelServer

INPUT: dict[str, Any] = {"messages": [], "value": "init", "items": []}
ALL = ["streamed", "tool", "asked", "sub"]


async def thread_of(client: Any) -> str:
    return (await client.threads.create(metadata={"suite": "client"}))["thread_id"]


async def test_workflows_are_assistants(client: Any) -> None:
    found = await client.assistants.search(graph_id="tools_agent")
    assert [one["graph_id"] for one in found] == ["tools-agent"]
    graph = await client.assistants.get_graph(found[0]["assistant_id"])
    assert [node["id"] for node in graph["nodes"]] == ["__start__", "model", "__end__"]
    schemas = await client.assistants.get_schemas("agent")
    assert set(schemas["state_schema"]["properties"]) == {"messages", "value", "items"}
    subs = await client.assistants.get_subgraphs("agent")
    assert subs["run_subgraph"]["graph_id"] == "sub"


async def test_an_assistant_of_ones_own_has_versions_and_values_for_the_input(client: Any) -> None:
    made = await client.assistants.create("factory_agent", context={"text": "hi"}, name="greeter")
    id_ = made["assistant_id"]
    assert (await client.runs.wait(None, id_))["text"] == "hi echoed"
    await client.assistants.update(id_, context={"text": "ho"}, metadata={"a": 1})
    assert (await client.runs.wait(None, id_))["text"] == "ho echoed"
    assert [one["version"] for one in await client.assistants.get_versions(id_)] == [2, 1]
    await client.assistants.set_latest(id_, 1)
    assert (await client.runs.wait(None, id_))["text"] == "hi echoed"
    await client.assistants.delete(id_)
    assert id_ not in [one["assistant_id"] for one in await client.assistants.search()]


async def test_a_run_waits_for_an_answer_and_goes_on_with_it(client: Any) -> None:
    id_ = await thread_of(client)
    found: Any = await client.runs.wait(id_, "agent", input=INPUT)
    assert (found["items"], found["__interrupt__"][0]["value"]) == (["streamed", "tool"], "Are we good?")
    thread = await client.threads.get(id_)
    assert (thread["status"], list(thread["interrupts"])) == ("interrupted", ["ask_human"])
    assert (await client.threads.get_state(id_))["next"] == ["ask_human"]
    found = await client.runs.wait(id_, "agent", command={"resume": "yes"})
    assert found["items"] == ALL
    assert (await client.threads.get(id_))["status"] == "idle"


async def test_a_thread_keeps_its_state_from_run_to_run(client: Any) -> None:
    id_ = await thread_of(client)
    for _ in range(2):
        await client.runs.wait(id_, "agent", input=INPUT)
        await client.runs.wait(id_, "agent", command={"resume": "yes"})
    assert (await client.threads.get_state(id_))["values"]["items"] == ALL + ALL
    copy = await client.threads.copy(id_)
    assert copy["values"]["items"] == ALL + ALL
    assert len(await client.runs.list(id_)) == 2
    history = await client.threads.get_history(id_, limit=50)
    at = await client.threads.get_state(id_, checkpoint_id=history[-1]["checkpoint"]["checkpoint_id"])
    assert at["values"]["items"] == []


async def test_every_mode_tells_its_part(client: Any) -> None:
    id_ = await thread_of(client)
    modes: Any = ["values", "updates", "custom", "debug", "events", "tasks"]
    parts = [part async for part in client.runs.stream(id_, "agent", input=INPUT, stream_mode=modes)]
    told = {part.event for part in parts}
    assert told == {"metadata", "values", "updates", "custom", "debug", "events", "tasks", "end"}
    updates = [part.data for part in parts if part.event == "updates"]
    assert [next(iter(one)) for one in updates] == ["stream_message", "call_tool", "__interrupt__"]
    assert updates[1] == {"call_tool": {"items": "tool"}}
    assert [part.data for part in parts if part.event == "values"][-1]["items"] == ["streamed", "tool"]


async def test_an_answer_is_seen_while_it_is_written(client: Any, model: ModelServer) -> None:
    model.read.clear()
    heard: list[str] = []
    async for part in client.runs.stream(None, "essay", input={}, stream_mode=["messages-tuple", "updates"]):
        if part.event == "messages":
            chunk, about = part.data
            assert (chunk["type"], about["langgraph_node"]) == ("AIMessageChunk", "write")
            heard.append(chunk["content"])
            model.read.set()  # only now the model writes the second half
    assert (heard[0], "".join(heard)) == (HALVES[0], "".join(HALVES))
    assert not model.waited_for_nothing


async def test_a_message_grows_and_is_complete_once(client: Any) -> None:
    parts = [part async for part in client.runs.stream(None, "agent", input=INPUT, stream_mode="messages")]
    told = [part.event for part in parts if part.event.startswith("messages")]
    assert (told[0], told[-1], told.count("messages/complete")) == ("messages/metadata", "messages/complete", 1)
    [message] = next(part.data for part in parts if part.event == "messages/complete")
    assert (message["type"], message["name"], message["content"]) == ("ai", "writer", "Hello, world!")


async def test_messages_of_a_thread_are_streams_of_text(client: Any) -> None:
    async with client.threads.stream(assistant_id="agent") as thread:
        await thread.run.start(input=INPUT)
        messages = [message async for message in thread.messages]
        assert ["".join([text async for text in message.text]) for message in messages] == ["Hello, world!"]


async def test_a_stream_is_taken_up_where_it_broke_off(client: Any) -> None:
    id_ = await thread_of(client)
    parts = [part async for part in client.runs.stream(id_, "agent", input=INPUT, stream_mode="values")]
    run = parts[0].data["run_id"]
    again = [part async for part in client.runs.join_stream(id_, run, stream_mode="values", last_event_id=parts[1].id)]
    assert [part.id for part in again] == [part.id for part in parts[2:]]


async def test_a_busy_thread_refuses_or_makes_wait(client: Any) -> None:
    id_ = await thread_of(client)
    first = await client.runs.create(id_, "factory_agent", input={"text": "a"}, after_seconds=60)
    with pytest.raises(ConflictError):
        await client.runs.create(id_, "factory_agent", input={"text": "b"}, multitask_strategy="reject")
    second = await client.runs.create(id_, "factory_agent", input={"text": "c"}, multitask_strategy="enqueue")
    assert second["status"] == "pending"
    third: Any = await client.runs.wait(id_, "factory_agent", input={"text": "d"}, multitask_strategy="interrupt")
    assert third["text"] == "d echoed"
    assert (await client.runs.get(id_, first["run_id"]))["status"] == "interrupted"
    assert (await client.runs.join(id_, second["run_id"]))["text"] == "c echoed"


async def test_a_run_is_stopped_before_a_step_and_goes_on(client: Any) -> None:
    id_ = await thread_of(client)
    found: Any = await client.runs.wait(id_, "agent", input=INPUT, interrupt_before=["call_tool"])
    assert found["items"] == ["streamed"]
    found = await client.runs.wait(id_, "agent", input=None)
    assert found["items"] == ["streamed", "tool"]


async def test_state_is_set_by_hand(client: Any) -> None:
    id_ = await thread_of(client)
    await client.runs.wait(id_, "agent", input=INPUT)
    await client.threads.update_state(id_, {"value": "patched", "items": "by hand"})
    assert (await client.threads.get_state(id_))["values"]["items"] == ["streamed", "tool", "by hand"]
    found: Any = await client.runs.wait(id_, "agent", command={"resume": "yes"})
    assert (found["items"], found["value"]) == (["streamed", "tool", "by hand", "asked", "sub"], "patched")


async def test_runs_are_cancelled_and_forgotten(client: Any) -> None:
    id_ = await thread_of(client)
    run = await client.runs.create(id_, "agent", input=INPUT)
    await client.runs.join(id_, run["run_id"])
    await client.runs.cancel(id_, run["run_id"], wait=True)
    assert (await client.runs.get(id_, run["run_id"]))["status"] == "interrupted"
    await client.runs.delete(id_, run["run_id"])
    assert await client.runs.list(id_) == []
    await client.threads.delete(id_)
    assert await client.threads.search(ids=[id_]) == []


async def test_a_batch_starts_several_runs(client: Any) -> None:
    asked: Any = [{"assistant_id": "factory_agent", "input": {"text": str(n)}} for n in range(3)]
    made: Any = await client.runs.create_batch(asked)
    found = [await client.runs.join(one["thread_id"], one["run_id"]) for one in made]
    assert [one["text"] for one in found] == ["0 echoed", "1 echoed", "2 echoed"]


async def test_a_schedule_is_made_changed_and_deleted(client: Any) -> None:
    made: Any = await client.crons.create("factory_agent", schedule="0 0 1 1 *", input={"text": "x"}, metadata={"a": 1})
    assert made["next_run_date"][5:16] == "01-01T00:00"
    changed: Any = await client.crons.update(made["cron_id"], enabled=False)
    assert changed["next_run_date"] is None
    assert [one["cron_id"] for one in await client.crons.search(metadata={"a": 1})] == [made["cron_id"]]
    await client.crons.delete(made["cron_id"])
    assert await client.crons.count() == 0


async def test_values_are_kept_found_and_deleted(client: Any) -> None:
    space = ["notes", uuid.uuid4().hex[:8]]
    await client.store.put_item(space, key="a", value={"text": "a red fox", "kind": "x"})
    await client.store.put_item(space, key="b", value={"text": "a blue bird", "kind": "y"})
    assert (await client.store.get_item(space, key="a"))["value"]["kind"] == "x"
    assert [one["key"] for one in (await client.store.search_items(space, filter={"kind": "y"}))["items"]] == ["b"]
    assert [one["key"] for one in (await client.store.search_items(space, query="red"))["items"]] == ["a"]
    assert space in (await client.store.list_namespaces(prefix=["notes"]))["namespaces"]
    await client.store.delete_item(space, key="a")
    assert await client.store.get_item(space, key="a") is None


async def test_a_thread_is_followed_as_a_whole(client: Any) -> None:
    async with client.threads.stream(assistant_id="agent") as thread:
        await thread.run.start(input=INPUT)
        snapshots = [snapshot async for snapshot in thread.values]
        assert (thread.interrupted, snapshots[-1]["items"]) == (True, ["streamed", "tool"])
        await thread.run.respond("yes")
        assert (await thread.output)["items"] == ALL


async def test_an_agent_in_a_sub_workflow_is_a_child_of_the_stream(client: Any) -> None:
    async with client.threads.stream(assistant_id="deep_agent") as thread:
        await thread.run.start(input={"messages": []})
        assert [child.path async for child in thread.subgraphs] == [("research",)]


async def test_tools_and_progress_are_told_over_a_web_socket(client: Any, address: str) -> None:
    async with client.threads.stream(
        assistant_id="tools_agent", transport="websocket", headers={"x-api-key": "key-of-ada"}
    ) as thread:
        await thread.run.start(input={"messages": []})
        calls = [call async for call in thread.tool_calls]
        assert [call.name for call in calls] == ["search"]


async def test_roles_say_who_may_what(address: str) -> None:
    operator: Any
    async with get_client(url=address, api_key="key-of-olga") as operator:
        id_ = await thread_of(operator)
        await operator.runs.wait(id_, "agent", input=INPUT)
        with pytest.raises(PermissionDeniedError):
            await operator.runs.create(id_, "agent", command={"resume": "yes"})
    reader: Any
    async with get_client(url=address, api_key="key-of-rita") as reader:
        assert (await reader.threads.get(id_))["status"] == "interrupted"
        with pytest.raises(PermissionDeniedError):
            await reader.threads.create()


async def test_another_tenant_sees_nothing_of_it(client: Any, address: str) -> None:
    id_ = await thread_of(client)
    other: Any
    async with get_client(url=address, api_key="key-of-eve") as other:
        assert await other.threads.search() == []
        with pytest.raises(NotFoundError):
            await other.threads.get(id_)
