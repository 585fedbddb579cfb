"""The workflows that the cases of `langgraph-sdk` need, as documents, and a runtime that serves them on a port."""

from typing import Any

from runtime.contract import WorkflowDocument
from tests.runtime.conftest import workflow

AGENT = """
name: agent
input:
  type: object
  properties: {messages: {type: array}, value: {type: string}, items: {type: array}}
state:
  messages: {type: array, reducer: append}
  value: {type: string}
  items: {type: array, reducer: append}
output: {messages: "${state.messages}", value: "${state.value}", items: "${state.items}"}
agents: {writer: {name: writer, role: writer, instructions: Greet., model: streamed}}
steps:
  - id: stream_message
    agent: writer
    with: {messages: "${input.messages}"}
    save: {messages: '${{"type": "ai", "content": output}}', value: "x", items: streamed}
  - {id: call_tool, function: text-statistics, with: {text: v3}, save: {items: tool}}
  - {id: ask_human, ask: {question: "Are we good?"}, save: {items: asked}}
  - {id: run_subgraph, workflow: sub, with: {note: "${state.value}"}, save: {items: sub}}
"""
SUB = """
name: sub
input: {type: object}
state: {note: {type: string}}
output: {note: "${state.note}"}
steps: [{id: note, set: {note: ran}}]
"""
TOOLS = """
name: tools-agent
input: {type: object, properties: {messages: {type: array}}}
state: {messages: {type: array, reducer: append}}
output: {messages: "${state.messages}"}
tools:
  search: {name: search, function: text-statistics, input: {type: object, properties: {text: {type: string}}}}
agents: {researcher: {name: researcher, role: researcher, instructions: Search., model: m, tools: [search]}}
steps:
  - id: model
    agent: researcher
    with: {messages: "${input.messages}"}
    save: {messages: '${{"type": "ai", "content": output}}'}
"""
DEEP = """
name: deep-agent
input: {type: object, properties: {messages: {type: array}}}
state: {messages: {type: array, reducer: append}}
output: {messages: "${state.messages}"}
steps:
  - id: research
    workflow: researcher
    with: {messages: "${input.messages}"}
    save: {messages: '${{"type": "ai", "content": output.found}}'}
"""
RESEARCHER = """
name: researcher
input: {type: object, properties: {messages: {type: array}}}
state: {found: {type: string}}
output: {found: "${state.found}"}
agents: {reader: {name: reader, role: reader, instructions: Read., model: m}}
steps: [{id: read, agent: reader, with: {messages: "${input.messages}"}, save: {found: "${output}"}}]
"""
ECHO = """
name: factory-agent
input: {type: object, properties: {text: {type: string}}}
output: {text: "${input.text + ' echoed'}"}
steps: [{id: echo, function: text-statistics, with: {text: "${input.text}"}}]
"""
ESSAY = """
name: essay
input: {type: object}
output: {text: "${steps.write.output}"}
steps: [{id: write, llm: {model: streamed, prompt: Write an essay.}}]
"""
REPLIES = """
agents:
  researcher: [{$tools: [{tool: search, with: {text: v3}}]}, done.]
  reader: [v3 streaming is event-typed and thread-centric.]
"""


def documents(model: str) -> dict[str, WorkflowDocument]:
    """Return every workflow by name; `model` is the address of a model server that streams."""

    def made(text: str, **more: Any) -> WorkflowDocument:
        return workflow(text, models=_models(model), **more)

    sub, researcher = made(SUB), made(RESEARCHER)
    found = [
        made(AGENT, workflows={"sub": sub.digest}),
        sub,
        made(TOOLS),
        made(DEEP, workflows={"researcher": researcher.digest}),
        researcher,
        made(ECHO),
        made(ESSAY),
    ]
    return {document.name: document for document in found}


def _models(address: str) -> dict[str, dict[str, Any]]:
    streamed = {"name": "streamed", "provider": "openai-compatible", "endpoint": address, "stream": True}
    return {"m": {"name": "m", "provider": "scripted", "replies": REPLIES}, "streamed": streamed}
