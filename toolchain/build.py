#!/usr/bin/env python3
"""Build the tools that the tests need into a cache outside the checkout; what is there already is left alone.

    build.py               everything that the tests need
    build.py TOOL...       some only (an optional tool has to be named)
    build.py --list        what there is, and what for
    build.py --path        the folder of programs, to be put on PATH

A tool that can't be built (no network, say) is named with what stays untested. That is an error where CI=true.
Needs Python 3.11 and nothing else: no root, no Go, no Node, no packages.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pins
import recipes
import store
from pins import Pins, Tool
from wheels import UnavailableError


def main(arguments: list[str]) -> int:
    everything = pins.load()
    options = _options(arguments, everything)
    view = store.root() / everything.digest
    if options.path:
        print(view / "bin")
        return 0
    if options.list:
        print("\n".join(_describe(tool) for tool in everything.tools.values()))
        return 0
    chosen = [everything.tools[name] for name in options.tools] or _needed(everything)
    missing = _build_all(everything, chosen, view)
    _report(chosen, missing, view)
    return int(bool(missing) and os.environ.get("CI") == "true")


def _options(arguments: list[str], everything: Pins) -> argparse.Namespace:
    text = dict(zip(("description", "epilog"), (__doc__ or "").split("\n\n", 1), strict=True))
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, **text)
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=", ".join(everything.tools))
    parser.add_argument("--list", action="store_true", help="what there is, and what for")
    parser.add_argument("--path", action="store_true", help="print the folder of programs")
    options = parser.parse_args(arguments)
    if unknown := set(options.tools) - set(everything.tools):
        parser.error(f"no such tool: {', '.join(sorted(unknown))}; there are {', '.join(everything.tools)}")
    return options


def _needed(everything: Pins) -> list[Tool]:
    return [tool for tool in everything.tools.values() if not tool.optional]


def _build_all(everything: Pins, chosen: Iterable[Tool], view: Path) -> dict[str, str]:
    """Build what isn't there; the answer is the reason for each tool that couldn't be built."""
    missing: dict[str, str] = {}
    for tool in chosen:
        try:
            _build(everything, tool)
            store.link(view, _entry(tool))
        except UnavailableError as reason:
            missing[tool.name] = str(reason)
            print(f"{tool.name}: not built", flush=True)
    return missing


def _build(everything: Pins, tool: Tool) -> None:
    if _entry(tool).exists():
        return
    print(f"{tool.name}: building, about {tool.cpu_seconds} CPU seconds from nothing ({tool.purpose})", flush=True)
    start = time.monotonic()
    store.install(_entry(tool), lambda folder: recipes.make(tool, everything, folder))
    print(f"{tool.name}: built in {time.monotonic() - start:.0f} s", flush=True)


def _report(chosen: Iterable[Tool], missing: dict[str, str], view: Path) -> None:
    there = [tool.name for tool in chosen if tool.name not in missing]
    print(f"in {view}: {', '.join(there) or 'nothing'}")
    for tool in chosen:
        if tool.name in missing:
            print(f"missing: {tool.name}. Not tested: {tool.proves}.\n  {missing[tool.name]}", file=sys.stderr)


def _describe(tool: Tool) -> str:
    state = "built" if _entry(tool).exists() else "optional" if tool.optional else "to build"
    return f"{tool.name:20} {state:9} {tool.cpu_seconds:4} CPU s  {tool.purpose}"


def _entry(tool: Tool) -> Path:
    return store.entry(tool.name, tool.digest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
