"""The rows of checkpoints: where they stand, how they are found, and which writes count."""

from collections.abc import Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointMetadata, get_checkpoint_id

from runtime.services.store.collection import Row

Place = tuple[str, str, str]
"""Thread, namespace of the graph in it, and checkpoint (empty for the newest)."""


def place_of(config: RunnableConfig) -> Place:
    """Return the place that a configuration of LangGraph names."""
    found = config["configurable"]  # pyright: ignore[reportTypedDictNotRequiredAccess]  (LangGraph always sets it)
    return found["thread_id"], found.get("checkpoint_ns", ""), found.get("checkpoint_id") or ""


def row_id(thread: str, ns: str, checkpoint: str) -> str:
    """Return the id of a row."""
    return f"{thread}|{ns}|{checkpoint}"


def config_of(thread: str, ns: str, checkpoint: str) -> RunnableConfig:
    """Return the configuration that names a place."""
    return {"configurable": {"thread_id": thread, "checkpoint_ns": ns, "checkpoint_id": checkpoint}}


def run_id(config: RunnableConfig, metadata: CheckpointMetadata) -> str:
    """Return the run that has made a checkpoint; empty where nobody says."""
    return str(metadata.get("run_id") or config.get("metadata", {}).get("run_id") or "")


def condition(config: RunnableConfig | None, before: RunnableConfig | None) -> dict[str, Any]:
    """Return the condition of the checkpoints that `alist` asks for."""
    where: dict[str, Any] = {}
    if config:
        found = config["configurable"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
        where["thread"] = found["thread_id"]
        if "checkpoint_ns" in found:
            where["ns"] = found["checkpoint_ns"]
        if id_ := get_checkpoint_id(config):
            where["checkpoint"] = id_
    if before and (id_ := get_checkpoint_id(before)) and "checkpoint" not in where:
        where["checkpoint"] = {"$lt": id_}
    return where


def counting(writes: Sequence[Row]) -> list[Row]:
    """Return the writes that count: of errors, interrupts and answers those of the newest claim alone."""
    newest = dict[tuple[str, int], int]()
    for write in writes:
        key = write["task"], write["number"]
        newest[key] = max(write["epoch"], newest.get(key, 0))
    return [w for w in writes if w["number"] >= 0 or w["epoch"] == newest[w["task"], w["number"]]]
