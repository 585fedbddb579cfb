"""`python -m benchmarks.runtime [--only http,...] [--runs 400] [--most 100000]`: what the runtime costs, as processes.

Processes run over the embedded store. Wall times (runs/s, p50, p95) are those of the machine and of what else it does;
CPU milliseconds are the runtime's, of all its processes, and the store's beside them.

http: 20 clients that start runs and follow them to their ends. peer: the same requests to LangGraph's own development
server, in an environment of its own. node: microseconds a step over the same graph in bare LangGraph. claims, rest,
takeover: the queue. idle: memory of each role. workers, rows, steps, states: what grows.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypedDict

from benchmarks import growth, peer, queue
from benchmarks.growth import place, row
from benchmarks.processes import PURE, SAVED, document, followed, load, memory, waited
from runtime.contract import WorkflowDocument

LOADED = ("runs/s", "p50 ms", "p95 ms", "CPU ms", "store ms")


# --- HTTP ------------------------------------------------------------------------------------------------------------


def http(runs: int) -> None:
    """Print runs of 5 steps over HTTP, by both protocols."""
    for name, step in (("pure", PURE), ("saved", SAVED)):
        with place() as here:
            here.write(document("bench", [step] * 5))
            with here.served("all") as api:
                for how, client in (("followed", followed), ("waited for", waited)):
                    found = load(partial(client, api.port, "bench", {}), 20, runs, [api.pid], [here.store])
                    row(f"5 {name} steps, {how}", found)


# --- steps and memory ------------------------------------------------------------------------------------------------


class Last(TypedDict):
    """State of the bare graph."""

    last: int


def nodes(steps: int) -> tuple[float, float]:
    """Return microseconds a step: of ours, and of a bare graph of the same shape."""
    from langgraph.graph import END, START, StateGraph

    async def bare() -> float:
        building: Any = StateGraph(Last)
        names = [f"s{n}" for n in range(steps)]

        async def node(values: Last) -> Last:
            return {"last": len(str(values))}

        for name in names:
            building.add_node(name, node)
        for one, two in zip([START, *names], [*names, END], strict=True):
            building.add_edge(one, two)
        graph = building.compile()
        return await _best(lambda: graph.ainvoke({"last": 0}, {"recursion_limit": steps + 2}), steps)

    async def ours() -> float:
        from runtime.graph.building import Graphs
        from runtime.graph.frame import Frame
        from runtime.graph.state import initial
        from runtime.services.clock import SystemClock
        from runtime.services.facade import RuntimeServices
        from runtime.settings import Settings
        from runtime.telemetry import Telemetry

        found, graphs, subs = document("bench", [PURE] * steps), Graphs(None), dict[str, WorkflowDocument]()
        parts: Any = _NoStore()
        services = RuntimeServices(Settings(), parts, SystemClock(), Telemetry())
        run = {"id": "r", "workflow": found.name, "environment": "bench"}
        graph = graphs.nested(found)

        def invoke() -> Any:
            frame = Frame(run, found, services, _unwatched, subs.__getitem__, graphs.nested, parts, (found.name,))
            return graph.ainvoke(initial(found, {}), {"recursion_limit": steps + 2}, context=frame)

        return await _best(invoke, steps)

    return asyncio.run(ours()), asyncio.run(bare())


def _unwatched(kind: str, data: Mapping[str, Any]) -> None:
    del kind, data


class _NoStore:
    """Steps without effects ask no store; one that does finds nothing here, whichever repository it asks."""

    def __getattr__(self, name: str) -> None:
        return None


async def _best(invoke: Any, steps: int) -> float:
    """Return microseconds a step, the best of several: what the machine does besides only adds."""
    await invoke()
    times: list[float] = []
    for _ in range(5):
        began = time.process_time()
        await invoke()
        times.append((time.process_time() - began) / steps * 1_000_000)
    return min(times)


def idle() -> None:
    """Print the memory of each role after a moment of rest."""
    for role in ("api", "worker", "scheduler"):
        with place() as here:
            here.write(document("bench", [PURE] * 5))
            with here.served(role) as found:
                time.sleep(2)
                print(f"{role + ' at rest':<34} {memory(found.pid):8.0f}")


def node(counts: Sequence[int]) -> None:
    """Print what a step without effects costs."""
    for count in counts:
        own, bare = nodes(count)
        print(f"{f'node, of {count}':<34} {own:8.0f} {bare:8.0f} {own - bare:8.0f}")


def parts(runs: int, most: int) -> Mapping[str, tuple[Sequence[str], Callable[[], None]]]:
    """Return the parts of the table by name: the names of their columns, and what prints them."""
    counts = [*(10**exponent for exponent in (3, 5, 6) if 10**exponent < most), most]
    return {
        "http": (LOADED, lambda: http(runs)),
        "peer": (LOADED, lambda: peer.http(runs)),
        "node": (("us", "bare us", "more us"), lambda: node((10, 100, 1000))),
        "claims": (("claims/s", "twice", "CPU ms", "store ms"), lambda: queue.claims(4, runs * 5)),
        "rest": (("calls/s",), queue.rest),
        "takeover": (("s",), queue.takeover),
        "idle": (("MiB",), idle),
        "workers": (LOADED, lambda: growth.workers((1, 2, 4), runs)),
        "rows": (LOADED, lambda: growth.rows(counts, runs)),
        "steps": (("CPU ms", "store ms"), lambda: growth.steps((10, 100, 1000))),
        "states": (("CPU ms", "store ms"), lambda: growth.states((1_000, 100_000, 1_000_000, 10_000_000))),
    }


def main() -> None:
    """Parse arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--most", type=int, default=100_000, help="runs in the store at most")
    parser.add_argument("--only", default="", help="parts of the table, separated by commas; all without it")
    options = parser.parse_args()
    known = parts(options.runs, options.most)
    for name in options.only.split(",") if options.only else known:
        columns, print_rows = known[name]
        print(f"\n{name:<34} " + " ".join(f"{column:>8}" for column in columns), flush=True)
        print_rows()


if __name__ == "__main__":
    main()
